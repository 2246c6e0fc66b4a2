//! Figures between two sets of features: distances and neighbours.

use crate::figures::{Figure, Halves};
use crate::measure::seen::{Seen, Sets, drawn, features, mean_of};
use dcgan_artifacts::{MOST_COMPARED, least};
use dcgan_metrics::{
    Estimate, Features, FrechetReference, Gaussian, LEAST_GROUPS, Manifold, ManifoldReference,
    Points as _, kernel_distance_interval, share,
};
use dcgan_stage::Failure;

/// A ball reaches to the k-th neighbour.
const K: usize = 5;
/// Maximum points per subset in the kernel distance, as in the paper. Smaller sets are split into
/// [`SUBSETS`], or are one subset below [`least::KERNEL_INTERVAL`] points.
const SUBSET: usize = 1000;
const LEAST_SUBSET: usize = 10;
const SUBSETS: usize = 10;

// The minimum numbers of images in `dcgan_artifacts` must fit.
const _: () = {
    assert!(least::NEIGHBOURS == K + 1);
    assert!(least::KERNEL_INTERVAL == LEAST_GROUPS * LEAST_SUBSET);
    assert!(least::INTERVAL == LEAST_GROUPS);
};

/// The Fréchet distance of the generated images; `None` for too few.
pub(crate) fn frechet(sets: &Sets, seed: u64) -> Result<Option<Figure>, Failure> {
    let (own, reference) = (sets.generated.features()?, sets.reference.features()?);
    if own.len().min(reference.len()) < least::SPREAD {
        return Ok(None);
    }
    let held = FrechetReference::of(&reference).map_err(Failure::input)?;
    let found = held.distance_with_variance(&own, seed);
    let found = found.map_err(Failure::input)?;
    let others = sets.stand_in.as_ref().map(Seen::features).transpose()?;
    let others = others.filter(|others| others.len() >= least::SPREAD);
    let real = others.map(|others| between(&held, &others)).transpose()?;
    let [half, other_half] = [sets.halves[0].features()?, sets.halves[1].features()?];
    let n = [own.len(), reference.len()];
    Ok(Some(Figure {
        halves: of_halves(&half, &other_half, n)?,
        ..Figure::of(found.estimate(), real)
    }))
}

/// The distance of two halves, and its estimate for sets of `n` images; `None` for too few.
pub(crate) fn of_halves(
    half: &Features<'_>,
    other_half: &Features<'_>,
    n: [usize; 2],
) -> Result<Option<Halves>, Failure> {
    let smaller = half.len().min(other_half.len());
    if smaller < least::SPREAD {
        return Ok(None);
    }
    let held = FrechetReference::of(half).map_err(Failure::input)?;
    let value = between(&held, other_half)?;
    let scaled = same_n(value, [half.len(), other_half.len()], n);
    Ok(Some(Halves {
        value,
        n: smaller,
        scaled: Some(scaled),
    }))
}

/// The Fréchet distance between a set and these features.
pub(crate) fn between(held: &FrechetReference, features: &Features<'_>) -> Result<f64, Failure> {
    let other = Gaussian::of(features).map_err(Failure::input)?;
    held.distance(&other).map_err(Failure::input)
}

/// Scales the Fréchet distance of two sets of the same distribution to other numbers of images: it
/// is proportional to `1/a + 1/b`, like the variance of the difference of two means.
fn same_n(value: f64, [a, b]: [usize; 2], [c, d]: [usize; 2]) -> f64 {
    let per_image = |a: usize, b: usize| 1.0 / a as f64 + 1.0 / b as f64;
    value * per_image(c, d) / per_image(a, b)
}

/// The kernel distance of the generated images; `None` for too few.
pub(crate) fn kernel(sets: &Sets, seed: u64) -> Result<Option<Figure>, Failure> {
    let reference = sets.reference.features()?;
    let to_reference = |seen: &Seen| kernel_between(&reference, &seen.features()?, seed);
    let Some(found) = to_reference(&sets.generated)? else {
        return Ok(None);
    };
    let real = match &sets.stand_in {
        Some(others) => to_reference(others)?,
        None => None,
    };
    let [half, other_half] = [sets.halves[0].features()?, sets.halves[1].features()?];
    let halves = kernel_between(&half, &other_half, seed)?;
    Ok(Some(Figure {
        halves: halves.map(|found| Halves {
            value: found.value,
            n: half.len(),
            scaled: None,
        }),
        ..Figure::of(found, real.map(|real| real.value))
    }))
}

fn kernel_between(
    x: &Features<'_>,
    y: &Features<'_>,
    seed: u64,
) -> Result<Option<Estimate>, Failure> {
    let n = x.len().min(y.len());
    if n < least::KERNEL {
        return Ok(None);
    }
    let subset = if n < least::KERNEL_INTERVAL {
        n
    } else {
        (n / SUBSETS).clamp(LEAST_SUBSET, SUBSET)
    };
    let found = kernel_distance_interval(x, y, subset, seed);
    found.map(Some).map_err(Failure::input)
}

/// Precision, recall, density and coverage.
pub(crate) struct Neighbours {
    pub(crate) precision: Figure,
    pub(crate) recall: Figure,
    pub(crate) density: Figure,
    pub(crate) coverage: Figure,
}

/// Computes them from at most [`MOST_COMPARED`] images each; `None` for too few.
pub(crate) fn neighbours(sets: &Sets, seed: u64) -> Result<Option<Neighbours>, Failure> {
    let reference = sets.reference.features()?;
    if reference.len() <= K {
        return Ok(None);
    }
    let reference = ManifoldReference::new(reference, K).map_err(Failure::input)?;
    let compare = |seen: &Seen, index| {
        let rows = seen.features_of(&drawn(seed, seen.n(), MOST_COMPARED, index));
        let features = features(&rows)?;
        if features.len() <= K {
            return Ok::<_, Failure>(None);
        }
        let found = reference.compare(&features).map_err(Failure::input)?;
        Ok(Some(found))
    };
    let Some(own) = compare(&sets.generated, 10)? else {
        return Ok(None);
    };
    let others = match &sets.stand_in {
        Some(seen) => compare(seen, 11)?,
        None => None,
    };
    let halves = of_both_halves(sets)?;
    let n = sets.halves[0].n();
    let figure = |own: Estimate, of: fn(&Manifold) -> f64| Figure {
        halves: halves.as_ref().map(|halves| Halves {
            value: of(halves),
            n,
            scaled: None,
        }),
        ..Figure::of(own, others.as_ref().map(of))
    };
    Ok(Some(Neighbours {
        precision: figure(of_flags(&own.is_precise)?, Manifold::precision),
        recall: figure(of_flags(&own.is_recalled)?, Manifold::recall),
        density: figure(mean_of(&own.densities, seed)?, Manifold::density),
        coverage: figure(of_flags(&own.is_covered)?, Manifold::coverage),
    }))
}

/// One half against the other; `None` for too few images.
fn of_both_halves(sets: &Sets) -> Result<Option<Manifold>, Failure> {
    let [half, other_half] = [sets.halves[0].features()?, sets.halves[1].features()?];
    if half.len() <= K {
        return Ok(None);
    }
    let found = ManifoldReference::new(half, K).and_then(|half| half.compare(&other_half));
    found.map(Some).map_err(Failure::input)
}

/// The share of flags that are set, with its interval.
pub(crate) fn of_flags(flags: &[bool]) -> Result<Estimate, Failure> {
    share(flags).map_err(Failure::input)
}
