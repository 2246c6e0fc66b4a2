//! The latent vectors z.

use dcgan_networks::ZDistribution;
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
