//! The training step: the original's order and what may be saved of it.

use candle_core::{Device, Tensor};
use dcgan::step::{Batch, Phase, Schedule, State, Trace, iteration};
use dcgan::{
    AdamConfig, Backend, Config, Discriminator, Generator, Weights, discriminator_loss,
    generator_loss, gradients, one_hot, scalar,
};

fn config() -> Config {
    let narrow = Config::labelled(8, 8, 1, 3);
    Config {
        z_dim: 5,
        gf_dim: 3,
        df_dim: 2,
        gfc_dim: 7,
        dfc_dim: 6,
        ..narrow
    }
}

fn state() -> State {
    let generator = Generator::init(&config(), 1).unwrap();
    let discriminator = Discriminator::init(&config(), 1).unwrap();
    State::new(generator, discriminator, [AdamConfig::default(); 2]).unwrap()
}

fn batch() -> Batch {
    let values = |n: usize, k: usize| (0..n).map(|i| (i * k % 97) as f32 / 97.0).collect();
    let tensor = |shape: &[usize], k| {
        let n = shape.iter().product();
        Tensor::from_vec::<_, f32>(values(n, k), shape, &Device::Cpu).unwrap()
    };
    let y = one_hot(&[0, 1, 2, 1], 3, &Device::Cpu).unwrap();
    Batch {
        x: tensor(&[4, 8, 8, 1], 31),
        y: Some(y),
        z: tensor(&[4, 5], 13),
    }
}

/// The iteration as section 5 of the golden README has it, every pass afresh.
fn literal(state: &mut State, batch: &Batch) -> Vec<f32> {
    let State {
        generator,
        discriminator,
        adam_g,
        adam_d,
    } = state;
    let (y, tracked) = (batch.y.as_ref(), Weights::Tracked);
    let mut losses = Vec::new();

    let generated = generator.forward(&batch.z, y, tracked).unwrap();
    generator.feed_averages(&generated.stats).unwrap();
    let real = discriminator.forward(&batch.x, y, tracked).unwrap();
    discriminator.feed_averages(&real.stats).unwrap();
    let fake = discriminator
        .forward(&generated.output.detach(), y, tracked)
        .unwrap();
    discriminator.feed_averages(&fake.stats).unwrap();
    let loss = discriminator_loss(&real.output, &fake.output, Backend::default())
        .unwrap()
        .total;
    losses.push(scalar(&loss).unwrap());
    let grads = gradients(&loss).unwrap();
    drop((generated, real, fake, loss));
    adam_d.update(&grads).unwrap();

    for _ in 0..2 {
        let generated = generator.forward(&batch.z, y, tracked).unwrap();
        generator.feed_averages(&generated.stats).unwrap();
        let fake = discriminator
            .forward(&generated.output, y, tracked)
            .unwrap();
        discriminator.feed_averages(&fake.stats).unwrap();
        let loss = generator_loss(&fake.output, Backend::default()).unwrap();
        losses.push(scalar(&loss).unwrap());
        let grads = gradients(&loss).unwrap();
        drop((generated, fake, loss));
        adam_g.update(&grads).unwrap();
    }
    losses
}

#[test]
fn the_kept_pass_is_exact() {
    let (mut ours, mut theirs, batch) = (state(), state(), batch());
    for _ in 0..3 {
        let trace = iteration(&mut ours, &batch, &Schedule::new(2, false)).unwrap();
        let losses = [&[trace.d_loss], &trace.g_losses[..]].concat();
        assert_eq!(bits(&losses), bits(&literal(&mut theirs, &batch)));
    }
    assert_eq!(
        ours.generator.arrays().unwrap(),
        theirs.generator.arrays().unwrap()
    );
    assert_eq!(
        ours.discriminator.arrays().unwrap(),
        theirs.discriminator.arrays().unwrap()
    );
    for (ours, theirs) in [
        (&ours.adam_g, &theirs.adam_g),
        (&ours.adam_d, &theirs.adam_d),
    ] {
        assert_eq!(ours.moments().unwrap(), theirs.moments().unwrap());
    }
    assert_eq!((ours.adam_d.steps(), ours.adam_g.steps()), (3, 6));
}

#[test]
fn the_schedule_is_data() {
    let batch = batch();
    let schedule = Schedule {
        phases: vec![Phase::Generator, Phase::Discriminator],
        ..Schedule::new(2, false)
    };
    let mut state = state();
    let trace = iteration(&mut state, &batch, &schedule).unwrap();
    assert_eq!((trace.g_losses.len(), trace.g_grad_norms.len()), (1, 1));
    assert_eq!((state.adam_d.steps(), state.adam_g.steps()), (1, 1));
    assert_eq!(
        Schedule::new(2, false).phases,
        [Phase::Discriminator, Phase::Generator, Phase::Generator]
    );
}

#[test]
fn read_outs_move_the_averages_alone() {
    let (mut plain, mut with, batch) = (state(), state(), batch());
    let without = iteration(&mut plain, &batch, &Schedule::new(2, false)).unwrap();
    let trace = iteration(&mut with, &batch, &Schedule::new(2, true)).unwrap();
    let readouts = trace.readouts.unwrap();
    assert_eq!(
        Trace {
            readouts: None,
            ..trace
        },
        without
    );
    assert!(readouts.fake > 0.0 && readouts.real > 0.0 && readouts.generator > 0.0);
    let pairs = plain
        .generator
        .arrays()
        .unwrap()
        .into_iter()
        .zip(with.generator.arrays().unwrap());
    for ((name, plain), (_, with)) in pairs {
        assert_eq!(plain != with, name.contains("/moving_"), "{name}");
    }
}

/// What an iteration says of a state with one spoilt weight.
fn spoil(name: &str, value: f32) -> String {
    let mut state = state();
    let parameters = [
        state.generator.parameters(),
        state.discriminator.parameters(),
    ];
    let parameter = parameters.iter().find_map(|of| of.get(name)).unwrap();
    let spoilt = Tensor::full(value, parameter.var.shape(), &Device::Cpu).unwrap();
    parameter.var.set(&spoilt).unwrap();
    let error = iteration(&mut state, &batch(), &Schedule::new(2, false));
    error.unwrap_err().to_string()
}

#[test]
fn the_first_number_that_is_none_is_found() {
    let x = (batch().x * f64::NAN).unwrap();
    let error = iteration(
        &mut state(),
        &Batch { x, ..batch() },
        &Schedule::new(2, false),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "mean or variance of `discriminator/d_bn1` is not finite, and the first that is not is the \
         output of `discriminator/d_h0`"
    );
    insta::assert_snapshot!(spoil("generator/g_h3/biases", f32::NAN), @"mean or variance of `discriminator/d_bn1` is not finite, and the first that is not is weight `generator/g_h3/biases`");
    // Finite weights, whose sums are not.
    for (weight, layer) in [
        ("generator/g_h2/w", "generator/g_h2"),
        ("discriminator/d_h0_conv/w", "discriminator/d_h0"),
    ] {
        let error = spoil(weight, 3e38);
        let expected = format!("the first that is not is the output of `{layer}`");
        assert!(error.ends_with(&expected), "{error}");
    }
}

#[test]
fn smoothing_moves_the_discriminators_aim_for_real_images_alone() {
    let (mut plain, mut smooth, batch) = (state(), state(), batch());
    let schedule = Schedule::new(2, false);
    let smoothed = Schedule {
        real_target: 0.75,
        ..schedule.clone()
    };
    let hard = iteration(&mut plain, &batch, &schedule).unwrap();
    let soft = iteration(&mut smooth, &batch, &smoothed).unwrap();
    assert_eq!(hard.d_loss_fake.to_bits(), soft.d_loss_fake.to_bits());
    // bce(l, t) - bce(l, 1) = (1 - t)·l, here with a mean logit near 0 and of the mean's sign.
    let change = soft.d_loss_real - hard.d_loss_real;
    assert!(change.abs() > 0.0 && change.abs() < 0.25, "{change}");
    assert!((change > 0.0) == (hard.d_real_mean > 0.5), "{change}");
}

#[test]
fn accuracy_and_means_are_those_of_both_batches() {
    let trace = iteration(&mut state(), &batch(), &Schedule::new(1, false)).unwrap();
    // Fresh weights are small: every probability is near a half.
    assert!((trace.d_real_mean - 0.5).abs() < 0.05 && (trace.d_fake_mean - 0.5).abs() < 0.05);
    assert_eq!((trace.d_accuracy * 8.0).fract().to_bits(), 0);
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
