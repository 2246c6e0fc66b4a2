//! Reasons to reject a picture file.

use dcgan_hints::Hint;

/// Why a picture file is rejected: the reason for programs, the detail for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// The kind of fault.
    pub reason: Reason,
    /// A description in words.
    pub detail: String,
}

/// The kind of a [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Neither its name nor its content is a picture's.
    NotAPicture,
    /// A picture in a format that can't be read.
    Unsupported,
    /// Over a limit of bytes, pixels or memory.
    TooLarge,
    /// Not a readable picture, despite its name.
    Damaged,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { reason, detail }
    }
}

impl Hint for Refusal {
    fn hint(&self) -> Option<String> {
        let hint = match self.reason {
            Reason::NotAPicture => "give a PNG, JPEG, GIF, BMP or WebP file",
            Reason::Unsupported => "convert it to PNG or JPEG first",
            Reason::TooLarge => "make it smaller first",
            Reason::Damaged => "the file may be damaged or cut: make or copy it again",
        };
        Some(hint.into())
    }
}
