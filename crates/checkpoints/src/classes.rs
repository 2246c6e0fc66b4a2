//! Which class image `i` has.

use crate::Error;

/// The classes of a row of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassChoice {
    /// The network knows no classes.
    Unlabelled,
    /// Image `i` has class `i` mod `classes`.
    Cycle {
        /// Number of classes, 1 to 256.
        classes: usize,
    },
    /// Every image has this class.
    Only(u8),
}

impl ClassChoice {
    /// What `typed`, a class's name or number, means for a model with these class names; a name
    /// goes before a number. Without it all classes take turns.
    ///
    /// # Errors
    /// [`Error::UnknownClass`] and [`Error::ClassOfUnlabelled`].
    pub fn resolve(typed: Option<&str>, class_names: &[String]) -> Result<Self, Error> {
        let Some(typed) = typed else {
            return Ok(match class_names.len() {
                0 => Self::Unlabelled,
                classes => Self::Cycle { classes },
            });
        };
        if class_names.is_empty() {
            return Err(Error::ClassOfUnlabelled {
                name: typed.to_owned(),
            });
        }
        class_names
            .iter()
            .position(|name| name == typed)
            .or_else(|| {
                typed
                    .parse()
                    .ok()
                    .filter(|&number: &usize| number < class_names.len())
            })
            .and_then(|number| u8::try_from(number).ok())
            .map(Self::Only)
            .ok_or_else(|| Error::UnknownClass {
                name: typed.to_owned(),
                known: class_names.to_vec(),
            })
    }

    /// The class of image `i`; none without classes.
    pub fn class(self, i: u64) -> Option<u8> {
        match self {
            Self::Unlabelled => None,
            Self::Cycle { classes } => u8::try_from(i % classes as u64).ok(),
            Self::Only(class) => Some(class),
        }
    }

    /// The classes to go through one by one; without classes, one time none.
    pub fn each(self) -> Vec<Option<u8>> {
        match self {
            Self::Unlabelled => vec![None],
            Self::Cycle { classes } => (0..=u8::MAX).take(classes).map(Some).collect(),
            Self::Only(class) => vec![Some(class)],
        }
    }

    /// The classes of images `first` to `first + n - 1`.
    pub fn classes(self, first: u64, n: usize) -> Option<Vec<u8>> {
        (first..first + n as u64).map(|i| self.class(i)).collect()
    }
}
