//! Gradients of convolutions in every form: zero where they have no term, and close to float64
//! elsewhere.
//!
//! Adam divides a gradient by its size: one that should be zero and is rounding noise moves its
//! weight.

use candle_core::{DType, Tensor};
use dcgan_kernels::reference::ConvSizes;
use dcgan_kernels::{Geometry, KernelOptions, Kernels, Precision};
use dcgan_testkit::Instructions;

use crate::layers::{Layer, Operands, flat, values};

/// The share of a channel's positions that are not zero, by the channel's number.
type Shares<'a> = &'a [f64];

const DENSE: Shares<'_> = &[1.0];
/// As after a rectifier: from all positions to none.
const MIXED: Shares<'_> = &[1.0, 0.5, 0.0, 0.7, 0.3, 1.0, 0.02, 0.5, 0.001, 0.6];

/// Dense, but for some channels of either side that are active like the squares of a chessboard, of
/// one colour on the small side and of the other on the big one: some taps never see both.
const TURNS: Shares<'_> = &[1.0, 1.0];

/// A layer with its operands and the gradient of its output.
struct Case {
    layer: Layer,
    operands: Operands,
    dy: Tensor,
}

impl Case {
    /// A layer between small maps of `channels[0]` and big ones of `channels[1]`.
    fn new(
        transpose: bool,
        batch: usize,
        big: [usize; 2],
        channels: [usize; 2],
        shares: [Shares<'_>; 2],
    ) -> Case {
        let [small_shares, big_shares] = shares;
        let (x_side, y_side) = if transpose { (0, 1) } else { (1, 0) };
        let sizes = ConvSizes {
            batch,
            channels: channels[x_side],
            labels: 0,
            out: channels[y_side],
            geometry: Geometry::same(big, 5, 2),
        };
        let layer = if transpose {
            Layer::Transpose(sizes)
        } else {
            Layer::Conv(sizes)
        };
        let mut operands = layer.operands(DType::F32, 3);
        let shares = [small_shares, big_shares];
        operands.x = thinned(&operands.x, shares[x_side], 5);
        let mut dy = thinned(&values(&layer.shapes()[4], 9), shares[y_side], 7);
        if shares == [TURNS, TURNS] {
            operands.x = squares(&operands.x, x_side);
            dy = squares(&dy, y_side);
        }
        Case {
            layer,
            operands,
            dy,
        }
    }

    /// Gradients of the input and of the weight.
    fn gradients(&self, dtype: DType, options: KernelOptions) -> [Vec<f64>; 2] {
        let o = Operands {
            x: self.operands.x.to_dtype(dtype).unwrap(),
            y: None,
            w: self.operands.w.to_dtype(dtype).unwrap(),
            b: self.operands.b.to_dtype(dtype).unwrap(),
        };
        let dy = self.dy.to_dtype(dtype).unwrap();
        let (_, [dx, dw, _]) = self.layer.run_with(&o, &dy, options);
        [dx, dw].map(|t| flat::<f64>(&t.to_dtype(DType::F64).unwrap()))
    }

    /// In double precision, of which the direct products are exact enough to be the truth.
    fn truth(&self) -> [Vec<f64>; 2] {
        self.gradients(DType::F64, Kernels::Direct.into())
    }

    /// The number of terms that are not zero of each gradient.
    fn terms(&self) -> [Vec<f64>; 2] {
        let ones = |t: &Tensor| t.ne(0.0).unwrap().to_dtype(DType::F32).unwrap();
        let counted = Case {
            layer: self.layer,
            operands: Operands {
                x: ones(&self.operands.x),
                y: None,
                w: ones(&self.operands.w),
                b: self.operands.b.clone(),
            },
            dy: ones(&self.dy),
        };
        counted.truth()
    }

    /// Rows and columns of a tap of the weight.
    fn weight_shape(&self) -> [usize; 2] {
        let w = &self.layer.shapes()[2];
        [w[2], w[3]]
    }
}

/// `t`, of zero mean, with zeros everywhere but in a share of the positions of each channel.
fn thinned(t: &Tensor, shares: Shares<'_>, seed: u64) -> Tensor {
    let channels = *t.dims().last().unwrap();
    let chances = flat::<f32>(&values(t.dims(), seed + 100));
    let mut thin = flat::<f32>(t);
    for (i, (value, chance)) in thin.iter_mut().zip(chances).enumerate() {
        let share = shares[i % channels % shares.len()];
        *value -= 0.1;
        if f64::from(chance + 0.9) / 2.0 >= share {
            *value = 0.0;
        }
    }
    Tensor::from_vec(thin, t.dims(), t.device()).unwrap()
}

/// `t` with zeros on the squares of one colour in every fifth channel; the big side's have two
/// pixels a side.
fn squares(t: &Tensor, side: usize) -> Tensor {
    let (_, height, width, channels) = t.dims4().unwrap();
    let mut values = flat::<f32>(t);
    for (i, value) in values.iter_mut().enumerate() {
        let at = i / channels % (height * width);
        let [row, column] = [at / width, at % width].map(|at| at / (side + 1));
        if i % channels % 5 == 0 && (row + column) % 2 == side {
            *value = 0.0;
        }
    }
    Tensor::from_vec(values, t.dims(), t.device()).unwrap()
}

/// Sizes with maps of one pixel and more, wide and narrow layers, few positions and several blocks
/// of tiles.
fn cases(shares: [Shares<'_>; 2]) -> Vec<Case> {
    let sizes = [
        (64, [2, 2], [40, 40]),
        (64, [3, 4], [40, 36]),
        (70, [6, 5], [33, 40]),
        (20, [8, 8], [40, 33]),
        (64, [14, 14], [48, 40]),
        (30, [21, 14], [40, 40]),
        (3, [14, 14], [40, 40]),
        (64, [14, 14], [16, 8]),
        (8, [16, 16], [8, 8]),
        (8, [28, 28], [11, 3]),
    ];
    let both = sizes
        .into_iter()
        .flat_map(|size| [(true, size), (false, size)]);
    both.map(|(transpose, (batch, big, channels))| {
        Case::new(transpose, batch, big, channels, shares)
    })
    .collect()
}

/// Runs `check` with the gradients by each choice of kernels, and in bfloat16.
fn in_every_form(case: &Case, mut check: impl FnMut(&str, &[Vec<f64>; 2])) {
    for kernels in Kernels::ALL {
        for precision in [Precision::F32, Precision::Bf16] {
            let options = KernelOptions { kernels, precision };
            let gradients = case.gradients(DType::F32, options);
            check(&format!("{options:?}"), &gradients);
        }
    }
}

#[test]
fn a_weight_without_a_term_has_a_gradient_of_zero_in_every_form() {
    Instructions::Avx512.or_untested("gradients on vectors");
    let mut without = 0;
    for shares in [
        [DENSE, DENSE],
        [MIXED, DENSE],
        [TURNS, TURNS],
        [MIXED, MIXED],
    ] {
        for case in cases(shares) {
            let [_, terms] = case.terms();
            without += terms.iter().filter(|&&n| n == 0.0).count();
            in_every_form(&case, |form, [_, dw]| {
                let wrong = dw
                    .iter()
                    .zip(&terms)
                    .filter(|&(&dw, &n)| (dw == 0.0) != (n == 0.0));
                let layer = &case.layer;
                assert_eq!(wrong.count(), 0, "{form} {layer:?} {shares:?}");
            });
        }
    }
    assert!(without > 100_000, "{without}");
}

#[test]
fn an_input_that_no_output_is_reached_by_has_a_gradient_of_zero() {
    for mut case in cases([DENSE, DENSE]) {
        // The first half of the rows of the output's gradient, in every sample.
        let [b, h, w, c] = case.dy.dims4().map(|(b, h, w, c)| [b, h, w, c]).unwrap();
        let row = Tensor::arange(0_u32, u32::try_from(h).unwrap(), case.dy.device()).unwrap();
        let keep = row.ge(u32::try_from(h / 2).unwrap()).unwrap();
        let keep = keep
            .to_dtype(DType::F32)
            .unwrap()
            .reshape((1, h, 1, 1))
            .unwrap();
        case.dy = case
            .dy
            .mul(&keep.broadcast_as((b, h, w, c)).unwrap())
            .unwrap();
        let [terms, _] = case.terms();
        in_every_form(&case, |form, [dx, _]| {
            let wrong = dx
                .iter()
                .zip(&terms)
                .filter(|&(&dx, &n)| (dx == 0.0) != (n == 0.0));
            assert_eq!(wrong.count(), 0, "{form} {:?}", case.layer);
        });
    }
}

/// The largest error over all elements, each as a share of the largest value of its channel: of
/// channels along rows and along columns.
fn error(got: &[f64], truth: &[f64], [rows, columns]: [usize; 2]) -> [f64; 2] {
    [0, 1].map(|axis| {
        let mut channels = vec![(0.0_f64, 0.0_f64); [rows, columns][axis]];
        for (i, (got, truth)) in got.iter().zip(truth).enumerate() {
            let (worst, scale) = &mut channels[[i / columns % rows, i % columns][axis]];
            *worst = worst.max((got - truth).abs());
            *scale = scale.max(truth.abs());
        }
        let live = channels.into_iter().filter(|&(_, scale)| scale > 0.0);
        live.fold(0.0_f64, |most, (worst, scale)| most.max(worst / scale))
    })
}

#[test]
fn a_weights_gradient_is_at_most_three_times_less_exact_than_the_direct_form() {
    Instructions::Avx512.or_untested("gradients on vectors");
    let mut filtered = 0;
    for shares in [
        [DENSE, DENSE],
        [MIXED, DENSE],
        [DENSE, MIXED],
        [MIXED, MIXED],
        [&[0.4], DENSE],
        [&[0.2], DENSE],
    ] {
        for case in cases(shares) {
            let [_, truth] = case.truth();
            let [_, direct] = case.gradients(DType::F32, Kernels::Direct.into());
            let of_direct = error(&direct, &truth, case.weight_shape());
            for kernels in [Kernels::Gemm, Kernels::Winograd, Kernels::Baseline] {
                let [_, got] = case.gradients(DType::F32, kernels.into());
                filtered += usize::from(kernels == Kernels::Winograd && got != direct);
                let of_form = error(&got, &truth, case.weight_shape());
                for (of_form, of_direct) in of_form.into_iter().zip(of_direct) {
                    assert!(
                        of_form <= 3.0 * of_direct,
                        "{kernels:?} {:?} {shares:?}: {of_form:e}, {of_direct:e}",
                        case.layer
                    );
                }
            }
        }
    }
    assert!(
        filtered > 15,
        "minimal filtering was used for {filtered} gradients"
    );
}
