//! The latent vector whose image comes nearest to a given picture.

use crate::folded::FoldedGenerator;
use crate::generator::{check_classes, rows_to_tensor};
use crate::{BLOCK, Error, LoadedGenerator, latent_range};
use candle_core::{Tensor, Var};
use dcgan::{gradients, images_to_tensor, one_hot, values};
use dcgan_kernels::{AdamConfig, adam_update};

/// Adam as usual (Kingma & Ba 2015), with a rate for coordinates that span about 2.
const ADAM: AdamConfig = AdamConfig {
    lr: 0.05,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

/// A place in latent space and how well its image fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// The latent vector, `[z_dim]`.
    pub z: Vec<f32>,
    /// The number of the start that led here.
    pub restart: usize,
    /// Mean squared difference to the picture, over all values, in the network's own range.
    pub error: f32,
}

/// Descends from several starts at once to the latent vectors whose images, in inference mode, are
/// nearest to one picture: `min over z of mean((G(z|y) - x)^2)`, by Adam on z alone, z kept
/// within [`latent_range`]. The starts never see each other.
#[derive(Debug)]
pub struct Projector<'a> {
    generator: &'a LoadedGenerator,
    folded: FoldedGenerator,
    target: Tensor,
    y: Option<Tensor>,
    range: (f32, f32),
    z: Vec<f32>,
    moments: [Vec<f32>; 2],
    steps: u64,
    best: Option<Projection>,
}

impl<'a> Projector<'a> {
    /// Looks for `picture`, `[h, w, c]`, from `restarts` starts, 1 to [`BLOCK`]: the latent
    /// vectors of images 0 and up of `seed`. A labelled network draws `class`.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::Classes`] if picture, class or restarts don't fit.
    pub fn new(
        generator: &'a LoadedGenerator,
        picture: &[u8],
        class: Option<u8>,
        seed: u64,
        restarts: usize,
    ) -> Result<Self, Error> {
        let config = generator.generator().config();
        for (what, expected, got) in [
            ("picture", generator.image_bytes(), picture.len()),
            ("restarts", restarts.clamp(1, BLOCK), restarts),
        ] {
            if got != expected {
                return Err(Error::Length {
                    what,
                    expected,
                    got,
                });
            }
        }
        let labels = class.map(|class| vec![class; restarts]);
        check_classes(config.classes, restarts, labels.as_deref())?;
        let y = labels.map(|labels| one_hot(&labels, config.classes));
        let shape = [restarts, config.height, config.width, config.channels];
        let z = generator.latents(seed, 0, restarts);
        Ok(Self {
            generator,
            folded: FoldedGenerator::new(generator.generator())?,
            target: images_to_tensor(&picture.repeat(restarts), shape, config.kind)?,
            y: y.transpose()?,
            range: latent_range(generator.info())?,
            moments: [vec![0.0; z.len()], vec![0.0; z.len()]],
            z,
            steps: 0,
            best: None,
        })
    }

    /// One step from every start.
    ///
    /// # Errors
    /// [`Error::Network`] if a tensor operation fails.
    pub fn step(&mut self) -> Result<(), Error> {
        let z_dim = self.generator.info().z_dim;
        let z = rows_to_tensor(self.z.clone(), z_dim)?;
        let z = Var::from_tensor(&z).map_err(failed)?;
        let errors = self.errors(&z)?;
        self.remember(&values(&errors)?);
        let slope = gradients(&errors.sum_all().map_err(failed)?)?;
        let slope = slope
            .get(&z)
            .ok_or_else(|| dcgan::Error::NoGradient { name: "z".into() })?;
        self.steps += 1;
        let [first, second] = &mut self.moments;
        // The update writes in place, into a tensor that no graph holds.
        let moved = Var::from_tensor(&z.copy().map_err(failed)?).map_err(failed)?;
        adam_update(&moved, slope, first, second, &ADAM, self.steps).map_err(failed)?;
        let (low, high) = self.range;
        self.z = values(&moved)?;
        for value in &mut self.z {
            *value = value.clamp(low, high);
        }
        Ok(())
    }

    /// [`Projection::error`] of the best place that a step has left behind; infinite before the first.
    pub fn error(&self) -> f32 {
        self.best.as_ref().map_or(f32::INFINITY, |best| best.error)
    }

    /// The best place of all starts and steps; among equals the first.
    ///
    /// # Errors
    /// [`Error::Network`] if a tensor operation fails, or no image is made of numbers.
    pub fn best(mut self) -> Result<Projection, Error> {
        let z = rows_to_tensor(self.z.clone(), self.generator.info().z_dim)?;
        let errors = values(&self.errors(&z)?)?;
        self.remember(&errors);
        self.best.ok_or(Error::Network(dcgan::Error::NonFinite {
            what: "value of",
            name: "images".into(),
        }))
    }

    /// The mean squared difference of each row's image to the picture, `[restarts]`.
    fn errors(&self, z: &Tensor) -> Result<Tensor, Error> {
        let images = self.folded.infer(z, self.y.as_ref());
        let squares = images.and_then(|images| (images - &self.target)?.sqr());
        let means = squares.and_then(|squares| squares.flatten_from(1)?.mean(1));
        means.map_err(failed)
    }

    fn remember(&mut self, errors: &[f32]) {
        let z_dim = self.generator.info().z_dim;
        for (restart, (&error, z)) in errors.iter().zip(self.z.chunks_exact(z_dim)).enumerate() {
            let is_better = self.best.as_ref().is_none_or(|best| error < best.error);
            if is_better && error.is_finite() {
                self.best = Some(Projection {
                    z: z.to_vec(),
                    restart,
                    error,
                });
            }
        }
    }
}

fn failed(source: candle_core::Error) -> Error {
    Error::Network(dcgan::Error::Layer {
        layer: "projection".into(),
        shapes: Vec::new(),
        source: Box::new(source),
    })
}
