//! What a format implements.

use crate::model::Model;
use dcgan_stage::{Failure, Output};

/// A format that models are converted to. A file of `to/` implements it.
pub(crate) trait Format: Sync {
    /// Checks that the format can hold the model.
    ///
    /// # Errors
    /// [`Failure::Usage`] with what would help.
    fn check(&self, model: &Model) -> Result<(), Failure>;

    /// Names of the networks that the files hold: all of the model, unless the format says less.
    fn networks(&self, model: &Model) -> Vec<&'static str> {
        model.networks()
    }

    /// Names of the files that [`write`](Self::write) writes for this model.
    fn files(&self, model: &Model) -> Vec<String>;

    /// Writes these files.
    ///
    /// # Errors
    /// Any [`Failure`].
    fn write(&self, model: &Model, output: &mut Output) -> Result<(), Failure>;

    /// The tags of the model card that name the format.
    fn tags(&self) -> &'static [&'static str];

    /// How the files are used, as Markdown: the section `Use` of the model card.
    fn usage(&self, model: &Model) -> String;
}
