//! The differences between a generator and a discriminator: names, input and layers.

use crate::block::Block;
use crate::{Config, Kind, Result, labelled, unlabelled};
use candle_nn::VarBuilder;

/// The role of a generator.
#[derive(Debug, Clone, Copy)]
pub enum GeneratorRole {}

/// The role of a discriminator.
#[derive(Debug, Clone, Copy)]
pub enum DiscriminatorRole {}

/// One of the two roles.
pub trait NetworkRole: sealed::Sealed {}

impl NetworkRole for GeneratorRole {}
impl NetworkRole for DiscriminatorRole {}

mod sealed {
    pub trait Sealed {
        const SIDE: super::Side;
    }

    impl Sealed for super::GeneratorRole {
        const SIDE: super::Side = super::Side::Generator;
    }

    impl Sealed for super::DiscriminatorRole {
        const SIDE: super::Side = super::Side::Discriminator;
    }
}

/// The role as a value.
#[derive(Debug, Clone, Copy)]
pub enum Side {
    Generator,
    Discriminator,
}

impl Side {
    /// Prefix of every name.
    pub(crate) fn scope(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Discriminator => "discriminator",
        }
    }

    /// Names of the input and of the tap of the first layer's input.
    pub(crate) fn input(self) -> [&'static str; 2] {
        match self {
            Self::Generator => ["z", "g_in"],
            Self::Discriminator => ["x", "d_in"],
        }
    }

    /// Shape of a row of the input.
    pub(crate) fn row(self, config: &Config) -> Vec<usize> {
        match self {
            Self::Generator => vec![config.z_dim],
            Self::Discriminator => vec![config.height, config.width, config.channels],
        }
    }

    /// The layers in order.
    pub(crate) fn blocks(self, config: &Config, vb: &VarBuilder<'_>) -> Result<Vec<Block>> {
        match (self, config.kind) {
            (Self::Generator, Kind::Labelled) => labelled::generator(config, vb),
            (Self::Generator, Kind::Unlabelled) => unlabelled::generator(config, vb),
            (Self::Discriminator, Kind::Labelled) => labelled::discriminator(config, vb),
            (Self::Discriminator, Kind::Unlabelled) => unlabelled::discriminator(config, vb),
        }
    }
}
