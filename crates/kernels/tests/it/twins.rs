//! Fast kernels equal their reference twins.

use candle_core::{DType, Device, Tensor, Var};
use dcgan_kernels::reference::{self, ConvSizes};
use dcgan_kernels::{
    Activation, AdamConfig, Geometry, KernelOptions, Kernels, activate, adam_update, batch_norm,
    batch_norm_inference, bce_with_logits,
};
use dcgan_testkit::Instructions;
use proptest::prelude::*;

use crate::layers::{EPS, Layer, assert_close, flat, layers, values};

#[track_caller]
fn check(layer: Layer, kernels: Kernels) {
    Instructions::Avx512.or_untested("layers on vectors against their twins");
    let dy = values(&layer.shapes()[4], 9);
    let o = layer.operands(DType::F32, 5);
    let (y, grads) = layer.run_with(&o, &dy, kernels.into());
    let (y_ref, grads_ref) = layer.reference::<f32>(&o, &dy);
    assert_close(
        &format!("{layer:?} forward"),
        &flat::<f32>(&y),
        &y_ref,
        4e-6,
    );
    let wanted = [grads_ref.dx, grads_ref.dw, grads_ref.db];
    for ((name, got), wanted) in ["dx", "dw", "db"].iter().zip(grads).zip(wanted) {
        assert_close(
            &format!("{layer:?} {name}"),
            &flat::<f32>(&got),
            &wanted,
            2e-5,
        );
    }
}

#[test]
fn chosen_layers_equal_their_twins() {
    for layer in layers() {
        for kernels in Kernels::ALL {
            check(layer, kernels);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn convolutions_equal_their_twins(
        height in 1usize..13, width in 1usize..13, kernel in 1usize..6, stride in 1usize..4,
        batch in 1usize..6, channels in 1usize..10, labels in 0usize..4, out in 1usize..10,
        transpose: bool,
    ) {
        let geometry = Geometry::same([height, width], kernel, stride);
        let sizes = ConvSizes { batch, channels, labels, out, geometry };
        let layer = if transpose { Layer::Transpose(sizes) } else { Layer::Conv(sizes) };
        check(layer, Kernels::Auto);
    }

    #[test]
    fn winograds_form_equals_the_twins(
        height in 1usize..22, width in 1usize..22, batch in 1usize..4, channels in 1usize..20,
        labels in 0usize..4, out in 1usize..20, transpose: bool,
    ) {
        let geometry = Geometry::same([height, width], 5, 2);
        let sizes = ConvSizes { batch, channels, labels, out, geometry };
        let layer = if transpose { Layer::Transpose(sizes) } else { Layer::Conv(sizes) };
        check(layer, Kernels::Winograd);
    }

    #[test]
    fn linear_and_batch_norm_equal_their_twins(
        batch in 1usize..70, c in 1usize..150, labels in 0usize..12, out in 1usize..150,
    ) {
        check(Layer::Linear { batch, c, labels, out }, Kernels::Auto);
        // Few rows make 1 / sqrt(var + eps) large, and rounding with it.
        let norm = Layer::BatchNorm { rows: batch + 8, c, act: Activation::LeakyRelu(0.3) };
        check(norm, Kernels::Auto);
    }
}

/// They differ in the time that they take alone.
#[test]
fn a_batch_norm_in_loops_for_wider_vectors_gives_the_same_bits() {
    Instructions::Avx2.or_untested("batch norm in loops for wider vectors");
    let norms = layers().into_iter();
    for layer in norms.filter(|layer| matches!(layer, Layer::BatchNorm { .. })) {
        let (o, dy) = (layer.operands(DType::F32, 5), values(&layer.shapes()[4], 9));
        let [native, baseline] = [Kernels::Auto, Kernels::Baseline].map(|kernels| {
            let (y, [dx, dgamma, dbeta]) = layer.run_with(&o, &dy, kernels.into());
            [y, dx, dgamma, dbeta].map(|t| flat::<f32>(&t))
        });
        assert!(native == baseline, "{layer:?}");
    }
}

#[test]
fn batch_statistics_are_exact_where_the_spread_is_small() {
    let x = (values(&[500, 3], 1) * 1e-3)
        .unwrap()
        .affine(1.0, 100.0)
        .unwrap();
    let (gamma, beta) = (values(&[3], 2), values(&[3], 3));
    let (_, stats) =
        batch_norm(&x, &gamma, &beta, EPS, Activation::Identity, Kernels::Auto).unwrap();
    let (mean, variance) = reference::moments::<f32>(&flat(&x), 3);
    let got: Vec<f64> = stats.mean.iter().map(|&v| f64::from(v)).collect();
    assert_close("mean", &got, &mean, 1e-7);
    for (got, wanted) in stats.variance_unbiased.iter().zip(variance) {
        assert!((f64::from(*got) / (wanted * 500.0 / 499.0) - 1.0).abs() < 1e-4);
    }
    // A single value has no spread to correct.
    let (x, relu) = (values(&[1, 3], 4), Activation::Relu);
    let (_, one) = batch_norm(&x, &gamma, &beta, EPS, relu, Kernels::Auto).unwrap();
    assert_eq!(one.variance_unbiased, vec![0.0; 3]);
}

#[test]
fn inference_uses_the_averages_that_it_is_given() {
    let (x, gamma, beta) = (values(&[4, 3, 2, 5], 1), values(&[5], 2), values(&[5], 3));
    let (mean, variance) = ([0.1, -0.2, 0.3, 0.0, 1.0], [0.5, 1.0, 2.0, 0.1, 0.9]);
    let act = Activation::Relu;
    let (affine, averages) = ([&gamma, &beta], [&mean[..], &variance[..]]);
    let got = batch_norm_inference(&x, affine, averages, EPS, act, Kernels::Auto).unwrap();
    let wide = |v: [f32; 5]| v.map(f64::from);
    let moments = (&wide(mean)[..], &wide(variance)[..]);
    let wanted =
        reference::normalise::<f32>(&flat(&x), moments, &flat(&gamma), &flat(&beta), EPS, act);
    assert_eq!(got.dims(), x.dims());
    assert_close("inference", &flat::<f32>(&got), &wanted, 1e-6);
}

#[test]
#[expect(clippy::cast_possible_truncation, reason = "the twin computes in f64")]
fn activations_equal_their_twins_at_every_kind_of_value() {
    let mut x: Vec<f32> = vec![0.0, -0.0, 1e-30, -1e-30, 100.0, -100.0, 1e-40, -1e-40];
    x.extend(flat::<f32>(&(values(&[40_001], 7) * 4.0).unwrap()));
    let var = Var::from_vec(x.clone(), x.len(), &Device::Cpu).unwrap();
    let dy = values(&[x.len()], 8);
    for act in [
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu(0.2),
        Activation::Sigmoid,
        Activation::Tanh,
    ] {
        let y = activate(var.as_tensor(), act).unwrap();
        let grads = (&y * &dy).unwrap().sum_all().unwrap().backward().unwrap();
        let wide = |x: &f32| f64::from(*x);
        let wanted: Vec<f32> = x
            .iter()
            .map(|x| reference::activation(act, wide(x)) as f32)
            .collect();
        assert_close(&format!("{act:?}"), &flat(&y), &wanted, 2e-7);
        let slopes: Vec<f32> = x
            .iter()
            .zip(flat::<f32>(&dy))
            .map(|(x, dy)| (reference::slope(act, wide(x)) * f64::from(dy)) as f32)
            .collect();
        assert_close(
            &format!("{act:?} slope"),
            &flat(grads.get(&var).unwrap()),
            &slopes,
            1e-6,
        );
    }
}

#[test]
fn the_loss_equals_its_twin_and_never_overflows() {
    let mut logits: Vec<f32> = vec![0.0, 20.0, -90.0, 100.0, -100.0, 3e38, -3e38];
    logits.extend(flat::<f32>(&(values(&[57], 3) * 5.0).unwrap()));
    for target in [0.0, 1.0, 0.9] {
        let var = Var::from_vec(logits.clone(), (logits.len(), 1), &Device::Cpu).unwrap();
        let loss = bce_with_logits(var.as_tensor(), target).unwrap();
        let grads = (&loss * 2.0).unwrap().backward().unwrap();
        let (wanted, slopes) = reference::bce_with_logits(&logits, f64::from(target));
        let got = f64::from(loss.to_scalar::<f32>().unwrap());
        assert!((got - wanted).abs() <= 1e-6 * wanted, "{got} {wanted}");
        let slopes: Vec<f32> = slopes.iter().map(|s| 2.0 * s).collect();
        assert_close("gradient", &flat(grads.get(&var).unwrap()), &slopes, 1e-6);
    }
}

#[test]
fn adam_equals_its_twin_over_steps() {
    Instructions::Avx2.or_untested("Adam in loops for wider vectors");
    for kernels in [Kernels::Auto, Kernels::Baseline] {
        adam_equals_its_twin(kernels);
    }
}

fn adam_equals_its_twin(kernels: Kernels) {
    let config = AdamConfig::default();
    // Longer than a task, and no multiple of any vector.
    let n = 70_013;
    let var = Var::from_tensor(&values(&[n], 1)).unwrap();
    let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
    let (mut w_ref, mut m_ref, mut v_ref) = (flat::<f32>(&var), m.clone(), v.clone());
    for step in 1..4 {
        let g = (values(&[n], 10 + step) * 1e-3).unwrap();
        adam_update(&var, &g, &mut m, &mut v, &config, step, kernels).unwrap();
        let step = i32::try_from(step).unwrap();
        reference::adam(&mut w_ref, &flat(&g), &mut m_ref, &mut v_ref, &config, step);
    }
    assert_eq!(flat::<f32>(&var), w_ref);
    assert_eq!((m, v), (m_ref, v_ref));
}

#[test]
fn views_are_read_where_they_lie() {
    // A narrowed and a transposed input: not contiguous, and not at the start of their storage.
    let whole = values(&[10, 6], 4);
    let (w, b) = (values(&[10, 3], 5), values(&[3], 6));
    let x = whole.t().unwrap().narrow(0, 2, 3).unwrap();
    let got = dcgan_kernels::linear(&x, None, &w, &b, KernelOptions::default()).unwrap();
    let copied = Tensor::from_vec(flat::<f32>(&x), (3, 10), &Device::Cpu).unwrap();
    let wanted = dcgan_kernels::linear(&copied, None, &w, &b, KernelOptions::default()).unwrap();
    assert_eq!(flat::<f32>(&got), flat::<f32>(&wanted));
}
