//! A generator for the descent on z: its batch norm, in inference mode a scale and a shift, folded
//! into the layer before it. Fewer passes over memory, and a gradient with respect to z.

use crate::Error;
use candle_core::{Device, Tensor};
use dcgan::{Arrays, Generator, Kind};
use dcgan_kernels::{Activation, Geometry, activate, conv2d_transpose, linear};

/// As in the networks: added to the variance before its root is taken (ops.py).
const EPSILON: f32 = 1e-5;
/// As in the networks: side and stride of every kernel (ops.py).
const KERNEL: usize = 5;
const STRIDE: usize = 2;

/// The layers in order, each weight with its bias.
#[derive(Debug)]
pub(crate) struct FoldedGenerator {
    dense: Vec<[Tensor; 2]>,
    /// Height, width and channels between the two kinds of layer.
    map: [usize; 3],
    deconvolutions: Vec<([Tensor; 2], Geometry)>,
    output: Activation,
}

impl FoldedGenerator {
    /// Folds a generator, whose arrays bear the original's names: layer i is `g_h<i>_lin` or
    /// `g_h<i>`, and `g_bn<i>` follows it unless it is the last.
    pub(crate) fn new(generator: &Generator) -> Result<Self, Error> {
        let config = generator.config();
        let arrays = generator.arrays()?;
        let mut dense = Vec::new();
        while let Some(layer) = folded(&arrays, dense.len(), ["_lin/Matrix", "_lin/bias"], 1)? {
            dense.push(layer);
        }
        let mut weights = Vec::new();
        while let Some(layer) = folded(&arrays, dense.len() + weights.len(), ["/w", "/biases"], 2)?
        {
            weights.push(layer);
        }
        // The maps double from layer to layer up to the image: sizes from the largest.
        let halve = |size: &[usize; 2]| Some(size.map(|side| side.div_ceil(2)));
        let mut sizes = std::iter::successors(Some([config.height, config.width]), halve)
            .take(weights.len() + 1)
            .collect::<Vec<_>>();
        let [h, w] = sizes.pop().unwrap_or([config.height, config.width]);
        let flat = dense.last().map_or(0, |[_, bias]| bias.elem_count());
        let deconvolutions = weights.into_iter().zip(sizes.into_iter().rev());
        Ok(Self {
            map: [h, w, flat / (h * w)],
            dense,
            deconvolutions: deconvolutions
                .map(|(layer, size)| (layer, Geometry::same(size, KERNEL, STRIDE)))
                .collect(),
            output: match config.kind {
                Kind::Labelled => Activation::Sigmoid,
                Kind::Unlabelled => Activation::Tanh,
            },
        })
    }

    /// z `[B,Z]`, y `[B,Y]` to images `[B,H,W,C]`, as `Generator::infer` up to rounding.
    pub(crate) fn infer(&self, z: &Tensor, y: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let mut x = z.clone();
        for [weight, bias] in &self.dense {
            x = activate(&linear(&x, y, weight, bias)?, Activation::Relu)?;
        }
        let [h, w, c] = self.map;
        x = x.reshape(((), h, w, c))?;
        for (place, ([weight, bias], geometry)) in self.deconvolutions.iter().enumerate() {
            let is_last = place + 1 == self.deconvolutions.len();
            let activation = if is_last {
                self.output
            } else {
                Activation::Relu
            };
            x = activate(
                &conv2d_transpose(&x, y, weight, bias, geometry)?,
                activation,
            )?;
        }
        Ok(x)
    }
}

/// Weight and bias of layer `idx` with what follows folded in; none if there is no such layer.
/// The outputs are axis `axis` of the weight.
fn folded(
    arrays: &Arrays,
    idx: usize,
    [weight, bias]: [&str; 2],
    axis: usize,
) -> Result<Option<[Tensor; 2]>, Error> {
    let array = |name: &str| arrays.get(&format!("generator/{name}"));
    let weight = array(&format!("g_h{idx}{weight}"));
    let bias = array(&format!("g_h{idx}{bias}"));
    let (Some((shape, weight)), Some((_, bias))) = (weight, bias) else {
        return Ok(None);
    };
    let (mut weight, mut bias) = (weight.clone(), bias.clone());
    let norm = |name: &str| array(&format!("g_bn{idx}/{name}")).map(|(_, values)| values);
    if let (Some(gamma), Some(beta), Some(mean), Some(variance)) = (
        norm("gamma"),
        norm("beta"),
        norm("moving_mean"),
        norm("moving_variance"),
    ) {
        let scale: Vec<f32> = gamma
            .iter()
            .zip(variance)
            .map(|(gamma, variance)| gamma / (variance + EPSILON).sqrt())
            .collect();
        // Batch norm over a map has one channel for many outputs of the layer before.
        let n = scale.len();
        for (output, bias) in bias.iter_mut().enumerate() {
            *bias = (*bias - mean[output % n]) * scale[output % n] + beta[output % n];
        }
        let inner: usize = shape[axis + 1..].iter().product();
        for (position, weight) in weight.iter_mut().enumerate() {
            *weight *= scale[position / inner % shape[axis] % n];
        }
    }
    let tensors = || {
        let bias = Tensor::from_vec(bias, shape[axis], &Device::Cpu)?;
        Ok([Tensor::from_vec(weight, &shape[..], &Device::Cpu)?, bias])
    };
    tensors().map(Some).map_err(|source| {
        Error::Network(dcgan::Error::Layer {
            layer: format!("generator/g_h{idx}"),
            shapes: vec![shape.clone()],
            source: Box::new(source),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Var;
    use dcgan::{NetworkConfig, gradients, one_hot, values};

    /// Narrow networks with batch norms that do something.
    fn generators() -> [Generator; 2] {
        let narrow = |config: NetworkConfig| NetworkConfig {
            z_dim: 4,
            gf_dim: 3,
            gfc_dim: 8,
            ..config
        };
        [
            NetworkConfig::labelled(8, 12, 1, 3),
            NetworkConfig::unlabelled(17, 20, 3),
        ]
        .map(|config| {
            let config = narrow(config);
            let mut arrays = Generator::init(&config, 1).unwrap().arrays().unwrap();
            for (name, (_, values)) in &mut arrays {
                for (i, value) in values.iter_mut().enumerate() {
                    let wave = 0.3 + (i % 7) as f32 / 10.0;
                    match name.rsplit('/').next() {
                        Some("gamma" | "moving_variance") => *value = wave,
                        Some("beta" | "moving_mean" | "bias" | "biases") => *value = wave - 0.5,
                        _ => *value *= 10.0,
                    }
                }
            }
            Generator::from_arrays(&config, &arrays).unwrap()
        })
    }

    const Z: [f32; 8] = [0.5, -0.25, 0.75, -0.9, 0.1, 0.2, -0.3, 0.4];

    #[test]
    fn it_draws_what_the_generator_draws() {
        for generator in generators() {
            let z = Tensor::from_slice(&Z, (2, 4), &Device::Cpu).unwrap();
            let classes = generator.config().classes;
            let y = (classes > 0).then(|| one_hot(&[2, 0], classes).unwrap());
            let plain = values(&generator.infer(&z, y.as_ref()).unwrap()).unwrap();
            let folded = FoldedGenerator::new(&generator).unwrap();
            let folded = folded.infer(&z, y.as_ref()).unwrap();
            let worst = values(&folded)
                .unwrap()
                .iter()
                .zip(&plain)
                .fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs()));
            let spread = plain.iter().copied().fold(0.0, f32::max);
            assert!(worst < 1e-5 && spread > 0.1, "{worst} of {spread}");
        }
    }

    #[test]
    fn its_gradient_is_that_of_finite_differences() {
        for generator in generators() {
            let folded = FoldedGenerator::new(&generator).unwrap();
            let classes = generator.config().classes;
            let y = (classes > 0).then(|| one_hot(&[2, 0], classes).unwrap());
            let sum = |z: &Tensor| folded.infer(z, y.as_ref()).unwrap().sum_all().unwrap();
            let z = Var::from_slice(&Z, (2, 4), &Device::Cpu).unwrap();
            let slopes = gradients(&sum(&z)).unwrap();
            let slopes = values(slopes.get(&z).unwrap()).unwrap();
            for (at, slope) in slopes.into_iter().enumerate() {
                let moved = |by: f32| {
                    let mut z = Z;
                    z[at] += by;
                    let z = Tensor::from_slice(&z, (2, 4), &Device::Cpu).unwrap();
                    sum(&z).to_scalar::<f32>().unwrap()
                };
                let expected = (moved(1e-3) - moved(-1e-3)) / 2e-3;
                assert!(
                    (slope - expected).abs() < 0.02 * expected.abs() + 0.1,
                    "{at}: {slope}, expected {expected}"
                );
            }
        }
    }
}
