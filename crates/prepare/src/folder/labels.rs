//! Classes by folder names, and the order of classes.

use crate::Error;
use dcgan_hints::{is_printable, text_of};
use dcgan_settings::Prepare;
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// Maximum number of classes: labels are bytes.
const MAX_CLASSES: usize = 256;
/// The name of the first folder in the picture's path below the root; `None` if there is none.
pub(crate) fn folder_of(below: &Path) -> Option<String> {
    let mut components = below.components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(folder)), Some(_)) => Some(text_of(folder)),
        _ => None,
    }
}

/// The class name for a label. A number that is no name in the settings means the name at that
/// place; any other label is the name itself.
pub(crate) fn of_number(settings: &Prepare, label: &str) -> String {
    let names = &settings.class_names;
    let number: Option<usize> = label.parse().ok();
    match number.and_then(|number| names.get(number)) {
        Some(name) if !names.iter().any(|name| name == label) => name.clone(),
        _ => label.to_owned(),
    }
}

/// The class names in order: those of the settings, which must include all `found` ones, or else
/// the found ones, sorted by value if they are numbers, otherwise by name.
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
    // The same rule as for names in the settings.
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
