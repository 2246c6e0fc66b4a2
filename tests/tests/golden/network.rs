//! The networks described by a golden file.

use crate::vectors::Vectors;
use dcgan::step::State;
use dcgan::{Arrays, Backend, Config, Discriminator, Generator, Kernels, Kind};
use dcgan_testkit::Instructions;

/// The network of the file's `config`.
pub(crate) fn config(vectors: &Vectors) -> Config {
    let config = &vectors.info["config"];
    let number = |key: &str| usize::try_from(config[key].as_u64().unwrap()).unwrap();
    let labelled = !config["y_dim"].is_null();
    Config {
        kind: if labelled {
            Kind::Labelled
        } else {
            Kind::Unlabelled
        },
        height: number("h"),
        width: number("w"),
        channels: number("c"),
        classes: if labelled { number("y_dim") } else { 0 },
        z_dim: number("z"),
        gf_dim: number("gf"),
        df_dim: number("df"),
        gfc_dim: number("gfc"),
        dfc_dim: number("dfc"),
        depth: if labelled { 2 } else { 4 },
    }
}

/// Both networks from one map of weights and moving averages, of which they use every array.
pub(crate) fn networks(
    config: &Config,
    arrays: &Arrays,
    backend: Backend,
) -> (Generator, Discriminator) {
    let generator = Generator::from_arrays(config, arrays)
        .unwrap()
        .with_backend(backend);
    let discriminator = Discriminator::from_arrays(config, arrays)
        .unwrap()
        .with_backend(backend);
    let mut owned = generator.arrays().unwrap();
    owned.extend(discriminator.arrays().unwrap());
    assert!(
        &owned == arrays,
        "the networks do not give back the arrays that they were given"
    );
    (generator, discriminator)
}

/// Only the moving averages, by full name.
pub(crate) fn averages(state: &State) -> Arrays {
    let mut arrays = state.generator.arrays().unwrap();
    arrays.extend(state.discriminator.arrays().unwrap());
    arrays.retain(|name, _| name.contains("/moving_"));
    arrays
}

/// Runs a test with each choice of kernels and with plain candle operations.
#[track_caller]
pub(crate) fn in_every_form(test: impl Fn(Backend)) {
    Instructions::Avx512.or_untested("golden vectors by products on vectors");
    for kernels in Kernels::ALL {
        test(Backend::Fused(kernels));
    }
    test(Backend::Portable);
}
