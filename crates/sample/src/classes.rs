//! Which classes are drawn.

use crate::error::model_failure;
use dcgan_artifacts::NetworkInfo;
use dcgan_checkpoints::{ClassChoice, quoted};
use dcgan_terminal::Failure;

/// What the setting `sample.class` means for this network. Without it all classes take turns but
/// those that no training picture had, of which is warned.
pub(crate) fn choose(class: Option<&str>, network: &NetworkInfo) -> Result<ClassChoice, Failure> {
    let choice = ClassChoice::resolve(class, network).map_err(model_failure)?;
    if class.is_none() {
        warn_of_untrained(network);
    }
    Ok(choice)
}

/// Says which classes are left out where all are drawn.
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
