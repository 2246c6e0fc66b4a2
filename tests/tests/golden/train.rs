//! The `*_train` files: whole iterations through the trainer's step.

use crate::network::{averages, config, in_every_form, networks};
use crate::vectors::Vectors;
use candle_core::Tensor;
use dcgan::step::{Batch, Schedule, State, Trace, iteration};
use dcgan::{Adam, AdamConfig, Arrays, Backend, Kind};

/// Generator updates per discriminator update.
const UPDATES: usize = 2;
/// Inference from a stored state, without training.
const INFERENCE_TOLERANCE: f64 = 5e-6;
/// One iteration from a stored state.
const ITERATION_TOLERANCE: f64 = 1e-5;
/// The same for wandering biases and the moving means of the batch norms after them.
const WANDERING_TOLERANCE: f64 = 1e-3;

#[test]
fn labelled_training_from_the_start() {
    in_every_form(|backend| from_the_start("cond_train", backend));
}

#[test]
fn unlabelled_training_from_the_start() {
    in_every_form(|backend| from_the_start("uncond_train", backend));
}

#[test]
fn labelled_training_from_a_stored_state() {
    in_every_form(|backend| from_a_stored_state("cond_train", backend));
}

#[test]
fn unlabelled_training_from_a_stored_state() {
    in_every_form(|backend| from_a_stored_state("uncond_train", backend));
}

/// The two rules for moving averages: the file's suffix, and whether the read-outs feed them.
const RULES: [(&str, bool); 2] = [("", false), ("_evals", true)];

fn from_the_start(file: &str, backend: Backend) {
    let mut vectors = Vectors::open(file);
    let n_iterations = vectors.info["iterations"].as_u64().unwrap();
    let states = states(&vectors);
    let mut arrays = vectors.arrays("init/param/");
    arrays.extend(vectors.arrays("init/moving/"));
    let infer = (vectors.tensor("infer/z"), vectors.optional("infer/y"));

    for (suffix, readouts) in RULES {
        let mut state = fresh(&vectors, &arrays, backend);
        let mut traces = Vec::new();
        for step in 1..=n_iterations {
            let batch = batch(&mut vectors, step);
            let schedule = Schedule::new(UPDATES, readouts);
            traces.push(iteration(&mut state, &batch, &schedule).unwrap());
            if states.contains(&step) {
                check_state(&mut vectors, step, &state);
                check_averages(&mut vectors, step, suffix, &state);
                let images = state.generator.infer(&infer.0, infer.1.as_ref()).unwrap();
                vectors.check_tensor(&format!("after{step}/out/G_infer{suffix}"), &images);
            }
        }
        check_traces(&mut vectors, &traces);
    }
    vectors.finish();
}

/// Section 6 of `golden/README.md`: tighter, because no bias has drifted yet.
fn from_a_stored_state(file: &str, backend: Backend) {
    let mut vectors = Vectors::open(file);
    let states = states(&vectors);
    let infer = (vectors.tensor("infer/z"), vectors.optional("infer/y"));
    for (suffix, readouts) in RULES {
        for &step in &states {
            let state = stored(&mut vectors, step, suffix, backend);
            let images = state.generator.infer(&infer.0, infer.1.as_ref()).unwrap();
            let images = (images.dims(), dcgan::values(&images).unwrap());
            let name = format!("after{step}/out/G_infer{suffix}");
            vectors.check_within(&name, images.0, &images.1, INFERENCE_TOLERANCE);
        }

        let &[.., before, last] = states.as_slice() else {
            panic!("{file}: fewer than two states")
        };
        assert_eq!(
            before + 1,
            last,
            "{file}: the last two states are not one iteration apart"
        );
        let mut state = stored(&mut vectors, before, suffix, backend);
        let batch = batch(&mut vectors, last);
        iteration(&mut state, &batch, &Schedule::new(UPDATES, readouts)).unwrap();
        let (param, m, v) = trained(&state);
        let moving = averages(&state);
        let kind = state.generator.config().kind;
        for (group, arrays) in [
            ("param", param),
            ("adam_m", m),
            ("adam_v", v),
            (&format!("moving{suffix}"), moving),
        ] {
            for (name, (shape, values)) in arrays {
                let tolerance = if wanders(kind, &name) {
                    WANDERING_TOLERANCE
                } else {
                    ITERATION_TOLERANCE
                };
                let name = format!("after{last}/{group}/{name}");
                vectors.check_within(&name, &shape, &values, tolerance);
            }
        }
        assert_eq!(
            (state.adam_d.steps(), state.adam_g.steps()),
            (last, 2 * last)
        );
    }
    vectors.finish_partial();
}

/// Whether `name` is a bias in front of a batch norm over the same axis, or that batch norm's
/// moving mean (section 5 of `golden/README.md`).
fn wanders(kind: Kind, name: &str) -> bool {
    let wandering: &[&str] = match kind {
        Kind::Labelled => &[
            "generator/g_h0_lin/bias",
            "generator/g_h1_lin/bias",
            "generator/g_h2/biases",
            "discriminator/d_h1_conv/biases",
            "discriminator/d_h2_lin/bias",
            "generator/g_bn0/moving_mean",
            "generator/g_bn1/moving_mean",
            "generator/g_bn2/moving_mean",
            "discriminator/d_bn1/moving_mean",
            "discriminator/d_bn2/moving_mean",
        ],
        Kind::Unlabelled => &[
            "generator/g_h1/biases",
            "generator/g_h2/biases",
            "generator/g_h3/biases",
            "discriminator/d_h1_conv/biases",
            "discriminator/d_h2_conv/biases",
            "discriminator/d_h3_conv/biases",
            "generator/g_bn1/moving_mean",
            "generator/g_bn2/moving_mean",
            "generator/g_bn3/moving_mean",
            "discriminator/d_bn1/moving_mean",
            "discriminator/d_bn2/moving_mean",
            "discriminator/d_bn3/moving_mean",
        ],
    };
    wandering.contains(&name)
}

/// The iterations after which a state is stored.
fn states(vectors: &Vectors) -> Vec<u64> {
    let states = vectors.info["states"].as_array().unwrap();
    states.iter().map(|step| step.as_u64().unwrap()).collect()
}

fn fresh(vectors: &Vectors, arrays: &Arrays, backend: Backend) -> State {
    let (generator, discriminator) = networks(&config(vectors), arrays, backend);
    State::new(generator, discriminator, [AdamConfig::default(); 2]).unwrap()
}

/// The stored state after `step` iterations, with the averages of one rule.
fn stored(vectors: &mut Vectors, step: u64, suffix: &str, backend: Backend) -> State {
    let mut arrays = vectors.arrays(&format!("after{step}/param/"));
    arrays.extend(vectors.arrays(&format!("after{step}/moving{suffix}/")));
    let (generator, discriminator) = networks(&config(vectors), &arrays, backend);
    let m = vectors.arrays(&format!("after{step}/adam_m/"));
    let v = vectors.arrays(&format!("after{step}/adam_v/"));
    let steps = |vectors: &mut Vectors, name: &str| {
        let stored = vectors.values(&format!("after{step}/adam_t/{name}"))[0];
        let steps = [step, 2 * step]
            .into_iter()
            .find(|&steps| (steps as f32).to_bits() == stored.to_bits());
        steps.unwrap_or_else(|| panic!("{stored} steps of {name} after {step} iterations"))
    };
    let (steps_g, steps_d) = (steps(vectors, "g"), steps(vectors, "d"));
    State {
        adam_g: Adam::load(
            generator.parameters(),
            AdamConfig::default(),
            steps_g,
            &m,
            &v,
        )
        .unwrap()
        .with_backend(backend),
        adam_d: Adam::load(
            discriminator.parameters(),
            AdamConfig::default(),
            steps_d,
            &m,
            &v,
        )
        .unwrap()
        .with_backend(backend),
        generator,
        discriminator,
    }
}

/// Batch number `step`, from 1.
fn batch(vectors: &mut Vectors, step: u64) -> Batch {
    let row = |batches: Tensor| batches.get(usize::try_from(step - 1).unwrap()).unwrap();
    Batch {
        x: row(vectors.tensor("batch/x")),
        y: vectors.optional("batch/y").map(row),
        z: row(vectors.tensor("batch/z")),
    }
}

/// Weights, first and second moments of both networks.
fn trained(state: &State) -> (Arrays, Arrays, Arrays) {
    let mut weights = state.generator.parameters().arrays().unwrap();
    weights.extend(state.discriminator.parameters().arrays().unwrap());
    let ((mut m, mut v), (m_d, v_d)) = (
        state.adam_g.moments().unwrap(),
        state.adam_d.moments().unwrap(),
    );
    m.extend(m_d);
    v.extend(v_d);
    (weights, m, v)
}

fn check_state(vectors: &mut Vectors, step: u64, state: &State) {
    let (weights, m, v) = trained(state);
    vectors.check_arrays(&format!("after{step}/param/"), &weights);
    vectors.check_arrays(&format!("after{step}/adam_m/"), &m);
    vectors.check_arrays(&format!("after{step}/adam_v/"), &v);
    vectors.check_scalar(
        &format!("after{step}/adam_t/d"),
        state.adam_d.steps() as f32,
    );
    vectors.check_scalar(
        &format!("after{step}/adam_t/g"),
        state.adam_g.steps() as f32,
    );
}

fn check_averages(vectors: &mut Vectors, step: u64, suffix: &str, state: &State) {
    let moving = averages(state);
    vectors.check_arrays(&format!("after{step}/moving{suffix}/"), &moving);
}

fn check_traces(vectors: &mut Vectors, traces: &[Trace]) {
    type Read = fn(&Trace) -> Option<f32>;
    let columns: [(&str, Read); 8] = [
        ("d_loss", |trace| Some(trace.d_loss)),
        ("d_loss_real", |trace| Some(trace.d_loss_real)),
        ("d_loss_fake", |trace| Some(trace.d_loss_fake)),
        ("g_loss1", |trace| trace.g_losses.first().copied()),
        ("g_loss2", |trace| trace.g_losses.get(1).copied()),
        ("eval_real", |trace| {
            trace.readouts.map(|readouts| readouts.real)
        }),
        ("eval_fake", |trace| {
            trace.readouts.map(|readouts| readouts.fake)
        }),
        ("eval_g", |trace| {
            trace.readouts.map(|readouts| readouts.generator)
        }),
    ];
    for (name, read) in columns {
        // Without read-outs their columns are not read; the run with read-outs reads all.
        let column: Vec<f32> = traces.iter().filter_map(read).collect();
        if !column.is_empty() {
            vectors.check(&format!("trace/{name}"), &[column.len()], &column);
        }
    }
}
