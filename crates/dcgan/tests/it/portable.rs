//! Plain candle operations against the kernels: layer by layer with labels and odd sizes, and whole
//! networks.

use crate::fixtures::{batch, labelled, networks, unlabelled};
use candle_core::{Device, Tensor, Var};
use dcgan::{
    Adam, AdamConfig, Backend, Kernels, Precision, Weights, discriminator_loss, gradients, values,
};
use dcgan_kernels::{Activation, Geometry};
use dcgan_random::{Purpose, Stream};

const BACKENDS: [Backend; 2] = [Backend::Fused(Kernels::Auto), Backend::Portable];

fn noise(stream: &mut Stream, shape: &[usize]) -> Var {
    let n_values = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..n_values).map(|_| stream.normal()).collect();
    Var::from_vec(values, shape, &Device::Cpu).unwrap()
}

#[track_caller]
fn assert_close(what: &str, [fused, portable]: [&[f32]; 2]) {
    assert_eq!(fused.len(), portable.len(), "{what}");
    let largest = fused.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    for (at, (fused, portable)) in fused.iter().zip(portable).enumerate() {
        assert!(
            (fused - portable).abs() <= 1e-5 * largest.max(1.0),
            "{what} at {at}: {fused} by the kernels, {portable} by candle"
        );
    }
}

/// Output and gradients of `layer` on `leaves`, for each backend.
fn compare(what: &str, leaves: &[Var], layer: impl Fn(Backend) -> Tensor) {
    let by = BACKENDS.map(|backend| {
        let h = layer(backend);
        // Each output weighs something else in the sum.
        let weights: Vec<f32> = (0..h.elem_count()).map(|i| (i % 7) as f32 - 2.5).collect();
        let weights = Tensor::from_vec(weights, h.shape(), &Device::Cpu).unwrap();
        let gradients = (&h * weights)
            .unwrap()
            .sum_all()
            .unwrap()
            .backward()
            .unwrap();
        let of = |leaf: &Var| values(gradients.get(leaf).unwrap()).unwrap();
        let mut all = vec![(h.dims().to_vec(), values(&h).unwrap())];
        all.extend(leaves.iter().map(|leaf| (leaf.dims().to_vec(), of(leaf))));
        all
    });
    for (at, (fused, portable)) in by[0].iter().zip(&by[1]).enumerate() {
        let what = format!("{what}, {}", if at == 0 { "output" } else { "gradient" });
        assert_eq!(fused.0, portable.0, "{what}");
        assert_close(&what, [&fused.1, &portable.1]);
    }
}

#[test]
fn convolutions_of_any_size_agree() {
    let mut stream = Stream::new(1, Purpose::Synthetic, 0);
    for (size, kernel, stride) in [
        ([8, 8], 5, 2),
        ([7, 9], 5, 2),
        ([6, 7], 5, 2),
        ([9, 4], 5, 2),
        ([1, 2], 5, 2),
        ([5, 6], 3, 1),
        ([7, 8], 2, 3),
    ] {
        for labels in [0, 3] {
            let geometry = Geometry::same(size, kernel, stride);
            let [h, w] = geometry.small;
            let (c, out) = (2, 3);
            let y = (labels > 0).then(|| noise(&mut stream, &[2, labels]));
            let y = y.as_ref().map(Var::as_detached_tensor);
            let what = format!("{geometry:?}, {labels} labels");
            let leaves = [
                noise(&mut stream, &[2, size[0], size[1], c]),
                noise(&mut stream, &[kernel, kernel, c + labels, out]),
                noise(&mut stream, &[out]),
            ];
            let [x, weight, bias] = &leaves;
            compare(&format!("convolution {what}"), &leaves, |backend| {
                let h = backend.conv2d(x, y.as_ref(), weight, bias, &geometry, Precision::F32);
                h.unwrap()
            });
            let leaves = [
                noise(&mut stream, &[2, h, w, c]),
                noise(&mut stream, &[kernel, kernel, out, c + labels]),
                noise(&mut stream, &[out]),
            ];
            let [x, weight, bias] = &leaves;
            compare(&format!("transposed {what}"), &leaves, |backend| {
                let h = backend.conv2d_transpose(
                    x,
                    y.as_ref(),
                    weight,
                    bias,
                    &geometry,
                    Precision::F32,
                );
                h.unwrap()
            });
        }
    }
}

#[test]
fn a_map_of_another_size_is_refused() {
    let mut stream = Stream::new(1, Purpose::Synthetic, 0);
    let geometry = Geometry::same([8, 8], 5, 2);
    let (x, b) = (noise(&mut stream, &[2, 7, 8, 1]), noise(&mut stream, &[1]));
    let w = noise(&mut stream, &[5, 5, 1, 1]);
    for backend in BACKENDS {
        let error = backend
            .conv2d(&x, None, &w, &b, &geometry, Precision::F32)
            .unwrap_err();
        assert!(error.to_string().contains("[7, 8]"), "{error}");
        let error = backend.conv2d_transpose(&x, None, &w, &b, &geometry, Precision::F32);
        assert!(error.unwrap_err().to_string().contains("[7, 8]"));
    }
}

#[test]
fn dense_layers_and_batch_norms_agree() {
    let mut stream = Stream::new(2, Purpose::Synthetic, 0);
    let y = noise(&mut stream, &[5, 3]).as_detached_tensor();
    let leaves = [[5, 4].as_slice(), &[7, 6], &[6]].map(|shape| noise(&mut stream, shape));
    let [x, matrix, bias] = &leaves;
    compare("linear", &leaves, |backend| {
        backend
            .linear(x, Some(&y), matrix, bias, Precision::F32)
            .unwrap()
    });
    let leaves = [[3, 4, 5, 6].as_slice(), &[6], &[6]].map(|shape| noise(&mut stream, shape));
    let [x, gamma, beta] = &leaves;
    for activation in [
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu(0.2),
        Activation::Sigmoid,
        Activation::Tanh,
    ] {
        compare(&format!("batch norm, {activation:?}"), &leaves, |backend| {
            let (h, _) = backend
                .batch_norm(x, gamma, beta, 1e-5, activation)
                .unwrap();
            h
        });
        let [fused, portable] = BACKENDS.map(|backend| {
            let stats = backend.batch_norm(x, gamma, beta, 1e-5, activation);
            stats.unwrap().1.map(|stat| values(&stat).unwrap())
        });
        assert_close("mean", [&fused[0], &portable[0]]);
        assert_close("variance", [&fused[1], &portable[1]]);
    }
}

/// Where the loss has a kink in its formula it has none in its value.
#[test]
fn the_slope_of_the_loss_at_zero_is_half_less_the_target() {
    for backend in BACKENDS {
        for target in [0.0, 0.9, 1.0] {
            let logits = Var::from_slice(&[0.0_f32, -0.0], (2, 1), &Device::Cpu).unwrap();
            let loss = backend.bce_with_logits(&logits, target).unwrap();
            let gradients = loss.backward().unwrap();
            let slopes = values(gradients.get(&logits).unwrap()).unwrap();
            for slope in slopes {
                let expected = (0.5 - target) / 2.0;
                assert!((slope - expected).abs() < 1e-7, "{backend:?}: {slope}");
            }
        }
    }
}

/// The backend is passed on by networks, losses and optimisers: nothing is the kernels' to the bit.
#[test]
fn a_portable_network_trains_as_a_fused_one() {
    for config in [labelled(), unlabelled(18, 21, 3)] {
        let batch = batch(&config, 4);
        let y = batch.y.as_ref();
        let steps = BACKENDS.map(|backend| {
            let (g, d) = networks(&config);
            let (g, d) = (g.with_backend(backend), d.with_backend(backend));
            let fake = g.forward(&batch.z, y, Weights::Frozen).unwrap().output;
            let [real, fake] = [&batch.x, &fake].map(|x| {
                let pass = d.forward(x, y, Weights::Tracked).unwrap();
                pass.output
            });
            let loss = discriminator_loss(&real, &fake, backend).unwrap();
            let gradient = gradients(&loss.total).unwrap();
            let adam = Adam::of(d.parameters(), AdamConfig::default()).unwrap();
            let mut adam = adam.with_backend(backend);
            adam.update(&gradient).unwrap();
            let (m, v) = adam.moments().unwrap();
            (values(&real).unwrap(), m, v, g.infer(&batch.z, y).unwrap())
        });
        let [
            (logits, m, v, images),
            (portable_logits, portable_m, portable_v, portable_images),
        ] = steps;
        assert_close("logits", [&logits, &portable_logits]);
        for (moments, portable) in [(&m, &portable_m), (&v, &portable_v)] {
            for (name, (_, values)) in moments {
                assert_close(name, [values, &portable[name].1]);
            }
        }
        assert_ne!(m, portable_m, "the kernels took the gradients");
        let [images, portable_images] = [images, portable_images].map(|x| values(&x).unwrap());
        assert_close("images", [&images, &portable_images]);
        assert_ne!(images, portable_images, "the kernels drew the images");
    }
}
