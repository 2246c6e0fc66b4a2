//! Feature-based figures within each class.

use crate::figures::{ByName, Figure, Halves};
use crate::measure::distances::{between, of_halves};
use crate::measure::seen::{Sets, features, mean, mean_of};
use dcgan_artifacts::least;
use dcgan_metrics::{FEATURES, Features, FrechetReference, Gaussian, Points as _, Uncertain};
use dcgan_stage::Failure;

/// Figures by class, of at least two classes.
pub(crate) struct OfClasses {
    /// The mean of the Fréchet distances.
    pub(crate) mean: Figure,
    pub(crate) distances: ByName,
    pub(crate) diversity: ByName,
}

/// One class.
struct OfClass {
    distance: Uncertain,
    /// The Fréchet distance, with the values of real images.
    figure: Figure,
    diversity: Figure,
}

/// Diversity of each class relative to the reference, the Fréchet distance of each class, and its
/// mean over classes. Classes with fewer than [`least::SPREAD`] images in a set are left out;
/// `None` for fewer than [`least::CLASSES`] classes.
pub(crate) fn by_class(
    sets: &Sets,
    names: &[String],
    seed: u64,
) -> Result<Option<OfClasses>, Failure> {
    if sets.generated.labels.is_none() || sets.reference.labels.is_none() {
        return Ok(None);
    }
    let (mut diversity, mut distances) = (ByName::new(), ByName::new());
    let mut found = Vec::new();
    for (class, name) in (0..=u8::MAX).zip(names) {
        if let Some(of_class) = of_class(sets, class, seed)? {
            diversity.insert(name.clone(), of_class.diversity.clone());
            distances.insert(name.clone(), of_class.figure.clone());
            found.push(of_class);
        }
    }
    if found.len() < least::CLASSES {
        return Ok(None);
    }
    Ok(Some(OfClasses {
        mean: mean_over(&found, sets.halves[0].n())?,
        distances,
        diversity,
    }))
}

/// The figures of a class; `None` for too few images.
fn of_class(sets: &Sets, class: u8, seed: u64) -> Result<Option<OfClass>, Failure> {
    let own = sets.generated.of_class(class);
    let reference = sets.reference.of_class(class);
    let (own, reference) = (features(&own)?, features(&reference)?);
    if own.len().min(reference.len()) < least::SPREAD {
        return Ok(None);
    }
    let held = FrechetReference::of(&reference).map_err(Failure::input)?;
    let gaussian = Gaussian::of(&own).map_err(Failure::input)?;
    let spread = mean_of(&spreads(&own, &gaussian), seed)?;
    let diversity = Figure::of(spread, Some(held.gaussian().diversity()));
    let distance = held.distance_with_variance(&own, seed);
    let distance = distance.map_err(Failure::input)?;
    let others = sets.stand_in.as_ref().map(|seen| seen.of_class(class));
    let others = others.unwrap_or_default();
    let others = features(&others)?;
    let is_enough = others.len() >= least::SPREAD;
    let ceiling = is_enough.then(|| between(&held, &others)).transpose()?;
    let [half, other_half] = [0, 1].map(|i| sets.halves[i].of_class(class));
    let (half, other_half) = (features(&half)?, features(&other_half)?);
    let n = [own.len(), reference.len()];
    Ok(Some(OfClass {
        distance,
        figure: Figure {
            halves: of_halves(&half, &other_half, n)?,
            ..Figure::of(distance.estimate(), ceiling)
        },
        diversity,
    }))
}

/// The mean Fréchet distance over classes. A value of real images is used only if every class has
/// it, because a mean over fewer classes is not comparable. `n` is the number of images in a half
/// of all classes.
fn mean_over(classes: &[OfClass], n: usize) -> Result<Figure, Failure> {
    let distances: Vec<Uncertain> = classes.iter().map(|class| class.distance).collect();
    let over_classes = Uncertain::mean(&distances).map_err(Failure::input)?;
    let ceilings: Option<Vec<f64>> = classes.iter().map(|class| class.figure.real).collect();
    let halves = classes.iter().map(|class| {
        let halves = class.figure.halves.as_ref()?;
        Some((halves.value, halves.scaled?))
    });
    let halves: Option<(Vec<f64>, Vec<f64>)> = halves.collect();
    Ok(Figure {
        halves: halves.map(|(values, scaled)| Halves {
            value: mean(&values),
            n,
            scaled: Some(mean(&scaled)),
        }),
        ..Figure::of(over_classes.estimate(), ceilings.map(|all| mean(&all)))
    })
}

/// For each point twice its squared distance from the mean, times n / (n - 1): their mean is
/// [`Gaussian::diversity`].
fn spreads(features: &Features<'_>, gaussian: &Gaussian) -> Vec<f64> {
    let n = features.len() as f64;
    let scale = 2.0 * n / (n - 1.0);
    let rows = features.values().chunks_exact(FEATURES);
    rows.map(|row| {
        let squares = row.iter().zip(&gaussian.mean);
        scale
            * squares
                .map(|(&x, mean)| (f64::from(x) - mean).powi(2))
                .sum::<f64>()
    })
    .collect()
}
