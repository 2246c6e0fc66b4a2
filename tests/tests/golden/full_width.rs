//! The original's widths: an iteration against an independent computation, and the same bytes for
//! any number of threads. The narrow vectors never reach blocks and packings that these sizes do.

use crate::reference::{Measured, Reference};
use crate::vectors::compare;
use candle_core::{Device, Tensor};
use dcgan::step::{Batch, Phase, Schedule, State, Trace, iteration};
use dcgan::{
    AdamConfig, Arrays, Backend, Config, Discriminator, Generator, Precision, ZDistribution,
    latents, one_hot,
};
use dcgan_kernels::{Form, use_baseline};
use dcgan_random::{Purpose, Stream};
use dcgan_testkit::{Instructions, Missing, untested};

const BATCH: usize = 64;
/// Size of the batch on which a whole iteration is compared with float64. Rounding, which depends on
/// the processor, must not decide on which side of its kink, 0, the input of a rectifier is: that
/// gives another gradient, and as right a one. The fewer inputs, the further from 0 is the nearest.
const FEW: usize = 16;
/// Of that batch: of the first thousand seeds the one whose nearest input is the furthest.
const SEED: u64 = 815;
/// How far that input is, as a share of the root mean square of its layer's.
const FROM_KINK: f64 = 8e-6;
/// The same of [`BATCH`] images with the weights of [`cleared`]: some hundred times the rounding
/// of these inputs, so that no gradient needs to be left out.
const FROM_CLEARED_KINK: f64 = 1e-4;
/// Largest difference of Adam's first moment, which is a sum of gradients, as a share of the array's
/// root mean square.
const GRADIENT_TOLERANCE: f64 = 1e-4;
/// Largest difference of a weight after one iteration, of three that Adam moves by 2e-4 each.
const WEIGHT_TOLERANCE: f64 = 5e-7;
/// Adam divides by the gradient's size, and so magnifies the rounding of one that is small. A weight
/// is held to that difference whose gradients are all above this share of the root mean square of
/// its array's first moment.
const FAINT: f64 = 1e-2;
/// Biases in front of a batch norm: their gradient is rounding noise, which Adam amplifies.
const WANDERING_TOLERANCE: f64 = 1.2e-3;
/// These biases, and the shift of the batch norm, whose gradient has the same terms, weighted.
const WANDERING: [(&str, &str); 5] = [
    ("generator/g_h0_lin/bias", "generator/g_bn0/beta"),
    ("generator/g_h1_lin/bias", "generator/g_bn1/beta"),
    ("generator/g_h2/biases", "generator/g_bn2/beta"),
    ("discriminator/d_h1_conv/biases", "discriminator/d_bn1/beta"),
    ("discriminator/d_h2_lin/bias", "discriminator/d_bn2/beta"),
];

/// The batch norm's shift behind a bias whose gradient is 0 but for rounding.
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

/// Pictures of noise do: the arithmetic doesn't know what it sees.
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
    run_by(Backend::Fused, precision, batch)
}

fn run_by(backend: Backend, precision: Precision, batch: &Batch) -> (Trace, State) {
    let mut state = fresh(backend, precision);
    let trace = iteration(&mut state, batch, &Schedule::new(2, false)).unwrap();
    (trace, state)
}

/// Calls `hold` with what `run` gives in each form of the products: as the layers choose by their
/// widths, each form everywhere, and in plain candle operations.
fn in_each_form(
    run: impl Fn(Backend) -> (Trace, State),
    mut hold: impl FnMut(&str, &Trace, &State),
) {
    for form in [None, Some(Form::Direct), Some(Form::Gemm)] {
        let (trace, state) = match form {
            None => run(Backend::Fused),
            Some(form) => form.force(|| run(Backend::Fused)),
        };
        hold(&format!("{form:?}"), &trace, &state);
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
    let mut reference = Reference::new(&weights(&fresh(Backend::Fused, Precision::F32)));
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

/// Weights for which no input of a rectifier is within rounding of its kink on `batch`: fresh ones
/// but for the shifts, which the reference places.
fn cleared(batch: &Batch) -> Arrays {
    let state = fresh(Backend::Fused, Precision::F32);
    let mut reference = Reference::new(&weights(&state));
    reference.clear_kinks(batch).unwrap();
    let mut arrays = state.generator.arrays().unwrap();
    arrays.extend(state.discriminator.arrays().unwrap());
    arrays.extend(reference.weights());
    arrays
}

/// What differs between the gradients of a first update, which are twice the first moments, and
/// float64's: for each array the largest difference, as a share of the root mean square.
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
        // A gradient of 0 but for rounding has the size of its terms, not one of its own.
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

/// The blocks of a batch of the original's size, each update on its own: every gradient, none left
/// out. With fresh weights a few of the millions of inputs of rectifiers would be so near to 0 that
/// rounding decides; the shifts are placed so that none is.
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

/// SHA-256 of all weights and averages after an iteration, and what it measured.
fn hash(precision: Precision, form: Form, threads: usize) -> (String, String) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let (trace, state) = pool.install(|| form.force(|| run(precision, &batch(BATCH, 1))));
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
    if Precision::Bf16.missing().is_some() {
        untested(
            "an iteration of full width in bfloat16",
            Missing::Instructions("AVX512_BF16"),
        );
        return;
    }
    let one = hash(Precision::Bf16, Form::Winograd, 1);
    for threads in [2, 3] {
        assert_eq!(
            hash(Precision::Bf16, Form::Winograd, threads),
            one,
            "{threads} threads"
        );
    }
    // Rounding to eight bits is off by up to 2^-9 of a number: losses by less, as means over many, and a
    // gradient by as much for each layer on its way, four of D and four of G.
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
    Instructions::Avx2.or_untested("loops for wider vectors against the baseline's");
    Instructions::Avx512.or_untested("products on vectors with any number of threads");
    let hash = |form, threads| hash(Precision::F32, form, threads);
    let [gemm, direct, winograd] = Form::ALL.map(|form| {
        let one = hash(form, 1);
        for threads in [2, 3] {
            assert_eq!(hash(form, threads), one, "{form:?}, {threads} threads");
        }
        one
    });
    assert_ne!(direct.0, winograd.0, "a form was not forced");
    assert_ne!(gemm.0, winograd.0, "a form was not forced");
    // Loops for wider vectors change the time alone.
    use_baseline(true);
    assert_eq!(hash(Form::Winograd, 2), winograd, "baseline");
    use_baseline(false);
}
