//! The modes with motion: `sweep` (coordinates of z), `interpolate` (z from seed to seed) and
//! `classes`.

use crate::classes::{choose, warn_of_untrained};
use crate::error::model_failure;
use crate::grid::{shape, tiles};
use crate::model::load;
use crate::produce::{self, STAGE, drawn, records, write_png};
use crate::{Args, Error, Mode, MotionArgs, Start, Way};
use dcgan::between;
use dcgan_artifacts::{FileRecord, NetworkInfo};
use dcgan_checkpoints::{ClassChoice, LoadedGenerator};
use dcgan_figures::{Picture, encode_gif, near_square};
use dcgan_settings::{Sample, parse_seeds};
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage, Work};
use serde_json::json;
use std::path::PathBuf;

/// Default of `--n`, unless some of the images would be equal.
const IMAGES: usize = 8;

/// Name of the GIF with the first image of each sweep, side by side.
const ALL: &str = "sweep-all.gif";

/// The motions of one call.
#[derive(Debug)]
pub(crate) struct Motions {
    model: PathBuf,
    mode: Mode,
    motion: MotionArgs,
    sample: Sample,
    seeds: Vec<u64>,
    /// Images side by side; `None` for the default.
    n: Option<usize>,
}

/// A motion and the name of its files.
pub(crate) struct Motion {
    name: String,
    /// The latent vectors, `[steps, n, z_dim]`.
    z: Vec<f32>,
    classes: Classes,
    steps: usize,
}

/// The classes of the images.
enum Classes {
    /// The same at every step, `[n]`.
    Still(Option<Vec<u8>>),
    /// Mixtures, `[steps, n, classes]`.
    Moving(Vec<f32>),
}

impl Motions {
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let (sample, seeds) = args.settings()?;
        Ok(Self {
            model: args.model(&sample)?,
            mode: args.mode,
            motion: args.motion.clone(),
            sample,
            seeds,
            n: args.n,
        })
    }
}

impl Stage for Motions {
    type Loaded = (LoadedGenerator, Vec<Motion>);

    const NAME: &'static str = STAGE;

    fn settings(&self) -> Settings {
        let (sample, motion) = (&self.sample, &self.motion);
        let shared = json!({
            "seeds": sample.seeds, "class": sample.class, "ema": sample.ema, "n": self.n,
            "frames": motion.frames(), "delay": motion.delay(), "kernels": sample.kernels,
        });
        let own = match self.mode {
            Mode::Sweep => json!({
                "coordinates": motion.coordinates, "low": motion.low, "high": motion.high,
                "start": lower(self.start()),
            }),
            Mode::Classes => json!({ "through": motion.through }),
            _ => json!({ "way": lower(self.way()) }),
        };
        let mode = self.mode.to_string();
        produce::settings(json!({ "mode": mode, "motion": shared, mode.as_str(): own }))
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        records(std::slice::from_ref(&self.model))
    }

    fn load(&self) -> Result<Self::Loaded, Failure> {
        let model = load(&self.model, &self.sample)?;
        let motions = match self.mode {
            Mode::Sweep => self.sweeps(&model)?,
            Mode::Classes => vec![self.through_classes(&model)?],
            _ => vec![self.between_seeds(&model)?],
        };
        Ok((model, motions))
    }

    fn plan(&self, (_, motions): &Self::Loaded, _: Work) -> Plan {
        let files = |motion: &Motion| {
            [
                format!("{}.png", motion.name),
                format!("{}.gif", motion.name),
            ]
        };
        let all = (motions.len() > 1).then(|| ALL.to_owned());
        Plan::new().files(motions.iter().flat_map(files).chain(all))
    }

    /// Writes a PNG (a row per image, a column per step) and a GIF per motion, and a GIF of all.
    fn write(
        &self,
        (model, motions): Self::Loaded,
        output: &mut Output,
    ) -> Result<Report, Failure> {
        let (size, shape) = (model.image_bytes(), shape(model.info()));
        let mut firsts: Vec<Vec<u8>> = Vec::new();
        let mut n_images = 0;
        let progress = output.progress("sample", motions.len());
        for (done, motion) in motions.iter().enumerate() {
            output.check_signal()?;
            let images = motion.images(&model)?;
            let steps: Vec<&[u8]> = images.chunks_exact(images.len() / motion.steps).collect();
            write_steps(&motion.name, &steps, shape, output, |frames| {
                self.gif(frames)
            })?;
            n_images += images.len() / size;
            firsts.resize(steps.len(), Vec::new());
            for (first, step) in firsts.iter_mut().zip(&steps) {
                first.extend_from_slice(&step[..size]);
            }
            progress.set(done as u64 + 1, "");
        }
        progress.finish();
        if motions.len() > 1 {
            let columns = near_square(motions.len());
            let frames = firsts.iter().map(|all| tiles(all, shape, columns));
            let gif = self.gif(frames.collect::<Result<_, _>>()?)?;
            output.write(ALL, &gif)?;
        }
        Ok(drawn(n_images, output))
    }
}

impl Motions {
    /// A motion per coordinate, from images of the first seed.
    fn sweeps(&self, model: &LoadedGenerator) -> Result<Vec<Motion>, Failure> {
        let z_dim = model.info().z_dim;
        let coordinates = match &self.motion.coordinates {
            None => (0..z_dim).collect(),
            Some(text) => parse_seeds(text)
                .map_err(Failure::usage)?
                .into_iter()
                .map(|got| {
                    let known = usize::try_from(got)
                        .ok()
                        .filter(|&coordinate| coordinate < z_dim);
                    known.ok_or_else(|| Failure::usage(Error::Coordinate { got, z_dim }))
                })
                .collect::<Result<Vec<_>, _>>()?,
        };
        let (lowest, highest) = model.z_distribution().range();
        let low = self.motion.low.unwrap_or(lowest);
        let high = self.motion.high.unwrap_or(highest);
        let classes = self.classes(model)?;
        let n = self.n.unwrap_or(match self.start() {
            Start::Seed => IMAGES,
            // With the same z, only images of different classes differ.
            Start::Centre => classes.each().len(),
        });
        let start = match self.start() {
            Start::Seed => model.latents(self.seeds[0], 0, n),
            Start::Centre => vec![lowest.midpoint(highest); n * z_dim],
        };
        let labels = classes.classes(0, n);
        let steps = self.motion.frames();
        let sweep = |coordinate: usize| {
            let at = |step| {
                let mut z = start.clone();
                for value in z.iter_mut().skip(coordinate).step_by(z_dim) {
                    *value = low + (high - low) * share(step, steps - 1);
                }
                z
            };
            Motion {
                name: format!("sweep-{coordinate:03}"),
                z: (0..steps).flat_map(at).collect(),
                classes: Classes::Still(labels.clone()),
                steps,
            }
        };
        Ok(coordinates.into_iter().map(sweep).collect())
    }

    /// From each seed to the next, and from the last to the first: a closed path.
    fn between_seeds(&self, model: &LoadedGenerator) -> Result<Motion, Failure> {
        if self.seeds.len() < 2 {
            return Err(Failure::usage(Error::OneSeed));
        }
        let z_dim = model.info().z_dim;
        let (n, frames) = (self.n.unwrap_or(IMAGES), self.motion.frames());
        let spherical = self.way() == Way::Spherical;
        let places: Vec<Vec<f32>> = self
            .seeds
            .iter()
            .map(|&seed| model.latents(seed, 0, n))
            .collect();
        let mut z = Vec::new();
        for (from, to) in legs(&places) {
            for step in 0..frames {
                let share = share(step, frames);
                let rows = from.chunks_exact(z_dim).zip(to.chunks_exact(z_dim));
                z.extend(rows.flat_map(|(from, to)| between(from, to, share, spherical)));
            }
        }
        Ok(Motion {
            name: "interpolation".to_owned(),
            z,
            classes: Classes::Still(self.classes(model)?.classes(0, n)),
            steps: places.len() * frames,
        })
    }

    /// From each class to the next, and from the last to the first, with the z of the first seed:
    /// the labels y move on straight lines between one-hot rows.
    fn through_classes(&self, model: &LoadedGenerator) -> Result<Motion, Failure> {
        let info = model.info();
        let stations = self.stations(info)?;
        let (n, frames) = (self.n.unwrap_or(IMAGES), self.motion.frames());
        let mut y = Vec::new();
        for (&from, &to) in legs(&stations) {
            for step in 0..frames {
                let share = share(step, frames);
                let mut mixture = vec![0.0; info.class_names.len()];
                mixture[usize::from(from)] += 1.0 - share;
                mixture[usize::from(to)] += share;
                y.extend(mixture.repeat(n));
            }
        }
        let steps = stations.len() * frames;
        Ok(Motion {
            name: "classes".to_owned(),
            z: model.latents(self.seeds[0], 0, n).repeat(steps),
            classes: Classes::Moving(y),
            steps,
        })
    }

    /// Resolves the classes to go through, given by name or number.
    fn stations(&self, info: &NetworkInfo) -> Result<Vec<u8>, Failure> {
        if info.class_names.is_empty() {
            return Err(Failure::usage(Error::NoClasses));
        }
        let Some(text) = &self.motion.through else {
            warn_of_untrained(info);
            return Ok(info.trained_classes());
        };
        let mut stations = Vec::new();
        for typed in text.split(',') {
            stations.extend(choose(Some(typed.trim()), info)?.class(0));
        }
        if stations.len() < 2 {
            return Err(Failure::usage(Error::OneClass));
        }
        Ok(stations)
    }

    fn classes(&self, model: &LoadedGenerator) -> Result<ClassChoice, Failure> {
        choose(self.sample.class.as_deref(), model.info())
    }

    fn start(&self) -> Start {
        self.motion.start.unwrap_or(Start::Seed)
    }

    fn way(&self) -> Way {
        self.motion.way.unwrap_or(Way::Spherical)
    }

    /// Encodes the frames. A sweep is also played backwards; the other motions are closed.
    fn gif(&self, mut frames: Vec<Picture>) -> Result<Vec<u8>, Failure> {
        if self.mode == Mode::Sweep {
            let back: Vec<Picture> = frames[1..].iter().rev().skip(1).cloned().collect();
            frames.extend(back);
        }
        encode_gif(&frames, self.motion.delay()).map_err(Failure::output)
    }
}

impl Motion {
    /// The images, `[steps, n, h, w, c]`.
    fn images(&self, model: &LoadedGenerator) -> Result<Vec<u8>, Failure> {
        match &self.classes {
            Classes::Still(labels) => {
                let labels = labels.as_ref().map(|labels| labels.repeat(self.steps));
                model.images_from_latents(&self.z, labels.as_deref())
            }
            Classes::Moving(y) => model.images_from_mixtures(&self.z, y),
        }
        .map_err(model_failure)
    }
}

/// Writes `name.png`, a row per image and a column per step, and `name.gif`, a frame per step.
/// `steps` are `[n, h, w, c]` each; `gif` encodes the frames.
pub(crate) fn write_steps(
    name: &str,
    steps: &[&[u8]],
    shape: [usize; 3],
    output: &mut Output,
    gif: impl FnOnce(Vec<Picture>) -> Result<Vec<u8>, Failure>,
) -> Result<(), Failure> {
    let size: usize = shape.iter().product();
    let n = steps.first().map_or(0, |step| step.len() / size);
    let row = |row: usize| {
        steps
            .iter()
            .flat_map(move |step| &step[row * size..][..size])
    };
    let rows: Vec<u8> = (0..n).flat_map(row).copied().collect();
    let strip = tiles(&rows, shape, steps.len())?;
    write_png(output, &format!("{name}.png"), &strip)?;
    let frames = steps.iter().map(|step| tiles(step, shape, near_square(n)));
    let gif = gif(frames.collect::<Result<_, _>>()?)?;
    output.write(&format!("{name}.gif"), &gif)
}

/// Pairs each place with the next one, and the last with the first.
fn legs<T>(places: &[T]) -> impl Iterator<Item = (&T, &T)> {
    places.iter().zip(places.iter().cycle().skip(1))
}

/// An option's value as on the command line.
fn lower(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

fn share(step: usize, of: usize) -> f32 {
    step as f32 / of as f32
}
