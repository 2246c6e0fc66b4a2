//! The labelled (conditional) network: the class joins the input of every layer.
//!
//! Source: `generator`, `discriminator` with `y_dim`, model.py. h4 and w4 are a quarter of the
//! image's height and width (7 for MNIST), gf2 = 2·gf.

use crate::block::{Block, LEAKY_RELU};
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
    Ok(vec![
        // -> [B,gfc]
        Block::linear("g_h0_lin", z_dim + classes, gfc_dim, vb)?
            .norm("g_bn0", gfc_dim, vb)?
            .then(Relu),
        // -> [B,h4·w4·gf2]; each of these features has batch norm of its own, then a map.
        Block::linear("g_h1_lin", gfc_dim + classes, flat, vb)?
            .norm("g_bn1", flat, vb)?
            .then(Relu)
            .then_map(map),
        // -> [B,2·h4,2·w4,gf2]
        Block::conv2d_transpose("g_h2", gf2 + classes, gf2, sizes[1], vb)?
            .norm("g_bn2", gf2, vb)?
            .then(Relu),
        // -> [B,H,W,C]
        Block::conv2d_transpose("g_h3", gf2 + classes, channels, sizes[0], vb)?.then(Sigmoid),
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
    Ok(vec![
        // -> [B,2·h4,2·w4,C+Y], no batch norm on the layer that sees the image.
        Block::conv2d("d_h0_conv", channels + classes, first, sizes[0], vb)?.then(LEAKY_RELU),
        // -> [B,h4,w4,df+Y], flat in the order row, column, channel.
        Block::conv2d("d_h1_conv", first + classes, second, sizes[1], vb)?
            .norm("d_bn1", second, vb)?
            .then(LEAKY_RELU)
            .then_flat(),
        // -> [B,dfc]
        Block::linear("d_h2_lin", flat + classes, dfc_dim, vb)?
            .norm("d_bn2", dfc_dim, vb)?
            .then(LEAKY_RELU),
        // -> the logit; the losses take it without a sigmoid.
        Block::linear("d_h3_lin", dfc_dim + classes, 1, vb)?,
    ])
}
