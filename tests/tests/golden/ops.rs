//! `ops.safetensors`: single operations, forward and backward.

use crate::network::in_every_form;
use crate::vectors::Vectors;
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use dcgan::{AdamConfig, Backend, Precision};
use dcgan_kernels::{Activation, Geometry};
use std::collections::BTreeSet;

const EPSILON: f64 = 1e-5;

#[test]
fn single_operations() {
    in_every_form(check);
}

fn check(backend: Backend) {
    let mut vectors = Vectors::open("ops");
    for group in groups(&vectors, "conv/") {
        convolution(&mut vectors, backend, &group, false);
    }
    for group in groups(&vectors, "deconv/") {
        convolution(&mut vectors, backend, &group, true);
    }
    for group in groups(&vectors, "bn/") {
        normalisation(&mut vectors, backend, &group);
    }
    activation(&mut vectors, backend, "lrelu", Activation::LeakyRelu(0.2));
    activation(&mut vectors, backend, "relu", Activation::Relu);
    activation(&mut vectors, backend, "sigmoid", Activation::Sigmoid);
    activation(&mut vectors, backend, "tanh", Activation::Tanh);
    cross_entropy(&mut vectors, backend, "bce0", 0.0);
    cross_entropy(&mut vectors, backend, "bce1", 1.0);
    adam(&mut vectors, backend);
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

fn convolution(vectors: &mut Vectors, backend: Backend, group: &str, transposed: bool) {
    let [x, w, b] = ["x", "w", "b"].map(|what| leaf(vectors, &format!("{group}/{what}")));
    let y = if transposed {
        let (_, height, width, _) = vectors.tensor(&format!("{group}/dy")).dims4().unwrap();
        let geometry = Geometry::same([height, width], 5, 2);
        backend.conv2d_transpose(&x, None, &w, &b, &geometry, Precision::F32)
    } else {
        let (_, height, width, _) = x.dims4().unwrap();
        let geometry = Geometry::same([height, width], 5, 2);
        backend.conv2d(&x, None, &w, &b, &geometry, Precision::F32)
    };
    let y = y.unwrap();
    vectors.check_tensor(&format!("{group}/y"), &y);
    let gradients = backward(vectors, &y, &format!("{group}/dy"));
    for (what, leaf) in [("dx", x), ("dw", w), ("db", b)] {
        vectors.check_tensor(&format!("{group}/{what}"), gradients.get(&leaf).unwrap());
    }
}

fn normalisation(vectors: &mut Vectors, backend: Backend, group: &str) {
    let name = |what: &str| format!("{group}/{what}");
    let [x, gamma, beta] = ["x", "gamma", "beta"].map(|what| leaf(vectors, &name(what)));
    let identity = Activation::Identity;
    let (y, [mean, variance]) = backend
        .batch_norm(&x, &gamma, &beta, EPSILON, identity)
        .unwrap();
    vectors.check_tensor(&name("y"), &y);
    vectors.check_tensor(&name("batch_mean"), &mean);
    vectors.check_tensor(&name("batch_var_unbiased"), &variance);
    let gradients = backward(vectors, &y, &name("dy"));
    for (what, leaf) in [("dx", &x), ("dgamma", &gamma), ("dbeta", &beta)] {
        vectors.check_tensor(&name(what), gradients.get(leaf).unwrap());
    }

    let averages = ["moving_mean", "moving_variance"].map(|what| leaf(vectors, &name(what)));
    let moving = averages.each_ref().map(|average| average as &Tensor);
    let y = backend
        .batch_norm_inference(&x, [&gamma, &beta], moving, EPSILON, identity)
        .unwrap();
    vectors.check_tensor(&name("y_infer"), &y);
    for (average, batch) in averages.iter().zip([&mean, &variance]) {
        backend.move_average(average, batch, 0.1).unwrap();
    }
    vectors.check_tensor(&name("moving_mean_new"), &averages[0]);
    vectors.check_tensor(&name("moving_variance_new"), &averages[1]);
}

fn activation(vectors: &mut Vectors, backend: Backend, group: &str, act: Activation) {
    let x = leaf(vectors, &format!("{group}/x"));
    let y = backend.activate(&x, act).unwrap();
    vectors.check_tensor(&format!("{group}/y"), &y);
    let gradients = backward(vectors, &y, &format!("{group}/dy"));
    vectors.check_tensor(&format!("{group}/dx"), gradients.get(&x).unwrap());
}

fn cross_entropy(vectors: &mut Vectors, backend: Backend, group: &str, target: f32) {
    let logits = leaf(vectors, &format!("{group}/logits"));
    let mean = backend.bce_with_logits(&logits, target).unwrap();
    vectors.check_scalar(&format!("{group}/mean"), dcgan::scalar(&mean).unwrap());
    let gradients = mean.backward().unwrap();
    vectors.check_tensor(&format!("{group}/dlogits"), gradients.get(&logits).unwrap());
}

/// Five steps in a row, each from the state after the previous one.
fn adam(vectors: &mut Vectors, backend: Backend) {
    let w = leaf(vectors, "adam/w0");
    let zeros = || Var::zeros(w.shape(), w.dtype(), w.device()).unwrap();
    let (m, v) = (zeros(), zeros());
    for step in 1..=5 {
        let gradient = vectors.tensor(&format!("adam/g{step}"));
        backend
            .adam_update(&w, &gradient, [&m, &v], &AdamConfig::default(), step)
            .unwrap();
        vectors.check_tensor(&format!("adam/w{step}"), &w);
        vectors.check_tensor(&format!("adam/m{step}"), &m);
        vectors.check_tensor(&format!("adam/v{step}"), &v);
    }
}
