//! Latent vectors.

use crate::{Error, Result};
use candle_core::{Device, Tensor};
use dcgan_random::Stream;
use std::fmt;
use std::str::FromStr;

/// The distribution of each coordinate of z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZDistribution {
    /// Uniform in [-1, 1), as the original trains.
    Uniform,
    /// Uniform in [0, 1).
    Uniform01,
    /// Standard normal.
    Normal,
}

impl ZDistribution {
    /// The name that files and settings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Uniform01 => "uniform_0_1",
            Self::Normal => "normal",
        }
    }

    /// The next number of `stream` in this distribution.
    pub fn draw(self, stream: &mut Stream) -> f32 {
        match self {
            Self::Uniform => stream.uniform_in(-1.0, 1.0),
            Self::Uniform01 => stream.uniform(),
            Self::Normal => stream.normal(),
        }
    }
}

impl fmt::Display for ZDistribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ZDistribution {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "uniform" => Ok(Self::Uniform),
            "uniform_0_1" => Ok(Self::Uniform01),
            "normal" => Ok(Self::Normal),
            _ => Err(Error::Config {
                key: "z_distribution",
                expected: "`uniform`, `uniform_0_1` or `normal`".into(),
                got: text.into(),
            }),
        }
    }
}

/// z `[n, z_dim]`, drawn row by row from one stream. Source: `batch_z`, model.py.
///
/// # Errors
/// [`Error::Layer`] if the tensor cannot be made.
pub fn latents(
    stream: &mut Stream,
    n: usize,
    z_dim: usize,
    distribution: ZDistribution,
) -> Result<Tensor> {
    let values: Vec<f32> = (0..n * z_dim).map(|_| distribution.draw(stream)).collect();
    Tensor::from_vec(values, (n, z_dim), &Device::Cpu).map_err(Error::at("z", &[]))
}
