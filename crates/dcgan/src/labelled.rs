//! The labelled (conditional) network: the class joins the input of every layer.
//!
//! Source: `generator`, `discriminator` with `y_dim`, model.py. h4 and w4 are a quarter of the
//! image's height and width (7 for MNIST), gf2 = 2·gf.

use crate::block::{Block, LEAKY_RELU};
use crate::layers::{BatchNorm, Conv2d, Linear};
use crate::{Config, Result};
use candle_nn::VarBuilder;
use dcgan_kernels::Activation::{Relu, Sigmoid};

/// z|y `[B,Z+Y]` to images `[B,H,W,C]` in (0, 1).
pub(crate) fn generator(config: &Config, vb: &VarBuilder<'_>) -> Result<Vec<Block>> {
    let Config {
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
    // -> [B,gfc]
    let h0 = Linear::new(z_dim + classes, gfc_dim, &vb.pp("g_h0_lin"))?;
    let bn0 = BatchNorm::new(gfc_dim, &vb.pp("g_bn0"))?;
    // -> [B,h4·w4·gf2]; each of these features has batch norm of its own, then a map.
    let h1 = Linear::new(gfc_dim + classes, flat, &vb.pp("g_h1_lin"))?;
    let bn1 = BatchNorm::new(flat, &vb.pp("g_bn1"))?;
    // -> [B,2·h4,2·w4,gf2]
    let h2 = Conv2d::transposed(gf2 + classes, gf2, sizes[1], &vb.pp("g_h2"))?;
    let bn2 = BatchNorm::new(gf2, &vb.pp("g_bn2"))?;
    // -> [B,H,W,C]
    let h3 = Conv2d::transposed(gf2 + classes, channels, sizes[0], &vb.pp("g_h3"))?;
    Ok(vec![
        Block::new(h0).norm(bn0).then(Relu),
        Block::new(h1).norm(bn1).then(Relu).then_map(map),
        Block::new(h2).norm(bn2).then(Relu),
        Block::new(h3).then(Sigmoid),
    ])
}

/// x|y `[B,H,W,C+Y]` to logits `[B,1]`.
pub(crate) fn discriminator(config: &Config, vb: &VarBuilder<'_>) -> Result<Vec<Block>> {
    let Config {
        channels,
        classes,
        df_dim,
        dfc_dim,
        ..
    } = *config;
    let sizes = config.sizes();
    let (first, second) = (channels + classes, df_dim + classes);
    let flat = sizes[2][0] * sizes[2][1] * second;
    // -> [B,2·h4,2·w4,C+Y], no batch norm on the layer that sees the image.
    let h0 = Conv2d::new(channels + classes, first, sizes[0], &vb.pp("d_h0_conv"))?;
    // -> [B,h4,w4,df+Y], flat in the order row, column, channel.
    let h1 = Conv2d::new(first + classes, second, sizes[1], &vb.pp("d_h1_conv"))?;
    let bn1 = BatchNorm::new(second, &vb.pp("d_bn1"))?;
    // -> [B,dfc]
    let h2 = Linear::new(flat + classes, dfc_dim, &vb.pp("d_h2_lin"))?;
    let bn2 = BatchNorm::new(dfc_dim, &vb.pp("d_bn2"))?;
    // -> the logit; the losses take it without a sigmoid.
    let h3 = Linear::new(dfc_dim + classes, 1, &vb.pp("d_h3_lin"))?;
    Ok(vec![
        Block::new(h0).then(LEAKY_RELU),
        Block::new(h1).norm(bn1).then(LEAKY_RELU).then_flat(),
        Block::new(h2).norm(bn2).then(LEAKY_RELU),
        Block::new(h3),
    ])
}
