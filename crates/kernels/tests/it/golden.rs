//! The convolutions of the golden vectors; the top-level tests check the whole file.

use std::path::Path;

use candle_core::{Device, Tensor};
use dcgan_kernels::{Activation, Geometry, KernelOptions, batch_norm, conv2d, conv2d_transpose};

use crate::layers::{assert_close, flat};

fn size(text: &str) -> [usize; 2] {
    let (h, w) = text.split_once('x').unwrap();
    [h.parse().unwrap(), w.parse().unwrap()]
}

#[test]
fn single_operations_equal_tensorflow() {
    let folder = std::env::var("DCGAN_GOLDEN_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden").into());
    let file = Path::new(&folder).join("ops.safetensors");
    let tensors = candle_core::safetensors::load(file, &Device::Cpu).unwrap();
    let mut names: Vec<&String> = tensors.keys().filter(|n| n.ends_with("/dy")).collect();
    names.sort();
    let options = KernelOptions::default();
    let mut checked = 0;
    for name in names {
        let base = name.strip_suffix("/dy").unwrap();
        let get = |t: &str| -> Tensor { tensors[&format!("{base}/{t}")].clone() };
        let (kind, case) = base.split_once('/').unwrap_or((base, ""));
        let track = |t: &str| candle_core::Var::from_tensor(&get(t)).unwrap();
        let (x, y, others) = match kind {
            "conv" | "deconv" => {
                let (from, to) = case.split_once('_').unwrap();
                let (x, w, b) = (track("x"), track("w"), track("b"));
                let y = if kind == "conv" {
                    conv2d(&x, None, &w, &b, &Geometry::same(size(from), 5, 2), options)
                } else {
                    conv2d_transpose(&x, None, &w, &b, &Geometry::same(size(to), 5, 2), options)
                };
                (x, y.unwrap(), [("dw", w), ("db", b)])
            }
            "bn" => {
                let (x, gamma, beta) = (track("x"), track("gamma"), track("beta"));
                let (act, kernels) = (Activation::Identity, options.kernels);
                let (y, stats) = batch_norm(&x, &gamma, &beta, 1e-5, act, kernels).unwrap();
                assert_close("mean", &stats.mean, &flat(&get("batch_mean")), 1e-6);
                let unbiased = flat(&get("batch_var_unbiased"));
                assert_close("variance", &stats.variance_unbiased, &unbiased, 1e-6);
                (x, y, [("dgamma", gamma), ("dbeta", beta)])
            }
            _ => continue,
        };
        let grads = (&y * get("dy"))
            .unwrap()
            .sum_all()
            .unwrap()
            .backward()
            .unwrap();
        // Where the spread is a thousandth of the mean, TensorFlow itself is off by its rounding.
        let slack = if case == "tiny" { 50.0 } else { 1.0 };
        assert_close(
            &format!("{base}/y"),
            &flat::<f32>(&y),
            &flat(&get("y")),
            slack * 4e-6,
        );
        for (name, var) in [("dx", x)].into_iter().chain(others) {
            let got = flat::<f32>(grads.get(&var).unwrap());
            assert_close(
                &format!("{base}/{name}"),
                &got,
                &flat(&get(name)),
                slack * 2e-5,
            );
        }
        checked += 1;
    }
    assert!(checked > 3, "only {checked} cases in {folder}");
}
