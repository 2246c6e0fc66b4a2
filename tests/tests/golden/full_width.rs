//! The original's widths: an iteration against an independent computation, and the same bytes for
//! any number of threads. The narrow vectors never reach blocks and packings that these sizes do.

use crate::reference::{Measured, Reference};
use crate::vectors::compare;
use candle_core::{Device, Tensor};
use dcgan::step::{Batch, Schedule, State, Trace, iteration};
use dcgan::{
    AdamConfig, Arrays, Backend, Config, Discriminator, Generator, Precision, ZDistribution,
    latents, one_hot,
};
use dcgan_kernels::{Form, use_baseline};
use dcgan_random::{Purpose, Stream};
use dcgan_testkit::{Instructions, Missing, untested};

const BATCH: usize = 64;
/// Of the batch that is compared with float64. Rounding, which goes with the processor, must not decide on which
/// side of its kink, 0, the input of a rectifier lies: that would be another gradient, and as right. The fewer
/// inputs, the further from 0 the nearest one.
const FEW: usize = 16;
/// Of that batch: of the first thousand seeds the one whose nearest input is the furthest.
const SEED: u64 = 815;
/// Largest difference of an array's first moment for a batch where rounding decides, as a share of its size: one
/// input on the other side was seen to make 1e-2 of it, none 2e-6.
const WHOLE_TOLERANCE: f64 = 5e-2;
/// How far that input is, as a share of the root mean square of its layer's.
const FROM_KINK: f64 = 8e-6;
/// Largest difference of Adam's first moment, the gradients that is, as a share of the array's root mean square.
const GRADIENT_TOLERANCE: f64 = 1e-4;
/// Largest difference of a weight after one iteration, of three that Adam moves by 2e-4 each.
const WEIGHT_TOLERANCE: f64 = 5e-7;
/// Adam divides by the gradient's size, and so magnifies the rounding of one that is small. A weight is held to
/// that difference whose gradients are all above this share of the root mean square of its array's first moment.
const FAINT: f64 = 1e-2;
/// Biases in front of a batch norm: their gradient is rounding noise, which Adam amplifies.
const WANDERING_TOLERANCE: f64 = 1.2e-3;
const WANDERING: [&str; 5] = [
    "generator/g_h0_lin/bias",
    "generator/g_h1_lin/bias",
    "generator/g_h2/biases",
    "discriminator/d_h1_conv/biases",
    "discriminator/d_h2_lin/bias",
];

fn fresh(backend: Backend, precision: Precision) -> State {
    let config = Config::labelled(28, 28, 1, 10);
    let generator = Generator::init(&config, 1)
        .unwrap()
        .with_backend(backend)
        .with_precision(precision);
    let discriminator = Discriminator::init(&config, 1)
        .unwrap()
        .with_backend(backend)
        .with_precision(precision);
    State::new(generator, discriminator, [AdamConfig::default(); 2]).unwrap()
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

/// What an iteration comes to in each form of the products: as the layers choose by their widths, and each
/// other form everywhere, and in plain candle operations.
fn in_each_form(batch: &Batch, mut hold: impl FnMut(&str, &Trace, &State)) {
    for form in [None, Some(Form::Direct), Some(Form::Gemm)] {
        let (trace, state) = match form {
            None => run(Precision::F32, batch),
            Some(form) => form.force(|| run(Precision::F32, batch)),
        };
        hold(&format!("{form:?}"), &trace, &state);
    }
    let (trace, state) = run_by(Backend::Portable, Precision::F32, batch);
    hold("portable", &trace, &state);
}

/// Reference and measurements of the iteration on `batch`.
fn in_float64(batch: &Batch) -> (Reference, Measured) {
    let mut reference = Reference::new(&weights(&fresh(Backend::Fused, Precision::F32)));
    let y = batch.y.as_ref().unwrap();
    let measured = reference.iteration(&batch.x, y, &batch.z).unwrap();
    (reference, measured)
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

/// Losses to 1e-5; what a gradient has gone into, the generator's last loss too, to `tolerance`.
fn hold_figures(trace: &Trace, expected: &Measured, tolerance: f64) {
    let [first, last] = trace.g_losses[..] else {
        panic!("two updates of the generator, got {:?}", trace.g_losses);
    };
    let norms = trace.g_grad_norms.iter().zip(&expected.g_grad_norms);
    let norms = norms.map(|(&got, &expected)| (got, expected));
    for (got, expected) in [
        (trace.d_loss_real, expected.d_loss_real),
        (trace.d_loss_fake, expected.d_loss_fake),
        (first, expected.g_losses[0]),
    ] {
        hold_close(got, expected, 1e-5);
    }
    let of_gradients = [
        (trace.d_grad_norm, expected.d_grad_norm),
        (last, expected.g_losses[1]),
    ];
    assert_eq!(trace.g_grad_norms.len(), expected.g_grad_norms.len());
    for (got, expected) in of_gradients.into_iter().chain(norms) {
        hold_close(got, expected, tolerance);
    }
}

#[test]
fn iteration_agrees_with_float64() {
    let batch = batch(FEW, SEED);
    let (reference, expected) = in_float64(&batch);
    let expected_weights = reference.weights();
    let nearest = reference.nearest_kink();
    assert!(
        nearest > FROM_KINK,
        "a gradient hangs on rounding: {nearest}"
    );
    in_each_form(&batch, |form, trace, state| {
        hold_figures(trace, &expected, 1e-5);
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
            if WANDERING.contains(&name.as_str()) {
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

/// The blocks of a batch of the original's size, where some input of a rectifier always lies so near to 0 that
/// rounding decides: losses hardly know of it, an array's gradient as a whole little.
#[test]
fn a_whole_batch_agrees_with_float64() {
    let batch = batch(BATCH, 1);
    let (reference, expected) = in_float64(&batch);
    in_each_form(&batch, |form, trace, state| {
        hold_figures(trace, &expected, WHOLE_TOLERANCE);
        let moments = moments(state);
        assert_eq!(moments.len(), reference.weights().len());
        for (name, (_, got)) in moments {
            if WANDERING.contains(&name.as_str()) {
                continue;
            }
            let (expected, _) = reference.gradients(&name);
            assert_eq!(got.len(), expected.len(), "{name}");
            let apart = got.iter().zip(expected);
            let apart = root_mean_square(apart.map(|(&got, expected)| f64::from(got) - expected));
            let share = apart / root_mean_square(expected.iter().copied());
            assert!(
                share < WHOLE_TOLERANCE,
                "{form}: gradient of {name}: {share}"
            );
        }
    });
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
