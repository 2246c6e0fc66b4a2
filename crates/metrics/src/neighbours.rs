//! Measures from nearest neighbours: realism, variety and copying.

use crate::error::{Error, check_count};
use crate::points::{Features, Pixels, Points, check_pair, scan, scan_both};
use crate::quantile_of_sorted;
use dcgan_kernels::nearest_images;

/// The point nearest to a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Its position.
    pub index: usize,
    /// The squared Euclidean distance.
    pub squared: f64,
}

/// The nearest reference of each query, the first of equally near ones. Distances are exact
/// integers.
///
/// # Errors
/// [`Error::TooFew`] without references, [`Error::Length`] for images of another size.
pub fn nearest(queries: &Pixels<'_>, references: &Pixels<'_>) -> Result<Vec<Nearest>, Error> {
    check_pair([("references", references), ("queries", queries)], 1)?;
    let d = references.dimensions();
    let found = nearest_images(queries.values(), references.values(), d);
    let nearest = found.into_iter().map(|found| Nearest {
        index: found.index,
        squared: found.squared as f64,
    });
    Ok(nearest.collect())
}

/// The squared distance of each point to its k-th nearest other point of the same set.
fn radii(points: &Features<'_>, k: usize) -> Vec<f64> {
    let mut states = vec![Vec::with_capacity(k + 1); points.len()];
    scan(
        points,
        points,
        &mut states,
        |smallest, query, first, distances| {
            for (i, &squared) in distances.iter().enumerate() {
                let is_near =
                    smallest.len() < k || smallest.last().is_some_and(|&far| squared < far);
                if is_near && first + i != query {
                    let place = smallest.partition_point(|&near| near <= squared);
                    smallest.insert(place, squared);
                    smallest.truncate(k);
                }
            }
        },
    );
    states
        .into_iter()
        .filter_map(|smallest| smallest.last().copied())
        .collect()
}

/// Precision, recall, density and coverage. All are in `[0, 1]` except density, which may exceed 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifold {
    /// For each generated point, whether it is in the ball of some real point.
    pub is_precise: Vec<bool>,
    /// For each real point, whether it is in the ball of some generated point.
    pub is_recalled: Vec<bool>,
    /// For each generated point, the number of real points' balls that contain it, divided by k.
    pub densities: Vec<f64>,
    /// For each real point, whether its ball contains a generated point.
    pub is_covered: Vec<bool>,
}

impl Manifold {
    /// Share of generated points in some real point's ball.
    pub fn precision(&self) -> f64 {
        share(&self.is_precise)
    }

    /// Share of real points in some generated point's ball.
    pub fn recall(&self) -> f64 {
        share(&self.is_recalled)
    }

    /// Mean over generated points of the number of balls around them, divided by k.
    pub fn density(&self) -> f64 {
        self.densities.iter().sum::<f64>() / self.densities.len() as f64
    }

    /// Share of real points whose ball contains a generated point.
    pub fn coverage(&self) -> f64 {
        share(&self.is_covered)
    }
}

fn share(flags: &[bool]) -> f64 {
    flags.iter().filter(|&&flag| flag).count() as f64 / flags.len() as f64
}

/// Real features for comparison with several sets of generated ones; the radii of their balls are
/// computed once.
#[derive(Debug, Clone)]
pub struct ManifoldReference<'a> {
    real: Features<'a>,
    radii: Vec<f64>,
    k: usize,
}

impl<'a> ManifoldReference<'a> {
    /// Computes the distance of each point to its k-th nearest other point.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for k = 0, [`Error::TooFew`] for k points or fewer.
    pub fn new(real: Features<'a>, k: usize) -> Result<Self, Error> {
        if k == 0 {
            return Err(Error::OutOfRange {
                argument: "k",
                expected: "at least 1",
                got: 0.0,
            });
        }
        check_count("real", real.len(), k + 1)?;
        let radii = radii(&real, k);
        Ok(Self { real, radii, k })
    }

    /// Like [`manifold`], with these real points.
    ///
    /// # Errors
    /// [`Error::TooFew`] for k points or fewer, [`Error::Length`] for another number of dimensions.
    pub fn compare(&self, generated: &Features<'_>) -> Result<Manifold, Error> {
        let Self { real, radii, k } = self;
        check_pair([("real", real), ("generated", generated)], k + 1)?;
        let generated_radii = self::radii(generated, *k);
        let mut balls = vec![0_u32; generated.len()];
        // For each real point, whether it is recalled and whether it is covered.
        let mut states = vec![(false, false); real.len()];
        scan_both(
            generated,
            real,
            (&mut balls, &mut states),
            |balls, _, first, distances| {
                let within = distances
                    .iter()
                    .zip(&radii[first..])
                    .filter(|(distance, radius)| distance < radius);
                *balls += u32::try_from(within.count()).unwrap_or(u32::MAX);
            },
            |(recalled, covered), [generated, real], distance| {
                *recalled |= distance < generated_radii[generated];
                *covered |= distance < radii[real];
            },
        );
        Ok(Manifold {
            is_precise: balls.iter().map(|&balls| balls > 0).collect(),
            is_recalled: states.iter().map(|state| state.0).collect(),
            densities: balls
                .iter()
                .map(|&balls| f64::from(balls) / *k as f64)
                .collect(),
            is_covered: states.iter().map(|state| state.1).collect(),
        })
    }
}

/// Compares the regions of real and generated features. The radius of a point's ball is the
/// distance to its k-th nearest other point of the same set; a point is in it if strictly nearer.
///
/// Precision and recall: Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing
/// Generative Models" (2019), equations 1 and 2. Density and coverage: Naeem et al., "Reliable
/// Fidelity and Diversity Metrics for Generative Models" (2020), equations 3 and 4. As in the
/// latter's program `prdc`, k counts neighbours other than the point itself.
///
/// # Errors
/// [`Error::OutOfRange`] for k = 0, [`Error::TooFew`] for sets of k points or fewer,
/// [`Error::Length`] for different numbers of dimensions.
pub fn manifold(
    real: &Features<'_>,
    generated: &Features<'_>,
    k: usize,
) -> Result<Manifold, Error> {
    ManifoldReference::new(*real, k)?.compare(generated)
}

/// For each test image, whether the label of its nearest training image differs from its own: the
/// errors of a 1-nearest-neighbour classifier in pixel space, trained on generated images. Radford,
/// Metz & Chintala, "Unsupervised Representation Learning with DCGAN" (2016), section 5.3.1.
/// Distances are exact integers; the first of equally near images counts.
///
/// # Errors
/// [`Error::TooFew`] without images, [`Error::Length`] for images of another size or another number
/// of labels.
pub fn nearest_neighbour_errors(
    train: &Pixels<'_>,
    train_labels: &[u8],
    test: &Pixels<'_>,
    test_labels: &[u8],
) -> Result<Vec<bool>, Error> {
    check_pair([("train", train), ("test", test)], 1)?;
    check_labels("train_labels", train_labels, train.len())?;
    label_errors(&nearest(test, train)?, train_labels, test_labels)
}

/// Like [`nearest_neighbour_errors`], from known neighbours.
///
/// # Errors
/// [`Error::Length`] for another number of test labels than neighbours, or too few labels of
/// training images.
pub fn label_errors(
    nearest: &[Nearest],
    train_labels: &[u8],
    test_labels: &[u8],
) -> Result<Vec<bool>, Error> {
    check_labels("test_labels", test_labels, nearest.len())?;
    let pairs = nearest.iter().zip(test_labels);
    pairs
        .map(|(nearest, label)| match train_labels.get(nearest.index) {
            Some(found) => Ok(found != label),
            None => Err(Error::Length {
                array: "train_labels",
                expected: nearest.index + 1,
                got: train_labels.len(),
            }),
        })
        .collect()
}

fn check_labels(array: &'static str, labels: &[u8], expected: usize) -> Result<(), Error> {
    if labels.len() == expected {
        return Ok(());
    }
    Err(Error::Length {
        array,
        expected,
        got: labels.len(),
    })
}

/// For each generated image, whether it is nearer to a training image than real test images
/// usually are: below the `p` quantile of the test images' distances (`p` = 0.01 for 1 %). A
/// generator that copies has a share far above `p`. `generated` and `test` are squared distances to
/// the nearest training image ([`nearest`]).
///
/// # Errors
/// [`Error::TooFew`] without distances.
pub fn memorised(generated: &[f64], test: &[f64], p: f64) -> Result<Vec<bool>, Error> {
    check_count("generated", generated.len(), 1)?;
    check_count("test", test.len(), 1)?;
    let mut distances: Vec<f64> = test.iter().map(|squared| squared.sqrt()).collect();
    distances.sort_unstable_by(f64::total_cmp);
    let bound = quantile_of_sorted(&distances, p);
    Ok(generated
        .iter()
        .map(|squared| squared.sqrt() < bound)
        .collect())
}

/// Number of images equal, byte by byte, to an earlier one.
pub fn duplicates(pixels: &Pixels<'_>) -> usize {
    let mut images: Vec<&[u8]> = pixels.values().chunks_exact(pixels.dimensions()).collect();
    images.sort_unstable();
    images.windows(2).filter(|pair| pair[0] == pair[1]).count()
}
