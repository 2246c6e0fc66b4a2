//! The original's widths: an iteration compared with an independent computation, and the same bytes
//! for any number of threads. These sizes use blocks and packings that the narrow vectors don't
//! reach.

use crate::reference::{Measured, Reference};
use crate::vectors::compare;
use candle_core::{Device, Tensor};
use dcgan::step::{Batch, Phase, Schedule, State, Trace, iteration};
use dcgan::{
    AdamConfig, Arrays, Backend, Config, Discriminator, Generator, Kernels, Precision,
    ZDistribution, latents, one_hot,
};
use dcgan_random::{Purpose, Stream};
use dcgan_testkit::{Instructions, Missing, untested};

const BATCH: usize = 64;
/// Size of the batch on which a whole iteration is compared with float64. Rounding, which depends
/// on the processor, must not move the input of a ReLU across 0, where the slope changes: the
/// gradient would be another one, equally correct. With fewer inputs the nearest one is further
/// from 0.
const FEW: usize = 16;
/// Seed of that batch: among the first thousand, the one whose nearest input is furthest from 0.
const SEED: u64 = 815;
/// Distance of that input from 0, relative to the root mean square of its layer's inputs.
const FROM_KINK: f64 = 8e-6;
/// The same for [`BATCH`] images with the weights of [`cleared`]: about a hundred times the
/// rounding of these inputs, so that no gradient has to be left out.
const FROM_CLEARED_KINK: f64 = 1e-4;
/// Largest difference of Adam's first moment, a sum of gradients, relative to the array's root mean
/// square.
const GRADIENT_TOLERANCE: f64 = 1e-4;
/// Largest difference of a weight after one iteration of three updates, which change it by about
/// 2e-4 each.
const WEIGHT_TOLERANCE: f64 = 5e-7;
/// Adam divides by the gradient's size and so magnifies the rounding of small gradients. A weight
/// is checked only if all its gradients are above this share of the root mean square of its array's
/// first moment.
const FAINT: f64 = 1e-2;
/// Biases in front of a batch norm: their gradient is rounding noise, which Adam amplifies.
const WANDERING_TOLERANCE: f64 = 1.2e-3;
/// These biases, each with the shift (beta) of its batch norm, whose gradient has the same terms,
/// weighted.
const WANDERING: [(&str, &str); 5] = [
    ("generator/g_h0_lin/bias", "generator/g_bn0/beta"),
    ("generator/g_h1_lin/bias", "generator/g_bn1/beta"),
    ("generator/g_h2/biases", "generator/g_bn2/beta"),
    ("discriminator/d_h1_conv/biases", "discriminator/d_bn1/beta"),
    ("discriminator/d_h2_lin/bias", "discriminator/d_bn2/beta"),
];

/// The batch norm's shift after a bias whose gradient is 0 except for rounding.
fn shift_behind(name: &str) -> Option<&'static str> {
    let found = WANDERING.into_iter().find(|(bias, _)| *bias == name);
    found.map(|(_, shift)| shift)
}

fn fresh(backend: Backend, precision: Precision) -> State {
    let config = Config::labelled(28, 28, 1, 10);
    let generator = Generator::init(&config, 1).unwrap();
    let discriminator = Discriminator::init(&config, 1).unwrap();
    state(generator, discriminator, backend, precision)
}

fn state(
    generator: Generator,
    discriminator: Discriminator,
    backend: Backend,
    precision: Precision,
) -> State {
    State::new(
        generator.with_backend(backend).with_precision(precision),
        discriminator
            .with_backend(backend)
            .with_precision(precision),
        [AdamConfig::default(); 2],
    )
    .unwrap()
}

/// Noise pictures are enough to check arithmetic.
fn batch(n: usize, seed: u64) -> Batch {
    let mut stream = Stream::new(seed, Purpose::Synthetic, 0);
    let labels: Vec<u8> = (0..n)
        .map(|_| u8::try_from(stream.below(10)).unwrap())
        .collect();
    let x: Vec<f32> = (0..n * 28 * 28).map(|_| stream.uniform()).collect();
    Batch {
        x: Tensor::from_vec(x, (n, 28, 28, 1), &Device::Cpu).unwrap(),
        y: Some(one_hot(&labels, 10, &Device::Cpu).unwrap()),
        z: latents(&mut stream, n, 100, ZDistribution::Uniform, &Device::Cpu).unwrap(),
    }
}

fn weights(state: &State) -> Arrays {
    let mut weights = state.generator.parameters().arrays().unwrap();
    weights.extend(state.discriminator.parameters().arrays().unwrap());
    weights
}

fn run(precision: Precision, batch: &Batch) -> (Trace, State) {
    run_by(Backend::default(), precision, batch)
}

fn run_by(backend: Backend, precision: Precision, batch: &Batch) -> (Trace, State) {
    let mut state = fresh(backend, precision);
    let trace = iteration(&mut state, batch, &Schedule::new(2, false)).unwrap();
    (trace, state)
}

/// Calls `hold` with the result of `run` for each form of the products: as chosen by the layers'
/// widths, each form for all layers, and plain candle operations.
fn in_each_form(
    run: impl Fn(Backend) -> (Trace, State),
    mut hold: impl FnMut(&str, &Trace, &State),
) {
    for kernels in [Kernels::Auto, Kernels::Direct, Kernels::Gemm] {
        let (trace, state) = run(Backend::Fused(kernels));
        hold(kernels.name(), &trace, &state);
    }
    let (trace, state) = run(Backend::Portable);
    hold("portable", &trace, &state);
}

/// Adam's first moment of every array.
fn moments(state: &State) -> Arrays {
    let mut moments = state.adam_d.moments().unwrap().0;
    moments.extend(state.adam_g.moments().unwrap().0);
    moments
}

fn root_mean_square(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    (values.map(|value| value * value).sum::<f64>() / n).sqrt()
}

fn hold_close(got: f32, expected: f64, tolerance: f64) {
    let apart = (f64::from(got) - expected).abs();
    assert!(
        apart <= tolerance * expected.abs(),
        "got {got}, expected {expected}"
    );
}

/// Losses and norms of gradients, all to 1e-5.
fn hold_figures(trace: &Trace, expected: &Measured) {
    for (got, expected) in [
        (trace.d_loss_real, expected.d_loss_real),
        (trace.d_loss_fake, expected.d_loss_fake),
        (trace.d_grad_norm, expected.d_grad_norm),
    ] {
        hold_close(got, expected, 1e-5);
    }
    for (got, expected) in [
        (&trace.g_losses, &expected.g_losses),
        (&trace.g_grad_norms, &expected.g_grad_norms),
    ] {
        assert_eq!(got.len(), expected.len());
        for (&got, &expected) in got.iter().zip(expected) {
            hold_close(got, expected, 1e-5);
        }
    }
}

#[test]
fn iteration_agrees_with_float64() {
    let batch = batch(FEW, SEED);
    let schedule = Schedule::new(2, false);
    let mut reference = Reference::new(&weights(&fresh(Backend::default(), Precision::F32)));
    let expected = reference.iteration(&batch, &schedule.phases).unwrap();
    let expected_weights = reference.weights();
    let nearest = reference.nearest_kink();
    assert!(
        nearest > FROM_KINK,
        "a gradient hangs on rounding: {nearest}"
    );
    let run = |backend| run_by(backend, Precision::F32, &batch);
    in_each_form(run, |form, trace, state| {
        hold_figures(trace, &expected);
        let (got_weights, got_moments) = (weights(state), moments(state));
        assert_eq!(got_weights.len(), expected_weights.len());
        let mut failures = Vec::new();
        for ((name, (shape, got)), (_, (expected_shape, expected))) in
            got_weights.iter().zip(&expected_weights)
        {
            let mut hold = |what, got: &[f32], expected: &[f32], tolerance| {
                let failure = compare((shape, got), (expected_shape, expected), tolerance);
                failures.extend(failure.map(|failure| format!("{what} of {name}: {failure}")));
            };
            hold("weight", got, expected, WANDERING_TOLERANCE);
            if shift_behind(name).is_some() {
                continue;
            }
            let (moment, faintest) = reference.gradients(name);
            let size = root_mean_square(moment.iter().copied());
            #[expect(clippy::cast_possible_truncation, reason = "rounding is what is meant")]
            let moment: Vec<f32> = moment.iter().map(|&value| value as f32).collect();
            let tolerance = GRADIENT_TOLERANCE * size;
            hold("gradient", &got_moments[name].1, &moment, tolerance);
            let mut n_faint = 0;
            let mut clear = got.clone();
            for ((got, &expected), &least) in clear.iter_mut().zip(expected).zip(faintest) {
                if least < FAINT * size {
                    *got = expected;
                    n_faint += usize::from(least > 0.0);
                }
            }
            hold("clear weight", &clear, expected, WEIGHT_TOLERANCE);
            assert!(20 * n_faint < got.len(), "{name}: {n_faint} are faint");
        }
        assert!(failures.is_empty(), "{form}: {}", failures.join("\n"));
    });
}

/// Weights for which no input of a ReLU is within rounding of 0 on `batch`: fresh weights with
/// shifts chosen by the reference.
fn cleared(batch: &Batch) -> Arrays {
    let state = fresh(Backend::default(), Precision::F32);
    let mut reference = Reference::new(&weights(&state));
    reference.clear_kinks(batch).unwrap();
    let mut arrays = state.generator.arrays().unwrap();
    arrays.extend(state.discriminator.arrays().unwrap());
    arrays.extend(reference.weights());
    arrays
}

/// Differences between the gradients of a first update, which are twice the first moments, and
/// those in float64: the largest of each array, relative to the root mean square.
#[expect(clippy::print_stdout, reason = "how close it is, where somebody asks")]
fn hold_moments(form: &str, state: &State, reference: &Reference, network: &str) {
    let mut failures = Vec::new();
    let mut worst = 0.0_f64;
    for (name, (_, got)) in moments(state) {
        if !name.starts_with(network) {
            assert!(got.iter().all(|&moment| moment == 0.0), "{name} was moved");
            continue;
        }
        let (expected, _) = reference.gradients(&name);
        assert_eq!(got.len(), expected.len(), "{name}");
        // A gradient that is 0 except for rounding is compared with the size of its terms.
        let (scale, _) = reference.gradients(shift_behind(&name).unwrap_or(&name));
        let scale = root_mean_square(scale.iter().copied());
        let apart = got.iter().zip(expected);
        let apart = apart.map(|(&got, expected)| (f64::from(got) - expected).abs() / scale);
        let furthest = apart.fold(0.0, |a, b| if a < b || b.is_nan() { b } else { a });
        worst = worst.max(furthest);
        if furthest.is_nan() || furthest > GRADIENT_TOLERANCE {
            failures.push(format!("{name}: {furthest:e}"));
        }
    }
    println!("{form}, gradients of {network}: within {worst:e} of their size");
    assert!(failures.is_empty(), "{form}: {}", failures.join("\n"));
}

/// Checks every gradient of each update on a batch of the original's size. With fresh weights a few
/// of the millions of ReLU inputs would be so near 0 that rounding decides their slope; the shifts
/// are chosen so that none is.
#[test]
fn a_whole_batch_agrees_with_float64() {
    let batch = batch(BATCH, 1);
    let start = cleared(&batch);
    let config = Config::labelled(28, 28, 1, 10);
    for (phase, network) in [
        (Phase::Discriminator, "discriminator"),
        (Phase::Generator, "generator"),
    ] {
        let mut trained = start.clone();
        trained.retain(|name, _| !name.contains("moving"));
        let mut reference = Reference::new(&trained);
        let expected = reference.iteration(&batch, &[phase]).unwrap();
        let nearest = reference.nearest_kink();
        println!("{network}: the nearest input of a rectifier is {nearest:e} from its kink");
        assert!(nearest > FROM_CLEARED_KINK, "{nearest}");
        let schedule = Schedule {
            phases: vec![phase],
            ..Schedule::new(0, false)
        };
        let run = |backend| {
            let generator = Generator::from_arrays(&config, &start).unwrap();
            let discriminator = Discriminator::from_arrays(&config, &start).unwrap();
            let mut state = state(generator, discriminator, backend, Precision::F32);
            let trace = iteration(&mut state, &batch, &schedule).unwrap();
            (trace, state)
        };
        in_each_form(run, |form, trace, state| {
            hold_figures(trace, &expected);
            hold_moments(form, state, &reference, network);
        });
    }
}

/// SHA-256 of all weights and averages after an iteration, and its measurements.
fn hash(precision: Precision, kernels: Kernels, threads: usize) -> (String, String) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let (trace, state) =
        pool.install(|| run_by(Backend::Fused(kernels), precision, &batch(BATCH, 1)));
    let mut arrays = state.generator.arrays().unwrap();
    arrays.extend(state.discriminator.arrays().unwrap());
    let bytes: Vec<u8> = arrays
        .values()
        .flat_map(|(_, values)| values)
        .flat_map(|v| v.to_le_bytes())
        .collect();
    (dcgan_artifacts::sha256_bytes(&bytes), format!("{trace:?}"))
}

#[test]
fn bfloat16_gives_the_same_bytes_for_any_number_of_threads() {
    if Precision::Bf16.missing(Kernels::Auto).is_some() {
        untested(
            "an iteration of full width in bfloat16",
            Missing::Instructions("AVX512_BF16"),
        );
        return;
    }
    let one = hash(Precision::Bf16, Kernels::Winograd, 1);
    for threads in [2, 3] {
        assert_eq!(
            hash(Precision::Bf16, Kernels::Winograd, threads),
            one,
            "{threads} threads"
        );
    }
    // Rounding to eight bits has a relative error of up to 2^-9: less for losses, which are means
    // over many values, and that much per layer for a gradient, four of D and four of G.
    let batch = batch(BATCH, 1);
    let [bf16, f32] = [Precision::Bf16, Precision::F32].map(|precision| run(precision, &batch).0);
    for (got, expected, layers) in [
        (bf16.d_loss_real, f32.d_loss_real, 1.0),
        (bf16.d_loss_fake, f32.d_loss_fake, 1.0),
        (bf16.g_losses[0], f32.g_losses[0], 1.0),
        (bf16.g_losses[1], f32.g_losses[1], 1.0),
        (bf16.d_grad_norm, f32.d_grad_norm, 4.0),
        (bf16.g_grad_norms[0], f32.g_grad_norms[0], 8.0),
        (bf16.g_grad_norms[1], f32.g_grad_norms[1], 8.0),
    ] {
        let apart = (got - expected).abs();
        assert!(
            apart > 0.0 && apart <= expected * layers / 512.0,
            "{bf16:?}, {f32:?}"
        );
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    Instructions::Avx512.or_untested("products on vectors with any number of threads");
    let hash = |kernels, threads| hash(Precision::F32, kernels, threads);
    let [_, gemm, direct, winograd, baseline] = Kernels::ALL.map(|kernels| {
        let one = hash(kernels, 1);
        for threads in [2, 3] {
            assert_eq!(
                hash(kernels, threads),
                one,
                "{kernels:?}, {threads} threads"
            );
        }
        one
    });
    assert_ne!(direct.0, winograd.0, "the kernels are not those asked for");
    assert_ne!(gemm.0, winograd.0, "the kernels are not those asked for");
    assert_ne!(gemm.0, baseline.0, "the kernels are not those asked for");
}
