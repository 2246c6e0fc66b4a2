//! A generator loaded from a file, and the images that it draws.

use crate::{BLOCK, ClassChoice, Error, network_config, z_distribution};
use candle_core::{Device, Tensor};
use dcgan::{Backend, Generator, ZDistribution, one_hot, tensor_to_images};
use dcgan_artifacts::{
    FileDigest, ModelFile, NetworkInfo, digest_file, read_averaged_generator, read_generator,
};
use dcgan_random::Purpose;
use rayon::prelude::*;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A generator with its description from the file, which is enough to draw images.
#[derive(Debug)]
pub struct LoadedGenerator {
    generator: Generator,
    info: NetworkInfo,
    z_distribution: ZDistribution,
    step: u64,
    dataset_sha256: String,
    /// The file, if it was loaded from one.
    path: Option<PathBuf>,
}

impl LoadedGenerator {
    /// Loads the generator of a checkpoint or a generator file.
    ///
    /// # Errors
    /// Names the file and the field or weight at fault.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::of_file(path, read_generator(path)?)
    }

    /// With `averaged`, loads the averaged generator of a checkpoint (`train.ema`); otherwise like
    /// [`load`](Self::load).
    ///
    /// # Errors
    /// Like [`load`](Self::load); with `averaged`, also if the checkpoint has no averaged weights.
    pub fn load_either(path: &Path, averaged: bool) -> Result<Self, Error> {
        if averaged {
            Self::of_file(path, read_averaged_generator(path)?)
        } else {
            Self::load(path)
        }
    }

    fn of_file(path: &Path, file: ModelFile) -> Result<Self, Error> {
        let loaded = Self::from_file(file).map_err(|source| unusable(path, source))?;
        let path = Some(path.to_owned());
        Ok(Self { path, ..loaded })
    }

    /// Like [`load`](Self::load), and returns the file's size and SHA-256, the model's hash. Reads
    /// and hashes at the same time on two threads.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_and_digest(path: &Path) -> Result<(Self, FileDigest), Error> {
        std::thread::scope(|scope| {
            let digest = scope.spawn(|| digest_file(path));
            let loaded = Self::load(path)?;
            let digest = digest
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            Ok((loaded, digest))
        })
    }

    fn from_file(file: ModelFile) -> Result<Self, Error> {
        let config = network_config(&file.network)?;
        let generator = Generator::from_arrays(&config, &file.weights)?;
        let loaded = Self::new(generator, file.network, file.step)?;
        let dataset_sha256 = file.dataset_sha256;
        Ok(Self {
            dataset_sha256,
            ..loaded
        })
    }

    /// Wraps a generator in memory with the description for its files; `step` is the number of
    /// training iterations so far.
    ///
    /// # Errors
    /// [`Error::Unusable`] for an unknown distribution of z.
    pub fn new(generator: Generator, info: NetworkInfo, step: u64) -> Result<Self, Error> {
        let z_distribution = z_distribution(&info)?;
        Ok(Self {
            generator,
            info,
            z_distribution,
            step,
            dataset_sha256: String::new(),
            path: None,
        })
    }

    /// The same generator with its operations computed by `backend`.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        Self {
            generator: self.generator.with_backend(backend),
            ..self
        }
    }

    /// Adds the file's name to the error that finite weights gave images that are not finite.
    fn drawn(&self, images: Result<Vec<u8>, Error>) -> Result<Vec<u8>, Error> {
        images.map_err(|error| match (error, &self.path) {
            (Error::Network(source), Some(path)) if source.is_divergence() => {
                unusable(path, Error::Network(source))
            }
            (error, _) => error,
        })
    }

    /// The network's description in the file: sizes, class names, z.
    pub fn info(&self) -> &NetworkInfo {
        &self.info
    }

    /// The training step of these weights.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Content hash of the dataset that it was trained on; empty if it was not loaded from a file.
    pub fn dataset_sha256(&self) -> &str {
        &self.dataset_sha256
    }

    /// The network itself.
    pub fn generator(&self) -> &Generator {
        &self.generator
    }

    /// The distribution of z that it was trained with.
    pub fn z_distribution(&self) -> ZDistribution {
        self.z_distribution
    }

    /// Bytes of one image: height x width x channels.
    pub fn image_bytes(&self) -> usize {
        self.info.height * self.info.width * self.info.channels
    }

    /// The latent vectors of images `first` to `first + n - 1` of `seed`, `[n, z_dim]`.
    pub fn latents(&self, seed: u64, first: u64, n: usize) -> Vec<f32> {
        let purpose = Purpose::SampleLatent;
        let z_dim = self.info.z_dim;
        self.z_distribution.rows(z_dim, seed, purpose, first, n)
    }

    /// Images `first` to `first + n - 1` of `seed`, `[n, h, w, c]`, in inference mode. Image `i`
    /// depends only on (model, seed, `i`, class): it is always in row `i` mod [`BLOCK`] of a block
    /// of that many rows, and rows don't affect each other.
    ///
    /// # Errors
    /// [`Error::Classes`] if `classes` doesn't fit the network; [`Error::Unusable`] names the file
    /// if an image is not finite.
    pub fn images(
        &self,
        seed: u64,
        first: u64,
        n: usize,
        classes: &ClassChoice,
    ) -> Result<Vec<u8>, Error> {
        // Rows before `first` in its block are zeros: only the position of a row matters.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the remainder is below BLOCK"
        )]
        let skipped = (first % BLOCK as u64) as usize;
        let mut z = vec![0.0; skipped * self.info.z_dim];
        z.extend(self.latents(seed, first, n));
        let labels = classes.classes(first - skipped as u64, skipped + n);
        let mut images = self.images_from_latents(&z, labels.as_deref())?;
        images.drain(..skipped * self.image_bytes());
        Ok(images)
    }

    /// The images of these latent vectors; see [`images_from_latents`].
    ///
    /// # Errors
    /// As [`images_from_latents`]; [`Error::Unusable`] names the file if an image is not finite.
    pub fn images_from_latents(&self, z: &[f32], classes: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        self.drawn(images_from_latents(&self.generator, z, classes))
    }

    /// The images `[n, h, w, c]` of latent vectors `z`, `[n, z_dim]`, for mixtures of classes `y`,
    /// `[n, classes]`: each row has the share of each class. A row with a single 1 is that class
    /// and gives the same bytes as [`images_from_latents`].
    ///
    /// # Errors
    /// [`Error::Classes`] for a network without classes, [`Error::Length`] if the arrays don't fit,
    /// [`Error::Unusable`] if an image is not finite.
    pub fn images_from_mixtures(&self, z: &[f32], y: &[f32]) -> Result<Vec<u8>, Error> {
        let classes = self.generator.config().classes;
        if classes == 0 {
            return Err(Error::Classes { expected: false });
        }
        let n = count("latent vectors", z, self.info.z_dim)?;
        if y.len() != n * classes {
            return Err(Error::Length {
                what: "mixtures of classes",
                expected: n * classes,
                got: y.len(),
            });
        }
        self.drawn(images_in_blocks(&self.generator, z, |rows| {
            let y = &y[rows.start * classes..rows.end * classes];
            rows_to_tensor(padded(y, BLOCK * classes), classes).map(Some)
        }))
    }
}

fn unusable(path: &Path, source: Error) -> Error {
    Error::Unusable {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

/// The images `[n, h, w, c]` of `n` latent vectors `z`, `[n, z_dim]`, and of `n` classes for the
/// labelled network, in inference mode: batch norm uses the moving averages and changes nothing.
/// Runs in blocks of [`BLOCK`] rows, with the last one padded with zeros and truncated, so that the
/// image in row `r` depends only on the model, its own z and class, and `r` mod [`BLOCK`].
///
/// # Errors
/// [`Error::Length`] or [`Error::Classes`] if the arrays don't fit the network.
pub fn images_from_latents(
    generator: &Generator,
    z: &[f32],
    classes: Option<&[u8]>,
) -> Result<Vec<u8>, Error> {
    let known = generator.config().classes;
    let n = count("latent vectors", z, generator.config().z_dim)?;
    check_classes(known, n, classes)?;
    images_in_blocks(generator, z, |rows| {
        let y = classes.map(|classes| one_hot(&padded(&classes[rows], BLOCK), known, &Device::Cpu));
        Ok(y.transpose()?)
    })
}

/// The images of the rows of `z`; `y` gives the classes of a block of rows, padded to [`BLOCK`].
fn images_in_blocks(
    generator: &Generator,
    z: &[f32],
    y: impl Fn(Range<usize>) -> Result<Option<Tensor>, Error> + Sync,
) -> Result<Vec<u8>, Error> {
    let config = generator.config();
    let z_dim = config.z_dim;
    let n = z.len() / z_dim;
    let image_bytes = config.height * config.width * config.channels;
    // Blocks in parallel use all cores better than threads within one block.
    let blocks: Vec<Vec<u8>> = (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block_idx| {
            let rows = block_idx * BLOCK..n.min((block_idx + 1) * BLOCK);
            let n_rows = rows.len();
            let z = padded(&z[rows.start * z_dim..rows.end * z_dim], BLOCK * z_dim);
            let output = generator.infer(&rows_to_tensor(z, z_dim)?, y(rows)?.as_ref())?;
            let mut bytes = tensor_to_images(&output, config.kind)?;
            bytes.truncate(n_rows * image_bytes);
            Ok(bytes)
        })
        .collect::<Result<_, Error>>()?;
    Ok(blocks.concat())
}

/// Number of rows of `width` in `values`.
fn count(what: &'static str, values: &[f32], width: usize) -> Result<usize, Error> {
    let n = values.len() / width;
    if n * width == values.len() {
        Ok(n)
    } else {
        Err(Error::Length {
            what,
            expected: n * width,
            got: values.len(),
        })
    }
}

/// A copy of `values`, padded with zeros to `len`.
fn padded<T: Copy + Default>(values: &[T], len: usize) -> Vec<T> {
    let mut padded = Vec::with_capacity(len);
    padded.extend_from_slice(values);
    padded.resize(len, T::default());
    padded
}

/// `[n, z_dim]` values as a tensor.
fn rows_to_tensor(values: Vec<f32>, z_dim: usize) -> Result<Tensor, Error> {
    let shape = [values.len() / z_dim, z_dim];
    Tensor::from_vec(values, &shape, &Device::Cpu).map_err(|source| {
        Error::Network(dcgan::Error::Layer {
            layer: "z".into(),
            shapes: vec![shape.to_vec()],
            source: Box::new(source),
        })
    })
}

/// Checks that a labelled network gets one class per row below `known`, and an unlabelled one none.
pub(crate) fn check_classes(known: usize, n: usize, classes: Option<&[u8]>) -> Result<(), Error> {
    match classes {
        None if known == 0 => Ok(()),
        Some(classes) if known > 0 => {
            if classes.len() != n {
                return Err(Error::Length {
                    what: "classes",
                    expected: n,
                    got: classes.len(),
                });
            }
            Ok(())
        }
        _ => Err(Error::Classes {
            expected: known > 0,
        }),
    }
}
