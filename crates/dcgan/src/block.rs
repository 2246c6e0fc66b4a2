//! What both networks are stacks of: a layer, batch norm, an activation, a change of shape.

use crate::forward::Forward;
use crate::layers::{BatchNorm, Compute, Conv2d, Conv2dTranspose, Linear};
use crate::portable::join;
use crate::{Backend, Error, Result};
use candle_core::{Tensor, Var};
use candle_nn::VarBuilder;
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
    norm: Option<(String, BatchNorm)>,
    activation: Activation,
    /// After the activation.
    last_shape: Option<MapShape>,
}

#[derive(Debug, Clone)]
enum Layer {
    Linear(Linear),
    Conv2d(Conv2d),
    Conv2dTranspose(Conv2dTranspose),
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
    fn new(name: &str, layer: Layer) -> Self {
        Self {
            name: name.into(),
            layer,
            first_shape: None,
            norm: None,
            activation: Activation::Identity,
            last_shape: None,
        }
    }

    /// `[B,inputs]` -> `[B,outputs]`.
    pub(crate) fn linear(
        name: &str,
        inputs: usize,
        outputs: usize,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let layer = Linear::new(inputs, outputs, &vb.pp(name))?;
        Ok(Self::new(name, Layer::Linear(layer)))
    }

    /// `[B,H,W,inputs]` of that size -> [B,ceil(H/2),ceil(W/2),outputs].
    pub(crate) fn conv2d(
        name: &str,
        inputs: usize,
        outputs: usize,
        size: [usize; 2],
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let layer = Conv2d::new(inputs, outputs, size, &vb.pp(name))?;
        Ok(Self::new(name, Layer::Conv2d(layer)))
    }

    /// [B,ceil(H/2),ceil(W/2),inputs] -> `[B,H,W,outputs]` of that size.
    pub(crate) fn conv2d_transpose(
        name: &str,
        inputs: usize,
        outputs: usize,
        size: [usize; 2],
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let layer = Conv2dTranspose::new(inputs, outputs, size, &vb.pp(name))?;
        Ok(Self::new(name, Layer::Conv2dTranspose(layer)))
    }

    /// Then a map of that height, width and channels, before batch norm.
    pub(crate) fn mapped(self, map: [usize; 3]) -> Self {
        Self {
            first_shape: Some(MapShape::Map(map)),
            ..self
        }
    }

    /// Then batch norm over the last axis.
    pub(crate) fn norm(self, name: &str, channels: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let norm = BatchNorm::new(channels, &vb.pp(name))?;
        Ok(Self {
            norm: Some((name.into(), norm)),
            ..self
        })
    }

    /// Then that activation.
    pub(crate) fn then(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// And at last a map of that height, width and channels.
    pub(crate) fn then_map(self, map: [usize; 3]) -> Self {
        Self {
            last_shape: Some(MapShape::Map(map)),
            ..self
        }
    }

    /// And at last the map flat.
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
        // The logit, without an activation, is what the pass gives, and no step on its way.
        if self.activation == Activation::Identity && self.norm.is_none() {
            return Ok(h);
        }
        pass.tap(tap, "pre", || Ok(h.clone()))?;
        h = match &self.norm {
            Some((_, norm)) => pass.normalise(norm, tap, &h, self.activation)?,
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
        let norm = self.norm.iter().flat_map(|(name, norm)| {
            let named = move |(what, var)| (format!("{name}/{what}"), var);
            norm.weights().map(named)
        });
        let named = |(what, var)| (format!("{}/{what}", self.name), var);
        self.layer.weights().map(named).into_iter().chain(norm)
    }

    /// The moving averages in their order, by their names within the network.
    pub(crate) fn averages(&self) -> impl Iterator<Item = (String, &Var)> {
        self.norm.iter().flat_map(|(name, norm)| {
            let named = move |(what, var)| (format!("{name}/{what}"), var);
            norm.averages().map(named)
        })
    }

    pub(crate) fn batch_norm(&self) -> Option<&BatchNorm> {
        self.norm.as_ref().map(|(_, norm)| norm)
    }

    /// The same block in inference mode with its batch norm, a scale and a shift there, folded into
    /// the layer.
    pub(crate) fn folded(&self) -> Result<Self> {
        let Some((_, norm)) = &self.norm else {
            return Ok(self.clone());
        };
        Ok(Self {
            layer: self.layer.scaled(norm)?,
            norm: None,
            ..self.clone()
        })
    }
}

impl Layer {
    fn forward(&self, x: &Tensor, y: Option<&Tensor>, compute: Compute) -> Result<Tensor> {
        match self {
            Self::Linear(layer) => layer.forward_with(x, y, compute),
            Self::Conv2d(layer) => layer.forward_with(x, y, compute),
            Self::Conv2dTranspose(layer) => layer.forward_with(x, y, compute),
        }
    }

    fn weights(&self) -> [(&'static str, &Var); 2] {
        match self {
            Self::Linear(layer) => layer.weights(),
            Self::Conv2d(layer) => layer.weights(),
            Self::Conv2dTranspose(layer) => layer.weights(),
        }
    }

    fn scaled(&self, norm: &BatchNorm) -> Result<Self> {
        let [scale, mean, beta] = norm.scales()?;
        let scales = [&scale, &mean, &beta];
        Ok(match self {
            Self::Linear(layer) => Self::Linear(layer.scaled(scales)?),
            Self::Conv2d(layer) => Self::Conv2d(layer.scaled(scales)?),
            Self::Conv2dTranspose(layer) => Self::Conv2dTranspose(layer.scaled(scales)?),
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
