//! `scores.csv`: the quality of the generator during training, measured on the validation part.
//!
//! A score only reads the generator and never changes a run's state.

use crate::Error;
use crate::kernels::backend;
use crate::resolved::Resolved;
use crate::steps::Steps;
use dcgan::{Generator, WeightAverage};
use dcgan_artifacts::run_tables::{CLASS_ACCURACY, EPOCH, FRECHET_DISTANCE, OF_AVERAGE, STEP};
use dcgan_artifacts::{BestScore, DatasetReader, Part};
use dcgan_checkpoints::ClassChoice;
use dcgan_metrics::{Classifier, Reading, Score, Scorer};
use dcgan_random::Purpose;
use dcgan_settings::{Best, NetworkKind, Train};
use dcgan_stage::Signals;

/// Generated pictures per score.
const SAMPLES: usize = 2000;
/// Pictures drawn and read between two checks for a signal; whole blocks of inference.
const PART: usize = 8 * dcgan_checkpoints::BLOCK;
/// Validation pictures in memory at a time.
const CHUNK: u32 = 2048;

/// The measures, in the order of the columns.
const COLUMNS: [&str; 2] = [CLASS_ACCURACY, FRECHET_DISTANCE];

/// The columns of the table, or `None` for a run without scores.
pub(crate) fn header(settings: &Train) -> Option<Vec<String>> {
    if settings.score_every == 0 {
        return None;
    }
    // Pictures without a class have no class accuracy.
    let first = usize::from(settings.network == NetworkKind::Unlabelled);
    let columns = COLUMNS[first..].iter().map(|&column| column.to_owned());
    let averaged = columns
        .clone()
        .map(|column| OF_AVERAGE.to_owned() + &column);
    let averaged = averaged.filter(|_| settings.ema > 0.0);
    let row = [STEP, EPOCH].map(String::from).into_iter();
    Some(row.chain(columns).chain(averaged).collect())
}

/// The column that determines the best checkpoint, if any.
fn column(best: Best) -> Option<String> {
    let measure = if best.is_accuracy() {
        CLASS_ACCURACY
    } else {
        FRECHET_DISTANCE
    };
    let prefix = if best.is_of_average() { OF_AVERAGE } else { "" };
    (best != Best::None).then(|| format!("{prefix}{measure}"))
}

/// Computes the scores of a run.
#[derive(Debug)]
pub(crate) struct RunScorer {
    scorer: Scorer,
    /// The fixed latent vectors, `[SAMPLES, z_dim]`.
    z: Vec<f32>,
    /// The class of each picture; `None` for the unlabelled network.
    classes: Option<Vec<u8>>,
    best: Best,
}

impl RunScorer {
    /// Computes the classifier's features of the validation part. `None` for a run without scores.
    pub(crate) fn new(resolved: &Resolved) -> Result<Option<Self>, Error> {
        let Some(extractor) = &resolved.extractor else {
            return Ok(None);
        };
        let Resolved {
            settings,
            dataset,
            config,
            network,
            ..
        } = resolved;
        let backend = backend(settings);
        let classifier = extractor.classifier()?.with_backend(backend);
        let features = features(&classifier, dataset)?;
        let z = {
            let (z_dim, purpose) = (config.z_dim, Purpose::ScoreLatent);
            let distribution = resolved.distribution;
            distribution.rows(z_dim, settings.seed, purpose, 0, SAMPLES)
        };
        let choice = ClassChoice::resolve(None, network)?;
        Ok(Some(Self {
            scorer: Scorer::new(classifier, &features)?,
            z,
            classes: choice.classes(0, SAMPLES),
            best: settings.best,
        }))
    }

    /// The scores of the generator and its average, in the order of the columns; `None` if a signal
    /// comes meanwhile.
    pub(crate) fn scores(
        &self,
        generator: &Generator,
        average: Option<&WeightAverage>,
        signals: &Signals,
    ) -> Result<Option<Vec<(String, f64)>>, Error> {
        let mut scores = Vec::new();
        let Some(score) = self.score(generator, signals)? else {
            return Ok(None);
        };
        push(&mut scores, "", score);
        if let Some(average) = average {
            let average = Generator::from_arrays(generator.config(), average.arrays())?;
            let average = average.with_backend(generator.backend());
            let Some(score) = self.score(&average, signals)? else {
                return Ok(None);
            };
            push(&mut scores, OF_AVERAGE, score);
        }
        Ok(Some(scores))
    }

    fn score(&self, generator: &Generator, signals: &Signals) -> Result<Option<Score>, Error> {
        let classes = self.classes.as_deref();
        let z_dim = generator.config().z_dim;
        let mut reading = Reading::default();
        for first in (0..SAMPLES).step_by(PART) {
            if signals.received().is_some() {
                return Ok(None);
            }
            let rows = first..SAMPLES.min(first + PART);
            let z = &self.z[rows.start * z_dim..rows.end * z_dim];
            let classes = classes.map(|classes| &classes[rows]);
            let images = dcgan_checkpoints::images_from_latents(generator, z, classes)?;
            let part = self.scorer.read(&images)?;
            reading.logits.extend(part.logits);
            reading.features.extend(part.features);
        }
        Ok(Some(self.scorer.score(&reading, classes)?))
    }

    /// The best score after `step`: `so_far`, or the one in `scores` if it is better and `step` has
    /// a checkpoint that may be the best. Of equal scores the earlier one.
    pub(crate) fn better(
        &self,
        so_far: Option<&BestScore>,
        scores: &[(String, f64)],
        step: u64,
        steps: &Steps,
    ) -> Option<BestScore> {
        let mut best = so_far.cloned();
        if !steps.compares_checkpoint(step) {
            return best;
        }
        let column = column(self.best)?;
        let (_, value) = scores.iter().find(|(name, _)| *name == column)?;
        if best.as_ref().is_none_or(|best| best.is_beaten_by(*value)) {
            best = Some(BestScore {
                metric: column,
                value: *value,
                step,
            });
        }
        best
    }
}

/// Adds a score's values under their columns.
fn push(scores: &mut Vec<(String, f64)>, prefix: &str, score: Score) {
    let figures = [score.class_accuracy, Some(score.frechet_distance)];
    for (column, figure) in COLUMNS.iter().zip(figures) {
        scores.extend(figure.map(|figure| (format!("{prefix}{column}"), figure)));
    }
}

/// The features of the whole validation part, row by row.
fn features(classifier: &Classifier, dataset: &DatasetReader) -> Result<Vec<f32>, Error> {
    let n = dataset.len(Part::Validation).unwrap_or(0);
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    let (mut images, mut features) = (Vec::new(), Vec::new());
    for first in (0..n).step_by(CHUNK as usize) {
        let indices: Vec<u32> = (first..n.min(first.saturating_add(CHUNK))).collect();
        dataset.read_images(Part::Validation, &indices, &mut images)?;
        features.extend(classifier.read(&images)?.features);
    }
    Ok(features)
}

#[cfg(test)]
mod tests {
    use super::{column, header};
    use dcgan_settings::{Best, Train};
    use serde_json::json;

    #[test]
    fn a_choice_is_named_after_a_column_of_the_table() {
        let settings = Train {
            score_every: 1,
            ema: 0.9,
            ..Train::default()
        };
        let header = header(&settings).unwrap();
        for best in [
            Best::ClassAccuracy,
            Best::FrechetDistance,
            Best::EmaClassAccuracy,
            Best::EmaFrechetDistance,
        ] {
            let column = column(best).unwrap();
            assert_eq!(json!(best), json!(column));
            assert!(header.contains(&column), "{column} in {header:?}");
        }
        assert_eq!(column(Best::None), None);
    }
}
