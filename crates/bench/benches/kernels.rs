//! Every kernel at the sizes of the full-width labelled network (z 100, gfc 1024, gf 64, df 64,
//! batch 64).
//!
//! Run with `cargo bench -p dcgan-bench`. A layer's `dx` and `dw` are backward passes that compute
//! only that gradient; both include the small sum that starts them. Throughput counts
//! multiplications and additions of the direct method without labels.

#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot be set up should stop"
)]

use candle_core::{Device, Tensor, Var};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dcgan_kernels::{
    Activation, AdamConfig, Geometry, KernelOptions, adam_update, batch_norm, conv2d,
    conv2d_transpose, linear,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 64;
const LABELS: usize = 10;

fn values(shape: &[usize]) -> Tensor {
    let n: usize = shape.iter().product();
    let data: Vec<f32> = (0..n)
        .map(|i| (i * 7919 % 1013) as f32 / 1013.0 - 0.5)
        .collect();
    Tensor::from_vec(data, shape, &Device::Cpu).unwrap()
}

/// Measures a layer's forward pass and each gradient; `macs` is per batch.
fn layer(
    c: &mut Criterion,
    name: &str,
    macs: usize,
    [x, w, b]: [Tensor; 3],
    f: impl Fn(&Tensor, &Tensor, &Tensor) -> Tensor,
) {
    let mut group = c.benchmark_group(name);
    group
        .sample_size(20)
        .throughput(Throughput::Elements(2 * macs as u64));
    group.bench_function("forward", |bench| bench.iter(|| f(&x, &w, &b)));
    let (tracked_x, tracked_w) = (Var::from_tensor(&x).unwrap(), Var::from_tensor(&w).unwrap());
    for (gradient, x, w) in [
        ("dx", tracked_x.as_tensor(), &w),
        ("dw", &x, tracked_w.as_tensor()),
    ] {
        group.bench_function(gradient, |bench| {
            bench.iter_batched(
                || f(x, w, &b).sum_all().unwrap(),
                |loss| loss.backward().unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn layers(c: &mut Criterion) {
    let kernels = dcgan_bench::kernels().unwrap();
    let options = KernelOptions::from(kernels);
    let y = values(&[BATCH, LABELS]);
    for (name, inputs, out) in [
        ("g_h0_lin", 100, 1024),
        ("g_h1_lin", 1024, 6272),
        ("d_h2_lin", 3626, 1024),
    ] {
        let operands = [
            values(&[BATCH, inputs]),
            values(&[inputs + LABELS, out]),
            values(&[out]),
        ];
        layer(c, name, BATCH * inputs * out, operands, |x, w, b| {
            linear(x, Some(&y), w, b, options).unwrap()
        });
    }
    for (name, small, inputs, out) in [("g_h2", 7, 128, 128), ("g_h3", 14, 128, 1)] {
        let geometry = Geometry::same([2 * small; 2], 5, 2);
        let operands = [
            values(&[BATCH, small, small, inputs]),
            values(&[5, 5, out, inputs + LABELS]),
            values(&[out]),
        ];
        layer(
            c,
            name,
            BATCH * small * small * 25 * inputs * out,
            operands,
            |x, w, b| conv2d_transpose(x, Some(&y), w, b, &geometry, options).unwrap(),
        );
    }
    for (name, small, inputs, out) in [("d_h0_conv", 14, 1, 11), ("d_h1_conv", 7, 11, 74)] {
        let geometry = Geometry::same([2 * small; 2], 5, 2);
        let operands = [
            values(&[BATCH, 2 * small, 2 * small, inputs]),
            values(&[5, 5, inputs + LABELS, out]),
            values(&[out]),
        ];
        layer(
            c,
            name,
            BATCH * small * small * 25 * inputs * out,
            operands,
            |x, w, b| conv2d(x, Some(&y), w, b, &geometry, options).unwrap(),
        );
    }
    for (name, shape) in [
        ("g_bn1", &[BATCH, 6272][..]),
        ("g_bn2", &[BATCH, 14, 14, 128]),
        ("d_bn1", &[BATCH, 7, 7, 74]),
    ] {
        let features = &shape[shape.len() - 1..];
        let operands = [values(shape), values(features), values(features)];
        layer(
            c,
            name,
            shape.iter().product(),
            operands,
            |x, gamma, beta| {
                batch_norm(x, gamma, beta, 1e-5, Activation::Relu, kernels)
                    .unwrap()
                    .0
            },
        );
    }
}

fn adam(c: &mut Criterion) {
    let shape = [1034, 6272];
    let n = shape.iter().product();
    let (w, g) = (Var::from_tensor(&values(&shape)).unwrap(), values(&shape));
    let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
    let config = AdamConfig::default();
    let kernels = dcgan_bench::kernels().unwrap();
    let mut group = c.benchmark_group("adam");
    group
        .sample_size(20)
        .throughput(Throughput::Elements(n as u64));
    group.bench_function("g_h1_lin", |bench| {
        bench.iter(|| adam_update(&w, &g, &mut m, &mut v, &config, 3, kernels).unwrap());
    });
    group.finish();
}

criterion_group!(benches, layers, adam);
criterion_main!(benches);
