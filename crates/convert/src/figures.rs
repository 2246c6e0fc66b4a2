//! The figures of an evaluation, for the model card.

use crate::error::Error;
use dcgan_artifacts::read_bounded;
use dcgan_hints::shown;
use dcgan_stage::Failure;
use serde_json::Value;
use std::path::Path;

/// A longer file is no `metrics.json`: 256 classes make half a megabyte.
const MOST_BYTES: u64 = 1 << 24;

/// Sections of `metrics.json` whose figures the card shows.
const SECTIONS: [&str; 2] = ["quality", "pixels"];

/// A figure of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CardFigure {
    /// Its key in `metrics.json`, lower case with underscores.
    pub(crate) key: String,
    pub(crate) value: f64,
    /// The ends of its 95 % interval.
    pub(crate) interval: Option<[f64; 2]>,
    /// The figure of real images.
    pub(crate) real: Option<f64>,
}

/// The figures of an evaluation in the order of `metrics.json`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figures {
    pub(crate) figures: Vec<CardFigure>,
    /// Images that were drawn for them.
    pub(crate) n_images: Option<u64>,
}

impl Figures {
    /// Reads `metrics.json`; `None`, with a warning, if it is of another step than the model.
    pub(crate) fn read(path: &Path, step: u64) -> Result<Option<Self>, Failure> {
        let bytes = read_bounded(path, MOST_BYTES).map_err(|source| {
            Failure::input(Error::Read {
                path: path.to_owned(),
                source,
            })
        })?;
        let refuse = |expected| {
            let path = path.to_owned();
            Failure::input(Error::Figures { path, expected })
        };
        let tree: Value = serde_json::from_slice(&bytes).map_err(|_| refuse("JSON"))?;
        if SECTIONS.iter().all(|section| tree.get(section).is_none()) {
            return Err(refuse("a key `quality` or `pixels`"));
        }
        if let Some(got) = tree["step"].as_u64().filter(|&got| got != step) {
            log::warn!(
                "`{}` is of step {got}, the model of step {step}: the card gets no figures; \
                 `make eval` evaluates the model",
                shown(path)
            );
            return Ok(None);
        }
        Ok(Some(Self::of(&tree)))
    }

    fn of(tree: &Value) -> Self {
        let sections = SECTIONS
            .iter()
            .filter_map(|&section| tree[section].as_object());
        let figures = sections.flatten().filter_map(|(key, figure)| {
            let number = |name: &str| figure[name].as_f64();
            let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            if !key.bytes().all(is_name) {
                return None;
            }
            Some(CardFigure {
                key: key.clone(),
                value: number("value")?,
                interval: number("low")
                    .zip(number("high"))
                    .map(|(low, high)| [low, high]),
                real: number("real"),
            })
        });
        Self {
            figures: figures.collect(),
            n_images: tree["images"]["generated"].as_u64(),
        }
    }
}
