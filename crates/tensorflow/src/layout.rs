//! The variables of both networks: names as in the original since 2016-12-21, and shapes.
//!
//! Source: `generator`, `discriminator`, model.py, and ops.py.

use dcgan::{Config, Kind};

/// Names with shapes, in the order of the layers.
pub(crate) type Layout = Vec<(String, Vec<usize>)>;

/// How often the image is halved on the way to the smallest map, as a factor of its sides.
pub(crate) fn reduction(kind: Kind) -> usize {
    1 << Config::usual_depth(kind)
}

/// The number of positions of the smallest map, whose sides are rounded up.
pub(crate) fn positions(kind: Kind, [height, width]: [usize; 2]) -> usize {
    let reduction = reduction(kind);
    height.div_ceil(reduction) * width.div_ceil(reduction)
}

/// All variables of the networks of a valid configuration.
pub(crate) fn layout(config: &Config) -> Layout {
    let positions = positions(config.kind, [config.height, config.width]);
    let mut layers = Layers(Layout::new());
    match config.kind {
        Kind::Labelled => layers.labelled(config, positions),
        Kind::Unlabelled => layers.unlabelled(config, positions),
    }
    layers.0
}

struct Layers(Layout);

impl Layers {
    fn labelled(&mut self, config: &Config, positions: usize) {
        let (y, gfc, dfc) = (config.classes, config.gfc_dim, config.dfc_dim);
        let gf2 = 2 * config.gf_dim;
        let (first, second) = (config.channels + y, config.df_dim + y);
        self.linear("generator/g_h0_lin", config.z_dim + y, gfc);
        self.norm("generator/g_bn0", gfc);
        self.linear("generator/g_h1_lin", gfc + y, positions * gf2);
        self.norm("generator/g_bn1", positions * gf2);
        self.transposed("generator/g_h2", gf2 + y, gf2);
        self.norm("generator/g_bn2", gf2);
        self.transposed("generator/g_h3", gf2 + y, config.channels);
        self.convolution("discriminator/d_h0_conv", first, first);
        self.convolution("discriminator/d_h1_conv", first + y, second);
        self.norm("discriminator/d_bn1", second);
        self.linear("discriminator/d_h2_lin", positions * second + y, dfc);
        self.norm("discriminator/d_bn2", dfc);
        self.linear("discriminator/d_h3_lin", dfc + y, 1);
    }

    fn unlabelled(&mut self, config: &Config, positions: usize) {
        let (g, d) = (config.gf_dim, config.df_dim);
        self.linear("generator/g_h0_lin", config.z_dim, positions * 8 * g);
        self.norm("generator/g_bn0", 8 * g);
        for (level, outputs) in [(1, 4 * g), (2, 2 * g), (3, g)] {
            self.transposed(&format!("generator/g_h{level}"), 2 * outputs, outputs);
            self.norm(&format!("generator/g_bn{level}"), outputs);
        }
        self.transposed("generator/g_h4", g, config.channels);
        self.convolution("discriminator/d_h0_conv", config.channels, d);
        for (level, inputs) in [(1, d), (2, 2 * d), (3, 4 * d)] {
            self.convolution(
                &format!("discriminator/d_h{level}_conv"),
                inputs,
                2 * inputs,
            );
            self.norm(&format!("discriminator/d_bn{level}"), 2 * inputs);
        }
        self.linear("discriminator/d_h4_lin", positions * 8 * d, 1);
    }

    fn linear(&mut self, name: &str, inputs: usize, outputs: usize) {
        self.add(name, "Matrix", &[inputs, outputs]);
        self.add(name, "bias", &[outputs]);
    }

    fn convolution(&mut self, name: &str, inputs: usize, outputs: usize) {
        self.add(name, "w", &[5, 5, inputs, outputs]);
        self.add(name, "biases", &[outputs]);
    }

    fn transposed(&mut self, name: &str, inputs: usize, outputs: usize) {
        self.add(name, "w", &[5, 5, outputs, inputs]);
        self.add(name, "biases", &[outputs]);
    }

    fn norm(&mut self, name: &str, size: usize) {
        for of in ["beta", "gamma", "moving_mean", "moving_variance"] {
            self.add(name, of, &[size]);
        }
    }

    fn add(&mut self, layer: &str, of: &str, shape: &[usize]) {
        self.0.push((format!("{layer}/{of}"), shape.to_vec()));
    }
}
