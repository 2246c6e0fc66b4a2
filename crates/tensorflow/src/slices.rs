//! Checkpoints of format V1: tables with the floats in them.

use crate::Error;
use crate::messages::{FLOAT, SavedSliceMeta, SavedTensorSlices, TensorSlice, type_name};
use crate::table::{File, each_entry};
use crate::variables::Variables;
use prost::Message as _;
use std::collections::BTreeMap;

/// What the list of variables says of one of them.
struct Listed {
    sizes: Vec<usize>,
    /// Number of values.
    n: usize,
}

/// Adds the variables of one file.
pub(crate) fn read(file: &File, variables: &mut Variables) -> Result<(), Error> {
    let mut listed: Option<BTreeMap<String, Listed>> = None;
    each_entry(file, &mut |_, value| {
        let entry = SavedTensorSlices::decode(value)
            .map_err(|source| file.damaged("a message with a variable", source.to_string()))?;
        let Some(listed) = &mut listed else {
            let meta = entry.meta.ok_or_else(|| {
                file.damaged("a list of the variables first", "a table without one")
            })?;
            listed = Some(list(file, meta.tensor, variables)?);
            return Ok(());
        };
        let slice = entry
            .data
            .ok_or_else(|| file.damaged("a variable", "a message without one"))?;
        // Variables of other types were taken off the list.
        let Some(Listed { sizes, n }) = listed.remove(&slice.name) else {
            return Ok(());
        };
        let values = slice.data.map(|data| data.float_val).unwrap_or_default();
        if values.len() != n {
            return Err(file.damaged(
                format!("{n} values of `{}` {sizes:?}", slice.name),
                format!("{}", values.len()),
            ));
        }
        variables.add(file, slice.name, (sizes, values))
    })?;
    match listed.as_ref().map(BTreeMap::first_key_value) {
        None => Err(file.damaged("a list of the variables", "an empty table")),
        Some(None) => Ok(()),
        Some(Some((name, _))) => Err(file.damaged(format!("the values of `{name}`"), "none")),
    }
}

/// The variables of type float32 by name.
fn list(
    file: &File,
    tensors: Vec<SavedSliceMeta>,
    variables: &mut Variables,
) -> Result<BTreeMap<String, Listed>, Error> {
    let mut listed = BTreeMap::new();
    for tensor in tensors {
        if tensor.dtype != FLOAT {
            variables.add_other(tensor.name, type_name(tensor.dtype));
            continue;
        }
        if tensor.slice.len() != 1 || !tensor.slice.iter().all(TensorSlice::is_whole) {
            return Err(Error::Unsupported {
                path: file.path.clone(),
                what: format!("`{}` is saved in parts", tensor.name),
            });
        }
        let shape = tensor.shape.unwrap_or_default();
        let (sizes, n) = shape
            .sizes()
            .ok_or_else(|| file.damaged(format!("a shape of `{}`", tensor.name), "no sizes"))?;
        listed.insert(tensor.name, Listed { sizes, n });
    }
    Ok(listed)
}
