//! Latent vectors.

use crate::{Error, Result};
use candle_core::{Device, Tensor};
use dcgan_random::{Purpose, Stream};
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

    /// The default range of a coordinate of z: the ends of the distribution; for a normal one 2.5
    /// standard deviations on both sides.
    pub fn range(self) -> (f32, f32) {
        match self {
            Self::Uniform => (-1.0, 1.0),
            Self::Uniform01 => (0.0, 1.0),
            Self::Normal => (-2.5, 2.5),
        }
    }

    /// The latent vectors with indices `first` to `first + n - 1`, `[n,z_dim]` row-major. Row `i`
    /// is drawn from the stream (`seed`, `purpose`, `i`) alone, coordinate after coordinate.
    pub fn rows(self, z_dim: usize, seed: u64, purpose: Purpose, first: u64, n: usize) -> Vec<f32> {
        let mut z = Vec::with_capacity(n * z_dim);
        for i in first..first + n as u64 {
            let mut stream = Stream::new(seed, purpose, i);
            z.extend((0..z_dim).map(|_| self.draw(&mut stream)));
        }
        z
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

/// z `[n,z_dim]`, drawn row by row from one stream. Source: `batch_z`, model.py.
///
/// # Errors
/// [`Error::Layer`] if the tensor cannot be made.
pub fn latents(
    stream: &mut Stream,
    n: usize,
    z_dim: usize,
    distribution: ZDistribution,
    device: &Device,
) -> Result<Tensor> {
    let values: Vec<f32> = (0..n * z_dim).map(|_| distribution.draw(stream)).collect();
    Tensor::from_vec(values, (n, z_dim), device).map_err(Error::at("z", &[]))
}

/// The latent vector at `share` (0 to 1) of the way between two: on a straight line, or, if
/// `spherical`, on the arc between their directions while the length changes evenly
/// (slerp, Shoemake 1985). Opposite or equal directions, and zero vectors, have no arc: the line.
pub fn between(from: &[f32], to: &[f32], share: f32, spherical: bool) -> Vec<f32> {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum()
    };
    let share = f64::from(share);
    let (from_length, to_length) = (libm::sqrt(dot(from, from)), libm::sqrt(dot(to, to)));
    let angle = libm::acos((dot(from, to) / (from_length * to_length)).clamp(-1.0, 1.0));
    let sine = libm::sin(angle);
    // A NaN angle, from a zero vector, takes the line too.
    let (a, b) = if spherical && sine > 1e-6 {
        let length = from_length + (to_length - from_length) * share;
        let part = |share: f64, own: f64| libm::sin(share * angle) / sine * length / own;
        (part(1.0 - share, from_length), part(share, to_length))
    } else {
        (1.0 - share, share)
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "back to the precision of z"
    )]
    let blend = |(&from, &to): (&f32, &f32)| (f64::from(from) * a + f64::from(to) * b) as f32;
    from.iter().zip(to).map(blend).collect()
}
