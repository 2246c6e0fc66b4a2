//! Variables as they are read, and the names of the files that they are read from.

use crate::Error;
use crate::table::File;
use dcgan::Arrays;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The variables found so far.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    pub(crate) floats: Arrays,
    pub(crate) others: BTreeMap<String, String>,
}

impl Variables {
    /// Adds a variable that was found in `file`.
    pub(crate) fn add(
        &mut self,
        file: &File,
        name: String,
        array: (Vec<usize>, Vec<f32>),
    ) -> Result<(), Error> {
        if self.floats.contains_key(&name) {
            return Err(file.damaged(format!("`{name}` once"), "it twice"));
        }
        self.floats.insert(name, array);
        Ok(())
    }

    /// Notes a variable of another type.
    pub(crate) fn add_other(&mut self, name: String, type_name: String) {
        self.others.insert(name, type_name);
    }
}

/// The name of file `shard` of `n`: `model-7.data-00000-of-00002`.
pub(crate) fn shard_name(prefix: &Path, ending: &str, shard: i32, n: i32) -> PathBuf {
    with_suffix(prefix, &format!("{ending}-{shard:05}-of-{n:05}"))
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
