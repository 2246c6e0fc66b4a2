//! The class of image `i`.

use crate::Error;
use dcgan_artifacts::NetworkInfo;

/// How images get their classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassChoice {
    /// The network has no classes.
    Unlabelled,
    /// These classes in turn: image `i` has the one at index `i` mod their number.
    Cycle(Vec<u8>),
    /// Every image has this class.
    Only(u8),
}

impl ClassChoice {
    /// Finds the class `typed`, a name or a number; names are tried first. Without it, all classes
    /// that the network was trained on are used in turn.
    ///
    /// # Errors
    /// [`Error::UnknownClass`], [`Error::UntrainedClass`] and [`Error::ClassOfUnlabelled`].
    pub fn resolve(typed: Option<&str>, network: &NetworkInfo) -> Result<Self, Error> {
        let class_names = &network.class_names;
        let Some(typed) = typed else {
            return Ok(match network.trained_classes() {
                classes if classes.is_empty() => Self::Unlabelled,
                classes => Self::Cycle(classes),
            });
        };
        if class_names.is_empty() {
            return Err(Error::ClassOfUnlabelled {
                name: typed.to_owned(),
            });
        }
        let class = class_names
            .iter()
            .position(|name| name == typed)
            .or_else(|| {
                typed
                    .parse()
                    .ok()
                    .filter(|&number: &usize| number < class_names.len())
            })
            .and_then(|number| u8::try_from(number).ok());
        let known = || {
            let trained = network.trained_classes().into_iter();
            trained.map(|class| network.class_name(class)).collect()
        };
        match class {
            Some(class) if network.untrained_classes.contains(&class) => {
                Err(Error::UntrainedClass {
                    name: network.class_name(class),
                    known: known(),
                })
            }
            Some(class) => Ok(Self::Only(class)),
            None => Err(Error::UnknownClass {
                name: typed.to_owned(),
                known: known(),
                classes: class_names.len(),
            }),
        }
    }

    /// The class of image `i`; `None` without classes.
    pub fn class(&self, i: u64) -> Option<u8> {
        match self {
            Self::Unlabelled => None,
            Self::Cycle(classes) => {
                let place = usize::try_from(i % classes.len().max(1) as u64).ok()?;
                classes.get(place).copied()
            }
            Self::Only(class) => Some(*class),
        }
    }

    /// The classes to iterate over; without classes, a single `None`.
    pub fn each(&self) -> Vec<Option<u8>> {
        match self {
            Self::Unlabelled => vec![None],
            Self::Cycle(classes) => classes.iter().copied().map(Some).collect(),
            Self::Only(class) => vec![Some(*class)],
        }
    }

    /// The classes of images `first` to `first + n - 1`.
    pub fn classes(&self, first: u64, n: usize) -> Option<Vec<u8>> {
        (first..first + n as u64).map(|i| self.class(i)).collect()
    }
}
