//! The latent vectors z.

use crate::{Error, z_distribution};
use dcgan::ZDistribution;
use dcgan_artifacts::NetworkInfo;
use dcgan_random::{Purpose, Stream};

/// The latent vectors with indices `first` to `first + n - 1`, `[n, z_dim]` row-major. Row `i` is
/// drawn from the stream (`seed`, `purpose`, `i`) alone, coordinate after coordinate.
pub fn latents(
    distribution: ZDistribution,
    z_dim: usize,
    seed: u64,
    purpose: Purpose,
    first: u64,
    n: usize,
) -> Vec<f32> {
    let mut z = Vec::with_capacity(n * z_dim);
    for i in first..first + n as u64 {
        let mut stream = Stream::new(seed, purpose, i);
        z.extend((0..z_dim).map(|_| distribution.draw(&mut stream)));
    }
    z
}

/// Where a coordinate of z moves when nothing else is said: the ends of its distribution; for a
/// normal z 2.5 standard deviations on both sides.
///
/// # Errors
/// [`Error::Network`] for an unknown distribution.
pub fn latent_range(info: &NetworkInfo) -> Result<(f32, f32), Error> {
    Ok(match z_distribution(info)? {
        ZDistribution::Uniform => (-1.0, 1.0),
        ZDistribution::Uniform01 => (0.0, 1.0),
        ZDistribution::Normal => (-2.5, 2.5),
    })
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
