//! The trait by which an error gives advice, and the escaping of text that came from outside.
//!
//! Every library of this workspace has its own error type; `terminal` prints any of them with its
//! chain of causes and, last, the hint. Thanks to this crate neither depends on the other.
//!
//! Names of files, classes and settings may contain anything. Code that shows them on a terminal,
//! in a table or on a page passes them through [`printable`].

mod printable;

pub use printable::{is_printable, printable, printable_lines, shown, text_of};

/// An error that can tell its reader what to do next.
pub trait Hint: std::error::Error + Send + Sync + 'static {
    /// What to do, as a sentence without a final period; `None` when the message says it all.
    fn hint(&self) -> Option<String> {
        None
    }
}
