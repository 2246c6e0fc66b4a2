//! Products in bfloat16: against the twin with rounded operands, bit for bit the same with and
//! without the processor's instructions and on any number of threads.

use candle_core::{DType, Device, Tensor, Var};
use dcgan_kernels::reference::{self, ConvSizes};
use dcgan_kernels::{Geometry, KernelOptions, Kernels, Precision};
use dcgan_testkit::{Missing, untested};
use proptest::prelude::*;

use crate::layers::{Layer, Operands, assert_close, flat, layers, values};

/// Layers that round their operands: linear and convolutional, eight channels or more on either
/// side.
fn narrowed(layer: &Layer) -> bool {
    match *layer {
        Layer::Linear { c, out, .. } => c.min(out) >= 8,
        Layer::Conv(s) | Layer::Transpose(s) => s.channels.min(s.out) >= 8,
        Layer::BatchNorm { .. } => false,
    }
}

fn auto(precision: Precision) -> KernelOptions {
    KernelOptions {
        kernels: Kernels::Auto,
        precision,
    }
}

fn rounded(t: &Tensor) -> Tensor {
    let values: Vec<f32> = flat(t).into_iter().map(reference::bf16).collect();
    Tensor::from_vec(values, t.shape(), t.device()).unwrap()
}

/// A weight, or its gradient, in two: the part of inputs, and that of labels.
fn parts(layer: &Layer, w: &Tensor) -> [Tensor; 2] {
    let labels = layer.shapes()[1][1];
    let axis = match layer {
        Layer::Linear { .. } => 0,
        Layer::Conv(_) => 2,
        Layer::Transpose(_) => 3,
        Layer::BatchNorm { .. } => unreachable!("has no product"),
    };
    let inputs = w.dim(axis).unwrap() - labels;
    [(0, inputs), (inputs, labels)].map(|(first, n)| w.narrow(axis, first, n).unwrap())
}

/// Input and weight rounded, but for the weight's part of labels.
fn twin(layer: &Layer, o: &Operands) -> Operands {
    let axis = match layer {
        Layer::Linear { .. } => 0,
        Layer::Conv(_) => 2,
        _ => 3,
    };
    let [inputs, labels] = parts(layer, &o.w);
    let parts = [rounded(&inputs), labels];
    let w = Tensor::cat(&parts[..if o.y.is_some() { 2 } else { 1 }], axis).unwrap();
    Operands {
        x: rounded(&o.x),
        y: o.y.clone(),
        w,
        b: o.b.clone(),
    }
}

/// Products of two numbers of eight bits are exact in `f32`, and sums are in `f32` in either
/// precision: so the tolerances are those of the layers without rounding.
fn check(layer: Layer) {
    let dy = values(&layer.shapes()[4], 9);
    let o = layer.operands(DType::F32, 5);
    let (y, [dx, dw, db]) = layer.run_with(&o, &dy, auto(Precision::Bf16));
    let twin = twin(&layer, &o);
    let (y_twin, grads) = layer.reference::<f32>(&twin, &rounded(&dy));
    // Biases and labels meet the output gradient as it is.
    let (_, exact) = layer.reference::<f32>(&twin, &dy);
    let name = |what| format!("{layer:?} {what}");
    assert_close(&name("forward"), &flat::<f32>(&y), &y_twin, 4e-6);
    assert_close(&name("dx"), &flat::<f32>(&dx), &grads.dx, 2e-5);
    assert_close(&name("db"), &flat::<f32>(&db), &exact.db, 2e-5);
    let shaped = |values: Vec<f32>| Tensor::from_vec(values, dw.shape(), dw.device()).unwrap();
    let got = parts(&layer, &dw).map(|part| flat::<f32>(&part));
    let [of_inputs, _] = parts(&layer, &shaped(grads.dw)).map(|part| flat(&part));
    let [_, of_labels] = parts(&layer, &shaped(exact.dw)).map(|part| flat(&part));
    assert_close(&name("dw"), &got[0], &of_inputs, 2e-5);
    assert_close(&name("dw of labels"), &got[1], &of_labels, 2e-5);
}

fn narrowed_layers() -> Vec<Layer> {
    let mut layers = layers();
    // More than a block of every kind: of the inner dimension, of columns, of rows, of samples.
    layers.push(Layer::Linear {
        batch: 71,
        c: 1100,
        labels: 4,
        out: 589,
    });
    layers.retain(narrowed);
    assert!(layers.len() > 5, "{layers:?}");
    layers
}

#[test]
fn chosen_layers_equal_their_twins() {
    for layer in narrowed_layers() {
        check(layer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn convolutions_equal_their_twins(
        height in 1usize..13, width in 1usize..13, kernel in 1usize..6, stride in 1usize..4,
        batch in 1usize..6, channels in 8usize..30, labels in 0usize..4, out in 8usize..75,
        transpose: bool,
    ) {
        let geometry = Geometry::same([height, width], kernel, stride);
        let sizes = ConvSizes { batch, channels, labels, out, geometry };
        check(if transpose { Layer::Transpose(sizes) } else { Layer::Conv(sizes) });
    }

    #[test]
    fn linear_layers_equal_their_twins(
        batch in 1usize..70, c in 8usize..150, labels in 0usize..12, out in 8usize..150,
    ) {
        check(Layer::Linear { batch, c, labels, out });
    }
}

/// Bits of the output and of all gradients.
fn bits(layer: &Layer, options: KernelOptions) -> Vec<u32> {
    let (o, dy) = (
        layer.operands(DType::F32, 11),
        values(&layer.shapes()[4], 12),
    );
    // Large and small numbers, down to those that the processor takes for zero.
    let o = Operands {
        x: (&o.x * o.x.powf(30.0).unwrap()).unwrap(),
        ..o
    };
    let (y, [dx, dw, db]) = layer.run_with(&o, &dy, options);
    let all = [y, dx, dw, db].map(|t| flat::<f32>(&t));
    all.concat().into_iter().map(f32::to_bits).collect()
}

#[test]
fn the_processors_instructions_and_plain_loops_give_the_same_bits() {
    if Precision::Bf16.missing(Kernels::Auto).is_some() {
        untested(
            "the processor's bfloat16 against plain loops",
            Missing::Instructions("AVX512_BF16"),
        );
        return;
    }
    assert!(Precision::Bf16.missing(Kernels::Baseline).is_some());
    for layer in narrowed_layers() {
        let [fast, plain] = [Kernels::Auto, Kernels::Baseline].map(|kernels| {
            let precision = Precision::Bf16;
            bits(&layer, KernelOptions { kernels, precision })
        });
        assert!(fast == plain, "{layer:?}");
    }
}

#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    for layer in narrowed_layers() {
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| bits(&layer, auto(Precision::Bf16)))
        };
        let one = with(1);
        assert!(one == with(2), "{layer:?}");
        assert!(one == with(3), "{layer:?}");
    }
}

#[test]
fn wide_layers_alone_are_rounded_and_only_in_f32() {
    for layer in layers() {
        let same = bits(&layer, auto(Precision::Bf16)) == bits(&layer, auto(Precision::F32));
        assert_eq!(same, !narrowed(&layer), "{layer:?}");

        let dy = values(&layer.shapes()[4], 2).to_dtype(DType::F64).unwrap();
        let o = layer.operands(DType::F64, 1);
        let run = |precision: Precision| {
            let (y, grads) = layer.run_with(&o, &dy, auto(precision));
            [flat::<f64>(&y), flat(&grads[0]), flat(&grads[1])]
        };
        assert!(run(Precision::Bf16) == run(Precision::F32), "{layer:?}");
    }
}

/// Two uses of one weight, each in its own precision, in one graph.
#[test]
fn a_backward_pass_has_the_precision_of_each_result() {
    let layer = Layer::Linear {
        batch: 4,
        c: 16,
        labels: 0,
        out: 16,
    };
    let o = layer.operands(DType::F32, 3);
    let gradient = |precisions: &[Precision]| {
        let x = Var::from_tensor(&o.x).unwrap();
        let tracked = Operands {
            x: x.as_tensor().clone(),
            y: None,
            w: o.w.clone(),
            b: o.b.clone(),
        };
        let sums = precisions.iter().map(|&precision| {
            let y = layer.forward_with(&tracked, auto(precision));
            y.sum_all().unwrap()
        });
        let sums: Vec<Tensor> = sums.collect();
        let loss = Tensor::stack(&sums, 0).unwrap().sum_all().unwrap();
        flat::<f32>(loss.backward().unwrap().get(&x).unwrap())
    };
    let (f32, bf16) = (Precision::F32, Precision::Bf16);
    let [of_f32, of_bf16, both] = [&[f32][..], &[bf16], &[f32, bf16]].map(gradient);
    assert_ne!(of_f32, of_bf16);
    let sums = of_f32.iter().zip(&of_bf16).map(|(a, b)| a + b);
    assert_eq!(both, sums.collect::<Vec<_>>());
}

#[test]
fn the_twins_rounding_is_that_of_others_for_normal_numbers() {
    let mut numbers: Vec<f32> = flat(&values(&[4000], 1));
    numbers.extend(numbers.clone().iter().map(|x| x * 1e30));
    numbers.extend(numbers.clone().iter().map(|x| x * 1e-36));
    numbers.extend((0..300_u16).map(|i| 1.0 + f32::from(i) / 512.0));
    let n = numbers.len();
    let theirs = Tensor::from_vec(numbers.clone(), n, &Device::Cpu).unwrap();
    let theirs = theirs.to_dtype(DType::BF16).unwrap();
    let theirs: Vec<f32> = flat(&theirs.to_dtype(DType::F32).unwrap());
    for (x, theirs) in numbers.into_iter().zip(theirs) {
        if x.abs() >= f32::MIN_POSITIVE {
            assert_eq!(reference::bf16(x).to_bits(), theirs.to_bits(), "{x:e}");
        }
    }
    assert_eq!(reference::bf16(-1e-40).to_bits(), (-0.0_f32).to_bits());
    assert!(reference::bf16(f32::MAX).is_infinite());
}
