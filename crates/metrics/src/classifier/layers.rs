//! The classifier's layers, from `dcgan`, and the sources of their weights.

use super::config::{ClassifierConfig, FEATURES, FILTERS};
use candle_core::{DType, Device, Result, Shape, Tensor, Var};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use dcgan::layers::{BatchNorm, Compute, Conv2d, Linear};
use dcgan::{Activation, Arrays, Backend, NamedStats, Precision, Purpose, Seeded, Weights};
use std::collections::BTreeMap;

/// Two convolutions and two linear layers, with batch norm after all but the last.
#[derive(Debug)]
pub(super) struct Layers {
    c1: (Conv2d, BatchNorm),
    c2: (Conv2d, BatchNorm),
    f1: (Linear, BatchNorm),
    f2: Linear,
}

impl Layers {
    /// Layers with weights from `vb`, requested in forward order.
    pub(super) fn new(config: &ClassifierConfig, vb: &VarBuilder<'_>) -> Result<Self> {
        let (size, [first, second]) = ([config.height, config.width], FILTERS);
        let half = size.map(|side| side.div_ceil(2));
        let at = |name: &str| vb.pp(name);
        let c1 = Conv2d::new(config.channels, first, size, &at("c1"))?;
        let c2 = Conv2d::new(first, second, half, &at("c2"))?;
        let f1 = Linear::new(config.flat(), FEATURES, &at("f1"))?;
        Ok(Self {
            c1: (c1, BatchNorm::new(first, &at("c1"))?),
            c2: (c2, BatchNorm::new(second, &at("c2"))?),
            f1: (f1, BatchNorm::new(FEATURES, &at("f1"))?),
            f2: Linear::new(FEATURES, config.classes, &at("f2"))?,
        })
    }

    /// x `[B,H,W,C]` to logits `[B,classes]` in training mode, and the batch's statistics.
    pub(super) fn train(&self, x: &Tensor, backend: Backend) -> Result<(Tensor, Vec<NamedStats>)> {
        let compute = Compute {
            backend,
            precision: Precision::F32,
            weights: Weights::Tracked,
        };
        let mut statistics = Vec::new();
        let (_, logits) = self.forward(x, compute, |norm, h| {
            let (h, batch) = norm.train(h, Activation::Relu, compute)?;
            statistics.push(batch);
            Ok(h)
        })?;
        Ok((logits, statistics))
    }

    /// x `[B,H,W,C]` to features `[B,FEATURES]` and logits `[B,classes]`, with the moving averages.
    pub(super) fn infer(&self, x: &Tensor, backend: Backend) -> Result<(Tensor, Tensor)> {
        let compute = Compute {
            backend,
            precision: Precision::F32,
            weights: Weights::Frozen,
        };
        self.forward(x, compute, |norm, h| {
            Ok(norm.infer(h, Activation::Relu, compute)?)
        })
    }

    /// Features and logits; `norm` is batch norm and `ReLU`.
    fn forward(
        &self,
        x: &Tensor,
        compute: Compute,
        mut norm: impl FnMut(&BatchNorm, &Tensor) -> Result<Tensor>,
    ) -> Result<(Tensor, Tensor)> {
        let h = norm(&self.c1.1, &self.c1.0.forward_with(x, None, compute)?)?;
        let h = norm(&self.c2.1, &self.c2.0.forward_with(&h, None, compute)?)?;
        let h = h.flatten_from(1)?;
        let features = norm(&self.f1.1, &self.f1.0.forward_with(&h, None, compute)?)?;
        let logits = self.f2.forward_with(&features, None, compute)?;
        Ok((features, logits))
    }

    /// The batch norms in forward order.
    pub(super) fn norms(&self) -> impl Iterator<Item = &BatchNorm> {
        [&self.c1.1, &self.c2.1, &self.f1.1].into_iter()
    }

    /// All weights and averages by their names in a file, without the biases before batch norms:
    /// batch norm would cancel them, so they are 0 and stay 0.
    pub(super) fn vars(&self) -> BTreeMap<String, &Var> {
        let layers = [
            (self.c1.0.name(), self.c1.0.weights()),
            (self.c2.0.name(), self.c2.0.weights()),
            (self.f1.0.name(), self.f1.0.weights()),
            (self.f2.name(), self.f2.weights()),
        ];
        let norms = self.norms().flat_map(|norm| {
            let arrays = [norm.weights(), norm.averages()];
            arrays.map(|arrays| (norm.name(), arrays))
        });
        let all = layers.into_iter().chain(norms);
        let named = all.flat_map(|(layer, arrays)| {
            arrays.map(|(what, var)| Some((name_in_file(&format!("{layer}/{what}"))?, var)))
        });
        named.flatten().collect()
    }
}

/// The file's name of a layer's array; `None` for a bias that is not in files.
fn name_in_file(name: &str) -> Option<String> {
    match name {
        "c1/biases" | "c2/biases" | "f1/bias" => None,
        "f1/Matrix" => Some("f1/w".into()),
        "f2/Matrix" => Some("f2/w".into()),
        "f2/bias" => Some("f2/b".into()),
        other => Some(other.into()),
    }
}

/// Initial weights: normal with variance 2 / inputs (He et al., "Delving Deep into Rectifiers",
/// 2015, equation 10); weight i is drawn from stream i of the seed.
pub(super) fn fresh(seed: u64) -> VarBuilder<'static> {
    let fresh = Fresh(Seeded::with_purpose(seed, Purpose::Classifier));
    VarBuilder::from_backend(Box::new(fresh), DType::F32, Device::Cpu)
}

struct Fresh(Seeded);

impl SimpleBackend for Fresh {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        // Only random weights have a number.
        let Init::Randn { mean, .. } = init else {
            return Ok(init.var(shape, dtype, device)?.into_inner());
        };
        let inputs: usize = shape.dims().iter().rev().skip(1).product();
        let stdev = (2.0 / inputs as f32).sqrt().into();
        self.0
            .get(shape, name, Init::Randn { mean, stdev }, dtype, device)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        self.0.get_unchecked(name, dtype, device)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.contains_tensor(name)
    }
}

/// Weights from a file's arrays, which must have the layers' shapes.
pub(super) fn stored(arrays: &Arrays) -> VarBuilder<'_> {
    let stored = Box::new(Stored(arrays));
    VarBuilder::from_backend(stored, DType::F32, Device::Cpu)
}

struct Stored<'a>(&'a Arrays);

impl SimpleBackend for Stored<'_> {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        match name_in_file(&name.replace('.', "/")) {
            Some(name) => Tensor::from_slice(&self.0[&name].1, shape, device),
            None => Ok(init.var(shape, dtype, device)?.into_inner()),
        }
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("the array `{name}` needs a shape")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}
