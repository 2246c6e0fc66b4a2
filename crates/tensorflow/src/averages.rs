//! Batch norm's moving averages in versions that have no names for them.
//!
//! From 2016-05-21 to 2016-12-03 the original kept them by `ExponentialMovingAverage`, whose
//! variables are named after the operations that computed the moments. Before, it kept none, and
//! its samples were normalised by the statistics of their own batch.

use crate::names::Names;
use candle_core::Device;
use dcgan::{Arrays, Config, Generator, Purpose, Stream, Weights, ZDistribution};
use dcgan::{latents, one_hot, values};

const ENDING: &str = "/ExponentialMovingAverage";
/// Names of the last operation of a mean and of a variance, in TensorFlow until 0.11 and since.
const MEANS: [&str; 2] = ["mean", "Squeeze"];
const VARIANCES: [&str; 2] = ["variance", "Squeeze_1"];

/// Batches whose statistics are averaged where the checkpoint has no averages.
const BATCHES: u64 = 64;
/// Images of a batch, as many as in the original.
const BATCH: usize = 64;

/// The name in the checkpoint of our `moving_mean` or `moving_variance`, if it is an
/// `ExponentialMovingAverage`. The discriminator has two of each, for real and for generated
/// images; the first is taken.
pub(crate) fn of_moments<'a>(names: &Names<'a>, name: &str) -> Option<&'a str> {
    let (layer, operations) = match name.rsplit_once('/')? {
        (layer, "moving_mean") => (layer, MEANS),
        (layer, "moving_variance") => (layer, VARIANCES),
        _ => return None,
    };
    names.below(layer).find(|found| {
        let operation = found
            .strip_suffix(ENDING)
            .and_then(|rest| rest.rsplit('/').next());
        operation.is_some_and(|operation| operations.contains(&operation))
    })
}

/// Whether a name in a checkpoint belongs to an `ExponentialMovingAverage`.
pub(crate) fn is_of_moments(saved: &str) -> bool {
    saved.contains(ENDING)
}

/// Sets the generator's moving averages to the means of the statistics of batches of uniform z, of
/// all classes in turn.
pub(crate) fn measure(config: &Config, weights: &mut Arrays) -> dcgan::Result<()> {
    let device = Device::Cpu;
    let generator = Generator::from_arrays(config, weights)?;
    let classes = config.classes.max(1);
    let labels: Vec<u8> = (0..BATCH).map(|i| (i % classes).to_le_bytes()[0]).collect();
    let y = match config.classes {
        0 => None,
        n => Some(one_hot(&labels, n, &device)?),
    };
    let mut sums: Vec<(String, Vec<f64>)> = Vec::new();
    for batch in 0..BATCHES {
        let mut stream = Stream::new(0, Purpose::SampleLatent, batch);
        let z = latents(
            &mut stream,
            BATCH,
            config.z_dim,
            ZDistribution::Uniform,
            &device,
        )?;
        let pass = generator.forward(&z, y.as_ref(), Weights::Frozen)?;
        for stats in &pass.stats.0 {
            for (of, tensor) in [
                ("moving_mean", &stats.mean),
                ("moving_variance", &stats.variance_unbiased),
            ] {
                add(&mut sums, format!("{}/{of}", stats.name), &values(tensor)?);
            }
        }
    }
    for (name, sum) in sums {
        #[expect(clippy::cast_possible_truncation, reason = "a mean of float32")]
        let mean: Vec<f32> = sum
            .iter()
            .map(|sum| (sum / BATCHES as f64) as f32)
            .collect();
        weights.insert(name, (vec![mean.len()], mean));
    }
    Ok(())
}

fn add(sums: &mut Vec<(String, Vec<f64>)>, name: String, values: &[f32]) {
    let place = sums.iter().position(|(known, _)| *known == name);
    let place = place.unwrap_or_else(|| {
        sums.push((name, vec![0.0; values.len()]));
        sums.len() - 1
    });
    for (sum, &value) in sums[place].1.iter_mut().zip(values) {
        *sum += f64::from(value);
    }
}
