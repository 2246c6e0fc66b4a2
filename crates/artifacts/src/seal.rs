//! The seal of JSON metadata, a hash over its own text, and its format version.

use crate::digest::sha256_bytes;
use crate::error::{Artifact, Error};
use serde_json::{Map, Value};
use std::path::Path;

/// Sorts the keys, renders with an empty `seal`, and sets it to the SHA-256 of that text.
pub(crate) fn seal(
    mut value: Value,
    render: impl Fn(&Value) -> Result<String, serde_json::Error>,
) -> Result<String, serde_json::Error> {
    value["seal"] = "".into();
    value.sort_all_objects();
    let digest = sha256_bytes(render(&value)?.as_bytes());
    value["seal"] = digest.into();
    render(&value)
}

/// Removes the seal, if there is one, and verifies it.
pub(crate) fn take_seal(
    object: &mut Map<String, Value>,
    text: &str,
    path: &Path,
    artifact: Artifact,
) -> Result<bool, Error> {
    let Some(seal) = object.remove("seal") else {
        return Ok(false);
    };
    let seal = seal.as_str().unwrap_or_default();
    let computed = sha256_bytes(text.replacen(seal, "", 1).as_bytes());
    if seal == computed {
        Ok(true)
    } else {
        Err(Error::damaged(
            path,
            artifact,
            format!("the seal `{seal}`"),
            format!("`{computed}`"),
        ))
    }
}

/// Removes the format version and refuses one newer than `newest`.
pub(crate) fn take_format(
    object: &mut Map<String, Value>,
    newest: u32,
    path: &Path,
    artifact: Artifact,
) -> Result<(), Error> {
    match object.remove("format").as_ref().and_then(Value::as_u64) {
        Some(got) if got > u64::from(newest) => Err(Error::NewerFormat {
            path: path.to_owned(),
            artifact,
            newest,
            got,
        }),
        Some(got) if got > 0 => Ok(()),
        got => Err(Error::damaged(
            path,
            artifact,
            "`format`, a version from 1",
            got.map_or("none".into(), |got| format!("`{got}`")),
        )),
    }
}
