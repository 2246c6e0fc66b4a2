//! The one trait by which an error says what to do.
//!
//! Every library of this workspace has its own error type; `terminal` prints any of them with its
//! chain of causes and, last, the hint. This crate exists so that neither has to know the other.

/// An error that can tell its reader what to do next.
pub trait Hint: std::error::Error + Send + Sync + 'static {
    /// What to do, as a sentence without a final period; `None` when the message says it all.
    fn hint(&self) -> Option<String> {
        None
    }
}
