//! A record of the operations of this crate, which [`crate::backward()`] reads.
//!
//! candle does not expose the operation behind a tensor. Its backward pass makes a tensor of zeros
//! for each gradient and adds to it on one thread: for the maps of a network this costs more than
//! their own operations. So each tracked result is recorded here with its operation, for as long as
//! candle's graph keeps it.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, TensorId,
};

/// A step of a backward pass.
pub(crate) trait Step: Send + Sync {
    /// What the operation was applied to.
    fn inputs(&self) -> &[Tensor];
    /// The gradients of the inputs, where wanted, from the gradient of the result.
    fn gradients(&self, result: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>>;
}

/// An operation and its inputs, owned by candle's graph.
struct Applied<O, const N: usize> {
    op: O,
    inputs: [Tensor; N],
}

/// The operation as candle gets it.
struct Shared<O, const N: usize>(Arc<Applied<O, N>>);

#[derive(Default)]
struct Notes {
    /// The latest last.
    steps: Vec<(TensorId, Weak<dyn Step>)>,
    /// How many were alive at the last clean-up.
    alive: usize,
}

thread_local! {
    static NOTES: RefCell<Notes> = RefCell::default();
}

/// Number of notes that starts a clean-up of dropped graphs, unless twice the number alive at the
/// last one is more.
const MANY: usize = 256;

/// The step that made a tensor; `None` unless it is one of this crate's operations, applied on this
/// thread.
pub(crate) fn find(result: &Tensor) -> Option<Arc<dyn Step>> {
    NOTES.with_borrow(|notes| {
        let mut latest = notes.steps.iter().rev();
        let (_, step) = latest.find(|(id, _)| *id == result.id())?;
        step.upgrade()
    })
}

fn note<O, const N: usize>(result: &Tensor, applied: &Arc<Applied<O, N>>)
where
    Applied<O, N>: Step + 'static,
{
    if !result.track_op() {
        return;
    }
    let applied: Arc<dyn Step> = applied.clone();
    NOTES.with_borrow_mut(|Notes { steps, alive }| {
        if steps.len() >= MANY.max(2 * *alive) {
            steps.retain(|(_, step)| step.strong_count() > 0);
            *alive = steps.len();
        }
        steps.push((result.id(), Arc::downgrade(&applied)));
    });
}

macro_rules! operation {
    ($apply:ident, $n:literal, $Op:ident, $candles:ident, [$first:ident $(, $other:ident)*], $gradients:expr) => {
        impl<O: $Op + Send + Sync> Step for Applied<O, $n> {
            fn inputs(&self) -> &[Tensor] {
                &self.inputs
            }

            fn gradients(&self, result: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
                let [$first $(, $other)*] = &self.inputs;
                let gradients = self.op.bwd($first $(, $other)*, result, gradient)?;
                Ok($gradients(gradients))
            }
        }

        /// Applies an operation to contiguous copies of its inputs, or to themselves.
        pub(crate) fn $apply<O: $Op + Send + Sync + 'static>(
            [$first $(, $other)*]: [&Tensor; $n],
            op: O,
        ) -> Result<Tensor> {
            let inputs = [$first.contiguous()? $(, $other.contiguous()?)*];
            let applied = Arc::new(Applied { op, inputs });
            let [$first $(, $other)*] = &applied.inputs;
            let result = $first.$candles($(&$other,)* Shared(applied.clone()))?;
            note(&result, &applied);
            Ok(result)
        }
    };
}

operation!(apply1, 1, CustomOp1, apply_op1, [x], |dx| vec![dx]);
operation!(apply2, 2, CustomOp2, apply_op2, [a, b], |(da, db)| vec![
    da, db
]);
operation!(apply3, 3, CustomOp3, apply_op3, [x, w, b], |(
    dx,
    dw,
    db,
)| vec![
    dx, dw, db
]);

impl<O: CustomOp1> CustomOp1 for Shared<O, 1> {
    fn name(&self) -> &'static str {
        self.0.op.name()
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        self.0.op.cpu_fwd(s, l)
    }

    fn bwd(&self, x: &Tensor, result: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        self.0.op.bwd(x, result, gradient)
    }
}

impl<O: CustomOp2> CustomOp2 for Shared<O, 2> {
    fn name(&self) -> &'static str {
        self.0.op.name()
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.0.op.cpu_fwd(s1, l1, s2, l2)
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        self.0.op.bwd(a, b, result, gradient)
    }
}

impl<O: CustomOp3> CustomOp3 for Shared<O, 3> {
    fn name(&self) -> &'static str {
        self.0.op.name()
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.0.op.cpu_fwd(s1, l1, s2, l2, s3, l3)
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        self.0.op.bwd(x, w, b, result, gradient)
    }
}
