//! A stream of random numbers and its distributions.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

/// What a stream of random numbers is for. Its name is hashed, not its position, so purposes can be
/// added and reordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Purpose {
    /// Initial weights of the generator; index: the weight's position in the network.
    GeneratorWeights,
    /// Initial weights of the discriminator; index: the weight's position in the network.
    DiscriminatorWeights,
    /// Order of the training pictures; index: the epoch.
    BatchOrder,
    /// z of a training step; index: the step.
    Latent,
    /// Fixed z of the sample grids.
    GridLatent,
    /// z of a sample; index: the sample's number.
    SampleLatent,
    /// Choice of validation pictures from the training part.
    ValidationDraw,
    /// Synthetic pictures; index: the picture's number.
    Synthetic,
    /// Weights and batch order of the quality classifier.
    Classifier,
    /// Resampling for intervals.
    Bootstrap,
    /// Random changes to training pictures; index: the step.
    Augmentation,
    /// z of the pictures that score a training run; index: the picture's number.
    ScoreLatent,
    /// Splits, blocks, subsets and halves of the images in an evaluation; index: which one.
    Split,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 13] = [
        Purpose::GeneratorWeights,
        Purpose::DiscriminatorWeights,
        Purpose::BatchOrder,
        Purpose::Latent,
        Purpose::GridLatent,
        Purpose::SampleLatent,
        Purpose::ValidationDraw,
        Purpose::Synthetic,
        Purpose::Classifier,
        Purpose::Bootstrap,
        Purpose::Augmentation,
        Purpose::ScoreLatent,
        Purpose::Split,
    ];

    /// The name that is hashed into the key. Changing one changes every run.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::GeneratorWeights => "generator-weights",
            Purpose::DiscriminatorWeights => "discriminator-weights",
            Purpose::BatchOrder => "batch-order",
            Purpose::Latent => "latent",
            Purpose::GridLatent => "grid-latent",
            Purpose::SampleLatent => "sample-latent",
            Purpose::ValidationDraw => "validation-draw",
            Purpose::Synthetic => "synthetic",
            Purpose::Classifier => "classifier",
            Purpose::Bootstrap => "bootstrap",
            Purpose::Augmentation => "augmentation",
            Purpose::ScoreLatent => "score-latent",
            Purpose::Split => "split",
        }
    }
}

/// A stream of random numbers, fixed by (seed, purpose, index, attempt).
///
/// Streams that differ in any of the four are independent. Within a stream the numbers follow the
/// order of calls.
#[derive(Debug, Clone)]
pub struct Stream {
    generator: ChaCha8Rng,
    /// The second number of the last Box-Muller pair, if not used yet.
    spare_normal: Option<f32>,
}

impl Stream {
    /// The stream of (seed, purpose, index) for the first attempt.
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        Self::with_attempt(seed, purpose, index, 0)
    }

    /// The stream of (seed, purpose, index) after `attempt` roll-backs; attempt 0 is
    /// [`Stream::new`].
    pub fn with_attempt(seed: u64, purpose: Purpose, index: u64, attempt: u32) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"dcgan\0");
        hasher.update(purpose.name().as_bytes());
        hasher.update(b"\0");
        hasher.update(seed.to_le_bytes());
        hasher.update(attempt.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(hasher.finalize().into());
        generator.set_stream(index);
        Self {
            generator,
            spare_normal: None,
        }
    }

    /// Uniform in [0, 1): one of the 2^24 multiples of 2^-24, each equally likely.
    ///
    /// A 24-bit integer and its product with 2^-24 are exact in f32, so the largest value is 1 -
    /// 2^-24, never 1.
    pub fn uniform(&mut self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "24 bits fit an f32 exactly")]
        let integer = (self.generator.next_u32() >> 8) as f32;
        integer * (1.0 / 16_777_216.0)
    }

    /// Uniform in [low, high), for finite `low < high`.
    ///
    /// Exact for [-1, 1): multiples of 2^-23 from -1 to 1 - 2^-23. For other ranges
    /// `low + u (high - low)` may round up to `high`; such a draw is repeated, so `high` is never
    /// returned. Returns `low` if the range is empty or not finite.
    pub fn uniform_in(&mut self, low: f32, high: f32) -> f32 {
        let width = high - low;
        if !(width > 0.0 && width.is_finite()) {
            return low;
        }
        loop {
            let value = low + self.uniform() * width;
            if value < high {
                return value;
            }
        }
    }

    /// Standard normal by Box and Muller (1958): uniform u, v give `sqrt(-2 ln(1 - u)) cos(2 pi v)`
    /// and the same with sin, computed in f64 and rounded once.
    ///
    /// 1 - u is in (0, 1], so the logarithm is finite and no value exceeds sqrt(-2 ln 2^-24) = 5.77
    /// in magnitude.
    pub fn normal(&mut self) -> f32 {
        if let Some(value) = self.spare_normal.take() {
            return value;
        }
        let u = f64::from(self.uniform());
        let v = f64::from(self.uniform());
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - u));
        let angle = std::f64::consts::TAU * v;
        #[expect(clippy::cast_possible_truncation, reason = "the one rounding to f32")]
        let (first, second) = (
            (radius * libm::cos(angle)) as f32,
            (radius * libm::sin(angle)) as f32,
        );
        self.spare_normal = Some(second);
        first
    }

    /// Standard normal truncated at two standard deviations: draws outside `[-2, 2]` are repeated,
    /// as in TensorFlow's `truncated_normal`.
    pub fn truncated_normal(&mut self) -> f32 {
        loop {
            let value = self.normal();
            if value.abs() <= 2.0 {
                return value;
            }
        }
    }

    /// Uniform among 0, 1, .., n - 1, without bias (Lemire, "Fast random integer generation in an
    /// interval", 2019, algorithm 5). Returns 0 for n = 0.
    pub fn below(&mut self, n: u32) -> u32 {
        let mut product = u64::from(self.generator.next_u32()) * u64::from(n);
        // The low word is the position of the draw within its slot. Some slots have one position
        // more than others, so draws at the first 2^32 mod n positions are repeated.
        if low_word(product) < n {
            let surplus = n.wrapping_neg() % n;
            while low_word(product) < surplus {
                product = u64::from(self.generator.next_u32()) * u64::from(n);
            }
        }
        high_word(product)
    }

    /// A permutation of 0, 1, .., n - 1, each equally likely up to the 256 bits of the key (Fisher
    /// and Yates, from the end).
    pub fn permutation(&mut self, n: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n).collect();
        for last in (1..n).rev() {
            let other = self.below(last + 1);
            order.swap(last as usize, other as usize);
        }
        order
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is asked for"
)]
fn low_word(product: u64) -> u32 {
    product as u32
}

fn high_word(product: u64) -> u32 {
    low_word(product >> 32)
}
