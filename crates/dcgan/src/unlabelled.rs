//! The network without labels, for images of any size.
//!
//! Source: `generator`, `discriminator` without `y_dim`, model.py; Radford et al. 2016, figure 1.
//! The maps halve level by level, rounded up: h, h2 = ceil(h/2), h4 = ceil(h2/2), h8, h16. From the
//! image inwards they have gf, 2·gf, 4·gf, 8·gf channels. The original has these four levels; deeper
//! ones keep 8·gf, for a map that goes on doubling its channels while it halves would put nearly all
//! weights where the least is to be seen (Karras et al. 2018, table 2, keep 512 likewise).

use crate::block::{Block, LEAKY_RELU};
use crate::{Config, Result};
use candle_nn::VarBuilder;
use dcgan_kernels::Activation::{Relu, Tanh};

/// How often the channels double from the image inwards.
const DOUBLINGS: usize = 3;

/// z `[B,Z]` to images `[B,H,W,C]` in (-1, 1).
pub(crate) fn generator(config: &Config, vb: &VarBuilder<'_>) -> Result<Vec<Block>> {
    let Config {
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

    // -> [B,h16,w16,8·gf]; here batch norm spans the positions of the map.
    let first = Block::linear("g_h0_lin", z_dim, map.iter().product(), vb)?
        .mapped(map)
        .norm("g_bn0", filters(0), vb)?
        .then(Relu);
    let mut blocks = vec![first];
    // -> [B,h8,w8,4·gf] -> [B,h4,w4,2·gf] -> [B,h2,w2,gf]
    for level in 1..depth {
        let (name, size) = (format!("g_h{level}"), sizes[depth - level]);
        let (inputs, outputs) = (filters(level - 1), filters(level));
        let block = Block::conv2d_transpose(&name, inputs, outputs, size, vb)?
            .norm(&format!("g_bn{level}"), outputs, vb)?
            .then(Relu);
        blocks.push(block);
    }
    // -> [B,H,W,C]
    let (name, inputs) = (format!("g_h{depth}"), filters(depth - 1));
    let last = Block::conv2d_transpose(&name, inputs, channels, sizes[0], vb)?;
    blocks.push(last.then(Tanh));
    Ok(blocks)
}

/// x `[B,H,W,C]` to logits `[B,1]`.
pub(crate) fn discriminator(config: &Config, vb: &VarBuilder<'_>) -> Result<Vec<Block>> {
    let Config {
        channels, df_dim, ..
    } = *config;
    let sizes = config.sizes();
    let depth = sizes.len() - 1;
    // Channels of the map behind h{level}: df, 2·df, 4·df, 8·df.
    let filters = |level: usize| df_dim << level.min(DOUBLINGS);

    // -> [B,h2,w2,df], no batch norm on the layer that sees the image.
    let first = Block::conv2d("d_h0_conv", channels, filters(0), sizes[0], vb)?;
    let mut blocks = vec![first.then(LEAKY_RELU)];
    // -> [B,h4,w4,2·df] -> [B,h8,w8,4·df] -> [B,h16,w16,8·df]
    for (level, &size) in sizes.iter().enumerate().take(depth).skip(1) {
        let (inputs, outputs) = (filters(level - 1), filters(level));
        let block = Block::conv2d(&format!("d_h{level}_conv"), inputs, outputs, size, vb)?
            .norm(&format!("d_bn{level}"), outputs, vb)?
            .then(LEAKY_RELU);
        blocks.push(block);
    }
    // -> the logit, from the map flat in the order row, column, channel.
    if let Some(last_map) = blocks.pop() {
        blocks.push(last_map.then_flat());
    }
    let flat = sizes[depth][0] * sizes[depth][1] * filters(depth - 1);
    blocks.push(Block::linear(&format!("d_h{depth}_lin"), flat, 1, vb)?);
    Ok(blocks)
}
