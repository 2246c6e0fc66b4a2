//! The mode `project` finds the generator's image nearest to a given picture.

use crate::Args;
use crate::classes::choose;
use crate::error::{Error, model_failure};
use crate::grid::{shape, tiles};
use crate::model::load;
use crate::produce::{self, STAGE, drawn, file_name, records, write_png};
use dcgan::{Projection, Projector};
use dcgan_artifacts::FileRecord;
use dcgan_checkpoints::LoadedGenerator;
use dcgan_pictures::{Conversion, MAX_FILE_BYTES, Reason, Refusal, decode, inspect, read_file};
use dcgan_settings::Sample;
use dcgan_stage::{Failure, Output, Plan, Progress, Report, Settings, Stage, Work};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Name of the grid: a row per picture, the picture first, then its reconstruction.
const GRID: &str = "projection.png";

/// Name of the file with each picture's z, class and error.
const NUMBERS: &str = "projection.json";

/// The pictures to project, and the search's settings.
#[derive(Debug)]
pub(crate) struct Project {
    model: PathBuf,
    pictures: Vec<PathBuf>,
    sample: Sample,
    seed: u64,
    steps: usize,
    restarts: usize,
}

/// The loaded inputs.
pub(crate) struct Loaded {
    model: LoadedGenerator,
    /// The pictures, `[h, w, c]` each.
    targets: Vec<Vec<u8>>,
    /// The classes to try.
    classes: Vec<Option<u8>>,
}

impl Project {
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let (sample, seeds) = args.settings()?;
        args.needed(args.projection.picture.first(), "--picture FILE")?;
        Ok(Self {
            model: args.model(&sample)?,
            pictures: args.projection.picture.clone(),
            sample,
            seed: seeds[0],
            steps: args.projection.steps.unwrap_or(200),
            restarts: args.projection.restarts.unwrap_or(8),
        })
    }

    /// Tries every class for a quarter of the steps, then continues with the nearest one (the first
    /// of equal ones) and returns its best z.
    fn find(
        &self,
        loaded: &Loaded,
        target: &[u8],
        descent: &mut Descent<'_>,
    ) -> Result<(Option<u8>, Projection), Failure> {
        let Loaded { model, classes, .. } = loaded;
        let trial = self.trial(classes.len());
        let mut best: Option<(Option<u8>, Projector)> = None;
        let starts = model.latents(self.seed, 0, self.restarts);
        let range = model.z_distribution().range();
        for &class in classes {
            let generator = model.generator();
            let mut projector = Projector::new(generator, target, class, &starts, range)
                .map_err(network_failure)?;
            descent.go(&mut projector, trial)?;
            if best
                .as_ref()
                .is_none_or(|(_, best)| projector.error() < best.error())
            {
                best = Some((class, projector));
            }
        }
        let (class, mut projector) = best.ok_or_else(|| Failure::usage(Error::NoClasses))?;
        descent.go(&mut projector, self.steps - trial)?;
        Ok((class, projector.best().map_err(network_failure)?))
    }

    /// Steps for each class: a quarter if there are several, to find the best one.
    fn trial(&self, classes: usize) -> usize {
        if classes > 1 {
            self.steps.div_ceil(4)
        } else {
            self.steps
        }
    }
}

/// Runs steps; counts them and checks for a signal.
struct Descent<'a> {
    output: &'a Output,
    progress: Progress,
    done: u64,
}

impl Descent<'_> {
    fn go(&mut self, projector: &mut Projector, steps: usize) -> Result<(), Failure> {
        for _ in 0..steps {
            self.output.check_signal()?;
            projector.step().map_err(network_failure)?;
            self.done += 1;
            self.progress.set(self.done, "steps");
        }
        Ok(())
    }
}

impl Stage for Project {
    type Loaded = Loaded;

    const NAME: &'static str = STAGE;

    fn settings(&self) -> Settings {
        // The order of the grid's rows; the manifest sorts its inputs.
        let names: Vec<_> = self.pictures.iter().map(|path| file_name(path)).collect();
        produce::settings(json!({
            "mode": "project",
            "project": {
                "pictures": names, "seed": self.seed, "class": self.sample.class,
                "ema": self.sample.ema, "steps": self.steps, "restarts": self.restarts,
                "kernels": self.sample.kernels,
            },
        }))
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        let model = std::iter::once(&self.model);
        let paths: Vec<PathBuf> = model.chain(&self.pictures).cloned().collect();
        records(&paths)
    }

    fn load(&self) -> Result<Self::Loaded, Failure> {
        let model = load(&self.model, &self.sample)?;
        let classes = choose(self.sample.class.as_deref(), model.info())?.each();
        let shape = shape(model.info());
        let targets = self.pictures.iter().map(|path| read_picture(path, shape));
        Ok(Loaded {
            targets: targets.collect::<Result<_, _>>().map_err(Failure::input)?,
            classes,
            model,
        })
    }

    fn plan(&self, _: &Self::Loaded, _: Work) -> Plan {
        Plan::new().files([GRID, NUMBERS])
    }

    fn write(&self, loaded: Self::Loaded, output: &mut Output) -> Result<Report, Failure> {
        let Loaded {
            model,
            targets,
            classes,
        } = &loaded;
        let trial = self.trial(classes.len());
        let steps = trial * classes.len() + self.steps - trial;
        let mut descent = Descent {
            progress: output.progress("sample", targets.len() * steps),
            output,
            done: 0,
        };
        let mut cells = Vec::new();
        let mut numbers = Vec::new();
        for (path, target) in self.pictures.iter().zip(targets) {
            let (class, found) = self.find(&loaded, target, &mut descent)?;
            let labels = class.map(|class| [class]);
            let labels = labels.as_ref().map(<[u8; 1]>::as_slice);
            let image = model
                .images_from_latents(&found.z, labels)
                .map_err(model_failure)?;
            cells.extend_from_slice(target);
            cells.extend_from_slice(&image);
            numbers.push(json!({
                "picture": file_name(path),
                "class": class,
                "class_name": class.map(|class| &model.info().class_names[usize::from(class)]),
                "restart": found.restart,
                "error": root_mean_square(target, &image),
                "z": found.z,
            }));
        }
        descent.progress.finish();
        let grid = tiles(&cells, shape(model.info()), 2)?;
        write_png(output, GRID, &grid)?;
        output.write_json(NUMBERS, &json!({ "pictures": numbers }))?;
        Ok(drawn(targets.len(), output))
    }
}

/// Reads a picture of any size, cropped and resized to the model's images by the defaults of
/// `prepare.pictures`. One of the right size is unchanged.
fn read_picture(path: &Path, [height, width, channels]: [usize; 3]) -> Result<Vec<u8>, Error> {
    let conversion = Conversion {
        height,
        width,
        channels,
        ..Conversion::default()
    };
    let content = read_file(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let pixels = match content {
        Some(bytes) => {
            inspect(&bytes, path).and_then(|header| decode(&bytes, &header, &conversion))
        }
        None => Err(Refusal {
            reason: Reason::TooLarge,
            detail: format!("more than {MAX_FILE_BYTES} bytes"),
        }),
    };
    let pixels = pixels.map(|decoded| decoded.pixels);
    pixels.map_err(|source| Error::Unusable {
        path: path.to_owned(),
        source,
    })
}

/// Root mean square of the differences, in units of 1/255 of the range.
fn root_mean_square(a: &[u8], b: &[u8]) -> f64 {
    let squares = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2));
    libm::sqrt(squares.sum::<u64>() as f64 / a.len() as f64)
}

fn network_failure(error: dcgan::Error) -> Failure {
    model_failure(error.into())
}
