//! The `*_forward` files: one batch through both networks, and the gradients of both losses.

use crate::network::{config, in_every_form, networks};
use crate::vectors::Vectors;
use candle_core::{Tensor, Var};
use dcgan::{
    Arrays, Backend, Error, LossGradients, Parameters, Pass, Taps, Weights, discriminator_loss,
    generator_loss, gradients, scalar, values,
};
use dcgan_kernels::Activation;

#[test]
fn labelled_forward() {
    in_every_form(|backend| check("cond_forward", backend));
}

#[test]
fn unlabelled_forward() {
    in_every_form(|backend| check("uncond_forward", backend));
}

#[test]
fn unlabelled_forward_of_odd_sizes() {
    in_every_form(|backend| check("uncond_odd_forward", backend));
}

fn check(file: &str, backend: Backend) {
    let mut vectors = Vectors::open(file);
    let mut arrays = vectors.arrays("param/");
    arrays.extend(vectors.arrays("moving/"));
    let (g, d) = networks(&config(&vectors), &arrays, backend);
    let (x, z) = (vectors.tensor("in/x"), vectors.tensor("in/z"));
    let y = vectors.optional("in/y");
    let y = y.as_ref();

    // The generator, both modes.
    let mut taps = Taps::new();
    let generated = g
        .forward_with_taps(&z, y, Weights::Tracked, &mut taps)
        .unwrap();
    check_pass(&mut vectors, "g", &generated, &taps);
    vectors.check_tensor("out/G", &generated.output);
    vectors.check_tensor("out/G_infer", &g.infer(&z, y).unwrap());
    let untapped = g.forward(&z, y, Weights::Frozen).unwrap();
    assert_eq!(
        values(&untapped.output).unwrap(),
        values(&generated.output).unwrap()
    );

    // The discriminator's update.
    let mut taps = Taps::new();
    let real = d
        .forward_with_taps(&x, y, Weights::Tracked, &mut taps)
        .unwrap();
    check_pass(&mut vectors, "d_real", &real, &taps);
    let mut taps = Taps::new();
    let image = generated.output.detach();
    let fake = d
        .forward_with_taps(&image, y, Weights::Tracked, &mut taps)
        .unwrap();
    check_pass(&mut vectors, "d_fake", &fake, &taps);
    for (name, pass) in [("real", &real), ("fake", &fake)] {
        vectors.check_tensor(&format!("out/D_logits_{name}"), &pass.output);
        let probability = backend.activate(&pass.output, Activation::Sigmoid).unwrap();
        vectors.check_tensor(&format!("out/D_prob_{name}"), &probability);
    }
    let loss = discriminator_loss(&real.output, &fake.output, backend).unwrap();
    for (name, loss) in [
        ("d_real", &loss.real),
        ("d_fake", &loss.fake),
        ("d", &loss.total),
    ] {
        vectors.check_scalar(&format!("loss/{name}"), scalar(loss).unwrap());
    }
    let gradient = gradients(&loss.total).unwrap();
    check_gradients(&mut vectors, "grad_d/", d.parameters(), &gradient);
    assert_no_gradients(g.parameters(), &gradient);

    // The generator's update, through the frozen discriminator.
    let judged = d.forward(&generated.output, y, Weights::Frozen).unwrap();
    assert_eq!(
        values(&judged.output).unwrap(),
        values(&fake.output).unwrap()
    );
    let loss = generator_loss(&judged.output, backend).unwrap();
    vectors.check_scalar("loss/g", scalar(&loss).unwrap());
    let gradient = gradients(&loss).unwrap();
    check_gradients(&mut vectors, "grad_g/", g.parameters(), &gradient);
    assert_no_gradients(d.parameters(), &gradient);

    // The same loss with respect to the image.
    let image = Var::from_tensor(&image).unwrap();
    let judged = d.forward(&image, y, Weights::Frozen).unwrap();
    let gradient = gradients(&generator_loss(&judged.output, backend).unwrap()).unwrap();
    vectors.check_tensor("grad_g/out/G", gradient.get(&image).unwrap());

    vectors.finish();
}

/// Every `act/<pass>/` and `bn/<pass>/` of the file.
fn check_pass(vectors: &mut Vectors, name: &str, pass: &Pass, taps: &Taps) {
    let prefix = format!("act/{name}/");
    for full in vectors.names(&prefix) {
        let Some(tap) = taps.get(&full[prefix.len()..]) else {
            panic!("no tap for {full}")
        };
        vectors.check_tensor(&full, tap);
    }
    for stats in &pass.stats.0 {
        let bn = stats.name.split_once('/').unwrap().1;
        vectors.check_tensor(&format!("bn/{name}/{bn}/mean"), &stats.mean);
        let variance = format!("bn/{name}/{bn}/var_unbiased");
        vectors.check_tensor(&variance, &stats.variance_unbiased);
    }
}

fn check_gradients(
    vectors: &mut Vectors,
    prefix: &str,
    parameters: &Parameters,
    gradients: &LossGradients,
) {
    let array = |tensor: &Tensor| (tensor.dims().to_vec(), values(tensor).unwrap());
    let arrays: Arrays = parameters
        .iter()
        .map(|parameter| {
            (
                parameter.name.clone(),
                array(gradients.of(parameter).unwrap()),
            )
        })
        .collect();
    vectors.check_arrays(prefix, &arrays);
    let squares = arrays.values().flat_map(|(_, values)| values);
    let norm = squares
        .map(|&value| f64::from(value).powi(2))
        .sum::<f64>()
        .sqrt();
    let got = f64::from(gradients.norm(parameters).unwrap());
    assert!(
        (got - norm).abs() <= 1e-6 * norm,
        "norm {got}, expected {norm}"
    );
}

fn assert_no_gradients(parameters: &Parameters, gradients: &LossGradients) {
    for parameter in parameters {
        let outcome = gradients.of(parameter);
        assert!(
            matches!(outcome, Err(Error::NoGradient { .. })),
            "{}",
            parameter.name
        );
    }
}
