//! A network of a given size with a batch to train on.

use candle_core::{Device, Tensor};
use dcgan::step::{Batch, State};
use dcgan::{
    AdamConfig, Backend, Config, Discriminator, Generator, Kind, Precision, ZDistribution, latents,
    one_hot,
};
use dcgan_random::{Purpose, Stream};

use crate::Result;

/// Kind and size of the network.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Network {
    /// `labelled`: 28x28x1 of 10 classes; `unlabelled`: 64x64x3
    #[arg(long, default_value = "labelled", value_parser = str::parse::<Kind>)]
    pub kind: Kind,

    /// Images per batch
    #[arg(long, default_value_t = 64)]
    pub batch: usize,

    /// Factor on all widths of the original: filters 64, fully connected 1024
    #[arg(long, default_value_t = 1.0)]
    pub width: f64,

    /// Compute the layers' products in bfloat16
    #[arg(long)]
    pub bf16: bool,

    /// Use plain candle operations instead of the kernels
    #[arg(long)]
    pub portable: bool,
}

impl Network {
    /// The shapes of both networks.
    pub fn config(&self) -> Config {
        let config = match self.kind {
            Kind::Labelled => Config::labelled(28, 28, 1, 10),
            Kind::Unlabelled => Config::unlabelled(64, 64, 3),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "widths are small and positive"
        )]
        let scale = |width: usize| (width as f64 * self.width).round() as usize;
        Config {
            gf_dim: scale(config.gf_dim),
            df_dim: scale(config.df_dim),
            gfc_dim: scale(config.gfc_dim),
            dfc_dim: scale(config.dfc_dim),
            ..config
        }
    }

    /// The precision of the layers' products.
    pub fn precision(&self) -> Precision {
        if self.bf16 {
            Precision::Bf16
        } else {
            Precision::F32
        }
    }

    /// The backend of the operations: that of the option, or the kernels of `DCGAN_KERNELS`.
    ///
    /// # Errors
    /// For an unknown value of the variable.
    pub fn backend(&self) -> Result<Backend> {
        let kernels = crate::kernels()?;
        Ok(if self.portable {
            Backend::Portable
        } else {
            Backend::Fused(kernels)
        })
    }

    /// Fresh networks with their optimisers, as at the start of a training.
    ///
    /// # Errors
    /// If the network can't have that size.
    pub fn state(&self) -> Result<State> {
        let config = self.config();
        let (backend, precision) = (self.backend()?, self.precision());
        let generator = Generator::init(&config, 0)?
            .with_backend(backend)
            .with_precision(precision);
        let discriminator = Discriminator::init(&config, 0)?
            .with_backend(backend)
            .with_precision(precision);
        Ok(State::new(
            generator,
            discriminator,
            [AdamConfig::default(); 2],
        )?)
    }

    /// Noise images, labels in turn, latent vectors.
    ///
    /// # Errors
    /// If a tensor can't be created.
    pub fn batch(&self) -> Result<Batch> {
        let config = self.config();
        let low = match self.kind {
            Kind::Labelled => 0.0,
            Kind::Unlabelled => -1.0,
        };
        let mut stream = Stream::new(0, Purpose::Synthetic, 0);
        let shape = [self.batch, config.height, config.width, config.channels];
        let n = shape.iter().product();
        let pixels: Vec<f32> = (0..n).map(|_| stream.uniform_in(low, 1.0)).collect();
        let labels: Vec<u8> = (0..10).cycle().take(self.batch).collect();
        Ok(Batch {
            x: Tensor::from_vec(pixels, &shape, &Device::Cpu)?,
            y: (config.classes > 0)
                .then(|| one_hot(&labels, config.classes, &Device::Cpu))
                .transpose()?,
            z: latents(
                &mut Stream::new(0, Purpose::Latent, 0),
                self.batch,
                config.z_dim,
                ZDistribution::Uniform,
                &Device::Cpu,
            )?,
        })
    }
}
