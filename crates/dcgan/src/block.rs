//! A block, of which both networks are stacks: a layer, batch norm, an activation, a change of
//! shape.

use crate::forward::Forward;
use crate::layers::{BatchNorm, Compute, Conv2d, Linear};
use crate::portable::join;
use crate::{Backend, Error, Result};
use candle_core::{Tensor, Var};
use dcgan_kernels::Activation;

/// The discriminator's activation, max(x, 0.2·x). Source: `lrelu`, ops.py; Radford et al. 2016,
/// section 4.
pub(crate) const LEAKY_RELU: Activation = Activation::LeakyRelu(0.2);

/// A layer and what follows it, up to the next layer.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Name of the layer within its network, such as `g_h0_lin`.
    name: String,
    layer: Layer,
    /// Between the layer and its batch norm.
    first_shape: Option<MapShape>,
    norm: Option<BatchNorm>,
    activation: Activation,
    /// After the activation.
    last_shape: Option<MapShape>,
}

#[derive(Debug, Clone)]
pub(crate) enum Layer {
    Linear(Linear),
    Conv2d(Conv2d),
}

/// Another shape of the same values, in the order row, column, channel.
#[derive(Debug, Clone, Copy)]
enum MapShape {
    /// `[B,h·w·c]` -> `[B,h,w,c]`.
    Map([usize; 3]),
    /// `[B,h,w,c]` -> `[B,h·w·c]`.
    Flat,
}

impl Block {
    pub(crate) fn new(layer: impl Into<Layer>) -> Self {
        let layer = layer.into();
        Self {
            name: last_part(layer.name()).into(),
            layer,
            first_shape: None,
            norm: None,
            activation: Activation::Identity,
            last_shape: None,
        }
    }

    /// Then a map of that height, width and channels, before batch norm.
    pub(crate) fn mapped(self, map: [usize; 3]) -> Self {
        Self {
            first_shape: Some(MapShape::Map(map)),
            ..self
        }
    }

    /// Then batch norm over the last axis.
    pub(crate) fn norm(self, norm: BatchNorm) -> Self {
        Self {
            norm: Some(norm),
            ..self
        }
    }

    /// Then that activation.
    pub(crate) fn then(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// Finally a map of that height, width and channels.
    pub(crate) fn then_map(self, map: [usize; 3]) -> Self {
        Self {
            last_shape: Some(MapShape::Map(map)),
            ..self
        }
    }

    /// Finally the map flat.
    pub(crate) fn then_flat(self) -> Self {
        Self {
            last_shape: Some(MapShape::Flat),
            ..self
        }
    }

    /// x with y, if there is one, to the next block's x; taps `pre`, `bn`, `act` and `cat`.
    pub(crate) fn forward(
        &self,
        x: &Tensor,
        y: Option<&Tensor>,
        pass: &mut Forward<'_>,
    ) -> Result<Tensor> {
        let tap = self.tap();
        let backend = pass.compute.backend;
        let mut h = self.layer.forward(x, y, pass.compute)?;
        if let Some(shape) = self.first_shape {
            h = shape.of(&h, backend).map_err(Error::at(tap, &[&h]))?;
        }
        // The logit, without an activation, is the result of the pass and has no tap.
        if self.activation == Activation::Identity && self.norm.is_none() {
            return Ok(h);
        }
        pass.tap(tap, "pre", || Ok(h.clone()))?;
        h = match &self.norm {
            Some(norm) => pass.normalise(norm, tap, &h, self.activation)?,
            None => backend
                .activate(&h, self.activation)
                .map_err(Error::at(tap, &[&h]))?,
        };
        pass.tap(tap, "act", || Ok(h.clone()))?;
        if let Some(shape) = self.last_shape {
            h = shape.of(&h, backend).map_err(Error::at(tap, &[&h]))?;
        }
        if let Some(y) = y {
            pass.tap(tap, "cat", || join(&h, y))?;
        }
        Ok(h)
    }

    /// The layer's name without its kind: `g_h0` of `g_h0_lin`.
    fn tap(&self) -> &str {
        let name = self.name.as_str();
        let kinds = ["_lin", "_conv"];
        let without = kinds.iter().find_map(|kind| name.strip_suffix(kind));
        without.unwrap_or(name)
    }

    /// The trained weights in their order, by their names within the network.
    pub(crate) fn weights(&self) -> impl Iterator<Item = (String, &Var)> {
        let norm = self
            .norm
            .iter()
            .flat_map(|norm| named(norm.name(), norm.weights()));
        named(&self.name, self.layer.weights()).chain(norm)
    }

    /// The moving averages in their order, by their names within the network.
    pub(crate) fn averages(&self) -> impl Iterator<Item = (String, &Var)> {
        self.norm
            .iter()
            .flat_map(|norm| named(norm.name(), norm.averages()))
    }

    pub(crate) fn batch_norm(&self) -> Option<&BatchNorm> {
        self.norm.as_ref()
    }

    /// This block for inference, with its batch norm, there a scale and a shift, folded into the
    /// layer.
    pub(crate) fn folded(&self) -> Result<Self> {
        let Some(norm) = &self.norm else {
            return Ok(self.clone());
        };
        Ok(Self {
            layer: self.layer.scaled(norm)?,
            norm: None,
            ..self.clone()
        })
    }
}

/// The name of a layer within its network.
fn last_part(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}

/// The arrays of a layer under their names within the network.
fn named<'a>(
    layer: &str,
    arrays: [(&'static str, &'a Var); 2],
) -> impl Iterator<Item = (String, &'a Var)> + use<'a> {
    let layer = last_part(layer).to_owned();
    let named = move |(what, var)| (format!("{layer}/{what}"), var);
    arrays.into_iter().map(named)
}

impl From<Linear> for Layer {
    fn from(layer: Linear) -> Self {
        Self::Linear(layer)
    }
}

impl From<Conv2d> for Layer {
    fn from(layer: Conv2d) -> Self {
        Self::Conv2d(layer)
    }
}

impl Layer {
    fn name(&self) -> &str {
        match self {
            Self::Linear(layer) => layer.name(),
            Self::Conv2d(layer) => layer.name(),
        }
    }

    fn forward(&self, x: &Tensor, y: Option<&Tensor>, compute: Compute) -> Result<Tensor> {
        match self {
            Self::Linear(layer) => layer.forward_with(x, y, compute),
            Self::Conv2d(layer) => layer.forward_with(x, y, compute),
        }
    }

    fn weights(&self) -> [(&'static str, &Var); 2] {
        match self {
            Self::Linear(layer) => layer.weights(),
            Self::Conv2d(layer) => layer.weights(),
        }
    }

    fn scaled(&self, norm: &BatchNorm) -> Result<Self> {
        let [scale, mean, beta] = norm.scales()?;
        let scales = [&scale, &mean, &beta];
        Ok(match self {
            Self::Linear(layer) => Self::Linear(layer.scaled(scales)?),
            Self::Conv2d(layer) => Self::Conv2d(layer.scaled(scales)?),
        })
    }
}

impl MapShape {
    fn of(self, x: &Tensor, backend: Backend) -> candle_core::Result<Tensor> {
        let (batch, features) = (x.dim(0)?, x.elem_count() / x.dim(0)?);
        match self {
            Self::Map([h, w, c]) => backend.reshape(x, &[batch, h, w, c]),
            Self::Flat => backend.reshape(x, &[batch, features]),
        }
    }
}
