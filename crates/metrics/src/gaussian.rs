//! Mean and covariance of features, and the distance between two such pairs.

use crate::eigen::{symmetric_eigenvalues, symmetric_square_root};
use crate::error::{Error, check_count};
use crate::interval::{Interval, jackknife};
use crate::points::{Features, Points, check_pair, product};

/// Blocks that [`frechet_distance_interval`] leaves out in turn.
const BLOCKS: usize = 20;

/// Sums that give mean and covariance; sums of disjoint sets add up.
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

    /// These moments and, with `sign` = -1 instead of 1, without the other's.
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
    /// `sum (x - m)(x - m)^T / (n - 1)`, `[d, d]`: the unbiased one, as `numpy.cov`.
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
    /// covariance: how varied the set is.
    pub fn diversity(&self) -> f64 {
        2.0 * trace(&self.covariance, self.mean.len())
    }
}

/// Fréchet distance between two normal distributions with these means and covariances,
/// `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1^(1/2) C2 C1^(1/2))^(1/2))`.
///
/// Dowson & Landau, "The Fréchet distance between multivariate normal distributions" (1982); as a
/// measure of generators Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to
/// a Local Nash Equilibrium" (2017), equation 6. The last trace is taken from the eigenvalues of a
/// symmetric matrix, so no matrix needs to be regular. It is biased: fewer points, greater
/// distance, so only distances of equally many points compare.
///
/// # Errors
/// [`Error::Length`] for distributions of different spaces.
pub fn frechet_distance(a: &Gaussian, b: &Gaussian) -> Result<f64, Error> {
    let d = a.mean.len();
    if b.mean.len() != d {
        return Err(Error::Length {
            array: "b",
            expected: d,
            got: b.mean.len(),
        });
    }
    Ok(frechet(a, &symmetric_square_root(&a.covariance, d), b))
}

/// The distance with the square root of a's covariance at hand.
pub(crate) fn frechet(a: &Gaussian, root: &[f64], b: &Gaussian) -> f64 {
    let d = a.mean.len();
    let inner = multiply(&multiply(root, &b.covariance, d), root, d);
    let roots: f64 = symmetric_eigenvalues(&inner, d)
        .iter()
        .map(|l| l.max(0.0).sqrt())
        .sum();
    let shift: f64 = a
        .mean
        .iter()
        .zip(&b.mean)
        .map(|(a, b)| (a - b).powi(2))
        .sum();
    shift + trace(&a.covariance, d) + trace(&b.covariance, d) - 2.0 * roots
}

/// [`frechet_distance`] between the real features and the generated ones, with an interval by the
/// jackknife over 20 blocks of the generated ones, the real ones being held fixed.
///
/// # Errors
/// [`Error::TooFew`] for fewer than 40 generated points or 2 real ones, [`Error::Length`] for
/// points of another space.
pub fn frechet_distance_interval(
    real: &Features<'_>,
    generated: &Features<'_>,
) -> Result<Interval, Error> {
    check_pair([("real", real), ("generated", generated)], 2)?;
    check_count("generated", generated.len(), 2 * BLOCKS)?;
    let real = Gaussian::of(real)?;
    let root = symmetric_square_root(&real.covariance, real.mean.len());
    let n = generated.len();
    let blocks: Vec<Moments> = (0..BLOCKS)
        .map(|i| Moments::of(&generated.rows(i * n / BLOCKS..(i + 1) * n / BLOCKS)))
        .collect();
    let mut whole = blocks[0].clone();
    for block in &blocks[1..] {
        whole.add(block, 1.0);
    }
    let without: Vec<f64> = blocks
        .iter()
        .map(|block| {
            let mut rest = whole.clone();
            rest.add(block, -1.0);
            frechet(&real, &root, &rest.gaussian())
        })
        .collect();
    jackknife(frechet(&real, &root, &whole.gaussian()), &without)
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
