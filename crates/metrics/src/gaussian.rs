//! Mean and covariance of features, and the Fréchet distance.

use crate::eigen::{symmetric_eigenvalues, symmetric_square_root};
use crate::error::{Error, check_count};
use crate::interval::{Uncertain, jackknife};
use crate::points::{Features, Points, product};
use crate::split::{SECOND, shuffled};
use rayon::prelude::*;

/// Blocks of the jackknife in [`FrechetReference::distance_with_variance`].
const BLOCKS: usize = 20;

/// Sums for mean and covariance; those of disjoint sets can be added.
#[derive(Debug, Clone)]
struct Moments {
    n: usize,
    /// Sum of x, `[d]`.
    sum: Vec<f64>,
    /// Sum of x x^T, `[d, d]`.
    squares: Vec<f64>,
}

impl Moments {
    fn of(features: &Features<'_>) -> Self {
        let d = features.dimensions();
        let x = features.tensor();
        let transposed = x.t().expect("a matrix can be transposed");
        let squares = product(&transposed, &x);
        let mut sum = vec![0.0; d];
        for row in features.values().chunks_exact(d) {
            for (sum, &x) in sum.iter_mut().zip(row) {
                *sum += f64::from(x);
            }
        }
        Self {
            n: features.len(),
            sum,
            squares,
        }
    }

    /// Adds the other's sums, or subtracts them for `sign` = -1.
    fn add(&mut self, other: &Self, sign: f64) {
        self.n = if sign < 0.0 {
            self.n - other.n
        } else {
            self.n + other.n
        };
        let add = |mine: &mut Vec<f64>, others: &[f64]| {
            for (mine, other) in mine.iter_mut().zip(others) {
                *mine += sign * other;
            }
        };
        add(&mut self.sum, &other.sum);
        add(&mut self.squares, &other.squares);
    }

    fn gaussian(&self) -> Gaussian {
        let (n, d) = (self.n as f64, self.sum.len());
        let mean: Vec<f64> = self.sum.iter().map(|sum| sum / n).collect();
        let covariance = (0..d * d)
            .map(|i| (self.squares[i] - n * mean[i / d] * mean[i % d]) / (n - 1.0))
            .collect();
        Gaussian { mean, covariance }
    }
}

/// Mean and covariance of a set of features.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    /// `m = sum x / n`, `[d]`.
    pub mean: Vec<f64>,
    /// `sum (x - m)(x - m)^T / (n - 1)`, `[d, d]`: unbiased, like `numpy.cov`.
    pub covariance: Vec<f64>,
}

impl Gaussian {
    /// Mean and covariance of at least two points.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer.
    pub fn of(features: &Features<'_>) -> Result<Self, Error> {
        check_count("features", features.len(), 2)?;
        Ok(Moments::of(features).gaussian())
    }

    /// The mean squared distance between two different points of the set, twice the trace of the
    /// covariance: a measure of variety.
    pub fn diversity(&self) -> f64 {
        2.0 * trace(&self.covariance, self.mean.len())
    }
}

/// Fréchet distance between two normal distributions with these means and covariances,
/// `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1^(1/2) C2 C1^(1/2))^(1/2))`.
///
/// Dowson & Landau, "The Fréchet distance between multivariate normal distributions" (1982); as a
/// measure of generators Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to
/// a Local Nash Equilibrium" (2017), equation 6. The last trace is computed from the eigenvalues of
/// a symmetric matrix, so singular matrices are allowed. It is biased: fewer points give a greater
/// distance, so only distances of the same number of points are comparable.
///
/// # Errors
/// [`Error::Length`] for different numbers of dimensions.
pub fn frechet_distance(a: &Gaussian, b: &Gaussian) -> Result<f64, Error> {
    FrechetReference::from(a.clone()).distance(b)
}

/// A set that others are compared with; the square root of its covariance is computed once.
#[derive(Debug, Clone)]
pub struct FrechetReference {
    gaussian: Gaussian,
    root: Vec<f64>,
}

impl FrechetReference {
    /// Mean and covariance of at least two points.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer.
    pub fn of(features: &Features<'_>) -> Result<Self, Error> {
        Gaussian::of(features).map(Self::from)
    }

    /// Mean and covariance.
    pub fn gaussian(&self) -> &Gaussian {
        &self.gaussian
    }

    /// [`frechet_distance`] to another set.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of dimensions.
    pub fn distance(&self, other: &Gaussian) -> Result<f64, Error> {
        let d = self.gaussian.mean.len();
        if other.mean.len() != d {
            return Err(Error::Length {
                array: "b",
                expected: d,
                got: other.mean.len(),
            });
        }
        Ok(self.frechet(other))
    }

    fn frechet(&self, other: &Gaussian) -> f64 {
        let Self { gaussian, root } = self;
        let d = gaussian.mean.len();
        let inner = multiply(&multiply(root, &other.covariance, d), root, d);
        let roots: f64 = symmetric_eigenvalues(&inner, d)
            .iter()
            .map(|l| l.max(0.0).sqrt())
            .sum();
        let shift: f64 = gaussian
            .mean
            .iter()
            .zip(&other.mean)
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        shift + trace(&gaussian.covariance, d) + trace(&other.covariance, d) - 2.0 * roots
    }

    /// [`frechet_distance`] to the generated features, with its variance by the jackknife over 20
    /// random blocks of them; this set is fixed.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than 40 generated points, [`Error::Length`] for another number
    /// of dimensions.
    pub fn distance_with_variance(
        &self,
        generated: &Features<'_>,
        seed: u64,
    ) -> Result<Uncertain, Error> {
        check_count("generated", generated.len(), 2 * BLOCKS)?;
        let n = generated.len();
        let order = shuffled(n, seed, SECOND);
        let mut blocks = Vec::with_capacity(BLOCKS);
        for i in 0..BLOCKS {
            let rows = generated.gather(&order[i * n / BLOCKS..(i + 1) * n / BLOCKS]);
            let block = Features::new(&rows, generated.dimensions())?;
            blocks.push(Moments::of(&block));
        }
        let mut whole = blocks[0].clone();
        for block in &blocks[1..] {
            whole.add(block, 1.0);
        }
        let value = self.distance(&whole.gaussian())?;
        let without: Vec<f64> = blocks
            .par_iter()
            .map(|block| {
                let mut rest = whole.clone();
                rest.add(block, -1.0);
                self.frechet(&rest.gaussian())
            })
            .collect();
        jackknife(value, &without)
    }
}

impl From<Gaussian> for FrechetReference {
    fn from(gaussian: Gaussian) -> Self {
        let root = symmetric_square_root(&gaussian.covariance, gaussian.mean.len());
        Self { gaussian, root }
    }
}

fn trace(matrix: &[f64], d: usize) -> f64 {
    matrix.iter().step_by(d + 1).sum()
}

fn multiply(a: &[f64], b: &[f64], d: usize) -> Vec<f64> {
    let tensor = |values: &[f64]| {
        candle_core::Tensor::from_slice(values, (d, d), &candle_core::Device::Cpu)
            .expect("d x d values make a square matrix")
    };
    product(&tensor(a), &tensor(b))
}
