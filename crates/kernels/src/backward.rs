//! The backward pass, which sums the gradients of weights where Adam reads them.
//!
//! candle adds each contribution to a fresh tensor of zeros: for a weight, several passes over
//! memory that cost more than its update. Inside [`backward`] the first contribution to a weight is
//! written by its product into a buffer that earlier steps have used, and later ones are added by
//! the product itself. candle permits an operation not to return the gradient of a `Var`. Gradients
//! of intermediate results are passed on as they are if the graph has operations of this crate
//! only; otherwise the pass is candle's.

use std::cell::{OnceCell, RefCell};
use std::thread::LocalKey;

use candle_core::backprop::GradStore;
use candle_core::{Device, Result, Tensor, TensorId};

use crate::matmul::Target;
use crate::real::Real;
use crate::record::find;
use crate::scratch::Scratch;
use crate::sums::Sums;
use crate::tensors::{tensor, with_elements};

/// The gradients of one loss with respect to the weights of this crate's operations.
#[derive(Debug)]
pub struct WeightGradients<T: Real = f32> {
    sums: Vec<(TensorId, Scratch<T>, OnceCell<Tensor>)>,
}

impl<T: Real> WeightGradients<T> {
    /// The gradient with respect to `weight`, row-major; `None` if no operation of this crate used
    /// it.
    pub fn get(&self, weight: &Tensor) -> Option<&[T]> {
        let mut sums = self.sums.iter();
        sums.find(|(id, ..)| *id == weight.id())
            .map(|(_, sum, _)| &**sum)
    }

    /// [`Self::get`] as a tensor: a copy, made at the first call.
    pub fn tensor(&self, weight: &Tensor) -> Option<&Tensor> {
        let (_, sum, copy) = self.sums.iter().find(|(id, ..)| *id == weight.id())?;
        if copy.get().is_none() {
            let tensor = Tensor::from_slice(sum, weight.shape(), &Device::Cpu).ok()?;
            return Some(copy.get_or_init(|| tensor));
        }
        copy.get()
    }
}

/// Runs the backward pass of a scalar loss of type `T`.
///
/// The first result has the whole gradients of weights (each a `Var`), the second has the gradients
/// of all other leaves. A weight that only candle's own operations used is one of the others.
///
/// # Errors
///
/// If an operation's backward pass fails.
pub fn backward<T: Real>(loss: &Tensor) -> Result<(WeightGradients<T>, GradStore)> {
    let open = Open::<T>::new();
    let others = match own_pass(loss)? {
        Some(others) => others,
        None => loss.backward()?,
    };
    let mut sums = open.take().into_vec();
    for (id, sum) in &mut sums {
        if let Some(share) = others.get_id(*id) {
            let share = share.contiguous()?;
            with_elements!(T, share: share => Target::Add.put(share, sum));
        }
    }
    let sums = sums.into_iter();
    let sums = sums.map(|(id, sum)| (id, sum, OnceCell::new())).collect();
    Ok((WeightGradients { sums }, others))
}

/// The pass over a graph of this crate's operations only, without candle's zeros; `None` if the
/// graph has other operations.
fn own_pass(loss: &Tensor) -> Result<Option<GradStore>> {
    let mut steps = Vec::new();
    let mut leaves = Vec::new();
    for node in loss.sorted_nodes() {
        if node.is_variable() {
            leaves.push(node);
        } else {
            match find(node) {
                Some(step) => steps.push((node, step)),
                None => return Ok(None),
            }
        }
    }
    let mut gradients = vec![(loss.id(), loss.ones_like()?)];
    let take = |gradients: &mut Vec<(TensorId, Tensor)>, of: &Tensor| {
        let at = gradients.iter().position(|(id, _)| *id == of.id())?;
        Some(gradients.swap_remove(at).1)
    };
    for (node, step) in steps {
        let Some(gradient) = take(&mut gradients, node) else {
            continue;
        };
        let shares = step.gradients(node, &gradient)?;
        for (input, share) in step.inputs().iter().zip(shares) {
            let Some(share) = share.filter(|_| input.track_op()) else {
                continue;
            };
            let sum = match take(&mut gradients, input) {
                Some(sum) => sum.add(&share)?,
                None => share,
            };
            gradients.push((input.id(), sum));
        }
    }
    // Only a backward pass makes such a store: here one over an empty graph.
    let nothing = loss.detach();
    let mut others = nothing.backward()?;
    others.remove(&nothing);
    for leaf in leaves {
        if let Some(gradient) = take(&mut gradients, leaf) {
            others.insert(leaf, gradient);
        }
    }
    Ok(Some(others))
}

/// The open sums of this thread, which runs the whole backward pass; closed however the pass ends.
struct Open<T: Real>(&'static LocalKey<RefCell<Option<Sums<T>>>>);

impl<T: Real> Open<T> {
    fn new() -> Open<T> {
        T::sums().set(Some(Sums::default()));
        Open(T::sums())
    }

    fn take(&self) -> Sums<T> {
        self.0.take().unwrap_or_default()
    }
}

impl<T: Real> Drop for Open<T> {
    fn drop(&mut self) {
        self.take();
    }
}

/// The gradient of a weight, for candle: `write` writes its values, or adds them to earlier ones.
///
/// `None` if it is not wanted, or if it was added to the sums of [`backward`].
pub(crate) fn weight_gradient<T: Real>(
    weight: &Tensor,
    write: impl FnOnce(&mut [T], Target),
) -> Result<Option<Tensor>> {
    if !weight.track_op() {
        return Ok(None);
    }
    let (id, len) = (weight.id(), weight.elem_count());
    // Outside the cell while it is written: rayon may run other work on this thread meanwhile.
    let earlier = T::sums().with_borrow_mut(|sums| {
        let sums = sums.as_mut().filter(|_| weight.is_variable())?;
        Some(sums.remove(id))
    });
    let Some(earlier) = earlier else {
        let mut gradient = vec![T::ZERO; len];
        write(&mut gradient, Target::Replace);
        return tensor(Some(gradient), weight);
    };
    let (mut sum, mode) = match earlier {
        Some(sum) => (sum, Target::Add),
        None => (Scratch::take(len), Target::Replace),
    };
    write(&mut sum, mode);
    T::sums().with_borrow_mut(|sums| sums.get_or_insert_default().insert(id, sum));
    Ok(None)
}
