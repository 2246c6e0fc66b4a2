//! Locates the first NaN or infinity: at the step where it arises, and in the layer.

use crate::finite::{LOSS, STATISTICS};
use crate::step::{Batch, State};
use crate::tensors::first_non_finite;
use crate::{Error, Parameter, Result, Taps, Weights};

/// Adds the origin to the error of a loss or batch statistic that is not finite.
pub(crate) fn explain(error: Error, state: &State, batch: &Batch) -> Error {
    match error {
        Error::NonFinite {
            what: what @ (LOSS | STATISTICS),
            name,
        } => match origin(state, batch) {
            Ok(Some(origin)) => Error::NonFiniteFrom { what, name, origin },
            Ok(None) => Error::NonFinite { what, name },
            Err(error) => error,
        },
        error => error,
    }
}

/// The first weight that is not finite, or else the first layer whose output is not, in the order
/// in which an iteration runs through the networks. Costs an iteration, once in a run.
fn origin(state: &State, batch: &Batch) -> Result<Option<String>> {
    let State {
        generator,
        discriminator,
        ..
    } = state;
    for parameters in [generator.parameters(), discriminator.parameters()] {
        if let Some(name) = parameters.first_non_finite()? {
            return Ok(Some(format!("weight `{name}`")));
        }
    }
    let (y, frozen) = (batch.y.as_ref(), Weights::Frozen);
    let mut taps = Taps::new();
    let fake = generator.forward_with_taps(&batch.z, y, frozen, &mut taps)?;
    let mut layer = first_layer("generator", &taps)?;
    for images in [&batch.x, &fake.output] {
        if layer.is_none() {
            taps.clear();
            let judged = discriminator.forward_with_taps(images, y, frozen, &mut taps)?;
            layer = first_layer("discriminator", &taps)?;
            // No tap follows the last layer, whose output is the logit.
            let logits = [("logits", &judged.output)];
            if layer.is_none() && first_non_finite(logits)?.is_some() {
                let last = discriminator.parameters().iter().next_back();
                let layer_of = |last: &Parameter| Some(last.name.rsplit_once('/')?.0.to_owned());
                layer = last.and_then(layer_of);
            }
        }
    }
    Ok(layer.map(|layer| format!("the output of `{layer}`")))
}

/// The first layer, in order, with an activation that is not finite.
fn first_layer(network: &str, taps: &Taps) -> Result<Option<String>> {
    let tensors = taps.iter().map(|(name, tensor)| (name.as_str(), tensor));
    let name = first_non_finite(tensors)?;
    let layer = |name: &str| format!("{network}/{}", name.split('/').next().unwrap_or(name));
    Ok(name.map(layer))
}
