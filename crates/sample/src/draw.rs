//! The plain call: the images of some seeds, their grid, their file.

use crate::error::{file_failure, model_failure};
use crate::folder::Folder;
use crate::grid::Arrangement;
use crate::produce::produce;
use crate::{Args, report};
use dcgan_artifacts::Samples;
use dcgan_figures::{Picture, encode_png};
use dcgan_models::{BLOCK, ClassChoice, LoadedGenerator};
use dcgan_settings::Sample;
use dcgan_terminal::{Failure, Progress, Signals};
use serde_json::json;

/// Name of the samples file.
const SAMPLES: &str = "samples.safetensors";

/// Name of the grid.
const GRID: &str = "grid.png";

/// Folder of the single images.
const SINGLE: &str = "images";

/// Images drawn at a time, so many that the blocks keep all threads busy.
const CHUNK: usize = 16 * BLOCK;

/// What is to be drawn: settings without holes.
#[derive(Debug)]
struct Plan {
    sample: Sample,
    seeds: Vec<u64>,
}

/// Draws what `args` ask for, unless the folder holds it already.
pub(crate) fn draw(args: &Args) -> Result<(), Failure> {
    let (sample, seeds) = args.settings()?;
    let plan = Plan { sample, seeds };
    if args.common.dry_run {
        return plan.dry_run(args);
    }
    let settings = json!({ "sample": plan.sample });
    produce(
        args,
        settings,
        |model| plan.classes(model),
        |model, classes, output| {
            let mut samples = plan.images(
                &model.generator,
                *classes,
                &output.signals,
                args.common.quiet,
            )?;
            samples.model_sha256 = Some(model.digest.sha256.clone());
            output.folder.clear()?;
            plan.write(&samples, *classes, &mut output.folder)?;
            Ok(samples.n)
        },
    )
}

impl Plan {
    /// The class of image `i`, for this model.
    fn classes(&self, generator: &LoadedGenerator) -> Result<ClassChoice, Failure> {
        ClassChoice::resolve(self.sample.class.as_deref(), &generator.info().class_names)
            .map_err(model_failure)
    }

    /// All images, seed after seed, some blocks at a time: between them a signal ends it.
    fn images(
        &self,
        generator: &LoadedGenerator,
        classes: ClassChoice,
        signals: &Signals,
        quiet: bool,
    ) -> Result<Samples, Failure> {
        let n = self.sample.n;
        let total = n * self.seeds.len();
        let mut images = Vec::new();
        let mut labels = Vec::new();
        let progress = Progress::new("sample", total as u64, quiet);
        for &seed in &self.seeds {
            for first in (0..n).step_by(CHUNK) {
                if let Some(signal) = signals.received() {
                    return Err(Failure::Interrupted(signal));
                }
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
            model_sha256: None,
        })
    }

    /// Writes every file of the result but the manifest.
    fn write(
        &self,
        samples: &Samples,
        classes: ClassChoice,
        folder: &mut Folder,
    ) -> Result<(), Failure> {
        let shape = [samples.height, samples.width, samples.channels];
        let grid = self
            .arrangement(samples, classes)
            .picture(&samples.images, shape);
        folder.write(
            GRID,
            &grid
                .and_then(|grid| encode_png(&grid))
                .map_err(Failure::output)?,
        )?;
        if self.sample.single_images {
            self.write_single_images(samples, folder)?;
        }
        let path = folder.path().join(SAMPLES);
        let digest = samples.write(&path).map_err(file_failure)?;
        folder.add(SAMPLES, digest);
        Ok(())
    }

    /// A row per class where classes take turns and each has two images at least.
    fn arrangement(&self, samples: &Samples, classes: ClassChoice) -> Arrangement {
        match (classes, &samples.labels, self.sample.columns) {
            (ClassChoice::Cycle { classes }, Some(labels), 0) if samples.n >= 2 * classes => {
                Arrangement::by_class(labels, classes)
            }
            (.., columns) => {
                Arrangement::in_order(samples.n, columns, samples.height * samples.width)
            }
        }
    }

    /// `images/seed-S-NNNNNN.png`, with labels `images/seed-S-NNNNNN-class-C.png`.
    fn write_single_images(&self, samples: &Samples, folder: &mut Folder) -> Result<(), Failure> {
        let (h, w, c) = (samples.height, samples.width, samples.channels);
        for (row, image) in samples.images.chunks_exact(h * w * c).enumerate() {
            let (seed, i) = (self.seeds[row / self.sample.n], row % self.sample.n);
            let class = match &samples.labels {
                Some(labels) => format!("-class-{}", labels[row]),
                None => String::new(),
            };
            let png = Picture::new(h, w, c, image.to_vec())
                .and_then(|picture| encode_png(&picture))
                .map_err(Failure::output)?;
            folder.write(&format!("{SINGLE}/seed-{seed}-{i:06}{class}.png"), &png)?;
        }
        Ok(())
    }

    /// Checks settings and model, says what would be read and written, writes nothing.
    fn dry_run(&self, args: &Args) -> Result<(), Failure> {
        let generator = LoadedGenerator::load(&args.model).map_err(model_failure)?;
        self.classes(&generator)?;
        let mut outputs = vec![GRID.to_owned(), SAMPLES.to_owned()];
        if self.sample.single_images {
            outputs.push(format!("{SINGLE}/*.png"));
        }
        report::dry_run(
            &args.common,
            &args.model,
            &json!({ "sample": self.sample }),
            &outputs,
        )
    }
}
