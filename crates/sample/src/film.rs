//! The mode `film` shows the course of a training: images of the same z from each kept checkpoint,
//! or the grids that the training drew.

use crate::Args;
use crate::classes::choose;
use crate::error::{Error, model_failure};
use crate::grid::{read_png, shape};
use crate::model::load;
use crate::motion::write_steps;
use crate::produce::{self, STAGE, drawn, records};
use dcgan_artifacts::{FileRecord, NetworkInfo, list_checkpoints, list_grids};
use dcgan_checkpoints::{ClassChoice, LoadedGenerator};
use dcgan_figures::{Picture, encode_gif};
use dcgan_settings::Sample;
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage, Work};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Default of `--n`: a square.
const IMAGES: usize = 16;

/// Name of the files, without extension.
const NAME: &str = "film";

/// A film and the source of its frames.
#[derive(Debug)]
pub(crate) struct Film {
    source: Source,
    frames: Vec<PathBuf>,
    sample: Sample,
    seed: u64,
    n: usize,
    delay: u16,
}

/// Data loaded before anything is written.
pub(crate) enum Loaded {
    /// The classes that are not drawn. Only the newest checkpoint has been loaded for this.
    Checkpoints(Vec<u8>),
    /// All grids.
    Grids(Vec<Picture>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Checkpoints,
    Grids,
}

impl Film {
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let (sample, seeds) = args.settings()?;
        let film = &args.film;
        let (source, frames) = if let Some(folder) = &film.grids {
            (Source::Grids, grids_of(folder).map_err(Failure::input)?)
        } else {
            let option = "--checkpoints DIR` or `--grids DIR";
            let folder = args.needed(film.checkpoints.as_ref(), option)?;
            // To the list a folder that does not exist is an empty one.
            std::fs::metadata(folder).map_err(|source| {
                let path = folder.clone();
                Failure::input(Error::Read { path, source })
            })?;
            let found = list_checkpoints(folder)?;
            let frames: Vec<PathBuf> = found.into_iter().map(|(_, path)| path).collect();
            if frames.is_empty() {
                return Err(Failure::input(Error::NoFrames {
                    folder: folder.clone(),
                    expected: "step-NNNNNNNN.safetensors",
                }));
            }
            (Source::Checkpoints, frames)
        };
        Ok(Self {
            source,
            frames,
            sample,
            seed: seeds[0],
            n: args.n.unwrap_or(IMAGES),
            delay: args.motion.delay(),
        })
    }

    fn other(&self, path: &Path, what: &'static str) -> Failure {
        Failure::input(Error::OtherFrame {
            path: path.to_owned(),
            first: self.frames[0].clone(),
            what,
        })
    }

    fn checkpoint(&self, path: &Path) -> Result<LoadedGenerator, Failure> {
        load(path, &self.sample)
    }

    /// The classes that no frame draws, from the newest checkpoint: older ones may lack the key for
    /// untrained classes.
    fn untrained(&self) -> Result<Vec<u8>, Failure> {
        let newest = self.checkpoint(&self.frames[self.frames.len() - 1])?;
        choose(self.sample.class.as_deref(), newest.info())?;
        Ok(newest.info().untrained_classes.clone())
    }

    /// Draws the same z with each checkpoint, one checkpoint in memory at a time.
    fn draw(
        &self,
        untrained: &[u8],
        output: &Output,
    ) -> Result<(Vec<Vec<u8>>, [usize; 3]), Failure> {
        let progress = output.progress("sample", self.frames.len());
        let mut steps = Vec::new();
        let mut first = None;
        for path in &self.frames {
            output.check_signal()?;
            let model = self.checkpoint(path)?;
            let info = NetworkInfo {
                untrained_classes: untrained.to_vec(),
                ..model.info().clone()
            };
            if *first.get_or_insert_with(|| info.clone()) != info {
                return Err(self.other(path, "their networks"));
            }
            let choice = ClassChoice::resolve(self.sample.class.as_deref(), &info);
            let choice = choice.map_err(model_failure)?;
            let images = model.images(self.seed, 0, self.n, &choice);
            steps.push(images.map_err(model_failure)?);
            progress.set(steps.len() as u64, "checkpoints");
        }
        progress.finish();
        Ok((steps, first.as_ref().map_or([0; 3], shape)))
    }
}

impl Stage for Film {
    type Loaded = Loaded;

    const NAME: &'static str = STAGE;

    fn settings(&self) -> Settings {
        let own = match self.source {
            Source::Grids => json!({ "of": "grids", "delay": self.delay }),
            Source::Checkpoints => json!({
                "of": "checkpoints", "delay": self.delay, "n": self.n, "seed": self.seed,
                "class": self.sample.class, "ema": self.sample.ema, "kernels": self.sample.kernels,
            }),
        };
        produce::settings(json!({ "mode": "film", "film": own }))
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        records(&self.frames)
    }

    fn load(&self) -> Result<Self::Loaded, Failure> {
        match self.source {
            Source::Checkpoints => Ok(Loaded::Checkpoints(self.untrained()?)),
            Source::Grids => {
                let mut grids: Vec<Picture> = Vec::new();
                for path in &self.frames {
                    let grid = read_png(path).map_err(Failure::input)?;
                    let size = |grid: &Picture| [grid.height(), grid.width()];
                    if grids
                        .first()
                        .is_some_and(|first| size(first) != size(&grid))
                    {
                        return Err(self.other(path, "their sizes"));
                    }
                    grids.push(grid);
                }
                Ok(Loaded::Grids(grids))
            }
        }
    }

    fn plan(&self, _: &Self::Loaded, _: Work) -> Plan {
        let still = (self.source == Source::Checkpoints).then(|| format!("{NAME}.png"));
        Plan::new().files(still.into_iter().chain([format!("{NAME}.gif")]))
    }

    fn write(&self, loaded: Self::Loaded, output: &mut Output) -> Result<Report, Failure> {
        let untrained = match loaded {
            Loaded::Checkpoints(untrained) => untrained,
            Loaded::Grids(grids) => {
                let gif = encode_gif(&grids, self.delay).map_err(Failure::output)?;
                output.write(&format!("{NAME}.gif"), &gif)?;
                return Ok(drawn(grids.len(), output));
            }
        };
        let (steps, shape) = self.draw(&untrained, output)?;
        let steps: Vec<&[u8]> = steps.iter().map(Vec::as_slice).collect();
        write_steps(NAME, &steps, shape, output, |frames| {
            encode_gif(&frames, self.delay).map_err(Failure::output)
        })?;
        Ok(drawn(steps.len() * self.n, output))
    }
}

/// The grids of a folder in the order of steps, at least one.
fn grids_of(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let grids = list_grids(folder).map_err(|source| Error::Read {
        path: folder.to_owned(),
        source,
    })?;
    if grids.is_empty() {
        return Err(Error::NoFrames {
            folder: folder.to_owned(),
            expected: "step-NNNNNNNN.png",
        });
    }
    Ok(grids)
}
