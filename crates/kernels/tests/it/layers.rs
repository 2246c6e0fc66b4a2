//! Every layer as one value, so that each test can run through all of them.

use candle_core::{DType, Device, Tensor, Var};
use dcgan_kernels::reference::{self, ConvSizes, Gradients};
use dcgan_kernels::{
    Activation, Geometry, KernelOptions, Real, batch_norm, conv2d, conv2d_transpose, linear,
};

pub(crate) const EPS: f64 = 1e-5;

/// A layer with the sizes of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layer {
    Linear {
        batch: usize,
        c: usize,
        labels: usize,
        out: usize,
    },
    Conv(ConvSizes),
    Transpose(ConvSizes),
    BatchNorm {
        rows: usize,
        c: usize,
        act: Activation,
    },
}

/// Input, labels, weight and bias (gamma and beta).
pub(crate) struct Operands {
    pub(crate) x: Tensor,
    pub(crate) y: Option<Tensor>,
    pub(crate) w: Tensor,
    pub(crate) b: Tensor,
}

impl Layer {
    /// Shapes of x, y, w, b and the output.
    pub(crate) fn shapes(&self) -> [Vec<usize>; 5] {
        match *self {
            Layer::Linear {
                batch,
                c,
                labels,
                out,
            } => [
                vec![batch, c],
                vec![batch, labels],
                vec![c + labels, out],
                vec![out],
                vec![batch, out],
            ],
            Layer::Conv(ConvSizes {
                batch,
                channels: c,
                labels,
                out,
                geometry: g,
            }) => [
                vec![batch, g.big[0], g.big[1], c],
                vec![batch, labels],
                vec![g.kernel[0], g.kernel[1], c + labels, out],
                vec![out],
                vec![batch, g.small[0], g.small[1], out],
            ],
            Layer::Transpose(ConvSizes {
                batch,
                channels: c,
                labels,
                out,
                geometry: g,
            }) => [
                vec![batch, g.small[0], g.small[1], c],
                vec![batch, labels],
                vec![g.kernel[0], g.kernel[1], out, c + labels],
                vec![out],
                vec![batch, g.big[0], g.big[1], out],
            ],
            Layer::BatchNorm { rows, c, .. } => [
                vec![rows, c],
                vec![rows, 0],
                vec![c],
                vec![c],
                vec![rows, c],
            ],
        }
    }

    /// Operands with reproducible values of order 1.
    pub(crate) fn operands(&self, dtype: DType, seed: u64) -> Operands {
        let [x, y, w, b, _] = self.shapes();
        let y = (y[1] > 0).then(|| values(&y, seed + 1).to_dtype(dtype).unwrap());
        Operands {
            x: values(&x, seed).to_dtype(dtype).unwrap(),
            y,
            w: values(&w, seed + 2).to_dtype(dtype).unwrap(),
            b: values(&b, seed + 3).to_dtype(dtype).unwrap(),
        }
    }

    pub(crate) fn forward(&self, o: &Operands) -> Tensor {
        self.forward_with(o, KernelOptions::default())
    }

    pub(crate) fn forward_with(&self, o: &Operands, options: KernelOptions) -> Tensor {
        let (x, y, w, b) = (&o.x, o.y.as_ref(), &o.w, &o.b);
        match self {
            Layer::Linear { .. } => linear(x, y, w, b, options).unwrap(),
            Layer::Conv(s) => conv2d(x, y, w, b, &s.geometry, options).unwrap(),
            Layer::Transpose(s) => conv2d_transpose(x, y, w, b, &s.geometry, options).unwrap(),
            Layer::BatchNorm { act, .. } => {
                let normalised = batch_norm(x, w, b, EPS, *act, options.kernels);
                normalised.unwrap().0
            }
        }
    }

    /// Output, and gradients of `sum(output dy)`.
    pub(crate) fn run(&self, o: &Operands, dy: &Tensor) -> (Tensor, [Tensor; 3]) {
        self.run_with(o, dy, KernelOptions::default())
    }

    /// Output, and gradients of `sum(output dy)`.
    pub(crate) fn run_with(
        &self,
        o: &Operands,
        dy: &Tensor,
        options: KernelOptions,
    ) -> (Tensor, [Tensor; 3]) {
        let [x, w, b] = [&o.x, &o.w, &o.b].map(|t| Var::from_tensor(t).unwrap());
        let tracked = Operands {
            x: x.as_tensor().clone(),
            y: o.y.clone(),
            w: w.as_tensor().clone(),
            b: b.as_tensor().clone(),
        };
        let y = self.forward_with(&tracked, options);
        let grads = (&y * dy).unwrap().sum_all().unwrap().backward().unwrap();
        (
            y.detach(),
            [x, w, b].map(|v| grads.get(v.as_tensor()).unwrap().clone()),
        )
    }

    /// The same from the reference twin.
    pub(crate) fn reference<T: Real>(&self, o: &Operands, dy: &Tensor) -> (Vec<T>, Gradients<T>) {
        let (x, w, b, dy) = (flat::<T>(&o.x), flat(&o.w), flat(&o.b), flat(dy));
        let y = o.y.as_ref().map(flat);
        let y = y.as_deref();
        match self {
            &Layer::Linear { batch, .. } => (
                reference::linear(&x, y, &w, &b, batch),
                reference::linear_gradients(&x, y, &w, &dy, batch),
            ),
            Layer::Conv(s) => (
                reference::conv2d(s, &x, y, &w, &b),
                reference::conv2d_gradients(s, &x, y, &w, &dy),
            ),
            Layer::Transpose(s) => (
                reference::conv2d_transpose(s, &x, y, &w, &b),
                reference::conv2d_transpose_gradients(s, &x, y, &w, &dy),
            ),
            &Layer::BatchNorm { act, .. } => {
                let (mean, variance) = reference::moments(&x, w.len());
                (
                    reference::normalise(&x, (&mean, &variance), &w, &b, EPS, act),
                    reference::batch_norm_gradients(&x, &w, &b, EPS, act, &dy),
                )
            }
        }
    }
}

/// Reproducible values in (-1, 1) with a mean that is not 0, as `f32`.
pub(crate) fn values(shape: &[usize], seed: u64) -> Tensor {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let n: usize = shape.iter().product();
    let data: Vec<f32> = (0..n)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 0.9
        })
        .collect();
    Tensor::from_vec(data, shape, &Device::Cpu).unwrap()
}

pub(crate) fn flat<T: Real>(t: &Tensor) -> Vec<T> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

/// Asserts that two arrays agree to `tolerance` times the largest magnitude of the second.
pub(crate) fn assert_close<T: Real>(what: &str, got: &[T], wanted: &[T], tolerance: f64) {
    assert_eq!(got.len(), wanted.len(), "{what}: lengths");
    let scale = wanted
        .iter()
        .fold(1e-3, |s: f64, v| s.max(v.to_f64().abs()));
    let apart = |i: usize| (got[i].to_f64() - wanted[i].to_f64()).abs();
    let worst = (0..got.len()).max_by(|&i, &j| apart(i).total_cmp(&apart(j)));
    if let Some(i) = worst {
        let (g, w) = (got[i], wanted[i]);
        assert!(
            got.iter().all(|v| v.to_f64().is_finite()) && apart(i) <= tolerance * scale,
            "{what}: at {i} got {g}, wanted {w} (scale {scale:e})"
        );
    }
}

/// Layers of sizes that reach every path: wide and narrow, odd and even, with and without labels.
pub(crate) fn layers() -> Vec<Layer> {
    let conv = |batch, big, channels, labels, out| ConvSizes {
        batch,
        channels,
        labels,
        out,
        geometry: Geometry::same(big, 5, 2),
    };
    vec![
        Layer::Linear {
            batch: 5,
            c: 7,
            labels: 3,
            out: 9,
        },
        Layer::Linear {
            batch: 64,
            c: 130,
            labels: 10,
            out: 257,
        },
        Layer::Linear {
            batch: 3,
            c: 300,
            labels: 0,
            out: 1,
        },
        Layer::Conv(conv(5, [28, 28], 1, 10, 11)),
        Layer::Conv(conv(9, [14, 14], 11, 10, 74)),
        Layer::Conv(conv(2, [9, 14], 3, 0, 8)),
        Layer::Conv(conv(3, [5, 7], 33, 2, 17)),
        // More tiles than Winograd's form takes at once.
        Layer::Conv(conv(70, [9, 14], 36, 3, 33)),
        Layer::Transpose(conv(70, [9, 14], 33, 3, 36)),
        Layer::Transpose(conv(6, [14, 14], 64, 10, 64)),
        Layer::Transpose(conv(3, [10, 13], 40, 4, 32)),
        Layer::Transpose(conv(5, [28, 28], 32, 10, 1)),
        Layer::Transpose(conv(2, [13, 9], 5, 0, 3)),
        Layer::BatchNorm {
            rows: 1000,
            c: 24,
            act: Activation::Relu,
        },
        Layer::BatchNorm {
            rows: 64,
            c: 391,
            act: Activation::LeakyRelu(0.2),
        },
        Layer::BatchNorm {
            rows: 33,
            c: 130,
            act: Activation::Identity,
        },
        Layer::BatchNorm {
            rows: 40,
            c: 5,
            act: Activation::Tanh,
        },
        Layer::BatchNorm {
            rows: 41,
            c: 6,
            act: Activation::Sigmoid,
        },
    ]
}
