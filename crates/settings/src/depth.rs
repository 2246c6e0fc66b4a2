//! `train.depth`: a word or a number.

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;

/// Levels of the unlabelled network, each halving the map: `auto` or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// 4, and one more for each whole doubling of the shorter side above 64.
    Auto,
    /// This many; the original has 4.
    Levels(usize),
}

const AUTO: &str = "auto";

impl Serialize for Depth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str(AUTO),
            Self::Levels(levels) => levels.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Depth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DepthVisitor;

        impl Visitor<'_> for DepthVisitor {
            type Value = Depth;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto` or a whole number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Depth, E> {
                match text {
                    AUTO => Ok(Depth::Auto),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }

            fn visit_u64<E: Error>(self, levels: u64) -> Result<Depth, E> {
                usize::try_from(levels)
                    .map(Depth::Levels)
                    .map_err(|_| E::invalid_value(Unexpected::Unsigned(levels), &self))
            }

            fn visit_i64<E: Error>(self, levels: i64) -> Result<Depth, E> {
                Err(E::invalid_value(Unexpected::Signed(levels), &self))
            }
        }

        deserializer.deserialize_any(DepthVisitor)
    }
}
