//! Parameter counts at the original's widths, and images of any size.

use crate::fixtures::{batch, networks, unlabelled};
use dcgan::{
    Adam, AdamConfig, Backend, Config, Discriminator, Generator, Weights, discriminator_loss,
    generator_loss, gradients,
};
use proptest::prelude::*;

/// Trained values per layer, written out from the shapes of the original's weights.
#[test]
fn labelled_network_has_the_original_size() {
    let config = Config::labelled(28, 28, 1, 10);
    let (g, d) = networks(&config);
    let expected = (110 * 1024 + 1024 + 2 * 1024)
        + (1034 * 6272 + 6272 + 2 * 6272)
        + (25 * 128 * 138 + 128 + 2 * 128)
        + (25 * 138 + 1);
    assert_eq!((g.parameter_count(), expected), (7_065_211, 7_065_211));
    let expected = (25 * 11 * 11 + 11)
        + (25 * 21 * 74 + 74 + 2 * 74)
        + (3636 * 1024 + 1024 + 2 * 1024)
        + (1034 + 1);
    assert_eq!((d.parameter_count(), expected), (3_769_479, 3_769_479));
}

#[test]
fn unlabelled_network_has_the_original_size() {
    let config = Config::unlabelled(64, 64, 3);
    let (g, d) = networks(&config);
    let expected = (100 * 8192 + 8192 + 2 * 512)
        + (25 * 256 * 512 + 256 + 2 * 256)
        + (25 * 128 * 256 + 128 + 2 * 128)
        + (25 * 64 * 128 + 64 + 2 * 64)
        + (25 * 3 * 64 + 3);
    assert_eq!((g.parameter_count(), expected), (5_135_363, 5_135_363));
    let expected = (25 * 3 * 64 + 64)
        + (25 * 64 * 128 + 128 + 2 * 128)
        + (25 * 128 * 256 + 256 + 2 * 256)
        + (25 * 256 * 512 + 512 + 2 * 512)
        + (4 * 4 * 512 + 1);
    assert_eq!((d.parameter_count(), expected), (4_316_545, 4_316_545));
}

/// One update of each network, on the smallest batch that every batch norm can work with.
fn train_once(config: &Config, g: &Generator, d: &Discriminator) {
    let batch = batch(config, 2);
    let y = batch.y.as_ref();
    let generated = g.forward(&batch.z, y, Weights::Tracked).unwrap().output;
    assert_eq!(generated.dims(), batch.x.dims());

    let real = d.forward(&batch.x, y, Weights::Tracked).unwrap().output;
    let image = generated.detach();
    let fake = d.forward(&image, y, Weights::Tracked).unwrap().output;
    assert_eq!(real.dims(), [2, 1]);
    let gradient = gradients(
        &discriminator_loss(&real, &fake, Backend::default())
            .unwrap()
            .total,
    )
    .unwrap();
    let mut adam = Adam::of(d.parameters(), AdamConfig::default()).unwrap();
    assert!(adam.update(&gradient).unwrap() > 0.0);

    let judged = d.forward(&generated, y, Weights::Frozen).unwrap().output;
    let gradient = gradients(&generator_loss(&judged, Backend::default()).unwrap()).unwrap();
    let mut adam = Adam::of(g.parameters(), AdamConfig::default()).unwrap();
    assert!(adam.update(&gradient).unwrap() > 0.0);

    assert_eq!(d.parameters().first_non_finite().unwrap(), None);
    assert_eq!(g.parameters().first_non_finite().unwrap(), None);
    let images = g.infer(&batch.z, y).unwrap();
    let values = dcgan::values(&images).unwrap();
    assert!(values.iter().all(|value| value.abs() <= 1.0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    /// Sides that halve evenly, or oddly at any level, and need not be equal.
    #[test]
    fn unlabelled_network_takes_any_size(
        height in 16_usize..=130,
        width in 16_usize..=130,
        colour in any::<bool>(),
    ) {
        let config = unlabelled(height, width, if colour { 3 } else { 1 });
        let (g, d) = networks(&config);
        let flat = height.div_ceil(16) * width.div_ceil(16) * 16;
        let shape = |name: &str| d.parameters().get(name).unwrap().var.dims().to_vec();
        prop_assert_eq!(shape("discriminator/d_h4_lin/Matrix"), vec![flat, 1]);
        train_once(&config, &g, &d);
    }
}

#[test]
fn smallest_size_of_each_depth_trains() {
    for depth in 1..=8 {
        let side = 1 << depth;
        let config = Config {
            depth,
            ..unlabelled(side, side, 3)
        };
        let (g, d) = networks(&config);
        train_once(&config, &g, &d);
    }
}

/// Sides that double come down to the same smallest map, which keeps the original's channels.
#[test]
fn deeper_networks_have_no_larger_smallest_map() {
    for (height, width, depth, map) in [
        (16, 16, 4, [1, 1]),
        (64, 64, 4, [4, 4]),
        (127, 127, 4, [8, 8]),
        (128, 128, 5, [4, 4]),
        (256, 130, 5, [8, 5]),
        (256, 256, 6, [4, 4]),
    ] {
        assert_eq!(Config::depth_for(height, width), depth);
        let config = Config {
            depth,
            ..unlabelled(height, width, 1)
        };
        let (g, d) = networks(&config);
        let shape = |name: &str| d.parameters().get(name).unwrap().var.dims().to_vec();
        let flat = map[0] * map[1] * 8 * config.df_dim;
        assert_eq!(
            shape(&format!("discriminator/d_h{depth}_lin/Matrix")),
            [flat, 1]
        );
        let channels = (8 * config.df_dim).min(config.df_dim << (depth - 1));
        let last = depth - 1;
        assert_eq!(
            shape(&format!("discriminator/d_bn{last}/gamma")),
            [channels]
        );
        let of_g = |name: &str| g.parameters().get(name).unwrap().var.dims().to_vec();
        assert_eq!(of_g("generator/g_bn0/gamma"), [8 * config.gf_dim]);
        assert_eq!(
            of_g(&format!("generator/g_h{depth}/w")),
            [5, 5, 1, config.gf_dim]
        );
    }
}

#[test]
fn deeper_network_trains_on_128() {
    let config = Config {
        depth: 5,
        ..unlabelled(128, 131, 3)
    };
    let (g, d) = networks(&config);
    train_once(&config, &g, &d);
}
