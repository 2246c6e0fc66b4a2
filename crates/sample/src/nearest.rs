//! The mode `nearest` shows each sample with its nearest training images: is it a copy?

use crate::Args;
use crate::classes::choose;
use crate::error::{Error, model_failure};
use crate::grid::{shape, tiles};
use crate::model::load;
use crate::produce::{self, STAGE, drawn, records, write_png};
use dcgan_artifacts::{DatasetReader, FileRecord, Part};
use dcgan_checkpoints::{ClassChoice, LoadedGenerator};
use dcgan_settings::Sample;
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage, Work};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Default of `--n`, per seed.
const IMAGES: usize = 8;

/// Bytes of training images in memory at a time.
const CHUNK: usize = 16 << 20;

/// Name of the grid: a row per sample, the sample first.
const GRID: &str = "nearest.png";

/// Name of the file with positions and distances.
const NUMBERS: &str = "nearest.json";

/// The comparison of a model's samples with a dataset.
#[derive(Debug)]
pub(crate) struct Nearest {
    model: PathBuf,
    dataset: PathBuf,
    sample: Sample,
    seeds: Vec<u64>,
    n: usize,
    neighbours: usize,
}

/// A training image as the neighbour of a sample, ordered by distance, then by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Neighbour {
    /// Sum of the squared differences of all bytes.
    squared: u64,
    /// Position in the training part.
    index: u32,
}

impl Nearest {
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let (sample, seeds) = args.settings()?;
        let dataset = args.needed(args.nearest.dataset.as_ref(), "--dataset FILE")?;
        Ok(Self {
            model: args.model(&sample)?,
            dataset: dataset.clone(),
            sample,
            seeds,
            n: args.n.unwrap_or(IMAGES),
            neighbours: args.nearest.neighbours.unwrap_or(4),
        })
    }

    /// The neighbours of each sample, nearest first.
    fn search(
        &self,
        samples: &[u8],
        dataset: &DatasetReader,
        output: &Output,
    ) -> Result<Vec<Vec<Neighbour>>, Failure> {
        let size = dataset.info().image_len();
        let n = dataset.len(Part::Train).unwrap_or(0);
        let samples: Vec<&[u8]> = samples.chunks_exact(size).collect();
        let mut found = vec![Vec::new(); samples.len()];
        let mut block = Vec::new();
        let progress = output.progress("sample", n);
        for first in (0..n).step_by((CHUNK / size).max(1)) {
            output.check_signal()?;
            let end = n.min(first + (CHUNK / size).max(1));
            let positions = (first..end).map(u32::try_from).filter_map(Result::ok);
            let positions: Vec<u32> = positions.collect();
            dataset.read_images(Part::Train, &positions, &mut block)?;
            found
                .par_iter_mut()
                .zip(&samples)
                .for_each(|(found, sample)| {
                    for (&index, image) in positions.iter().zip(block.chunks_exact(size)) {
                        let squared = squared_distance(sample, image);
                        let neighbour = Neighbour { squared, index };
                        let place = found.partition_point(|other| *other < neighbour);
                        if place < self.neighbours {
                            found.insert(place, neighbour);
                            found.truncate(self.neighbours);
                        }
                    }
                });
            progress.set(end as u64, "training images");
        }
        progress.finish();
        Ok(found)
    }

    /// The content of the JSON file: neighbours and distances of each sample.
    fn numbers(
        &self,
        dataset: &DatasetReader,
        classes: &ClassChoice,
        found: &[Vec<Neighbour>],
    ) -> Value {
        let labels = dataset.labels(Part::Train);
        let neighbour = |neighbour: &Neighbour| {
            let label = labels.map(|labels| labels[neighbour.index as usize]);
            let distance = libm::sqrt(neighbour.squared as f64);
            json!({ "index": neighbour.index, "label": label, "distance": distance })
        };
        let sample = |(row, found): (usize, &Vec<Neighbour>)| {
            let image = (row % self.n) as u64;
            json!({
                "seed": self.seeds[row / self.n],
                "image": image,
                "class": classes.class(image),
                "nearest": found.iter().map(neighbour).collect::<Vec<_>>(),
            })
        };
        let samples: Vec<Value> = found.iter().enumerate().map(sample).collect();
        json!({ "dataset": dataset.info().name, "samples": samples })
    }
}

impl Stage for Nearest {
    type Loaded = (LoadedGenerator, ClassChoice, DatasetReader);

    const NAME: &'static str = STAGE;

    fn settings(&self) -> Settings {
        produce::settings(json!({
            "mode": "nearest",
            "nearest": {
                "n": self.n, "seeds": self.sample.seeds, "class": self.sample.class,
                "ema": self.sample.ema, "neighbours": self.neighbours,
                "kernels": self.sample.kernels,
            },
        }))
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        records(&[self.model.clone(), self.dataset.clone()])
    }

    fn load(&self) -> Result<Self::Loaded, Failure> {
        let model = load(&self.model, &self.sample)?;
        let classes = choose(self.sample.class.as_deref(), model.info())?;
        let dataset = DatasetReader::open(&self.dataset)?;
        let info = dataset.info();
        let (got, expected) = (
            [info.height, info.width, info.channels],
            shape(model.info()),
        );
        if got != expected {
            let path = self.dataset.clone();
            return Err(Failure::input(Error::OtherSize {
                path,
                expected,
                got,
            }));
        }
        let got = dataset.len(Part::Train).unwrap_or(0);
        if got < self.neighbours {
            let (path, expected) = (self.dataset.clone(), self.neighbours);
            return Err(Failure::usage(Error::FewImages {
                path,
                expected,
                got,
            }));
        }
        Ok((model, classes, dataset))
    }

    fn plan(&self, _: &Self::Loaded, _: Work) -> Plan {
        Plan::new().files([GRID, NUMBERS])
    }

    fn write(
        &self,
        (model, classes, dataset): Self::Loaded,
        output: &mut Output,
    ) -> Result<Report, Failure> {
        let images = |&seed: &u64| model.images(seed, 0, self.n, &classes);
        let samples: Result<Vec<_>, _> = self.seeds.iter().map(images).collect();
        let samples = samples.map_err(model_failure)?.concat();
        let found = self.search(&samples, &dataset, output)?;
        let mut cells = Vec::new();
        let mut image = Vec::new();
        for (sample, neighbours) in samples.chunks_exact(model.image_bytes()).zip(&found) {
            cells.extend_from_slice(sample);
            let positions: Vec<u32> = neighbours.iter().map(|neighbour| neighbour.index).collect();
            dataset.read_images(Part::Train, &positions, &mut image)?;
            cells.extend_from_slice(&image);
        }
        let columns = 1 + self.neighbours;
        let grid = tiles(&cells, shape(model.info()), columns)?;
        write_png(output, GRID, &grid)?;
        let numbers = self.numbers(&dataset, &classes, &found);
        output.write_json(NUMBERS, &numbers)?;
        Ok(drawn(found.len(), output))
    }
}

/// Exact: integer sums over pieces short enough for 32 bits.
fn squared_distance(a: &[u8], b: &[u8]) -> u64 {
    let piece = |(a, b): (&[u8], &[u8])| -> u32 {
        a.iter()
            .zip(b)
            .map(|(&a, &b)| u32::from(a.abs_diff(b)).pow(2))
            .sum()
    };
    a.chunks(1 << 16)
        .zip(b.chunks(1 << 16))
        .map(piece)
        .map(u64::from)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::squared_distance;

    #[test]
    fn the_largest_distance_fits() {
        let n = (1 << 16) + 3;
        let far = squared_distance(&vec![0; n], &vec![255; n]);
        assert_eq!(far, 65_025 * n as u64);
        assert_eq!(squared_distance(&[3, 9], &[5, 8]), 5);
    }
}
