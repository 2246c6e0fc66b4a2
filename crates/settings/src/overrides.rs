//! `--set KEY=VALUE`: sets one value in the tree of a pipeline.

use crate::error::{Error, Origin};
use crate::keys;
use crate::limits::check_counts;
use serde_yaml::{Mapping, Value};

/// A parsed `--set`.
pub(crate) struct Override {
    /// The text after `--set`.
    pub(crate) text: String,
    /// The dotted key.
    key: String,
    /// The value, parsed as YAML.
    value: Value,
}

impl Override {
    /// Splits `text` at its first `=`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(Error::OverrideForm {
                text: text.into(),
                found: "no `=`".into(),
            });
        };
        let key = key.trim();
        if key.split('.').any(|part| part.trim().is_empty()) {
            return Err(Error::OverrideForm {
                text: text.into(),
                found: format!("key `{key}`"),
            });
        }
        check_counts(value, || Origin::Set(text.into()))?;
        let value = read(value).map_err(|source| Error::Syntax {
            origin: Origin::Set(text.into()),
            source,
        })?;
        Ok(Self {
            text: text.into(),
            key: key.into(),
            value,
        })
    }

    /// Refuses a key below one that has a value, which setting it would replace by a mapping.
    pub(crate) fn require_no_value_above(&self) -> Result<(), Error> {
        match keys::valued_above(&self.key) {
            None => Ok(()),
            Some(_) => Err(Error::UnknownKey {
                origin: Origin::Set(self.text.clone()),
                key: self.key.clone(),
                nearest: None,
            }),
        }
    }

    /// Sets the value in `tree` and adds missing sections.
    pub(crate) fn apply(&self, tree: &mut Value) {
        let mut place = tree;
        for name in self.key.split('.') {
            if !place.is_mapping() {
                *place = Value::Mapping(Mapping::new());
            }
            let Value::Mapping(mapping) = place else {
                return;
            };
            place = mapping.entry(name.into()).or_insert(Value::Null);
        }
        *place = self.value.clone();
    }

    /// Whether this sets `key`, one of its parents or one of its children.
    pub(crate) fn touches(&self, key: &str) -> bool {
        let within = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        within(key, &self.key) || within(&self.key, key)
    }
}

/// Parses a value as YAML without comments: ` #1` is part of a folder's name.
fn read(text: &str) -> Result<Value, serde_yaml::Error> {
    let value: Value = serde_yaml::from_str(text)?;
    let is_comment = |(at, _): (usize, &str)| {
        (at == 0 || text[..at].ends_with([' ', '\t']))
            && serde_yaml::from_str::<Value>(&text[..at]).is_ok_and(|before| before == value)
    };
    let is_plain = !value.is_mapping() && !value.is_sequence();
    Ok(if is_plain && text.match_indices('#').any(is_comment) {
        Value::String(text.trim().into())
    } else {
        value
    })
}

/// Whether `tree` gives a value for the dotted `key`.
pub(crate) fn stands_in(tree: &Value, key: &str) -> bool {
    key.split('.')
        .try_fold(tree, |place, name| place.get(name))
        .is_some()
}
