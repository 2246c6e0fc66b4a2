//! The classes to draw.

use crate::error::model_failure;
use dcgan_artifacts::NetworkInfo;
use dcgan_checkpoints::{ClassChoice, quoted};
use dcgan_stage::Failure;

/// Maximum number of letters of a class in a file name: at four bytes each they leave room for the
/// rest.
const LONGEST: usize = 48;

/// Resolves the setting `sample.class` for this network. Without it all classes alternate except
/// those without training pictures, with a warning.
pub(crate) fn choose(class: Option<&str>, network: &NetworkInfo) -> Result<ClassChoice, Failure> {
    let choice = ClassChoice::resolve(class, network).map_err(model_failure)?;
    match (class, &choice) {
        (None, _) => warn_of_untrained(network),
        (Some(typed), ClassChoice::Only(class)) => tell_taken(typed, *class, network),
        _ => {}
    }
    Ok(choice)
}

/// Logs which class an ambiguous number means: names may be numbers too.
pub(crate) fn tell_taken(typed: &str, class: u8, network: &NetworkInfo) {
    let Ok(number) = typed.parse::<usize>() else {
        return;
    };
    let name = network.class_name(class);
    if name != typed {
        log::info!("class {typed} is understood as a number: its name is `{name}`");
    } else if number != usize::from(class) {
        let other = network.class_names.get(number);
        let other = other.map_or_else(String::new, |other| {
            format!("; number {typed} is `{other}`")
        });
        log::info!("class `{name}` is understood as a name: its number is {class}{other}");
    }
}

/// Each class as a part of a file name: the letters and digits of its name, dashes for the rest.
/// The number is added if nothing is left or two classes would be equal.
pub(crate) fn file_names(class_names: &[String]) -> Vec<String> {
    let plain = |name: &String| {
        let dashed = name.replace(|c: char| !c.is_alphanumeric(), "-");
        let parts = dashed.split('-').filter(|part| !part.is_empty());
        let joined = parts.collect::<Vec<_>>().join("-");
        joined.chars().take(LONGEST).collect::<String>()
    };
    let names: Vec<String> = class_names.iter().map(plain).collect();
    let name = |(number, name): (usize, &String)| {
        let twins = names.iter().filter(|other| *other == name).count();
        match (name.is_empty(), twins) {
            (true, _) => format!("number-{number}"),
            (false, 1) => name.clone(),
            (false, _) => format!("{name}-number-{number}"),
        }
    };
    names.iter().enumerate().map(name).collect()
}

/// Warns of the classes that are left out when all are drawn.
pub(crate) fn warn_of_untrained(network: &NetworkInfo) {
    let untrained = network.untrained_classes.iter();
    let names: Vec<String> = untrained.map(|&class| network.class_name(class)).collect();
    match names.len() {
        0 => {}
        1 => log::warn!(
            "no training picture had class {}: it is not drawn",
            quoted(&names)
        ),
        _ => log::warn!(
            "no training picture had the classes {}: they are not drawn",
            quoted(&names)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::file_names;

    #[test]
    fn a_class_has_its_name_in_a_files_name() {
        let names = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            file_names(&names)
        };
        assert_eq!(names(&["1", "2", "10"]), ["1", "2", "10"]);
        assert_eq!(
            names(&["T-shirt/top", "../up", "0 - zero", "Ankle boot", "Grün"]),
            ["T-shirt-top", "up", "0-zero", "Ankle-boot", "Grün"]
        );
        assert_eq!(
            names(&["a b", "a/b", "\u{1f408}", "c"]),
            ["a-b-number-0", "a-b-number-1", "number-2", "c"]
        );
        let long = names(&[&"\u{4e2d}".repeat(90)]);
        assert_eq!(long[0].chars().count(), 48);
    }
}
