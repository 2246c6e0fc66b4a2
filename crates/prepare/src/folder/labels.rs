//! The class of each picture, where it is the name of its folder, and the classes in their order.

use crate::Error;
use dcgan_hints::{is_printable, text_of};
use dcgan_settings::Prepare;
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// The most classes: labels are bytes.
const MAX_CLASSES: usize = 256;
/// The name of the first folder below the root on the way to the picture; `None` beside the
/// folders.
pub(crate) fn folder_of(below: &Path) -> Option<String> {
    let mut components = below.components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(folder)), Some(_)) => Some(text_of(folder)),
        _ => None,
    }
}

/// The classes in order of their numbers: those of the settings, which must cover all that were
/// `found`; or the found ones, numbers by value and else by name.
///
/// # Errors
/// [`Error::UnknownClass`], [`Error::ClassName`], [`Error::TooManyClasses`].
pub(crate) fn class_names(
    settings: &Prepare,
    found: &BTreeSet<&str>,
) -> Result<Vec<String>, Error> {
    if !settings.class_names.is_empty() {
        let unknown = found
            .iter()
            .find(|class| !settings.class_names.iter().any(|name| name == *class));
        return match unknown {
            Some(class) => Err(Error::UnknownClass {
                class: (*class).to_owned(),
                classes: settings.class_names.len(),
            }),
            None => Ok(settings.class_names.clone()),
        };
    }
    // What the settings refuse in a name that was set.
    let is_name = |class: &str| is_printable(class) && !class.trim().is_empty();
    if let Some(class) = found.iter().find(|class| !is_name(class)) {
        let class = (*class).to_owned();
        return Err(Error::ClassName { class });
    }
    if found.len() > MAX_CLASSES {
        return Err(Error::TooManyClasses {
            expected: MAX_CLASSES,
            got: found.len(),
        });
    }
    let mut names: Vec<String> = found.iter().map(|name| (*name).to_owned()).collect();
    if names.iter().all(|name| name.parse::<u64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<u64>().unwrap_or(u64::MAX));
    }
    Ok(names)
}
