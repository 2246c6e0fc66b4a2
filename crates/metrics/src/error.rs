//! What can be wrong with the arrays.

use dcgan_hints::Hint;

/// An array that a measure cannot be taken of.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fewer values than the measure is defined for.
    #[error("`{array}` holds {got} values, expected at least {expected}")]
    TooFew {
        /// Which argument.
        array: &'static str,
        /// The least number that the measure is defined for.
        expected: usize,
        /// What it holds.
        got: usize,
    },
    /// A value that is infinite or not a number.
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
    #[error("`{array}` holds {got} values, expected {expected}")]
    Length {
        /// Which argument.
        array: &'static str,
        /// What the other arguments ask for.
        expected: usize,
        /// What it holds.
        got: usize,
    },
    /// A number outside the range that the measure is defined for.
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
            Self::TooFew { .. } => Some("give the measure more images".into()),
            Self::NotFinite { .. } => Some(
                "the network that made the value has probably diverged: take an earlier checkpoint"
                    .into(),
            ),
            Self::Length { .. } | Self::OutOfRange { .. } => None,
        }
    }
}

/// The first infinite or undefined value of an array is an error.
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

/// An array shorter than `expected` is an error.
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
