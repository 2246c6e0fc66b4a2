//! The DCGAN of Radford et al. 2016 for users of candle: the labelled and the unlabelled generator
//! and discriminator, their losses, Adam and the training step.
//!
//! The networks are those of DCGAN-tensorflow (<https://arxiv.org/abs/1511.06434>; `model.py` and
//! `ops.py` of its public TensorFlow program), number for number: NHWC maps, the original's weight
//! layouts and names, TensorFlow's "SAME" padding, batch norm and Adam.
//!
//! # Training on MNIST
//! ```no_run
#![doc = include_str!("../examples/train_mnist.rs")]
//! ```
//!
//! # On candle's traits
//! * [`Generator`], [`Discriminator`] and the layers take a [`VarBuilder`](candle_nn::VarBuilder):
//!   of [`Seeded`] initial weights, of a `VarMap`, or of a safetensors file by candle's own loader,
//!   whose names [`file_name`] translates.
//! * [`Network::forward_t`] and [`Network::with_labels`] are candle's `ModuleT`; [`Adam`] is a
//!   [`candle_nn::Optimizer`], and candle's own optimisers train the networks of a `VarMap`.
//! * [`Network::forward`] says more: its [`Pass`] carries the batch statistics, because in the
//!   original's schedule some passes feed the moving averages twice; [`step::iteration`] is that
//!   schedule.
//!
//! # Devices
//! Operations look at their tensor's device: on the CPU they are the fused ones of `dcgan-kernels`,
//! on any other plain candle operations with candle's own gradients. [`Backend::Portable`] takes
//! those on the CPU, too; both agree with TensorFlow's numbers within the same tolerances.
//!
//! # Conventions
//! Shape letters: `B` batch, `H W` height and width, `C` colours, `Y` classes, `Z` latent size,
//! `gf df` filters, `gfc dfc` widths of the fully connected layers. `x|y` joins on the last axis.
//!
//! A network gives and takes named arrays; it never opens a file. Random numbers are functions of
//! (seed, purpose, index), and nothing depends on the number of threads.

mod adam;
mod arrays;
mod block;
mod config;
mod ema;
mod error;
mod finite;
mod forward;
mod gradients;
mod images;
mod labelled;
mod latent;
pub mod layers;
mod losses;
mod metadata;
mod network;
mod ops;
mod origin;
mod parameters;
mod pass;
mod portable;
mod projection;
mod role;
mod seeded;
pub mod step;
mod tensors;
mod unlabelled;

pub use adam::{Adam, AdamConfig};
pub use arrays::file_name;
pub use config::{Config, Kind};
pub use dcgan_kernels::{Activation, Kernels, Precision};
pub use dcgan_random::{Purpose, Stream};
pub use ema::WeightAverage;
pub use error::{Error, Result};
pub use gradients::{LossGradients, gradients};
pub use images::{images_to_tensor, one_hot, tensor_to_images};
pub use latent::{ZDistribution, between, latents};
pub use losses::{
    DiscriminatorLoss, discriminator_loss, discriminator_loss_fake, discriminator_loss_real,
    generator_loss, smoothed_discriminator_loss,
};
pub use network::{Discriminator, Folded, Generator, Network, WithLabels};
pub use ops::Backend;
pub use parameters::{Arrays, Parameter, Parameters, Weights};
pub use pass::{NamedStats, Pass, PassStats, Taps};
pub use projection::{Projection, Projector};
pub use role::{DiscriminatorRole, GeneratorRole, NetworkRole};
pub use seeded::Seeded;
pub use tensors::{scalar, values};
