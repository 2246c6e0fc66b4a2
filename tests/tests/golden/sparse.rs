//! The unlabelled network with channels that are active in few places or in none, as rectifiers
//! make them, and maps that some taps never meet: a weight whose every gradient was zero stays
//! where it is, in every form.

use crate::network::{in_every_form, networks};
use candle_core::{Device, Tensor};
use dcgan::step::{Batch, Schedule, State, iteration};
use dcgan::{
    AdamConfig, Arrays, Backend, Config, Discriminator, Generator, Kernels, ZDistribution, latents,
};
use dcgan_random::{Purpose, Stream};

const BATCH: usize = 24;
/// Wide enough for minimal filtering, small enough for a test.
const WIDTH: usize = 32;
/// Largest difference of Adam's first moment, as a share of the array's largest: rounding puts some
/// input of a rectifier on the other side of 0, which changes single moments.
const MOMENT_TOLERANCE: f64 = 5e-2;
/// Largest difference of all first moments of an array, as a share of their norm. Few inputs are so
/// near 0: it is 2.7e-3 at most, and 1e-2 where all are 1 % too large.
const ARRAY_TOLERANCE: f64 = 5e-3;
/// Minimal filtering with `gemm`'s products rounds otherwise again, and puts more inputs on the other
/// side: of its moments only the zeros are compared here.
const ZEROS_ONLY: Backend = Backend::Fused(Kernels::Baseline);

/// Maps of `side / 2`, `side / 4` and so on.
fn config(side: usize) -> Config {
    Config {
        gf_dim: WIDTH,
        df_dim: WIDTH,
        z_dim: 20,
        ..Config::unlabelled(side, side, 3)
    }
}

/// Fresh weights, but of each eight channels behind a rectifier one is dead and one active at few
/// positions.
fn weights(config: &Config) -> Arrays {
    let mut arrays = Generator::init(config, 1).unwrap().arrays().unwrap();
    for (name, (_, values)) in &mut arrays {
        if name.ends_with("/beta") {
            for eight in values.chunks_mut(8) {
                (eight[0], eight[1]) = (-20.0, -2.5);
            }
        }
    }
    arrays.extend(Discriminator::init(config, 1).unwrap().arrays().unwrap());
    arrays
}

fn batch(config: &Config) -> Batch {
    let mut stream = Stream::new(1, Purpose::Synthetic, 0);
    let n = BATCH * config.height * config.width * config.channels;
    let x: Vec<f32> = (0..n).map(|_| 2.0 * stream.uniform() - 1.0).collect();
    let shape = (BATCH, config.height, config.width, config.channels);
    Batch {
        x: Tensor::from_vec(x, shape, &Device::Cpu).unwrap(),
        y: None,
        z: latents(
            &mut stream,
            BATCH,
            config.z_dim,
            ZDistribution::Uniform,
            &Device::Cpu,
        )
        .unwrap(),
    }
}

/// Weights and Adam's first moments after an iteration.
fn trained(config: &Config, backend: Backend) -> (Arrays, Arrays) {
    let (generator, discriminator) = networks(config, &weights(config), backend);
    let mut state = State::new(generator, discriminator, [AdamConfig::default(); 2]).unwrap();
    iteration(&mut state, &batch(config), &Schedule::new(2, false)).unwrap();
    let mut weights = state.generator.parameters().arrays().unwrap();
    weights.extend(state.discriminator.parameters().arrays().unwrap());
    let mut moments = state.adam_g.moments().unwrap().0;
    moments.extend(state.adam_d.moments().unwrap().0);
    (weights, moments)
}

/// A bias in front of a batch norm over the same axis (that of `g_h0_lin` where its maps have one
/// pixel): its gradient is rounding noise in every form.
fn wanders(name: &str) -> bool {
    let others = [
        "generator/g_h4/biases",
        "discriminator/d_h0_conv/biases",
        "discriminator/d_h4_lin/bias",
    ];
    name.contains("/bias") && !others.contains(&name)
}

/// The norm of a difference, as a share of that of `expected`.
fn distance(got: &[f32], expected: &[f32]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let pairs = got.iter().zip(expected);
    let difference = norm(&mut pairs.map(|(&got, &e)| f64::from(got) - f64::from(e)));
    difference / norm(&mut expected.iter().map(|&e| f64::from(e)))
}

#[test]
fn weights_without_a_gradient_stay_where_they_are() {
    for side in [16, 32] {
        let config = config(side);
        let initial = weights(&config);
        let (_, expected_moments) = trained(&config, Backend::Fused(Kernels::Direct));
        let mut n_still = 0;
        in_every_form(|backend| {
            let (got, moments) = trained(&config, backend);
            for (name, (_, values)) in &got {
                if wanders(name) {
                    continue;
                }
                let (moment, expected_moment) = (&moments[name].1, &expected_moments[name].1);
                let size = expected_moment
                    .iter()
                    .fold(0.0_f32, |size, m| size.max(m.abs()));
                let size = f64::from(size);
                let apart = distance(moment, expected_moment);
                assert!(
                    backend == ZEROS_ONLY || apart <= ARRAY_TOLERANCE,
                    "{side}: {name}, {backend:?}: moments are {apart:e} of their norm apart"
                );
                for (i, &value) in values.iter().enumerate() {
                    let at = format!("{side}: {name} at {i}, {backend:?}");
                    let (m, expected_m) = (f64::from(moment[i]), f64::from(expected_moment[i]));
                    assert!(
                        backend == ZEROS_ONLY || (m - expected_m).abs() <= MOMENT_TOLERANCE * size,
                        "{at}: {m:e}, {expected_m:e}"
                    );
                    if expected_m == 0.0 {
                        assert!(m.abs() <= 0.0, "{at}: a moment of {m:e}");
                        assert_eq!(
                            value.to_bits(),
                            initial[name].1[i].to_bits(),
                            "{at}: it has moved"
                        );
                    }
                }
            }
        });
        for (_, values) in expected_moments.values() {
            n_still += values.iter().filter(|&&m| m == 0.0).count();
        }
        assert!(
            n_still > 10_000,
            "{side}: {n_still} weights have no gradient"
        );
    }
}
