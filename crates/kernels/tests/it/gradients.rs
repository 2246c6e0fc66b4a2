//! Gradients against central differences, in `f64`.

use candle_core::{DType, Device, Tensor, Var};
use dcgan_kernels::reference::ConvSizes;
use dcgan_kernels::{
    Activation, Geometry, KernelOptions, Kernels, activate, backward, bce_with_logits, linear,
    reshape, total_loss,
};

use crate::layers::{Layer, Operands, assert_close, flat, layers, values};

/// The central difference of `f` in each element of `t`.
fn differences(t: &Tensor, f: impl Fn(Tensor) -> f64) -> Vec<f64> {
    let start = flat::<f64>(t);
    let at = |i: usize, step: f64| {
        let mut moved = start.clone();
        moved[i] += step;
        f(Tensor::from_vec(moved, t.shape(), &Device::Cpu).unwrap())
    };
    let step = 1e-5;
    (0..start.len())
        .map(|i| (at(i, step) - at(i, -step)) / (2.0 * step))
        .collect()
}

#[test]
fn every_layer_has_the_gradient_of_its_forward_pass() {
    let sizes = |big, channels, labels, out| ConvSizes {
        batch: 3,
        channels,
        labels,
        out,
        geometry: Geometry::same(big, 5, 2),
    };
    for layer in [
        Layer::Linear {
            batch: 4,
            c: 5,
            labels: 3,
            out: 6,
        },
        Layer::Linear {
            batch: 4,
            c: 5,
            labels: 0,
            out: 2,
        },
        Layer::Conv(sizes([6, 7], 2, 3, 4)),
        Layer::Conv(sizes([5, 4], 3, 0, 2)),
        Layer::Transpose(sizes([6, 7], 3, 2, 4)),
        Layer::Transpose(sizes([5, 4], 2, 0, 3)),
        Layer::BatchNorm {
            rows: 12,
            c: 3,
            act: Activation::Identity,
        },
        Layer::BatchNorm {
            rows: 12,
            c: 3,
            act: Activation::Relu,
        },
        Layer::BatchNorm {
            rows: 12,
            c: 3,
            act: Activation::LeakyRelu(0.2),
        },
        Layer::BatchNorm {
            rows: 12,
            c: 3,
            act: Activation::Sigmoid,
        },
        Layer::BatchNorm {
            rows: 12,
            c: 3,
            act: Activation::Tanh,
        },
    ] {
        let o = layer.operands(DType::F64, 21);
        let dy = values(&layer.shapes()[4], 22).to_dtype(DType::F64).unwrap();
        let value = |x: &Tensor, w: &Tensor, b: &Tensor| {
            let o = Operands {
                x: x.clone(),
                y: o.y.clone(),
                w: w.clone(),
                b: b.clone(),
            };
            (layer.forward(&o) * &dy)
                .unwrap()
                .sum_all()
                .unwrap()
                .to_scalar::<f64>()
                .unwrap()
        };
        let by_x = differences(&o.x, |x| value(&x, &o.w, &o.b));
        let by_w = differences(&o.w, |w| value(&o.x, &w, &o.b));
        let by_b = differences(&o.b, |b| value(&o.x, &o.w, &b));
        for kernels in Kernels::ALL {
            let (_, gradients) = layer.run_with(&o, &dy, kernels.into());
            let wanted = [&by_x, &by_w, &by_b];
            for ((name, got), wanted) in ["dx", "dw", "db"].iter().zip(gradients).zip(wanted) {
                let what = format!("{layer:?} {kernels:?} {name}");
                assert_close(&what, &flat::<f64>(&got), wanted, 1e-7);
            }
        }
    }
}

/// Each layer uses its weights twice, and candle's own operations use them once more.
#[test]
fn sums_over_the_uses_of_a_weight_equal_candles() {
    let layers = layers();
    for layer in layers.iter().filter(|layer| layer.shapes()[0][0] < 50) {
        let o = layer.operands(DType::F64, 41);
        let [w, b] = [&o.w, &o.b].map(|t| Var::from_tensor(t).unwrap());
        let mut terms = vec![w.sqr().unwrap().sum_all().unwrap()];
        for seed in [42, 43] {
            let uses = Operands {
                w: w.as_tensor().clone(),
                b: b.as_tensor().clone(),
                ..layer.operands(DType::F64, seed)
            };
            terms.push(layer.forward(&uses).sqr().unwrap().sum_all().unwrap());
        }
        let loss = Tensor::stack(&terms, 0).unwrap().sum_all().unwrap();
        let wanted = loss.backward().unwrap();
        let (sums, _) = backward::<f64>(&loss).unwrap();
        for var in [&w, &b] {
            let wanted = flat::<f64>(wanted.get(var).unwrap());
            assert_close(
                &format!("{layer:?}"),
                sums.get(var).unwrap(),
                &wanted,
                1e-12,
            );
            assert_eq!(
                flat::<f64>(sums.tensor(var).unwrap()),
                sums.get(var).unwrap()
            );
        }
        assert!(sums.get(&o.w).is_none());
    }
}

#[test]
fn activations_and_the_loss_have_the_gradient_of_their_values() {
    let x = (values(&[60], 31).to_dtype(DType::F64).unwrap() * 3.0).unwrap();
    for act in [
        Activation::Relu,
        Activation::LeakyRelu(0.2),
        Activation::Sigmoid,
        Activation::Tanh,
    ] {
        let var = Var::from_tensor(&x).unwrap();
        let sum = |x: &Tensor| activate(x, act).unwrap().sqr().unwrap().sum_all().unwrap();
        let grads = sum(&var).backward().unwrap();
        let wanted = differences(&x, |x| sum(&x).to_scalar::<f64>().unwrap());
        assert_close(
            &format!("{act:?}"),
            &flat::<f64>(grads.get(&var).unwrap()),
            &wanted,
            1e-7,
        );
    }
    let var = Var::from_tensor(&x).unwrap();
    let grads = bce_with_logits(&var, 0.9).unwrap().backward().unwrap();
    let wanted = differences(&x, |x| {
        bce_with_logits(&x, 0.9)
            .unwrap()
            .to_scalar::<f64>()
            .unwrap()
    });
    assert_close(
        "loss",
        &flat::<f64>(grads.get(&var).unwrap()),
        &wanted,
        1e-7,
    );
}

#[test]
fn what_is_not_tracked_gets_no_gradient() {
    let layer = Layer::Linear {
        batch: 4,
        c: 5,
        labels: 3,
        out: 6,
    };
    let o = layer.operands(DType::F32, 1);
    let (x, w) = (
        Var::from_tensor(&o.x).unwrap(),
        Var::from_tensor(&o.w).unwrap(),
    );
    // A frozen weight: the gradient flows through to the input and leaves the weight alone.
    let frozen = Operands {
        x: x.as_tensor().clone(),
        y: o.y.clone(),
        w: w.as_detached_tensor(),
        b: o.b.clone(),
    };
    let grads = layer
        .forward(&frozen)
        .sum_all()
        .unwrap()
        .backward()
        .unwrap();
    assert!(grads.get(&x).is_some() && grads.get(&w).is_none());
    // Images: no gradient of the input.
    let images = Operands {
        x: o.x.clone(),
        y: o.y,
        w: w.as_tensor().clone(),
        b: o.b,
    };
    let grads = layer
        .forward(&images)
        .sum_all()
        .unwrap()
        .backward()
        .unwrap();
    assert!(grads.get(&images.x).is_none() && grads.get(&w).is_some());
}

/// Winograd's form shares work between gradients that are wanted together.
#[test]
fn gradients_wanted_together_are_those_wanted_alone() {
    for layer in layers() {
        let (o, dy) = (
            layer.operands(DType::F32, 21),
            values(&layer.shapes()[4], 22),
        );
        let (_, [dx, dw, _]) = layer.run(&o, &dy);
        let alone = |x_too: bool| {
            let tracked = Var::from_tensor(if x_too { &o.x } else { &o.w }).unwrap();
            let operands = Operands {
                x: if x_too { tracked.as_tensor() } else { &o.x }.clone(),
                y: o.y.clone(),
                w: if x_too { &o.w } else { tracked.as_tensor() }.clone(),
                b: o.b.clone(),
            };
            let y = layer.forward(&operands);
            let grads = (&y * &dy).unwrap().sum_all().unwrap().backward().unwrap();
            flat::<f32>(grads.get(tracked.as_tensor()).unwrap())
        };
        assert!(flat::<f32>(&dx) == alone(true), "{layer:?}");
        assert!(flat::<f32>(&dw) == alone(false), "{layer:?}");
    }
}

/// A small network whose first map is used twice; `between` is applied to that map.
fn forked(
    [x, w, b]: [&Tensor; 3],
    between: impl Fn(Tensor) -> candle_core::Result<Tensor>,
) -> candle_core::Result<Tensor> {
    let map = between(linear(x, None, w, b, KernelOptions::default())?)?;
    let act = activate(&map, Activation::LeakyRelu(0.2))?;
    let halves = [&map, &act].map(|t| {
        let flat = reshape(t, &[2, t.elem_count() / 2])?;
        bce_with_logits(&flat, 1.0)
    });
    let [one, other] = halves;
    total_loss(&one?, &other?)
}

#[test]
fn a_pass_of_our_own_equals_candles_and_leaves_other_graphs_to_it() {
    let [x, w, b] = [(&[4, 6][..], 1), (&[6, 3], 2), (&[3], 3)].map(|(shape, seed)| {
        let values = values(shape, seed).to_dtype(DType::F64).unwrap();
        Var::from_tensor(&values).unwrap()
    });
    let leaves = [&x, &w, &b].map(Var::as_tensor);
    let candles_op = |t: Tensor| t.affine(1.5, 0.25);
    for graph in [
        forked(leaves, Ok).unwrap(),
        forked(leaves, candles_op).unwrap(),
        forked([&x.detach(), &w, &b], Ok).unwrap(),
    ] {
        let (weights, others) = backward::<f64>(&graph).unwrap();
        let candles = graph.backward().unwrap();
        for leaf in leaves {
            let got = weights.tensor(leaf).or_else(|| others.get(leaf));
            match (got, candles.get(leaf)) {
                (Some(got), Some(wanted)) => assert_eq!(flat::<f64>(got), flat::<f64>(wanted)),
                (None, None) => assert_eq!(leaf.id(), x.id()),
                (got, wanted) => panic!("got {got:?}, wanted {wanted:?}"),
            }
        }
    }
}

#[test]
fn a_reshaped_tensor_has_the_same_elements_and_refuses_another_number() {
    let x = values(&[2, 3, 4], 5);
    let tracked = Var::from_tensor(&x).unwrap();
    for t in [&x, tracked.as_tensor()] {
        let flat_rows = reshape(t, &[2, 12]).unwrap();
        assert_eq!(flat_rows.dims(), [2, 12]);
        assert_eq!(flat::<f32>(&flat_rows), flat::<f32>(&x));
        let refused = reshape(t, &[5, 5]).unwrap_err().to_string();
        assert!(refused.contains("[2, 3, 4]"), "{refused}");
    }
    let refused = total_loss(&x, &x).unwrap_err().to_string();
    assert!(refused.contains("scalars"), "{refused}");
}
