//! The network without labels, for images of any size.
//!
//! Source: `generator`, `discriminator` without `y_dim`, model.py; Radford et al. 2016, figure 1.
//! The maps halve level by level, rounded up: h, h2 = ceil(h/2), h4 = ceil(h2/2), h8, h16. From the
//! image inwards they have gf, 2·gf, 4·gf, 8·gf channels. The original has these four levels; what
//! lies deeper keeps 8·gf, for a map that goes on doubling its channels while it halves would put
//! nearly all weights where the least is to be seen (Karras et al. 2018, table 2, keep 512 likewise).

use crate::builder::Builder;
use crate::forward::Forward;
use crate::labelled::{to_flat, to_map};
use crate::layers::{
    BatchNorm, Conv2d, Conv2dTranspose, LEAKY_RELU, Linear, batch_norm, conv2d, conv2d_transpose,
    linear,
};
use crate::{Error, NetworkConfig, Result};
use candle_core::Tensor;
use dcgan_kernels::Activation;

/// How often the channels double from the image inwards.
const DOUBLINGS: usize = 3;

/// The unlabelled generator, z to an image in (-1, 1).
#[derive(Debug, Clone)]
pub(crate) struct Generator {
    map: [usize; 3],
    h0: Linear,
    bn0: BatchNorm,
    /// `g_h1` to the last hidden map, each with its batch norm.
    hidden: Vec<(Conv2dTranspose, BatchNorm)>,
    last: Conv2dTranspose,
}

impl Generator {
    pub(crate) fn new(config: &NetworkConfig, builder: &mut Builder<'_>) -> Result<Self> {
        let NetworkConfig {
            channels,
            z_dim,
            gf_dim,
            ..
        } = *config;
        let sizes = config.sizes();
        let depth = sizes.len() - 1;
        // Channels of the map behind h{level}: 8·gf, 4·gf, 2·gf, gf.
        let filters = |level: usize| gf_dim << (depth - 1 - level).min(DOUBLINGS);
        let map = [sizes[depth][0], sizes[depth][1], filters(0)];
        let h0 = linear("g_h0_lin", z_dim, map.iter().product(), builder)?;
        let bn0 = batch_norm("g_bn0", filters(0), builder)?;
        let mut hidden = Vec::with_capacity(depth - 1);
        for level in 1..depth {
            let (inputs, outputs) = (filters(level - 1), filters(level));
            let size = sizes[depth - level];
            let name = format!("g_h{level}");
            let deconv = conv2d_transpose(&name, inputs, outputs, size, builder)?;
            hidden.push((
                deconv,
                batch_norm(&format!("g_bn{level}"), outputs, builder)?,
            ));
        }
        let name = format!("g_h{depth}");
        let last = conv2d_transpose(&name, filters(depth - 1), channels, sizes[0], builder)?;
        Ok(Self {
            map,
            h0,
            bn0,
            hidden,
            last,
        })
    }

    /// z `[B,Z]` -> `[B,H,W,C]`.
    pub(crate) fn forward(&self, z: &Tensor, pass: &mut Forward<'_>) -> Result<Tensor> {
        // z -> [B,h16,w16,8·gf]; here batch norm spans the positions of the map.
        let h = self.h0.forward(z, None, pass)?;
        let h = to_map(&h, self.map, "generator/g_h0", pass.backend)?;
        pass.tap("g_h0", "pre", || Ok(h.clone()))?;
        let mut h = self.bn0.forward("g_h0", &h, Activation::Relu, pass)?;

        // -> [B,h8,w8,4·gf] -> [B,h4,w4,2·gf] -> [B,h2,w2,gf]
        for (level, (deconv, bn)) in (1..).zip(&self.hidden) {
            let layer = format!("g_h{level}");
            h = deconv.forward(&h, None, pass)?;
            pass.tap(&layer, "pre", || Ok(h.clone()))?;
            h = bn.forward(&layer, &h, Activation::Relu, pass)?;
        }

        // -> [B,H,W,C]
        let layer = format!("g_h{}", self.hidden.len() + 1);
        let h = self.last.forward(&h, None, pass)?;
        pass.tap(&layer, "pre", || Ok(h.clone()))?;
        pass.backend
            .activate(&h, Activation::Tanh)
            .map_err(Error::at(&layer, &[&h]))
    }
}

/// The unlabelled discriminator, image to a logit.
#[derive(Debug, Clone)]
pub(crate) struct Discriminator {
    first: Conv2d,
    /// `d_h1_conv` to the smallest map, each with its batch norm.
    hidden: Vec<(Conv2d, BatchNorm)>,
    last: Linear,
}

impl Discriminator {
    pub(crate) fn new(config: &NetworkConfig, builder: &mut Builder<'_>) -> Result<Self> {
        let NetworkConfig {
            channels, df_dim, ..
        } = *config;
        let sizes = config.sizes();
        let depth = sizes.len() - 1;
        // Channels of the map behind h{level}: df, 2·df, 4·df, 8·df.
        let filters = |level: usize| df_dim << level.min(DOUBLINGS);
        let first = conv2d("d_h0_conv", channels, filters(0), sizes[0], builder)?;
        let mut hidden = Vec::with_capacity(depth - 1);
        for (level, &size) in sizes.iter().enumerate().take(depth).skip(1) {
            let (inputs, outputs) = (filters(level - 1), filters(level));
            let conv = conv2d(&format!("d_h{level}_conv"), inputs, outputs, size, builder)?;
            hidden.push((conv, batch_norm(&format!("d_bn{level}"), outputs, builder)?));
        }
        let flat = sizes[depth][0] * sizes[depth][1] * filters(depth - 1);
        let last = linear(&format!("d_h{depth}_lin"), flat, 1, builder)?;
        Ok(Self {
            first,
            hidden,
            last,
        })
    }

    /// x `[B,H,W,C]` -> logits `[B,1]`.
    pub(crate) fn forward(&self, x: &Tensor, pass: &mut Forward<'_>) -> Result<Tensor> {
        // x -> [B,h2,w2,df], no batch norm on the layer that sees the image.
        let h = self.first.forward(x, None, pass)?;
        pass.tap("d_h0", "pre", || Ok(h.clone()))?;
        let mut h = pass
            .backend
            .activate(&h, LEAKY_RELU)
            .map_err(Error::at("discriminator/d_h0", &[&h]))?;
        pass.tap("d_h0", "act", || Ok(h.clone()))?;

        // -> [B,h4,w4,2·df] -> [B,h8,w8,4·df] -> [B,h16,w16,8·df]
        for (level, (conv, bn)) in (1..).zip(&self.hidden) {
            let layer = format!("d_h{level}");
            h = conv.forward(&h, None, pass)?;
            pass.tap(&layer, "pre", || Ok(h.clone()))?;
            h = bn.forward(&layer, &h, LEAKY_RELU, pass)?;
        }

        // -> the logit, from the map flat in the order row, column, channel.
        let flat = to_flat(&h, "discriminator/flatten", pass.backend)?;
        self.last.forward(&flat, None, pass)
    }
}
