//! An independent implementation of the labelled network: candle's own layers in float64, channels
//! first, labels joined as planes, and candle's own gradients.
//!
//! It shares only the names of weights with the crates: no kernel, layer or optimiser.

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Tensor, Var};
use dcgan::Arrays;
use dcgan::step::{Batch, Phase};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

const EPSILON: f64 = 1e-5;

/// The arrays that shift the input of a ReLU, in the order of the layers.
const GENERATOR_SHIFTS: [&str; 3] = [
    "generator/g_bn0/beta",
    "generator/g_bn1/beta",
    "generator/g_bn2/beta",
];
const DISCRIMINATOR_SHIFTS: [&str; 3] = [
    "discriminator/d_h0_conv/biases",
    "discriminator/d_bn1/beta",
    "discriminator/d_bn2/beta",
];

/// How far a shift may be moved, relative to the root mean square of the ReLU's input.
const MOVE: f64 = 0.5;

/// The weights of both networks and Adam's two moments for each.
pub(crate) struct Reference {
    vars: BTreeMap<String, Var>,
    moments: BTreeMap<String, (Vec<f64>, Vec<f64>)>,
    /// The smallest magnitude of each weight's gradient so far.
    faintest: BTreeMap<String, Vec<f64>>,
    steps: BTreeMap<&'static str, i32>,
    /// The smallest distance of an activation's input from its kink at 0.
    nearest_kink: Cell<f64>,
    /// Inputs of the ReLUs by the name of their shift, while [`Reference::clear_kinks`] runs.
    seen: RefCell<Option<BTreeMap<&'static str, Vec<Tensor>>>>,
}

/// A batch in float64, images with the channels first.
struct Inputs {
    x: Tensor,
    y: Tensor,
    z: Tensor,
}

impl Inputs {
    fn new(batch: &Batch) -> Result<Self> {
        let convert = |tensor: &Tensor| tensor.to_dtype(DType::F64);
        Ok(Self {
            x: convert(&batch.x)?.permute((0, 3, 1, 2))?.contiguous()?,
            y: convert(batch.y.as_ref().unwrap())?,
            z: convert(&batch.z)?,
        })
    }
}

/// Measurements of an iteration.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) d_loss_real: f64,
    pub(crate) d_loss_fake: f64,
    pub(crate) g_losses: Vec<f64>,
    pub(crate) d_grad_norm: f64,
    pub(crate) g_grad_norms: Vec<f64>,
}

impl Reference {
    pub(crate) fn new(weights: &Arrays) -> Self {
        let var = |(name, (shape, values)): (&String, &(Vec<usize>, Vec<f32>))| {
            let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
            (
                name.clone(),
                Var::from_vec(values, shape.as_slice(), &Device::Cpu).unwrap(),
            )
        };
        let vars: BTreeMap<String, Var> = weights.iter().map(var).collect();
        let zeros = |var: &Var| (vec![0.0; var.elem_count()], vec![0.0; var.elem_count()]);
        let moments = vars
            .iter()
            .map(|(name, var)| (name.clone(), zeros(var)))
            .collect();
        let faintest = vars
            .iter()
            .map(|(name, var)| (name.clone(), vec![f64::INFINITY; var.elem_count()]))
            .collect();
        Self {
            vars,
            moments,
            faintest,
            steps: BTreeMap::new(),
            nearest_kink: Cell::new(f64::INFINITY),
            seen: RefCell::new(None),
        }
    }

    /// Moves the shift of each ReLU's channels so that the nearest input of the batch is as far
    /// from the kink at 0 as possible: 0 is then in the middle of the widest gap between two
    /// inputs. Shifts are rounded to float32.
    pub(crate) fn clear_kinks(&mut self, batch: &Batch) -> Result<()> {
        let Inputs { x, y, z } = Inputs::new(batch)?;
        for shift in GENERATOR_SHIFTS {
            *self.seen.borrow_mut() = Some(BTreeMap::new());
            self.generator(&z, &y)?;
            self.move_shift(shift)?;
        }
        let image = self.generator(&z, &y)?.detach();
        for shift in DISCRIMINATOR_SHIFTS {
            *self.seen.borrow_mut() = Some(BTreeMap::new());
            for images in [&x, &image] {
                self.discriminator(images, &y)?;
            }
            self.move_shift(shift)?;
        }
        *self.seen.borrow_mut() = None;
        self.nearest_kink.set(f64::INFINITY);
        Ok(())
    }

    fn move_shift(&self, name: &'static str) -> Result<()> {
        let seen = self.seen.borrow();
        let mut channels = vec![Vec::new(); self.vars[name].elem_count()];
        for inputs in &seen.as_ref().unwrap()[name] {
            let rows: Vec<Vec<f64>> = inputs.transpose(0, 1)?.flatten_from(1)?.to_vec2()?;
            for (channel, row) in channels.iter_mut().zip(rows) {
                channel.extend(row);
            }
        }
        let shifts: Vec<f64> = self.vars[name].to_vec1()?;
        let moved = channels.into_iter().zip(shifts).map(|(inputs, shift)| {
            #[expect(clippy::cast_possible_truncation, reason = "a weight is in float32")]
            let shift = (shift - middle_of_widest_gap(inputs)) as f32;
            f64::from(shift)
        });
        let moved: Vec<f64> = moved.collect();
        self.vars[name].set(&Tensor::new(moved, &Device::Cpu)?)
    }

    /// The smallest distance so far of any (leaky) ReLU's input from its kink at 0, relative to the
    /// root mean square of its layer's inputs. If rounding moves an input to the other side, the
    /// gradient is another one, equally correct.
    pub(crate) fn nearest_kink(&self) -> f64 {
        self.nearest_kink.get()
    }

    /// The weights, rounded to float32.
    #[expect(clippy::cast_possible_truncation, reason = "rounding is what is meant")]
    pub(crate) fn weights(&self) -> Arrays {
        let array = |(name, var): (&String, &Var)| {
            let values: Vec<f64> = var.flatten_all().unwrap().to_vec1().unwrap();
            (
                name.clone(),
                (
                    var.dims().to_vec(),
                    values.iter().map(|&v| v as f32).collect(),
                ),
            )
        };
        self.vars.iter().map(array).collect()
    }

    /// Adam's first moment of an array, and the smallest magnitude of each of its gradients.
    pub(crate) fn gradients(&self, name: &str) -> (&[f64], &[f64]) {
        (&self.moments[name].0, &self.faintest[name])
    }

    /// Runs the updates of `phases` in turn, each with its own passes.
    pub(crate) fn iteration(&mut self, batch: &Batch, phases: &[Phase]) -> Result<Measured> {
        let inputs = Inputs::new(batch)?;
        let mut measured = Measured::default();
        for phase in phases {
            match phase {
                Phase::Discriminator => self.train_discriminator(&inputs, &mut measured)?,
                Phase::Generator => self.train_generator(&inputs, &mut measured)?,
            }
        }
        Ok(measured)
    }

    fn train_discriminator(&mut self, inputs: &Inputs, measured: &mut Measured) -> Result<()> {
        let Inputs { x, y, z } = inputs;
        let image = self.generator(z, y)?.detach();
        let real = cross_entropy(&self.discriminator(x, y)?, 1.0)?;
        let fake = cross_entropy(&self.discriminator(&image, y)?, 0.0)?;
        measured.d_loss_real = real.to_scalar()?;
        measured.d_loss_fake = fake.to_scalar()?;
        measured.d_grad_norm = self.descend("discriminator", &(real + fake)?.backward()?)?;
        Ok(())
    }

    fn train_generator(&mut self, inputs: &Inputs, measured: &mut Measured) -> Result<()> {
        let image = self.generator(&inputs.z, &inputs.y)?;
        let loss = cross_entropy(&self.discriminator(&image, &inputs.y)?, 1.0)?;
        measured.g_losses.push(loss.to_scalar()?);
        let norm = self.descend("generator", &loss.backward()?)?;
        measured.g_grad_norms.push(norm);
        Ok(())
    }

    /// z [B,Z], y [B,Y] -> [B,C,H,W].
    fn generator(&self, z: &Tensor, y: &Tensor) -> Result<Tensor> {
        let h = self.linear("generator/g_h0_lin", &Tensor::cat(&[z, y], 1)?)?;
        let h = self.relu(
            GENERATOR_SHIFTS[0],
            &self.batch_norm("generator/g_bn0", &h)?,
        )?;
        let h = self.linear("generator/g_h1_lin", &Tensor::cat(&[&h, y], 1)?)?;
        let h = self.relu(
            GENERATOR_SHIFTS[1],
            &self.batch_norm("generator/g_bn1", &h)?,
        )?;
        let h = h.reshape(((), 7, 7, self.vars["generator/g_bn2/beta"].elem_count()))?;
        let h = h.permute((0, 3, 1, 2))?.contiguous()?;
        let h = self.transposed("generator/g_h2", &planes(&h, y)?)?;
        let h = self.relu(
            GENERATOR_SHIFTS[2],
            &self.batch_norm("generator/g_bn2", &h)?,
        )?;
        let h = self.transposed("generator/g_h3", &planes(&h, y)?)?;
        sigmoid(&h)
    }

    /// x [B,C,H,W], y [B,Y] -> logits [B,1].
    fn discriminator(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        let h = self.convolution("discriminator/d_h0_conv", &planes(x, y)?)?;
        let h = self.leaky(DISCRIMINATOR_SHIFTS[0], &h)?;
        let h = self.convolution("discriminator/d_h1_conv", &planes(&h, y)?)?;
        let h = self.leaky(
            DISCRIMINATOR_SHIFTS[1],
            &self.batch_norm("discriminator/d_bn1", &h)?,
        )?;
        let h = h.permute((0, 2, 3, 1))?.contiguous()?.flatten_from(1)?;
        let h = self.linear("discriminator/d_h2_lin", &Tensor::cat(&[&h, y], 1)?)?;
        let h = self.leaky(
            DISCRIMINATOR_SHIFTS[2],
            &self.batch_norm("discriminator/d_bn2", &h)?,
        )?;
        self.linear("discriminator/d_h3_lin", &Tensor::cat(&[&h, y], 1)?)
    }

    fn linear(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        let (matrix, bias) = (self.var(name, "Matrix"), self.var(name, "bias"));
        x.matmul(matrix)?.broadcast_add(bias)
    }

    /// Even sides only: one row of zeros before, two after.
    fn convolution(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        let x = x.pad_with_zeros(2, 1, 2)?.pad_with_zeros(3, 1, 2)?;
        let w = self.var(name, "w").permute((3, 2, 0, 1))?.contiguous()?;
        let biases = self.var(name, "biases").reshape((1, (), 1, 1))?;
        x.conv2d(&w, 0, 2, 1, 1)?.broadcast_add(&biases)
    }

    /// Even sides only: the full output without its first row and its last two.
    fn transposed(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        let (_, _, height, width) = x.dims4()?;
        let w = self.var(name, "w").permute((3, 2, 0, 1))?.contiguous()?;
        let biases = self.var(name, "biases").reshape((1, (), 1, 1))?;
        let full = x.conv_transpose2d(&w, 0, 0, 2, 1)?;
        full.narrow(2, 1, 2 * height)?
            .narrow(3, 1, 2 * width)?
            .broadcast_add(&biases)
    }

    /// Batch statistics over all axes but the second.
    fn batch_norm(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        let axes: &[usize] = if x.rank() == 2 { &[0] } else { &[0, 2, 3] };
        let mut shape = vec![1; x.rank()];
        shape[1] = x.dim(1)?;
        let gamma = self.var(name, "gamma").reshape(shape.as_slice())?;
        let beta = self.var(name, "beta").reshape(shape.as_slice())?;
        let centred = x.broadcast_sub(&x.mean_keepdim(axes)?)?;
        let deviation = (centred.sqr()?.mean_keepdim(axes)? + EPSILON)?.sqrt()?;
        centred
            .broadcast_div(&deviation)?
            .broadcast_mul(&gamma)?
            .broadcast_add(&beta)
    }

    fn relu(&self, shift: &'static str, x: &Tensor) -> Result<Tensor> {
        self.see_kink(shift, x)?;
        x.relu()
    }

    /// 0.6·x + 0.4·|x|, which is max(x, 0.2·x).
    fn leaky(&self, shift: &'static str, x: &Tensor) -> Result<Tensor> {
        self.see_kink(shift, x)?;
        (x * 0.6)? + (x.abs()? * 0.4)?
    }

    fn see_kink(&self, shift: &'static str, x: &Tensor) -> Result<()> {
        if let Some(seen) = self.seen.borrow_mut().as_mut() {
            seen.entry(shift).or_default().push(x.detach());
        }
        let x = x.detach().flatten_all()?;
        let least: f64 = x.abs()?.min(0)?.to_scalar()?;
        let size = x.sqr()?.mean_all()?.to_scalar::<f64>()?.sqrt();
        self.nearest_kink
            .set(self.nearest_kink.get().min(least / size));
        Ok(())
    }

    fn var(&self, layer: &str, what: &str) -> &Var {
        &self.vars[&format!("{layer}/{what}")]
    }

    /// One Adam step of one network; returns the norm of its gradient.
    fn descend(&mut self, network: &'static str, gradients: &GradStore) -> Result<f64> {
        let (lr, beta1, beta2, epsilon) = (2e-4, 0.5_f64, 0.999_f64, 1e-8);
        let step = *self
            .steps
            .entry(network)
            .and_modify(|step| *step += 1)
            .or_insert(1);
        let rate = lr * (1.0 - beta2.powi(step)).sqrt() / (1.0 - beta1.powi(step));
        let mut squares = 0.0;
        for (name, var) in self
            .vars
            .iter()
            .filter(|(name, _)| name.starts_with(network))
        {
            let gradient: Vec<f64> = gradients.get(var).unwrap().flatten_all()?.to_vec1()?;
            let mut w: Vec<f64> = var.flatten_all()?.to_vec1()?;
            let (m, v) = self.moments.get_mut(name).unwrap();
            let least = self.faintest.get_mut(name).unwrap();
            for ((((w, g), m), v), least) in w.iter_mut().zip(gradient).zip(m).zip(v).zip(least) {
                squares += g * g;
                *least = least.min(g.abs());
                *m = beta1 * *m + (1.0 - beta1) * g;
                *v = beta2 * *v + (1.0 - beta2) * g * g;
                *w -= rate * *m / (v.sqrt() + epsilon);
            }
            var.set(&Tensor::from_vec(w, var.shape(), &Device::Cpu)?)?;
        }
        Ok(squares.sqrt())
    }
}

/// The middle of the widest gap between two of the values, at most [`MOVE`] of their root mean
/// square from 0.
fn middle_of_widest_gap(mut values: Vec<f64>) -> f64 {
    let squares: f64 = values.iter().map(|value| value * value).sum();
    let most = MOVE * (squares / values.len() as f64).sqrt();
    values.sort_by(f64::total_cmp);
    let gaps = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0], f64::midpoint(pair[0], pair[1])));
    let near = gaps.filter(|(_, middle)| middle.abs() <= most);
    let widest = near.max_by(|(a, _), (b, _)| a.total_cmp(b));
    widest.map_or(0.0, |(_, middle)| middle)
}

/// x [B,C,H,W] with y [B,Y] as constant planes: [B,C+Y,H,W].
fn planes(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let (batch, _, height, width) = x.dims4()?;
    let classes = y.dim(1)?;
    let planes = y.reshape((batch, classes, 1, 1))?;
    let planes = planes
        .broadcast_as((batch, classes, height, width))?
        .contiguous()?;
    Tensor::cat(&[x, &planes], 1)
}

fn sigmoid(x: &Tensor) -> Result<Tensor> {
    (x.neg()?.exp()? + 1.0)?.recip()
}

/// Mean cross-entropy of logits against 0 or 1, from logarithms of probabilities: accurate enough
/// in float64 for the small logits of a fresh network.
fn cross_entropy(logits: &Tensor, target: f64) -> Result<Tensor> {
    let signed = (logits * (2.0 * target - 1.0))?;
    sigmoid(&signed)?.log()?.neg()?.mean_all()
}
