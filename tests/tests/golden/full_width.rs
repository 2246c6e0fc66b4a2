//! The original's widths: an iteration against an independent computation, and the same bytes for
//! any number of threads. The narrow vectors never reach blocks and packings that these sizes do.

use crate::network::ADAM;
use crate::reference::Reference;
use crate::vectors::compare;
use candle_core::Tensor;
use dcgan_kernels::{Form, use_baseline};
use dcgan_networks::{
    Adam, Arrays, Discriminator, Generator, NetworkConfig, Precision, ZDistribution, latents,
    one_hot,
};
use dcgan_random::{Purpose, Stream};
use dcgan_train::step::{Batch, Schedule, State, Trace, iteration};

const BATCH: usize = 64;
/// Of the batch that is compared with float64. Rounding, which goes with the processor, must not decide on which
/// side of its kink, 0, the input of a rectifier lies: that would be another gradient, and as right. The fewer
/// inputs, the further from 0 the nearest one.
const FEW: usize = 16;
/// Of that batch: of the first thousand seeds the one whose nearest input is the furthest.
const SEED: u64 = 815;
/// How far that input is, as a share of the root mean square of its layer's.
const FROM_KINK: f64 = 8e-6;
/// Largest difference of Adam's first moment, the gradients that is, as a share of the array's root mean square.
const GRADIENT_TOLERANCE: f64 = 1e-4;
/// Largest difference of a weight after one iteration, of three that Adam moves by 2e-4 each.
const WEIGHT_TOLERANCE: f64 = 5e-7;
/// Adam divides by the gradient's size, and so magnifies the rounding of one that is small. Weights are compared
/// whose gradients are all above this share of the array's root mean square.
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

fn fresh(precision: Precision) -> State {
    let config = NetworkConfig::labelled(28, 28, 1, 10);
    let generator = Generator::init(&config, 1)
        .unwrap()
        .with_precision(precision);
    let discriminator = Discriminator::init(&config, 1)
        .unwrap()
        .with_precision(precision);
    State {
        adam_g: Adam::new(generator.parameters(), ADAM),
        adam_d: Adam::new(discriminator.parameters(), ADAM),
        generator,
        discriminator,
    }
}

/// Pictures of noise do: the arithmetic doesn't know what it sees.
fn batch(n: usize, seed: u64) -> Batch {
    let mut stream = Stream::new(seed, Purpose::Synthetic, 0);
    let labels: Vec<u8> = (0..n)
        .map(|_| u8::try_from(stream.below(10)).unwrap())
        .collect();
    let x: Vec<f32> = (0..n * 28 * 28).map(|_| stream.uniform()).collect();
    Batch {
        x: Tensor::from_vec(x, (n, 28, 28, 1), &candle_core::Device::Cpu).unwrap(),
        y: Some(one_hot(&labels, 10).unwrap()),
        z: latents(&mut stream, n, 100, ZDistribution::Uniform).unwrap(),
    }
}

fn weights(state: &State) -> Arrays {
    let mut weights = state.generator.parameters().arrays().unwrap();
    weights.extend(state.discriminator.parameters().arrays().unwrap());
    weights
}

fn run(precision: Precision, batch: &Batch) -> (Trace, State) {
    let mut state = fresh(precision);
    let trace = iteration(&mut state, batch, &Schedule::new(2, false)).unwrap();
    (trace, state)
}

#[test]
fn iteration_agrees_with_float64() {
    let mut reference = Reference::new(&weights(&fresh(Precision::F32)));
    let batch = batch(FEW, SEED);
    let y = batch.y.as_ref().unwrap();
    let expected = reference.iteration(&batch.x, y, &batch.z).unwrap();
    let expected_weights = reference.weights();
    let nearest = reference.nearest_kink();
    assert!(
        nearest > FROM_KINK,
        "a gradient hangs on rounding: {nearest}"
    );
    let close =
        |got: f32, expected: f64| (f64::from(got) - expected).abs() <= 1e-5 * expected.abs();

    // As the layers choose by their widths, and each other form everywhere.
    for form in [None, Some(Form::Direct), Some(Form::Gemm)] {
        let (trace, state) = match form {
            None => run(Precision::F32, &batch),
            Some(form) => form.force(|| run(Precision::F32, &batch)),
        };
        let pairs = [
            (trace.d_loss_real, expected.d_loss_real),
            (trace.d_loss_fake, expected.d_loss_fake),
            (trace.g_losses[0], expected.g_losses[0]),
            (trace.g_losses[1], expected.g_losses[1]),
            (trace.d_grad_norm, expected.d_grad_norm),
            (trace.g_grad_norms[0], expected.g_grad_norms[0]),
            (trace.g_grad_norms[1], expected.g_grad_norms[1]),
        ];
        for (got, expected) in pairs {
            assert!(
                close(got, expected),
                "{form:?}: {trace:?}, expected {expected}"
            );
        }
        let got_weights = weights(&state);
        assert_eq!(got_weights.len(), expected_weights.len());
        let mut got_moments = state.adam_d.moments().0;
        got_moments.extend(state.adam_g.moments().0);
        let mut failures = Vec::new();
        for ((name, (shape, got)), (_, (expected_shape, expected))) in
            got_weights.iter().zip(&expected_weights)
        {
            let mut hold = |what, got: &[f32], expected: &[f32], tolerance| {
                let failure = compare((shape, got), (expected_shape, expected), tolerance);
                failures.extend(failure.map(|failure| format!("{what} of {name}: {failure}")));
            };
            if WANDERING.contains(&name.as_str()) {
                hold("weight", got, expected, WANDERING_TOLERANCE);
                continue;
            }
            let (moment, faintest) = reference.gradients(name);
            let squares = moment.iter().map(|value| value * value).sum::<f64>();
            let size = (squares / moment.len() as f64).sqrt();
            #[expect(clippy::cast_possible_truncation, reason = "rounding is what is meant")]
            let moment: Vec<f32> = moment.iter().map(|&value| value as f32).collect();
            let tolerance = GRADIENT_TOLERANCE * size;
            hold("gradient", &got_moments[name].1, &moment, tolerance);
            // In the place of the others stands what is expected.
            let weights = got.iter().zip(expected).zip(faintest);
            let (got, expected): (Vec<f32>, Vec<f32>) = weights
                .map(|((&got, &expected), &least)| {
                    (if least < FAINT * size { expected } else { got }, expected)
                })
                .unzip();
            hold("weight", &got, &expected, WEIGHT_TOLERANCE);
        }
        assert!(failures.is_empty(), "{form:?}: {}", failures.join("\n"));
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
    if let Some(found) = Precision::Bf16.missing() {
        println!("skipped: needs AVX512_BF16, found {found}");
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
