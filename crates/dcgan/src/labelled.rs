//! The labelled (conditional) network: the class joins the input of every layer.
//!
//! Source: `generator`, `discriminator` with `y_dim`, model.py. h4 and w4 are a quarter of the
//! image's height and width (7 for MNIST), gf2 = 2·gf.

use crate::builder::Builder;
use crate::forward::Forward;
use crate::layers::{
    BatchNorm, Conv2d, Conv2dTranspose, LEAKY_RELU, Linear, batch_norm, conv2d, conv2d_transpose,
    linear,
};
use crate::portable::join;
use crate::{Backend, Error, NetworkConfig, Result};
use candle_core::Tensor;
use dcgan_kernels::Activation;

/// The labelled generator, z|y to an image in (0, 1).
#[derive(Debug, Clone)]
pub(crate) struct Generator {
    map: [usize; 3],
    h0: Linear,
    bn0: BatchNorm,
    h1: Linear,
    bn1: BatchNorm,
    h2: Conv2dTranspose,
    bn2: BatchNorm,
    h3: Conv2dTranspose,
}

impl Generator {
    pub(crate) fn new(config: &NetworkConfig, builder: &mut Builder<'_>) -> Result<Self> {
        let NetworkConfig {
            channels,
            classes,
            z_dim,
            gf_dim,
            gfc_dim,
            ..
        } = *config;
        let sizes = config.sizes();
        let gf2 = 2 * gf_dim;
        let map = [sizes[2][0], sizes[2][1], gf2];
        let flat = map.iter().product();
        Ok(Self {
            map,
            h0: linear("g_h0_lin", z_dim + classes, gfc_dim, builder)?,
            bn0: batch_norm("g_bn0", gfc_dim, builder)?,
            h1: linear("g_h1_lin", gfc_dim + classes, flat, builder)?,
            bn1: batch_norm("g_bn1", flat, builder)?,
            h2: conv2d_transpose("g_h2", gf2 + classes, gf2, sizes[1], builder)?,
            bn2: batch_norm("g_bn2", gf2, builder)?,
            h3: conv2d_transpose("g_h3", gf2 + classes, channels, sizes[0], builder)?,
        })
    }

    /// z `[B,Z]`, y `[B,Y]` -> `[B,H,W,C]`.
    pub(crate) fn forward(&self, z: &Tensor, y: &Tensor, pass: &mut Forward<'_>) -> Result<Tensor> {
        let labels = Some(y);

        // z|y -> [B,gfc]
        let h0 = self.h0.forward(z, labels, pass)?;
        pass.tap("g_h0", "pre", || Ok(h0.clone()))?;
        let h0 = self.bn0.forward("g_h0", &h0, Activation::Relu, pass)?;

        // -> [B,h4·w4·gf2]; each of these features has batch norm of its own, then a map.
        let h1 = self.h1.forward(&h0, labels, pass)?;
        pass.tap("g_h1", "pre", || Ok(h1.clone()))?;
        let h1 = self.bn1.forward("g_h1", &h1, Activation::Relu, pass)?;
        let h1 = to_map(&h1, self.map, "generator/g_h1", pass.backend)?;
        pass.tap("g_h1", "cat", || join(&h1, y))?;

        // -> [B,2·h4,2·w4,gf2]
        let h2 = self.h2.forward(&h1, labels, pass)?;
        pass.tap("g_h2", "pre", || Ok(h2.clone()))?;
        let h2 = self.bn2.forward("g_h2", &h2, Activation::Relu, pass)?;
        pass.tap("g_h2", "cat", || join(&h2, y))?;

        // -> [B,H,W,C]
        let h3 = self.h3.forward(&h2, labels, pass)?;
        pass.tap("g_h3", "pre", || Ok(h3.clone()))?;
        pass.backend
            .activate(&h3, Activation::Sigmoid)
            .map_err(Error::at("generator/g_h3", &[&h3]))
    }
}

/// The labelled discriminator, image|y to a logit.
#[derive(Debug, Clone)]
pub(crate) struct Discriminator {
    h0: Conv2d,
    h1: Conv2d,
    bn1: BatchNorm,
    h2: Linear,
    bn2: BatchNorm,
    h3: Linear,
}

impl Discriminator {
    pub(crate) fn new(config: &NetworkConfig, builder: &mut Builder<'_>) -> Result<Self> {
        let NetworkConfig {
            channels,
            classes,
            df_dim,
            dfc_dim,
            ..
        } = *config;
        let sizes = config.sizes();
        let (first, second) = (channels + classes, df_dim + classes);
        let flat = sizes[2][0] * sizes[2][1] * second;
        Ok(Self {
            h0: conv2d("d_h0_conv", channels + classes, first, sizes[0], builder)?,
            h1: conv2d("d_h1_conv", first + classes, second, sizes[1], builder)?,
            bn1: batch_norm("d_bn1", second, builder)?,
            h2: linear("d_h2_lin", flat + classes, dfc_dim, builder)?,
            bn2: batch_norm("d_bn2", dfc_dim, builder)?,
            h3: linear("d_h3_lin", dfc_dim + classes, 1, builder)?,
        })
    }

    /// x `[B,H,W,C]`, y `[B,Y]` -> logits `[B,1]`.
    pub(crate) fn forward(&self, x: &Tensor, y: &Tensor, pass: &mut Forward<'_>) -> Result<Tensor> {
        let labels = Some(y);
        pass.tap("d_in", "cat", || join(x, y))?;

        // x|y -> [B,2·h4,2·w4,C+Y], no batch norm on the layer that sees the image.
        let h0 = self.h0.forward(x, labels, pass)?;
        pass.tap("d_h0", "pre", || Ok(h0.clone()))?;
        let h0 = pass
            .backend
            .activate(&h0, LEAKY_RELU)
            .map_err(Error::at("discriminator/d_h0", &[&h0]))?;
        pass.tap("d_h0", "cat", || join(&h0, y))?;

        // -> [B,h4,w4,df+Y], flat in the order row, column, channel.
        let h1 = self.h1.forward(&h0, labels, pass)?;
        pass.tap("d_h1", "pre", || Ok(h1.clone()))?;
        let h1 = self.bn1.forward("d_h1", &h1, LEAKY_RELU, pass)?;
        let h1 = to_flat(&h1, "discriminator/d_h1", pass.backend)?;
        pass.tap("d_h1", "cat", || join(&h1, y))?;

        // -> [B,dfc]
        let h2 = self.h2.forward(&h1, labels, pass)?;
        pass.tap("d_h2", "pre", || Ok(h2.clone()))?;
        let h2 = self.bn2.forward("d_h2", &h2, LEAKY_RELU, pass)?;
        pass.tap("d_h2", "cat", || join(&h2, y))?;

        // -> the logit; the losses take it without a sigmoid.
        self.h3.forward(&h2, labels, pass)
    }
}

/// `[B,h·w·c]` -> `[B,h,w,c]`.
pub(crate) fn to_map(
    flat: &Tensor,
    [h, w, c]: [usize; 3],
    layer: &str,
    backend: Backend,
) -> Result<Tensor> {
    backend
        .reshape(flat, &[flat.elem_count() / (h * w * c), h, w, c])
        .map_err(Error::at(layer, &[flat]))
}

/// `[B,h,w,c]` -> `[B,h·w·c]`.
pub(crate) fn to_flat(map: &Tensor, layer: &str, backend: Backend) -> Result<Tensor> {
    let features = map.dims()[1..].iter().product();
    backend
        .reshape(map, &[map.dims()[0], features])
        .map_err(Error::at(layer, &[map]))
}
