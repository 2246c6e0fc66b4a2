//! The labelled and the unlabelled DCGAN: layers, losses, Adam, parameters in a fixed order.
//!
//! The networks are those of DCGAN-tensorflow (Radford et al. 2016, <https://arxiv.org/abs/1511.06434>;
//! `model.py` and `ops.py` of its public TensorFlow program), number for number: NHWC maps, the
//! original's weight layouts and names, TensorFlow's "SAME" padding, batch norm and Adam.
//!
//! Shape letters: `B` batch, `H W` height and width, `C` colours, `Y` classes, `Z` latent size,
//! `gf df` filters, `gfc dfc` widths of the fully connected layers. `x|y` joins on the last axis.
//!
//! A network gives and takes named arrays; it never opens a file. Nothing here draws a random
//! number but from `dcgan-random`, and nothing depends on the number of threads.

mod adam;
mod averages;
mod builder;
mod config;
mod discriminator;
mod ema;
mod error;
mod forward;
mod generator;
mod gradients;
mod images;
mod inputs;
mod labelled;
mod latent;
mod layers;
mod losses;
mod ops;
mod parameters;
mod portable;
mod tensors;
mod unlabelled;

pub use adam::{Adam, AdamConfig};
pub use averages::MovingAverage;
pub use config::{Kind, NetworkConfig};
pub use dcgan_kernels::Precision;
pub use discriminator::Discriminator;
pub use ema::WeightAverage;
pub use error::{Error, Result};
pub use forward::{NamedStats, Pass, PassStats, Taps};
pub use generator::Generator;
pub use gradients::{Gradients, gradients};
pub use images::{images_to_tensor, one_hot, tensor_to_images};
pub use latent::{ZDistribution, latents};
pub use layers::{BatchNorm, Conv2d, Conv2dTranspose, Linear};
pub use losses::{
    DiscriminatorLoss, discriminator_loss, discriminator_loss_fake, discriminator_loss_real,
    generator_loss, smoothed_discriminator_loss,
};
pub use ops::Backend;
pub use parameters::{Arrays, Parameter, Parameters, Weights};
pub use tensors::{scalar, values};
