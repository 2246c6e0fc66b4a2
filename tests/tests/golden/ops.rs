//! `ops.safetensors`: single operations, forward and backward.

use crate::network::{ADAM, in_every_form};
use crate::vectors::Vectors;
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use dcgan_kernels::{
    Activation, Geometry, activate, adam_update, batch_norm, batch_norm_inference, bce_with_logits,
    conv2d, conv2d_transpose,
};
use dcgan_networks::MovingAverage;
use std::collections::BTreeSet;

const EPSILON: f64 = 1e-5;

#[test]
fn single_operations() {
    in_every_form(check);
}

fn check() {
    let mut vectors = Vectors::open("ops");
    for group in groups(&vectors, "conv/") {
        convolution(&mut vectors, &group, false);
    }
    for group in groups(&vectors, "deconv/") {
        convolution(&mut vectors, &group, true);
    }
    for group in groups(&vectors, "bn/") {
        normalisation(&mut vectors, &group);
    }
    activation(&mut vectors, "lrelu", Activation::LeakyRelu(0.2));
    activation(&mut vectors, "relu", Activation::Relu);
    activation(&mut vectors, "sigmoid", Activation::Sigmoid);
    activation(&mut vectors, "tanh", Activation::Tanh);
    cross_entropy(&mut vectors, "bce0", 0.0);
    cross_entropy(&mut vectors, "bce1", 1.0);
    adam(&mut vectors);
    vectors.finish();
}

/// The distinct `prefix` + group of names such as `conv/9x14_5x7/dw`.
fn groups(vectors: &Vectors, prefix: &str) -> Vec<String> {
    let group = |name: &String| name.rsplit_once('/').unwrap().0.to_owned();
    let groups: BTreeSet<String> = vectors.names(prefix).iter().map(group).collect();
    assert!(!groups.is_empty(), "no `{prefix}` in the file");
    groups.into_iter().collect()
}

/// A tracked leaf from the file.
fn leaf(vectors: &mut Vectors, name: &str) -> Var {
    Var::from_tensor(&vectors.tensor(name)).unwrap()
}

/// Gradients of sum(y·dy), dy from the file.
fn backward(vectors: &mut Vectors, y: &Tensor, dy: &str) -> GradStore {
    let dy = vectors.tensor(dy);
    (y * dy).unwrap().sum_all().unwrap().backward().unwrap()
}

fn convolution(vectors: &mut Vectors, group: &str, transposed: bool) {
    let [x, w, b] = ["x", "w", "b"].map(|what| leaf(vectors, &format!("{group}/{what}")));
    let y = if transposed {
        let (_, height, width, _) = vectors.tensor(&format!("{group}/dy")).dims4().unwrap();
        conv2d_transpose(&x, None, &w, &b, &Geometry::same([height, width], 5, 2)).unwrap()
    } else {
        let (_, height, width, _) = x.dims4().unwrap();
        conv2d(&x, None, &w, &b, &Geometry::same([height, width], 5, 2)).unwrap()
    };
    vectors.check_tensor(&format!("{group}/y"), &y);
    let gradients = backward(vectors, &y, &format!("{group}/dy"));
    for (what, leaf) in [("dx", x), ("dw", w), ("db", b)] {
        vectors.check_tensor(&format!("{group}/{what}"), gradients.get(&leaf).unwrap());
    }
}

fn normalisation(vectors: &mut Vectors, group: &str) {
    let name = |what: &str| format!("{group}/{what}");
    let [x, gamma, beta] = ["x", "gamma", "beta"].map(|what| leaf(vectors, &name(what)));
    let (y, stats) = batch_norm(&x, &gamma, &beta, EPSILON, Activation::Identity).unwrap();
    vectors.check_tensor(&name("y"), &y);
    let channels = [stats.mean.len()];
    vectors.check(&name("batch_mean"), &channels, &stats.mean);
    vectors.check(
        &name("batch_var_unbiased"),
        &channels,
        &stats.variance_unbiased,
    );
    let gradients = backward(vectors, &y, &name("dy"));
    for (what, leaf) in [("dx", &x), ("dgamma", &gamma), ("dbeta", &beta)] {
        vectors.check_tensor(&name(what), gradients.get(leaf).unwrap());
    }

    let mut average = MovingAverage {
        name: group.into(),
        mean: vectors.values(&name("moving_mean")),
        variance: vectors.values(&name("moving_variance")),
    };
    let (mean, variance) = (&average.mean, &average.variance);
    let identity = Activation::Identity;
    let y = batch_norm_inference(&x, &gamma, &beta, mean, variance, EPSILON, identity).unwrap();
    vectors.check_tensor(&name("y_infer"), &y);
    average.feed(&stats);
    vectors.check(&name("moving_mean_new"), &channels, &average.mean);
    vectors.check(&name("moving_variance_new"), &channels, &average.variance);
}

fn activation(vectors: &mut Vectors, group: &str, act: Activation) {
    let x = leaf(vectors, &format!("{group}/x"));
    let y = activate(&x, act).unwrap();
    vectors.check_tensor(&format!("{group}/y"), &y);
    let gradients = backward(vectors, &y, &format!("{group}/dy"));
    vectors.check_tensor(&format!("{group}/dx"), gradients.get(&x).unwrap());
}

fn cross_entropy(vectors: &mut Vectors, group: &str, target: f32) {
    let logits = leaf(vectors, &format!("{group}/logits"));
    let mean = bce_with_logits(&logits, target).unwrap();
    vectors.check_scalar(
        &format!("{group}/mean"),
        dcgan_networks::scalar(&mean).unwrap(),
    );
    let gradients = mean.backward().unwrap();
    vectors.check_tensor(&format!("{group}/dlogits"), gradients.get(&logits).unwrap());
}

/// Five steps in a row, each on the state that the one before left.
fn adam(vectors: &mut Vectors) {
    let w = leaf(vectors, "adam/w0");
    let mut m = vec![0.0; w.elem_count()];
    let mut v = m.clone();
    for step in 1..=5 {
        let gradient = vectors.tensor(&format!("adam/g{step}"));
        adam_update(&w, &gradient, &mut m, &mut v, &ADAM, step).unwrap();
        vectors.check_tensor(&format!("adam/w{step}"), &w);
        vectors.check(&format!("adam/m{step}"), w.dims(), &m);
        vectors.check(&format!("adam/v{step}"), w.dims(), &v);
    }
}
