//! The list of keys, derived from the defaults so that there is no second list to maintain.

use crate::Pipeline;
use serde_json::Value;

/// A dotted key with its default.
pub(crate) struct Leaf {
    /// For example `train.batch_size`.
    pub(crate) key: String,
    /// The default as written in a file.
    pub(crate) default: String,
}

/// Every key of `section` (or of all sections, if empty) with its default, sorted by name.
fn leaves(section: &str) -> Vec<Leaf> {
    fn walk(prefix: &str, value: &Value, leaves: &mut Vec<Leaf>) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                for (name, value) in map {
                    walk(&join(prefix, name), value, leaves);
                }
            }
            value => {
                let default = match value {
                    Value::Null => "none".into(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                leaves.push(Leaf {
                    key: prefix.into(),
                    default,
                });
            }
        }
    }
    let all = resolved(&Pipeline::default());
    let mut leaves = Vec::new();
    match section {
        "" => walk("", &all, &mut leaves),
        section => walk(
            section,
            all.get(section).unwrap_or(&Value::Null),
            &mut leaves,
        ),
    }
    leaves
}

/// The settings of one section (`train`) and their defaults: dotted keys and values as text, sorted
/// by name. Empty for a section that does not exist.
pub fn default_settings(section: &str) -> Vec<(String, String)> {
    let exists = resolved(&Pipeline::default()).get(section).is_some();
    let leaves = if exists { leaves(section) } else { Vec::new() };
    leaves
        .into_iter()
        .map(|leaf| (leaf.key, leaf.default))
        .collect()
}

/// Resolved settings of a section or a whole pipeline, as the tree for a manifest: every key,
/// including those with default values, sorted by name.
///
/// # Panics
/// Never for the structs of this crate: their text comes from YAML or a UTF-8 command line.
pub fn resolved<S: serde::Serialize>(settings: &S) -> Value {
    serde_json::to_value(settings).expect("settings hold text, numbers, lists and string keys only")
}

/// The names allowed under the dotted key `parent`.
pub(crate) fn names_under(parent: &str) -> Vec<String> {
    let mut value = &resolved(&Pipeline::default());
    for part in parent.split('.').filter(|part| !part.is_empty()) {
        match value.get(part) {
            Some(inner) => value = inner,
            None => return Vec::new(),
        }
    }
    value
        .as_object()
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default()
}

/// The existing key with a value above the dotted `key`, which has no keys below it.
pub(crate) fn valued_above(key: &str) -> Option<&str> {
    let defaults = resolved(&Pipeline::default());
    let ends = key.match_indices('.').map(|(end, _)| &key[..end]);
    ends.into_iter().find(|above| {
        let found = above
            .split('.')
            .try_fold(&defaults, |place, name| place.get(name));
        found.is_some_and(|value| !value.is_object())
    })
}

/// The values of the dotted `key` in words, if it takes one of a few names.
pub(crate) fn choices(key: &str) -> Option<String> {
    // The parser lists them for a name that is none of them.
    let tree = key.rsplit('.').fold("-".into(), |inner, name| {
        serde_yaml::Value::Mapping([(name.into(), inner)].into_iter().collect())
    });
    let refused = serde_yaml::from_value::<Pipeline>(tree).err()?.to_string();
    let (_, choices) = refused
        .split_once("unknown variant ")?
        .1
        .split_once(", expected ")?;
    Some(choices.into())
}

/// The existing key that an unknown `key` most likely means: a similar name in the same place, or
/// else the same name in another place.
pub(crate) fn nearest(key: &str) -> Option<String> {
    let (parent, name) = key.rsplit_once('.').unwrap_or(("", key));
    nearest_name(name, &names_under(parent))
        .map(|near| join(parent, near))
        .or_else(|| {
            let same_name = |leaf: &Leaf| leaf.key.rsplit('.').next() == Some(name);
            leaves("").into_iter().find(same_name).map(|leaf| leaf.key)
        })
}

/// The one of `names` that `name` most likely means: at most a third of its letters differ.
pub(crate) fn nearest_name<'a, S: AsRef<str>>(name: &str, names: &'a [S]) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    let spelled = name.replace('-', "_").to_lowercase();
    names
        .iter()
        .map(AsRef::as_ref)
        .map(|candidate| (strsim::damerau_levenshtein(&spelled, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `name` under `parent`.
pub(crate) fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.into()
    } else {
        format!("{parent}.{name}")
    }
}
