//! Named arrays as a source of weights.

use crate::{Arrays, Error, Result};
use candle_core::{DType, Device, Shape, Tensor, Var};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

/// The name in a file of the array that candle calls `name`: files have the original's names, with
/// `/` where candle's builders put `.`.
///
/// ```
/// use candle_core::{DType, Device};
/// use candle_nn::VarBuilder;
/// use dcgan::{Config, Generator, file_name};
///
/// # fn load(bytes: Vec<u8>, config: &Config) -> candle_core::Result<Generator> {
/// let vb = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu)?;
/// let generator = Generator::new(config, &vb.rename_f(file_name).pp("generator"))?;
/// # Ok(generator)
/// # }
/// assert_eq!(file_name("generator.g_h0_lin.Matrix"), "generator/g_h0_lin/Matrix");
/// ```
pub fn file_name(name: &str) -> String {
    name.replace('.', "/")
}

/// The arrays under their names in files.
pub(crate) struct ArraysBackend<'a>(&'a Arrays);

impl<'a> ArraysBackend<'a> {
    /// A builder of weights on the CPU.
    ///
    /// # Errors
    /// [`Error::Shape`] if an array under `scope/` has not as many values as its shape says.
    pub(crate) fn builder(arrays: &'a Arrays, scope: &str) -> Result<VarBuilder<'a>> {
        let in_scope = |name: &str| {
            let rest = name.strip_prefix(scope);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        for (name, (shape, values)) in arrays.iter().filter(|(name, _)| in_scope(name)) {
            if values.len() != shape.iter().product::<usize>() {
                return Err(Error::Shape {
                    name: name.clone(),
                    expected: shape.clone(),
                    got: shape.clone(),
                    n_values: values.len(),
                });
            }
        }
        let backend = Box::new(Self(arrays));
        Ok(VarBuilder::from_backend(backend, DType::F32, Device::Cpu))
    }

    fn find(&self, name: &str, device: &Device) -> candle_core::Result<Tensor> {
        let name = file_name(name);
        let Some((shape, values)) = self.0.get(&name) else {
            return Err(candle_core::Error::CannotFindTensor { path: name });
        };
        Ok(Var::from_slice(values, shape.as_slice(), device)?.into_inner())
    }
}

impl SimpleBackend for ArraysBackend<'_> {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        _: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let tensor = self.find(name, device)?;
        if *tensor.shape() != shape {
            return Err(candle_core::Error::UnexpectedShape {
                msg: format!("array `{name}`"),
                expected: shape,
                got: tensor.shape().clone(),
            });
        }
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, _: DType, device: &Device) -> candle_core::Result<Tensor> {
        self.find(name, device)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.contains_key(&file_name(name))
    }
}
