//! The network without labels, for images of any size.
//!
//! Source: `generator`, `discriminator` without `y_dim`, model.py; Radford et al. 2016, figure 1.
//! The maps halve level by level, rounded up: h, h2 = ceil(h/2), h4 = ceil(h2/2), h8, h16. From the
//! image inwards they have gf, 2·gf, 4·gf, 8·gf channels. The original has these four levels;
//! deeper ones keep 8·gf: channels that doubled at every level would put nearly all weights into
//! the smallest maps (Karras et al. 2018, table 2, keep 512 likewise).

use crate::block::{Block, LEAKY_RELU};
use crate::layers::{BatchNorm, Conv2d, Linear};
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
    // Channels of the map after h{level}: 8·gf, 4·gf, 2·gf, gf.
    let filters = |level: usize| gf_dim << (depth - 1 - level).min(DOUBLINGS);
    let map = [sizes[depth][0], sizes[depth][1], filters(0)];

    // -> [B,h16,w16,8·gf]; here batch norm spans the positions of the map.
    let first = Linear::new(z_dim, map.iter().product(), &vb.pp("g_h0_lin"))?;
    let norm = BatchNorm::new(filters(0), &vb.pp("g_bn0"))?;
    let mut blocks = vec![Block::new(first).mapped(map).norm(norm).then(Relu)];
    // -> [B,h8,w8,4·gf] -> [B,h4,w4,2·gf] -> [B,h2,w2,gf]
    for level in 1..depth {
        let (inputs, outputs, size) = (filters(level - 1), filters(level), sizes[depth - level]);
        let layer = Conv2d::transposed(inputs, outputs, size, &vb.pp(format!("g_h{level}")))?;
        let norm = BatchNorm::new(outputs, &vb.pp(format!("g_bn{level}")))?;
        blocks.push(Block::new(layer).norm(norm).then(Relu));
    }
    // -> [B,H,W,C]
    let (inputs, at) = (filters(depth - 1), vb.pp(format!("g_h{depth}")));
    let last = Conv2d::transposed(inputs, channels, sizes[0], &at)?;
    blocks.push(Block::new(last).then(Tanh));
    Ok(blocks)
}

/// x `[B,H,W,C]` to logits `[B,1]`.
pub(crate) fn discriminator(config: &Config, vb: &VarBuilder<'_>) -> Result<Vec<Block>> {
    let Config {
        channels, df_dim, ..
    } = *config;
    let sizes = config.sizes();
    let depth = sizes.len() - 1;
    // Channels of the map after h{level}: df, 2·df, 4·df, 8·df.
    let filters = |level: usize| df_dim << level.min(DOUBLINGS);

    // -> [B,h2,w2,df], no batch norm on the layer that sees the image.
    let first = Conv2d::new(channels, filters(0), sizes[0], &vb.pp("d_h0_conv"))?;
    let mut blocks = vec![Block::new(first).then(LEAKY_RELU)];
    // -> [B,h4,w4,2·df] -> [B,h8,w8,4·df] -> [B,h16,w16,8·df]
    for (level, &size) in sizes.iter().enumerate().take(depth).skip(1) {
        let (inputs, outputs) = (filters(level - 1), filters(level));
        let layer = Conv2d::new(inputs, outputs, size, &vb.pp(format!("d_h{level}_conv")))?;
        let norm = BatchNorm::new(outputs, &vb.pp(format!("d_bn{level}")))?;
        blocks.push(Block::new(layer).norm(norm).then(LEAKY_RELU));
    }
    // -> the logit, from the map flat in the order row, column, channel.
    if let Some(last_map) = blocks.pop() {
        blocks.push(last_map.then_flat());
    }
    let flat = sizes[depth][0] * sizes[depth][1] * filters(depth - 1);
    let last = Linear::new(flat, 1, &vb.pp(format!("d_h{depth}_lin")))?;
    blocks.push(Block::new(last));
    Ok(blocks)
}
