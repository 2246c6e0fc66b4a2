//! What does not fit together is refused with what was wanted and what was got.

use candle_core::{DType, Device, Tensor, Var};
use dcgan_kernels::{
    Activation, AdamConfig, Geometry, KernelOptions, Kernels, activate, adam_update, batch_norm,
    batch_norm_inference, bce_with_logits, conv2d, conv2d_transpose, linear,
};

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap()
}

fn auto() -> KernelOptions {
    KernelOptions::default()
}

fn refused<T>(result: candle_core::Result<T>, wanted: &[&str]) {
    let Err(error) = result else {
        panic!("accepted; expected a refusal with {wanted:?}")
    };
    let text = error.to_string();
    for part in wanted {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn linear_refuses_what_does_not_fit() {
    let (x, w, b) = (zeros(&[2, 3]), zeros(&[5, 4]), zeros(&[4]));
    refused(linear(&x, None, &w, &b, auto()), &["3 rows", "got 5"]);
    refused(
        linear(&x, Some(&zeros(&[3, 2])), &w, &b, auto()),
        &["[2, 1 or more]", "[3, 2]"],
    );
    refused(
        linear(&x, Some(&zeros(&[2, 2])), &w, &zeros(&[5]), auto()),
        &["[4]", "[5]"],
    );
    let wide = Tensor::zeros((2, 2), DType::F64, &Device::Cpu).unwrap();
    refused(linear(&x, Some(&wide), &w, &b, auto()), &["F32", "F64"]);
    let whole = Tensor::zeros((2, 3), DType::U8, &Device::Cpu).unwrap();
    let (w8, b8) = (
        w.to_dtype(DType::U8).unwrap(),
        b.to_dtype(DType::U8).unwrap(),
    );
    let y8 = whole.narrow(1, 0, 2).unwrap();
    refused(
        linear(&whole, Some(&y8), &w8, &b8, auto()),
        &["f32 or f64", "U8"],
    );
}

#[test]
fn convolutions_refuse_what_does_not_fit() {
    let g = Geometry::same([6, 6], 5, 2);
    let (x, w, b) = (zeros(&[2, 6, 6, 3]), zeros(&[5, 5, 3, 4]), zeros(&[4]));
    refused(
        conv2d(&zeros(&[2, 5, 6, 3]), None, &w, &b, &g, auto()),
        &["[6, 6]", "[5, 6]"],
    );
    refused(
        conv2d(&x, None, &zeros(&[3, 5, 3, 4]), &b, &g, auto()),
        &["[5, 5]", "[3, 5]"],
    );
    refused(
        conv2d(&x, Some(&zeros(&[2, 2])), &w, &b, &g, auto()),
        &["5 input", "got 3"],
    );
    refused(
        conv2d(&x, None, &w, &zeros(&[3]), &g, auto()),
        &["[4]", "[3]"],
    );
    refused(
        conv2d(&zeros(&[0, 6, 6, 3]), None, &w, &b, &g, auto()),
        &["elements"],
    );
    refused(
        conv2d_transpose(&x, None, &w, &b, &g, auto()),
        &["[3, 3]", "[6, 6]"],
    );
    let no_reach = Geometry { small: [9, 9], ..g };
    refused(conv2d(&x, None, &w, &b, &no_reach, auto()), &["touch"]);
    let no_stride = Geometry { stride: 0, ..g };
    refused(conv2d(&x, None, &w, &b, &no_stride, auto()), &["positive"]);
}

#[test]
fn the_others_refuse_what_does_not_fit() {
    let (x, c3, c4) = (zeros(&[2, 3]), zeros(&[3]), zeros(&[4]));
    refused(
        batch_norm(&x, &c4, &c3, 1e-5, Activation::Relu, Kernels::Auto),
        &["[3]", "[4]"],
    );
    refused(
        batch_norm(
            &zeros(&[0, 3]),
            &c3,
            &c3,
            1e-5,
            Activation::Relu,
            Kernels::Auto,
        ),
        &["at least one"],
    );
    refused(
        batch_norm(
            &x,
            &c3,
            &c3,
            1e-5,
            Activation::LeakyRelu(0.0),
            Kernels::Auto,
        ),
        &["positive", "0"],
    );
    let short = batch_norm_inference(
        &x,
        [&c3, &c3],
        [&[0.0; 2], &[1.0; 3]],
        1e-5,
        Activation::Relu,
        Kernels::Auto,
    );
    refused(short, &["3 features", "2 and 3"]);
    refused(activate(&x, Activation::LeakyRelu(f32::NAN)), &["positive"]);
    refused(bce_with_logits(&zeros(&[0, 1]), 1.0), &["at least one"]);
    let config = AdamConfig {
        lr: 1.0,
        beta1: 0.5,
        beta2: 0.9,
        epsilon: 1e-8,
    };
    let var = Var::from_tensor(&c3).unwrap();
    let (mut m, mut v) = (vec![0.0; 3], vec![0.0; 3]);
    refused(
        adam_update(&var, &c4, &mut m, &mut v, &config, 1, Kernels::Auto),
        &["[3]", "[4]"],
    );
    refused(
        adam_update(&var, &c3, &mut m, &mut v, &config, 0, Kernels::Auto),
        &["from 1"],
    );
}
