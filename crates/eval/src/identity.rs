//! The settings that determine an evaluation, and its kernels.

use dcgan::Backend;
use dcgan_artifacts::{Manifest, ValueRange, with_defaults};
use dcgan_settings::Eval;
use serde_json::{Value, json};
use std::path::Path;

/// Raised if the definition of a figure changes or a figure is added: earlier evaluations and kept
/// rows of checkpoints are then made again.
const FIGURES: u32 = 3;
/// Its key in the settings of the manifest.
pub(crate) const FIGURES_KEY: &str = "figures";

/// The settings that the result depends on. The classifier's path is left out, because the inputs
/// have its hash. `samples_range` is included if it is given.
pub(crate) fn identity(settings: &Eval, samples_range: Option<ValueRange>) -> Value {
    let mut settings = json!(settings);
    if let Some(settings) = settings.as_object_mut() {
        settings.remove("classifier");
    }
    let mut identity = json!({ "eval": settings, FIGURES_KEY: FIGURES });
    if let Some(range) = samples_range {
        identity["samples"] = json!({ "range": range.name() });
    }
    identity
}

/// The settings of a manifest if all have their defaults.
pub(crate) fn defaults() -> Value {
    identity(&Eval::default(), None)
}

/// What computes the networks, as the settings have it.
pub(crate) fn backend(settings: &Eval) -> Backend {
    Backend::named(settings.kernels.name()).expect("every choice names a backend")
}

/// The kernels of the earlier evaluation in `folder`, if there is one.
pub(crate) fn kernels_of_earlier(folder: &Path) -> Option<Value> {
    let earlier = Manifest::read(folder).ok()??;
    let asked = defaults();
    let settings = with_defaults(earlier.settings, &asked, &asked);
    settings.pointer("/eval/kernels").cloned()
}
