//! Converts the discriminator's statistics to figures.

use crate::figures::discriminator::{
    ByClass, CalibrationBin, CalibrationFigures, DiscriminatorFile, DistributionFigures, Gap,
    JudgedFigures, JudgedKind, Normalisation, ReadingFigures,
};
use crate::measure::discriminator::{Kind, Reading, Statistics};
use dcgan_metrics::Calibration;
use std::collections::BTreeMap;

/// Key of the difference between training and test images.
const GAP: &str = "train_minus_test";

/// The content of `discriminator.json`; `block` is the number of images per block.
pub(crate) fn file(
    statistics: &Statistics,
    class_names: &[String],
    block: usize,
) -> DiscriminatorFile {
    let name = |class: Option<u8>| class.map(|class| class_name(class, class_names));
    let mut parts: BTreeMap<&'static str, ByClass<ReadingFigures>> = BTreeMap::new();
    let mut gap: BTreeMap<&'static str, ByClass<Gap>> = BTreeMap::new();
    for reading in &statistics.readings {
        let part = parts.entry(reading.kind.name()).or_default();
        part.put(name(reading.class), of_reading(reading));
        if reading.kind == Kind::Train
            && let Some(leaf) = gap_of(statistics, reading)
        {
            gap.entry(GAP).or_default().put(name(reading.class), leaf);
        }
    }
    let mut roc_auc: BTreeMap<String, ByClass<f64>> = BTreeMap::new();
    let mut calibration: BTreeMap<String, ByClass<CalibrationFigures>> = BTreeMap::new();
    for ranking in &statistics.rankings {
        let (part, class) = (versus(ranking.real), name(ranking.class));
        let of_part = roc_auc.entry(part.clone()).or_default();
        of_part.put(class.clone(), ranking.roc_auc);
        let of_part = calibration.entry(part).or_default();
        of_part.put(class, of_calibration(&ranking.calibration));
    }
    DiscriminatorFile {
        normalisation: Normalisation {
            statistics: "batch",
            block,
        },
        parts,
        roc_auc,
        calibration,
        gap,
    }
}

fn of_reading(reading: &Reading) -> ReadingFigures {
    ReadingFigures {
        accuracy: reading.accuracy,
        logit: DistributionFigures::of(&reading.logit, &reading.logit_histogram),
        probability: DistributionFigures::of(&reading.probability, &reading.probability_histogram),
    }
}

fn of_calibration(calibration: &Calibration) -> CalibrationFigures {
    let n = calibration.bins.len() as f64;
    let bins = calibration.bins.iter().enumerate();
    let bins = bins.map(|(i, bin)| CalibrationBin {
        low: i as f64 / n,
        high: (i + 1) as f64 / n,
        weight: bin.as_ref().map_or(0.0, |bin| bin.weight),
        probability: bin.as_ref().map(|bin| bin.probability),
        share: bin.as_ref().map(|bin| bin.share),
    });
    CalibrationFigures {
        error: calibration.error,
        bins: bins.collect(),
    }
}

/// The difference between training and test images: its overfitting.
fn gap_of(statistics: &Statistics, train: &Reading) -> Option<Gap> {
    let test = statistics.of_class(Kind::Test, train.class)?;
    Some(Gap {
        accuracy: train.accuracy - test.accuracy,
        logit_mean: train.logit.mean - test.logit.mean,
        probability_mean: train.probability.mean - test.probability.mean,
    })
}

/// `discriminator` of `metrics.json`: the main figures.
pub(crate) fn judged(statistics: &Statistics) -> JudgedFigures {
    let of_kind = |kind| {
        let reading = statistics.overall(kind)?;
        Some(JudgedKind {
            accuracy: reading.accuracy,
            logit_mean: reading.logit.mean,
            logit_standard_deviation: reading.logit.standard_deviation,
            probability_mean: reading.probability.mean,
        })
    };
    let rankings = statistics.rankings.iter();
    let overall = rankings.filter(|ranking| ranking.class.is_none());
    let (mut roc_auc, mut calibration_error) = (BTreeMap::new(), BTreeMap::new());
    for ranking in overall {
        roc_auc.insert(versus(ranking.real), ranking.roc_auc);
        calibration_error.insert(versus(ranking.real), ranking.calibration.error);
    }
    let train = statistics.overall(Kind::Train);
    JudgedFigures {
        train: of_kind(Kind::Train),
        test: of_kind(Kind::Test),
        generated: of_kind(Kind::Generated),
        roc_auc,
        calibration_error,
        train_minus_test: train.and_then(|train| gap_of(statistics, train)),
    }
}

/// Key for real images of a kind against generated ones.
pub(crate) fn versus(real: Kind) -> String {
    format!("{}_vs_{}", real.name(), Kind::Generated.name())
}

/// The name of a class, or its number if it has no name.
pub(crate) fn class_name(class: u8, class_names: &[String]) -> String {
    class_names
        .get(usize::from(class))
        .cloned()
        .unwrap_or_else(|| class.to_string())
}
