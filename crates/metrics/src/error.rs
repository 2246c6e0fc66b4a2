//! Errors of measures.

use dcgan_hints::Hint;

/// An array for which a measure is undefined.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Too few values.
    #[error("`{array}` has {got} values, expected at least {expected}")]
    TooFew {
        /// Which argument.
        array: &'static str,
        /// The minimum number of values.
        expected: usize,
        /// What it holds.
        got: usize,
    },
    /// A value that is infinite or NaN.
    #[error("value {index} of `{array}` is {got}, expected a finite number")]
    NotFinite {
        /// Which argument.
        array: &'static str,
        /// Position of the first such value.
        index: usize,
        /// The value.
        got: f64,
    },
    /// An array whose length does not fit the others.
    #[error("`{array}` has {got} values, expected {expected}")]
    Length {
        /// Which argument.
        array: &'static str,
        /// The length that fits the other arguments.
        expected: usize,
        /// What it holds.
        got: usize,
    },
    /// A number out of range.
    #[error("`{argument}` is {got}, expected {expected}")]
    OutOfRange {
        /// Which argument.
        argument: &'static str,
        /// The range in words.
        expected: &'static str,
        /// The value given.
        got: f64,
    },
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::TooFew { .. } => Some("use more images".into()),
            Self::NotFinite { .. } => Some(
                "the network that made the value has probably diverged: take an earlier checkpoint"
                    .into(),
            ),
            Self::Length { .. } | Self::OutOfRange { .. } => None,
        }
    }
}

/// Returns an error for the first infinite or NaN value.
pub(crate) fn check_finite(array: &'static str, values: &[f32]) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite {
            array,
            index,
            got: f64::from(values[index]),
        }),
        None => Ok(()),
    }
}

/// Returns an error for an array shorter than `expected`.
pub(crate) fn check_count(array: &'static str, got: usize, expected: usize) -> Result<(), Error> {
    if got < expected {
        Err(Error::TooFew {
            array,
            expected,
            got,
        })
    } else {
        Ok(())
    }
}
