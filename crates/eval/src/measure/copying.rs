//! Figures of pixels: whether generated images could train a classifier, and whether they are
//! copies of training images.

use crate::figures::{Figure, PixelFigures};
use crate::images::Images;
use crate::measure::order;
use dcgan_artifacts::{DatasetReader, NeighboursFile, NeighboursInfo, Part};
use dcgan_metrics::{
    Nearest, Pixels, duplicates, label_errors, memorised, nearest, nearest_neighbour_errors, share,
};
use dcgan_settings::Eval;
use dcgan_stage::{Failure, Progress, Signals};

/// Name of the file with the test images' neighbours.
pub(crate) const FILE: &str = "neighbours.safetensors";
/// Training images in memory at a time.
const CHUNK: usize = 8192;
/// An image counts as a copy if its distance to the training part is below this quantile of the
/// test images' distances.
const COPY: f64 = 0.01;
/// Pairs of a generated image and its nearest training image that the report shows.
const SHOWN: usize = 36;

/// The result of [`Copying`].
#[derive(Debug)]
pub(crate) struct Copied {
    /// `pixels` of `metrics.json`.
    pub(crate) figures: PixelFigures,
    /// The generated images nearest to a training image; `None` without a test part, whose
    /// distances are needed for comparison.
    pub(crate) pairs: Option<Pairs>,
    /// The test images' neighbours, for the next evaluation; `None` without a test part.
    pub(crate) neighbours: Option<NeighboursFile>,
}

/// Whether the kept neighbours are of this dataset.
pub(crate) fn are_of(file: &NeighboursFile, dataset: &DatasetReader) -> bool {
    let (train, test) = (dataset.len(Part::Train), dataset.len(Part::Test));
    let lie_below = |pairs: &[(u64, u64)], end: usize| {
        Some(pairs.len()) == test && pairs.iter().all(|&(index, _)| index < end as u64)
    };
    file.info.dataset_sha256 == dataset.content_sha256()
        && lie_below(&file.all, train.unwrap_or(0))
        && lie_below(&file.first, train.unwrap_or(0))
}

/// Generated images with their nearest training images, the nearest pair first.
#[derive(Debug)]
pub(crate) struct Pairs {
    /// Index of the generated image, and its nearest training image.
    pub(crate) found: Vec<(usize, Nearest)>,
    /// Generated and training image alternating, `[2 n, height, width, channels]`.
    pub(crate) pixels: Vec<u8>,
}

/// Computes the figures of pixels.
#[derive(Debug)]
pub(crate) struct Copying<'a> {
    pub(crate) dataset: &'a DatasetReader,
    pub(crate) images: &'a Images,
    /// The images' indices sorted by content.
    pub(crate) order: &'a [u32],
    /// The test images' neighbours from an earlier evaluation, if they are of this dataset.
    pub(crate) kept: Option<&'a NeighboursFile>,
    pub(crate) settings: &'a Eval,
    pub(crate) quiet: bool,
    pub(crate) signals: &'a Signals,
}

impl Copying<'_> {
    /// Computes the figures: `duplicates` always, the rest with a test part, the nearest-neighbour
    /// error with labels.
    pub(crate) fn metrics(&self) -> Result<Copied, Failure> {
        let generated = self.pixels(&self.images.pixels)?;
        let mut figures = PixelFigures {
            duplicates: duplicates(&generated),
            ..PixelFigures::default()
        };
        if self.dataset.len(Part::Test).unwrap_or(0) == 0 {
            return Ok(Copied {
                figures,
                pairs: None,
                neighbours: None,
            });
        }
        let test_images = self.dataset.read_part(Part::Test)?;
        let test = self.pixels(&test_images.images)?;
        let neighbours = self.test_neighbours(&test)?;
        let labels = self
            .images
            .labels
            .as_deref()
            .zip(test_images.labels.as_deref());
        if let Some((labels, test_labels)) = labels {
            let error = self.nearest_neighbour_error(labels, (&test, test_labels), &neighbours)?;
            figures.nearest_neighbour_error = Some(error);
        }
        let squared = |found: &[Nearest]| -> Vec<f64> { found.iter().map(|n| n.squared).collect() };
        let mut found = Vec::new();
        self.search(
            &generated,
            &order::first(self.train()),
            &mut found,
            "generated",
        )?;
        let generated = squared(&found);
        let test = squared(&nearest_of(&neighbours.all));
        let copies = memorised(&generated, &test, COPY).map_err(Failure::input)?;
        let copies = share(&copies).map_err(Failure::input)?;
        figures.memorised = Some(Figure {
            // By definition of the quantile.
            real_by_construction: true,
            ..Figure::of(copies, Some(COPY))
        });
        let distances = (mean_distance(generated), mean_distance(test));
        figures.nearest_training_distance =
            Some(Figure::without_interval(distances.0, distances.1));
        let pairs = Some(self.pairs(found)?);
        Ok(Copied {
            figures,
            pairs,
            neighbours: Some(neighbours),
        })
    }

    /// Number of training images.
    fn train(&self) -> usize {
        self.dataset.len(Part::Train).unwrap_or(0)
    }

    /// The nearest training image of each test image, and the nearest one from a subset of as many
    /// training images as there are generated ones, balanced by class: kept ones, or found now.
    fn test_neighbours(&self, test: &Pixels<'_>) -> Result<NeighboursFile, Failure> {
        let seed = self.settings.seed;
        let (first, draw) = (self.images.n.min(self.train()), Some(seed));
        let is_of_draw =
            |kept: &&NeighboursFile| (kept.info.first, kept.info.draw) == (first, draw);
        if let Some(kept) = self.kept.filter(is_of_draw) {
            return Ok(kept.clone());
        }
        let labels = self.dataset.labels(Part::Train).unwrap_or_default();
        let drawn = if labels.is_empty() {
            order::balanced(&vec![0; self.train()], first, seed)
        } else {
            order::balanced(labels, first, seed)
        };
        let mut found = Vec::new();
        self.search(test, &drawn, &mut found, "test")?;
        let of_first = kept_pairs(&found);
        let all = if let Some(kept) = self.kept {
            kept.all.clone()
        } else {
            let mut rest = order::first(self.train());
            rest.retain(|at| drawn.binary_search(at).is_err());
            self.search(test, &rest, &mut found, "test")?;
            kept_pairs(&found)
        };
        let dataset_sha256 = self.dataset.content_sha256().to_owned();
        Ok(NeighboursFile {
            info: NeighboursInfo {
                dataset_sha256,
                first,
                draw,
            },
            all,
            first: of_first,
        })
    }

    /// The nearest pairs with their pixels.
    fn pairs(&self, found: Vec<Nearest>) -> Result<Pairs, Failure> {
        let mut found: Vec<(usize, Nearest)> = found.into_iter().enumerate().collect();
        found.sort_by(|(_, a), (_, b)| a.squared.total_cmp(&b.squared));
        found.truncate(SHOWN);
        let indices: Vec<u32> = found
            .iter()
            .filter_map(|(_, nearest)| u32::try_from(nearest.index).ok())
            .collect();
        let mut train = Vec::new();
        self.dataset
            .read_images(Part::Train, &indices, &mut train)?;
        let size = self.images.size();
        let pixels = found
            .iter()
            .zip(train.chunks_exact(size))
            .flat_map(|((i, _), train)| [&self.images.pixels[i * size..(i + 1) * size], train])
            .flatten()
            .copied()
            .collect();
        Ok(Pairs { found, pixels })
    }

    /// The test error of a nearest-neighbour classifier that uses the generated images, and of one
    /// that uses the same number of training images. Of equally near generated images the first by
    /// content counts, so the order of the file does not matter.
    fn nearest_neighbour_error(
        &self,
        labels: &[u8],
        (test, test_labels): (&Pixels<'_>, &[u8]),
        neighbours: &NeighboursFile,
    ) -> Result<Figure, Failure> {
        let size = self.images.size();
        let (mut pixels, mut in_order) = (Vec::with_capacity(self.images.pixels.len()), Vec::new());
        for &at in self.order {
            let at = at as usize;
            pixels.extend_from_slice(&self.images.pixels[at * size..(at + 1) * size]);
            in_order.push(labels[at]);
        }
        let generated = self.pixels(&pixels)?;
        let errors = nearest_neighbour_errors(&generated, &in_order, test, test_labels);
        let errors = share(&errors.map_err(Failure::input)?).map_err(Failure::input)?;
        let train_labels = self.dataset.labels(Part::Train).unwrap_or_default();
        let real = label_errors(&nearest_of(&neighbours.first), train_labels, test_labels);
        let real = share(&real.map_err(Failure::input)?).map_err(Failure::input)?;
        Ok(Figure::of(errors, Some(real.value)))
    }

    /// The nearest training image of each query, from these ascending indices and those already in
    /// `best`, if any; of equally near ones the first.
    fn search(
        &self,
        queries: &Pixels<'_>,
        positions: &[u32],
        best: &mut Vec<Nearest>,
        what: &str,
    ) -> Result<(), Failure> {
        let progress = Progress::new(
            "nearest training images",
            positions.len() as u64,
            self.quiet,
        );
        let (mut pixels, mut done) = (Vec::new(), 0);
        for chunk in positions.chunks(CHUNK) {
            if let Some(signal) = self.signals.received() {
                return Err(Failure::Interrupted(signal));
            }
            self.dataset.read_images(Part::Train, chunk, &mut pixels)?;
            let mut found = nearest(queries, &self.pixels(&pixels)?).map_err(Failure::input)?;
            for nearest in &mut found {
                nearest.index = chunk[nearest.index] as usize;
            }
            if best.is_empty() {
                *best = found;
            } else {
                for (best, found) in best.iter_mut().zip(found) {
                    let is_first = found.index < best.index && found.squared <= best.squared;
                    if found.squared < best.squared || is_first {
                        *best = found;
                    }
                }
            }
            done += chunk.len();
            progress.set(done as u64, what);
        }
        progress.finish();
        Ok(())
    }

    fn pixels<'p>(&self, values: &'p [u8]) -> Result<Pixels<'p>, Failure> {
        Pixels::new(values, self.images.size()).map_err(Failure::input)
    }
}

/// The mean distance, given squares. Sums them in ascending order, so their order does not matter.
fn mean_distance(mut squared: Vec<f64>) -> f64 {
    squared.sort_unstable_by(f64::total_cmp);
    squared.iter().map(|squared| squared.sqrt()).sum::<f64>() / squared.len() as f64
}

/// Squared distances of 8-bit images are integers far below 2^53, which `f64` holds exactly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "squared distances are integers from 0 to 2^16 times the bytes of an image"
)]
fn kept_pairs(found: &[Nearest]) -> Vec<(u64, u64)> {
    let pair = |nearest: &Nearest| (nearest.index as u64, nearest.squared as u64);
    found.iter().map(pair).collect()
}

fn nearest_of(pairs: &[(u64, u64)]) -> Vec<Nearest> {
    let nearest = |&(index, squared): &(u64, u64)| Nearest {
        index: usize::try_from(index).unwrap_or(usize::MAX),
        squared: squared as f64,
    };
    pairs.iter().map(nearest).collect()
}
