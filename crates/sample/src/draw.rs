//! The mode `images`: the images of some seeds, their grid and their file.

use crate::Args;
use crate::classes::{choose, file_names};
use crate::error::model_failure;
use crate::grid::Arrangement;
use crate::model::load;
use crate::produce::{self, STAGE, drawn, records, write_png};
use dcgan_artifacts::{FileRecord, Samples};
use dcgan_checkpoints::{BLOCK, ClassChoice, LoadedGenerator};
use dcgan_figures::Picture;
use dcgan_settings::Sample;
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage, Work};
use serde_json::json;
use std::path::PathBuf;

/// Name of the samples file.
const SAMPLES: &str = "samples.safetensors";

/// Name of the grid.
const GRID: &str = "grid.png";

/// Folder of the single images.
const SINGLE: &str = "images";

/// Images drawn at a time, enough blocks to keep all threads busy.
const CHUNK: usize = 16 * BLOCK;

/// The resolved settings.
#[derive(Debug)]
pub(crate) struct Plain {
    model: PathBuf,
    sample: Sample,
    seeds: Vec<u64>,
}

impl Plain {
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let (sample, seeds) = args.settings()?;
        Ok(Self {
            model: args.model(&sample)?,
            sample,
            seeds,
        })
    }
}

impl Stage for Plain {
    type Loaded = (LoadedGenerator, ClassChoice);

    const NAME: &'static str = STAGE;

    fn settings(&self) -> Settings {
        produce::settings(json!({ "sample": self.sample }))
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        records(std::slice::from_ref(&self.model))
    }

    fn load(&self) -> Result<Self::Loaded, Failure> {
        let generator = load(&self.model, &self.sample)?;
        let classes = choose(self.sample.class.as_deref(), generator.info())?;
        Ok((generator, classes))
    }

    fn plan(&self, _: &Self::Loaded, _: Work) -> Plan {
        let plan = Plan::new().files([GRID, SAMPLES]);
        if self.sample.single_images {
            plan.many(format!("{SINGLE}/*.png"))
        } else {
            plan
        }
    }

    fn write(
        &self,
        (generator, classes): Self::Loaded,
        output: &mut Output,
    ) -> Result<Report, Failure> {
        let samples = self.images(&generator, &classes, output)?;
        let names = &generator.info().class_names;
        self.write_files(&samples, &classes, names, output)?;
        Ok(drawn(samples.n, output))
    }
}

impl Plain {
    /// All images, seed after seed, [`CHUNK`] at a time; checks for a signal in between.
    fn images(
        &self,
        generator: &LoadedGenerator,
        classes: &ClassChoice,
        output: &Output,
    ) -> Result<Samples, Failure> {
        let n = self.sample.n;
        let total = n * self.seeds.len();
        let mut images = Vec::new();
        let mut labels = Vec::new();
        let progress = output.progress("sample", total);
        for &seed in &self.seeds {
            for first in (0..n).step_by(CHUNK) {
                output.check_signal()?;
                let rows = CHUNK.min(n - first);
                let block = generator.images(seed, first as u64, rows, classes);
                images.extend(block.map_err(model_failure)?);
                labels.extend(classes.classes(first as u64, rows).unwrap_or_default());
                progress.set((images.len() / generator.image_bytes()) as u64, "");
            }
        }
        progress.finish();
        let info = generator.info();
        Ok(Samples {
            images,
            labels: (!labels.is_empty()).then_some(labels),
            n: total,
            height: info.height,
            width: info.width,
            channels: info.channels,
            seeds: self.seeds.clone(),
            model_sha256: output.inputs().first().map(|model| model.sha256.clone()),
        })
    }

    /// Writes every file of the result except the manifest.
    fn write_files(
        &self,
        samples: &Samples,
        classes: &ClassChoice,
        class_names: &[String],
        output: &mut Output,
    ) -> Result<(), Failure> {
        let shape = [samples.height, samples.width, samples.channels];
        let grid = self
            .arrangement(samples, classes)
            .picture(&samples.images, shape);
        write_png(output, GRID, &grid.map_err(Failure::output)?)?;
        if self.sample.single_images {
            self.write_single_images(samples, class_names, output)?;
        }
        let digest = samples.write(&output.place(SAMPLES)?)?;
        output.record(SAMPLES, digest);
        Ok(())
    }

    /// A row per class if the classes alternate and each has at least two images.
    fn arrangement(&self, samples: &Samples, classes: &ClassChoice) -> Arrangement {
        match (classes, &samples.labels, self.sample.columns) {
            (ClassChoice::Cycle(classes), Some(labels), 0) if samples.n >= 2 * classes.len() => {
                Arrangement::by_class(labels, classes)
            }
            (.., columns) => {
                Arrangement::in_order(samples.n, columns, samples.height * samples.width)
            }
        }
    }

    /// `images/seed-S-NNNNNN.png`, with labels `images/seed-S-NNNNNN-class-NAME.png`.
    fn write_single_images(
        &self,
        samples: &Samples,
        class_names: &[String],
        output: &mut Output,
    ) -> Result<(), Failure> {
        let names = file_names(class_names);
        let (h, w, c) = (samples.height, samples.width, samples.channels);
        for (row, image) in samples.images.chunks_exact(h * w * c).enumerate() {
            let (seed, i) = (self.seeds[row / self.sample.n], row % self.sample.n);
            let class = match &samples.labels {
                Some(labels) => format!("-class-{}", names[usize::from(labels[row])]),
                None => String::new(),
            };
            let picture = Picture::new(h, w, c, image.to_vec()).map_err(Failure::output)?;
            let name = format!("{SINGLE}/seed-{seed}-{i:06}{class}.png");
            write_png(output, &name, &picture)?;
        }
        Ok(())
    }
}
