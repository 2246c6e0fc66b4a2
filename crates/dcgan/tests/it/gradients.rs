//! Which weights a loss moves, and what happens to a gradient that is not finite.

use crate::fixtures::{batch, labelled, networks, unlabelled};
use candle_core::Tensor;
use dcgan::{
    Adam, AdamConfig, Backend, Error, Weights, discriminator_loss_real, generator_loss, gradients,
};

#[test]
fn frozen_discriminator_gets_no_gradient_and_passes_it_on() {
    for config in [labelled(), unlabelled(18, 21, 3)] {
        let (g, d) = networks(&config);
        let batch = batch(&config, 2);
        let y = batch.y.as_ref();
        let images = g.forward(&batch.z, y, Weights::Tracked).unwrap().output;
        for (weights, frozen) in [(Weights::Frozen, true), (Weights::Tracked, false)] {
            let judged = d.forward(&images, y, weights).unwrap().output;
            let gradient =
                gradients(&generator_loss(&judged, Backend::default()).unwrap()).unwrap();
            for parameter in d.parameters() {
                let outcome = gradient.of(parameter);
                assert_eq!(
                    matches!(&outcome, Err(Error::NoGradient { name }) if *name == parameter.name),
                    frozen,
                    "{}",
                    parameter.name
                );
            }
            assert!(gradient.norm(g.parameters()).unwrap() > 0.0);
        }
    }
}

/// A detached image ends the graph: the discriminator's update doesn't reach the generator.
#[test]
fn detached_image_keeps_the_generator_out() {
    let config = labelled();
    let (g, d) = networks(&config);
    let batch = batch(&config, 2);
    let y = batch.y.as_ref();
    let images = g.forward(&batch.z, y, Weights::Tracked).unwrap().output;
    let fake = d.forward(&images.detach(), y, Weights::Tracked).unwrap();
    let gradient =
        gradients(&discriminator_loss_real(&fake.output, Backend::default()).unwrap()).unwrap();
    gradient.norm(d.parameters()).unwrap();
    let error = gradient.norm(g.parameters()).unwrap_err();
    assert!(
        matches!(&error, Error::NoGradient { name } if name == "generator/g_h0_lin/Matrix"),
        "{error:?}"
    );
}

#[test]
fn gradient_that_is_not_finite_is_named_and_changes_nothing() {
    let config = labelled();
    let (_, d) = networks(&config);
    let batch = batch(&config, 2);
    let logits = d
        .forward(&batch.x, batch.y.as_ref(), Weights::Tracked)
        .unwrap();
    let loss = discriminator_loss_real(&logits.output, Backend::default()).unwrap();
    for bad in [f64::INFINITY, f64::NAN] {
        // One weight in the middle gets the gradient `bad`, all others a sound one.
        let culprit = "discriminator/d_h2_lin/Matrix";
        let weight = &d.parameters().get(culprit).unwrap().var;
        let term = (weight.as_tensor() * bad)
            .and_then(|term| term.sum_all())
            .unwrap();
        let gradient = gradients(&(&loss + term).unwrap()).unwrap();
        assert_eq!(
            gradient.first_non_finite(d.parameters()).unwrap(),
            Some(culprit)
        );

        let before = d.arrays().unwrap();
        let mut adam = Adam::of(d.parameters(), AdamConfig::default()).unwrap();
        let error = adam.update(&gradient).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("gradient of `{culprit}` is not finite")
        );
        assert_eq!(adam.steps(), 0);
        let fresh = Adam::of(d.parameters(), AdamConfig::default()).unwrap();
        assert_eq!(adam.moments().unwrap(), fresh.moments().unwrap());
        assert_eq!(d.arrays().unwrap(), before);
    }
}

#[test]
fn weight_that_is_not_finite_is_named() {
    let (g, _) = networks(&labelled());
    assert_eq!(g.parameters().first_non_finite().unwrap(), None);
    for name in ["generator/g_h3/biases", "generator/g_bn1/gamma"] {
        let var = &g.parameters().get(name).unwrap().var;
        let bad = Tensor::full(f32::NAN, var.shape(), var.device()).unwrap();
        var.set(&bad).unwrap();
        // The first in the network's order, whichever broke first.
        assert_eq!(g.parameters().first_non_finite().unwrap(), Some(name));
    }
}

#[test]
fn a_scaled_learning_rate_is_that_learning_rate() {
    let config = labelled();
    let updated = |lr: f32, share: f32| {
        let (_, d) = networks(&config);
        let batch = batch(&config, 2);
        let mut adam = Adam::of(
            d.parameters(),
            AdamConfig {
                lr,
                ..AdamConfig::default()
            },
        )
        .unwrap();
        adam.scale_learning_rate(share);
        for _ in 0..2 {
            let logits = d
                .forward(&batch.x, batch.y.as_ref(), Weights::Tracked)
                .unwrap();
            let loss = discriminator_loss_real(&logits.output, Backend::default()).unwrap();
            let gradients = gradients(&loss).unwrap();
            drop((logits, loss));
            adam.update(&gradients).unwrap();
        }
        d.arrays().unwrap()
    };
    assert_eq!(updated(2e-3, 0.25), updated(5e-4, 1.0));
    assert_ne!(updated(2e-3, 0.25), updated(2e-3, 1.0));
}
