//! Environment variables that override settings.

use crate::keys::nearest_name;
use crate::{Error, KernelChoice, Pipeline};
use std::ffi::OsString;

/// Environment variable that overrides the setting `kernels` of every stage.
pub const KERNELS: &str = "DCGAN_KERNELS";

impl Pipeline {
    /// Applies environment variables, which override file and command line. `variable` looks one
    /// up; an empty one counts as unset.
    ///
    /// # Errors
    /// [`Error::Variable`] for an invalid value.
    pub fn apply_environment(
        &mut self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(), Error> {
        if let Some(kernels) = kernels(variable)? {
            self.train.kernels = kernels;
            self.sample.kernels = kernels;
            self.eval.kernels = kernels;
        }
        Ok(())
    }
}

/// The value of [`KERNELS`], if it is set; `variable` looks it up.
///
/// # Errors
/// [`Error::Variable`] for an unknown value.
pub fn kernels(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<KernelChoice>, Error> {
    let Some(value) = variable(KERNELS).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let found = value.to_string_lossy();
    let known = KernelChoice::ALL
        .into_iter()
        .find(|kernels| kernels.name() == found);
    known.map(Some).ok_or_else(|| {
        let names = KernelChoice::ALL.map(KernelChoice::name);
        Error::Variable {
            name: KERNELS,
            expected: format!("one of `{}`", names.join("`, `")),
            nearest: nearest_name(&found, &names).map(str::to_owned),
            found: found.into_owned(),
        }
    })
}
