//! The trained weights of one network, in a fixed order, under the original's names.

use crate::tensors::{first_non_finite, values};
use crate::{Error, Result};
use candle_core::{Tensor, Var};
use std::collections::BTreeMap;

/// Named arrays: shape and values, row-major.
pub type Arrays = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Whether a pass records what is needed for the gradients of the network's own weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Weights {
    /// Gradients reach the weights.
    #[default]
    Tracked,
    /// The weights are constants: gradients pass through to the input, and none is computed for
    /// the weights.
    Frozen,
}

impl Weights {
    /// The tensor through which a layer sees `var`; shares its storage.
    pub(crate) fn of(self, var: &Var) -> Tensor {
        match self {
            Self::Tracked => var.as_tensor().clone(),
            Self::Frozen => var.as_detached_tensor(),
        }
    }
}

/// One trained weight.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Full name, such as `generator/g_h0_lin/Matrix`.
    pub name: String,
    /// The values. Layers share this storage: an in-place update is seen by all.
    pub var: Var,
}

/// The trained weights of one network in the order in which its layers own them.
#[derive(Debug, Clone)]
pub struct Parameters {
    scope: &'static str,
    entries: Vec<Parameter>,
}

impl Parameters {
    pub(crate) fn new(scope: &'static str, entries: Vec<Parameter>) -> Self {
        Self { scope, entries }
    }

    /// The weights in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Parameter> {
        self.entries.iter()
    }

    /// Number of weight tensors.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of trained values over all tensors.
    pub fn count(&self) -> usize {
        self.entries
            .iter()
            .map(|parameter| parameter.var.elem_count())
            .sum()
    }

    /// The weight of that full name.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.entries.iter().find(|parameter| parameter.name == name)
    }

    /// The network's prefix of every name: `generator` or `discriminator`.
    pub fn scope(&self) -> &'static str {
        self.scope
    }

    /// A copy of every weight.
    ///
    /// # Errors
    /// [`Error::Layer`] if a weight cannot be read.
    pub fn arrays(&self) -> Result<Arrays> {
        let array = |Parameter { name, var }: &Parameter| {
            Ok((name.clone(), (var.dims().to_vec(), values(var)?)))
        };
        self.entries.iter().map(array).collect()
    }

    /// The name of the first weight, in order, with an infinite value or a NaN.
    ///
    /// # Errors
    /// [`Error::Layer`] if a weight cannot be read.
    pub fn first_non_finite(&self) -> Result<Option<&str>> {
        first_non_finite(
            self.iter()
                .map(|weight| (weight.name.as_str(), weight.var.as_tensor())),
        )
    }
}

impl<'a> IntoIterator for &'a Parameters {
    type Item = &'a Parameter;
    type IntoIter = std::slice::Iter<'a, Parameter>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Takes the array `name` of that shape out of `arrays`.
pub(crate) fn lookup<'a>(arrays: &'a Arrays, name: &str, shape: &[usize]) -> Result<&'a [f32]> {
    let (got, values) = arrays.get(name).ok_or_else(|| Error::Missing {
        name: name.into(),
        expected: shape.to_vec(),
    })?;
    if got != shape || values.len() != shape.iter().product::<usize>() {
        return Err(Error::Shape {
            name: name.into(),
            expected: shape.to_vec(),
            got: got.clone(),
            n_values: values.len(),
        });
    }
    Ok(values)
}

/// Refuses a name under `scope/` that is not `known`.
pub(crate) fn refuse_unknown(
    arrays: &Arrays,
    scope: &str,
    known: impl Fn(&str) -> bool,
) -> Result<()> {
    let in_scope = |name: &str| {
        name.strip_prefix(scope)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    match arrays
        .iter()
        .find(|(name, _)| in_scope(name) && !known(name))
    {
        Some((name, (shape, _))) => Err(Error::Unexpected {
            name: name.clone(),
            got: shape.clone(),
        }),
        None => Ok(()),
    }
}
