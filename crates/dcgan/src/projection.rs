//! The latent vector whose image is nearest to a given picture.

use crate::{
    AdamConfig, Backend, Error, Folded, Generator, GeneratorRole, Result, gradients,
    images_to_tensor, one_hot, values,
};
use candle_core::{DType, Tensor, Var};

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
/// within a range. The starts are independent.
///
/// ```
/// use dcgan::{Config, Generator, Projector, Purpose, ZDistribution};
///
/// let config = Config { z_dim: 4, gf_dim: 4, gfc_dim: 16, ..Config::labelled(28, 28, 1, 10) };
/// let generator = Generator::init(&config, 1)?;
/// let picture = vec![128; 28 * 28];
/// let uniform = ZDistribution::Uniform;
/// let starts = uniform.rows(config.z_dim, 1, Purpose::SampleLatent, 0, 2);
/// let mut projector = Projector::new(&generator, &picture, Some(3), &starts, uniform.range())?;
/// for _ in 0..5 {
///     projector.step()?;
/// }
/// assert_eq!(projector.best()?.z.len(), 4);
/// # Ok::<(), dcgan::Error>(())
/// ```
#[derive(Debug)]
pub struct Projector {
    generator: Folded<GeneratorRole>,
    backend: Backend,
    target: Tensor,
    y: Option<Tensor>,
    range: (f32, f32),
    z: Var,
    moments: [Var; 2],
    steps: u64,
    best: Option<Projection>,
}

impl Projector {
    /// Looks for `picture`, `[H,W,C]`, from the latent vectors `starts`, `[n,z_dim]` row-major, and
    /// keeps every coordinate within `range`. A labelled network draws `class`.
    ///
    /// # Errors
    /// [`Error::Input`] if picture, class or starts don't fit the network.
    pub fn new(
        generator: &Generator,
        picture: &[u8],
        class: Option<u8>,
        starts: &[f32],
        range: (f32, f32),
    ) -> Result<Self> {
        let (config, device) = (generator.config(), generator.device());
        let n = starts.len() / config.z_dim;
        if n == 0 || n * config.z_dim != starts.len() {
            return Err(Error::Input {
                what: "starts",
                expected: format!("one or more rows of {} values", config.z_dim),
                got: format!("{} values", starts.len()),
            });
        }
        if class.is_some() != (config.classes > 0) {
            let expected = if config.classes > 0 { "one" } else { "none" };
            return Err(Error::Input {
                what: "class",
                expected: format!("{expected} for the {} network", config.kind),
                got: class.map_or_else(|| "none".into(), |class| class.to_string()),
            });
        }
        let labels = class.map(|class| vec![class; n]);
        let y = labels.map(|labels| one_hot(&labels, config.classes, device));
        let shape = [n, config.height, config.width, config.channels];
        let shape_of_z = (n, config.z_dim);
        let zeros = || Var::zeros(shape_of_z, DType::F32, device).map_err(failed);
        Ok(Self {
            generator: generator.fold()?,
            backend: generator.backend(),
            target: images_to_tensor(&picture.repeat(n), shape, config.kind, device)?,
            y: y.transpose()?,
            range,
            z: Var::from_slice(starts, shape_of_z, device).map_err(failed)?,
            moments: [zeros()?, zeros()?],
            steps: 0,
            best: None,
        })
    }

    /// One step from every start.
    ///
    /// # Errors
    /// [`Error::Layer`] if a tensor operation fails.
    pub fn step(&mut self) -> Result<()> {
        let errors = self.errors()?;
        self.remember(&values(&errors)?)?;
        let slopes = gradients(&errors.sum_all().map_err(failed)?)?;
        let slope = slopes
            .get(&self.z)
            .ok_or_else(|| Error::NoGradient { name: "z".into() })?;
        // The update writes into z, which the graph holds.
        drop(errors);
        self.steps += 1;
        let [m, v] = &self.moments;
        let (low, high) = self.range;
        self.backend
            .adam_update(&self.z, slope, [m, v], &ADAM, self.steps)
            .and_then(|()| self.z.as_detached_tensor().clamp(low, high))
            .and_then(|z| self.z.set(&z))
            .map_err(failed)
    }

    /// [`Projection::error`] of the best place of all steps so far; infinite before the first.
    pub fn error(&self) -> f32 {
        self.best.as_ref().map_or(f32::INFINITY, |best| best.error)
    }

    /// The best place of all starts and steps; among equals the first.
    ///
    /// # Errors
    /// [`Error::Layer`] if a tensor operation fails, [`Error::NonFinite`] if no image is made of
    /// numbers.
    pub fn best(mut self) -> Result<Projection> {
        let errors = values(&self.errors()?)?;
        self.remember(&errors)?;
        self.best.ok_or(Error::NonFinite {
            what: "value of",
            name: "images".into(),
        })
    }

    /// The mean squared difference of each row's image to the picture, `[n]`.
    fn errors(&self) -> Result<Tensor> {
        let images = self.generator.infer(&self.z, self.y.as_ref())?;
        let squares = (images - &self.target).and_then(|apart| apart.sqr());
        let means = squares.and_then(|squares| squares.flatten_from(1)?.mean(1));
        means.map_err(failed)
    }

    fn remember(&mut self, errors: &[f32]) -> Result<()> {
        let z = values(&self.z)?;
        let rows = z.chunks_exact(z.len() / errors.len());
        for (restart, (&error, z)) in errors.iter().zip(rows).enumerate() {
            let is_better = self.best.as_ref().is_none_or(|best| error < best.error);
            if is_better && error.is_finite() {
                self.best = Some(Projection {
                    z: z.to_vec(),
                    restart,
                    error,
                });
            }
        }
        Ok(())
    }
}

fn failed(source: candle_core::Error) -> Error {
    Error::Layer {
        layer: "projection".into(),
        shapes: Vec::new(),
        source: Box::new(source),
    }
}
