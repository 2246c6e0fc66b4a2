//! The comparison of converted networks with a golden file.
//!
//! Golden files are described in `tests/golden/README.md`: variables of both networks, inputs, and
//! what TensorFlow computed from them.

use crate::{Error, OriginalNetworks};
use candle_core::{Device, Tensor};
use dcgan::{Discriminator, Generator, Taps, Weights, values};
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// Longest golden file that is read.
const MOST_BYTES: u64 = 1 << 32;

/// How far one tensor of a golden file is from that of the converted networks.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenDifference {
    /// Its name in the golden file.
    pub name: String,
    /// The largest absolute difference; infinite if a value is not a number.
    pub largest: f64,
    /// The largest magnitude in the golden file.
    pub scale: f64,
}

/// Compares every variable of the networks, and what the networks compute from the golden file's
/// inputs: in the order of the layers, the activations of a `_forward` file in training mode, and
/// the generator's images in inference mode. Of a `_train` file, the last state is meant.
///
/// # Errors
/// [`Error::Golden`] if the file is none, or is that of networks of other sizes.
pub fn compare_with_golden(
    networks: &OriginalNetworks,
    path: &Path,
) -> Result<Vec<GoldenDifference>, Error> {
    let bytes = dcgan_artifacts::read_bounded(path, MOST_BYTES).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|source| Error::Golden {
        path: path.to_owned(),
        expected: "a safetensors file".into(),
        got: source.to_string(),
    })?;
    let golden = Golden { path, tensors };
    let state = golden.last_state();
    let mut differences = Vec::new();
    for (name, (shape, values)) in &networks.weights {
        let group = if name.contains("/moving_") {
            "moving"
        } else {
            "param"
        };
        differences.push(golden.difference(&format!("{state}{group}/{name}"), shape, values)?);
    }
    let network = |source| Error::Network {
        path: path.to_owned(),
        source,
    };
    let generator = Generator::from_arrays(&networks.config, &networks.weights).map_err(network)?;
    let discriminator =
        Discriminator::from_arrays(&networks.config, &networks.weights).map_err(network)?;
    let input = if state.is_empty() { "in" } else { "infer" };
    let z = golden.tensor(&format!("{input}/z"))?;
    let y = golden.optional_tensor(&format!("{input}/y"))?;
    let mut taps = Taps::new();
    if golden.has("act/g/") {
        let pass = generator.forward_with_taps(&z, y.as_ref(), Weights::Frozen, &mut taps);
        pass.map_err(network)?;
        golden.add_activations("act/g/", &taps, &mut differences)?;
        let mut taps = Taps::new();
        let x = golden.tensor("in/x")?;
        let pass = discriminator.forward_with_taps(&x, y.as_ref(), Weights::Frozen, &mut taps);
        pass.map_err(network)?;
        golden.add_activations("act/d_real/", &taps, &mut differences)?;
    }
    let images = generator.infer(&z, y.as_ref()).map_err(network)?;
    let of_images = values(&images).map_err(network)?;
    let name = format!("{state}out/G_infer");
    differences.push(golden.difference(&name, images.dims(), &of_images)?);
    Ok(differences)
}

struct Golden<'a> {
    path: &'a Path,
    tensors: SafeTensors<'a>,
}

impl Golden<'_> {
    /// `after10/` in a file with states after 1, 9 and 10 iterations, else nothing.
    fn last_state(&self) -> String {
        let states = self.tensors.names().into_iter().filter_map(|name| {
            let (state, _) = name.strip_prefix("after")?.split_once('/')?;
            state.parse::<u64>().ok()
        });
        states
            .max()
            .map_or_else(String::new, |state| format!("after{state}/"))
    }

    fn has(&self, start: &str) -> bool {
        self.tensors
            .names()
            .iter()
            .any(|name| name.starts_with(start))
    }

    fn unfit(&self, expected: String, got: impl Into<String>) -> Error {
        Error::Golden {
            path: self.path.to_owned(),
            expected,
            got: got.into(),
        }
    }

    fn array(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), Error> {
        let view = self.tensors.tensor(name);
        let view = view.map_err(|_| self.unfit(format!("a tensor `{name}`"), "none"))?;
        if view.dtype() != Dtype::F32 {
            let got = format!("{:?}", view.dtype());
            return Err(self.unfit(format!("`{name}` of type F32"), got));
        }
        let (floats, _) = view.data().as_chunks();
        let values = floats
            .iter()
            .map(|float| f32::from_le_bytes(*float))
            .collect();
        Ok((view.shape().to_vec(), values))
    }

    fn tensor(&self, name: &str) -> Result<Tensor, Error> {
        let (shape, values) = self.array(name)?;
        Tensor::from_vec(values, shape, &Device::Cpu)
            .map_err(|source| self.unfit(format!("a tensor `{name}`"), source.to_string()))
    }

    fn optional_tensor(&self, name: &str) -> Result<Option<Tensor>, Error> {
        self.has(name).then(|| self.tensor(name)).transpose()
    }

    fn difference(
        &self,
        name: &str,
        shape: &[usize],
        got: &[f32],
    ) -> Result<GoldenDifference, Error> {
        let (golden_shape, golden) = self.array(name)?;
        if golden_shape != shape {
            return Err(self.unfit(
                format!("`{name}` of shape {shape:?}, as in the checkpoint"),
                format!("{golden_shape:?}"),
            ));
        }
        let differences = got.iter().zip(&golden).map(|(&got, &golden)| {
            let difference = (f64::from(got) - f64::from(golden)).abs();
            if difference.is_nan() {
                f64::INFINITY
            } else {
                difference
            }
        });
        let scales = golden.iter().map(|&value| f64::from(value).abs());
        Ok(GoldenDifference {
            name: name.into(),
            largest: differences.fold(0.0, f64::max),
            scale: scales.fold(0.0, f64::max),
        })
    }

    /// Adds the differences of all activations that begin with `pass`, by name.
    fn add_activations(
        &self,
        pass: &str,
        taps: &Taps,
        differences: &mut Vec<GoldenDifference>,
    ) -> Result<(), Error> {
        for (layer, tensor) in taps {
            let name = format!("{pass}{layer}");
            if !self.has(&name) {
                continue;
            }
            let values = values(tensor).map_err(|source| Error::Network {
                path: self.path.to_owned(),
                source,
            })?;
            differences.push(self.difference(&name, tensor.dims(), &values)?);
        }
        Ok(())
    }
}
