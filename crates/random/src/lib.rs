//! Counter-based random numbers: (seed, purpose, index) to uniform, normal, permutation.
//!
//! Every number is a function of (seed, purpose, index, attempt) and of its position in that
//! stream, not of draws from other streams. So a run can resume from its step number alone, stages
//! don't affect each other, and numbers are the same on every machine: the generator is `ChaCha8`,
//! the distributions are ours, and their transcendental functions come from `libm`, not from the
//! system.
//!
//! The algorithm, which tests fix:
//! * key = SHA-256 of `dcgan`, 0x00, the purpose's name, 0x00, the seed (8 bytes, little-endian),
//!   the attempt (4 bytes, little-endian);
//! * `ChaCha8` with that key, stream number = index, block counter from 0, read as 32-bit words.

mod stream;

pub use stream::{Purpose, Stream};
