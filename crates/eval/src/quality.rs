//! What the classifier says of the images: are they good, are they diverse, which classes are weak.
//!
//! Held against the test part (the training part without one). Beside each figure stands what real
//! images get: figures of one set are those of the test part, figures between two sets those of
//! equally many training images in the place of the generated ones, and those of two halves of the
//! test part, which a classifier that was taught by the training part has not seen either.
//!
//! Every set is in an order of its own making ([`order::by_content`]), and splits of it are drawn by
//! the seed, so that a file that is sorted by class gives the figures of any other.

use crate::classifier::Work;
use crate::identity::kernels;
use crate::images::Images;
use crate::order;
use dcgan_artifacts::{ClassifierFile, MOST_COMPARED, Part, least};
use dcgan_metrics::{
    Classified, Classifier, Estimate, FEATURES, Features, FrechetReference, Gaussian, LEAST_GROUPS,
    Manifold, ManifoldReference, Points as _, Reading, Uncertain, bootstrap_mean,
    kernel_distance_interval, share,
};
use dcgan_random::{Purpose, Stream};
use dcgan_settings::Eval;
use dcgan_stage::Failure;
use serde_json::{Map, Value, json};

/// Neighbours that make a ball.
const K: usize = 5;
/// Points of each set at most in the measures of neighbours and in the reference.
const POINTS: usize = MOST_COMPARED;
/// Points of a subset in the kernel distance: as many as its authors take at most, fewer where that
/// would make fewer than so many subsets, and all of a set that has not five times the least.
const SUBSET: usize = 1000;
const LEAST_SUBSET: usize = 10;
const SUBSETS: usize = 10;
// As `dcgan_artifacts` says of each figure.
const _: () = {
    assert!(least::NEIGHBOURS == K + 1);
    assert!(least::KERNEL_INTERVAL == LEAST_GROUPS * LEAST_SUBSET);
    assert!(least::SCORED == 2 * SPLITS);
    assert!(least::INTERVAL == LEAST_GROUPS);
};

/// Splits of the classifier score, as its authors take.
const SPLITS: usize = 10;
/// Resamples of each bootstrap.
const RESAMPLES: usize = 1000;
/// Streams of draws come behind those of resamples.
const FIRST_DRAW: u64 = 1 << 32;
/// Images that the report shows at either end.
const SHOWN: usize = 24;

/// The figures, and the images that the report shows for them.
#[derive(Debug)]
pub(crate) struct Quality {
    /// The share of `metrics.json`.
    pub(crate) tree: Value,
    /// The images that the classifier takes for their class least, the least likely first.
    pub(crate) worst: Vec<usize>,
    /// Those that it is surest of, the surest first.
    pub(crate) surest: Vec<usize>,
    /// The labels of the images that the generated ones were compared with.
    pub(crate) compared: Option<Vec<u8>>,
}

/// A set of images as the classifier sees it, in the order of their content.
struct Seen {
    reading: Reading,
    labels: Option<Vec<u8>>,
}

/// All sets that are compared.
struct Sets {
    generated: Seen,
    /// What they are held against, and which part it is of.
    reference: Seen,
    part: Part,
    /// Training images in the place of the generated ones; `None` where the reference is of them.
    stand_in: Option<Seen>,
    /// Two halves of the reference.
    halves: [Seen; 2],
}

impl Seen {
    fn n(&self) -> usize {
        self.reading.features.len() / FEATURES
    }

    fn features(&self) -> Result<Features<'_>, Failure> {
        Features::new(&self.reading.features, FEATURES).map_err(Failure::input)
    }

    /// The features of one class, row by row.
    fn of_class(&self, class: u8) -> Vec<f32> {
        let rows = self.reading.features.chunks_exact(FEATURES);
        rows.zip(self.labels.iter().flatten())
            .filter(|(_, label)| **label == class)
            .flat_map(|(row, _)| row.iter().copied())
            .collect()
    }

    /// The features at these positions, row by row.
    fn features_of(&self, rows: &[u32]) -> Vec<f32> {
        let row = |&row: &u32| &self.reading.features[row as usize * FEATURES..][..FEATURES];
        rows.iter().flat_map(row).copied().collect()
    }

    /// The features and labels at these positions.
    fn rows(&self, rows: &[u32]) -> Self {
        let labels = self.labels.as_ref();
        Self {
            reading: Reading {
                logits: Vec::new(),
                features: self.features_of(rows),
            },
            labels: labels.map(|labels| rows.iter().map(|&row| labels[row as usize]).collect()),
        }
    }
}

/// Reads images through the classifier and works out every figure.
pub(crate) struct Judge<'a> {
    pub(crate) work: Work<'a>,
    pub(crate) file: &'a ClassifierFile,
    pub(crate) settings: &'a Eval,
}

impl Judge<'_> {
    /// The classifier in the file.
    fn classifier(&self) -> Result<Classifier, Failure> {
        let classifier = Classifier::from_arrays(self.work.config(), &self.file.arrays);
        let (_, backend) = kernels(self.settings);
        Ok(classifier.map_err(Failure::input)?.with_backend(backend))
    }

    /// All figures of these images, whose positions by their content are given.
    pub(crate) fn quality(&self, images: &Images, order: &[u32]) -> Result<Quality, Failure> {
        let sets = self.sets(images, order)?;
        let mut tree = json!({ "extractor": self.extractor(), "sets": self.described(&sets) });
        let (mut worst, mut surest) = (Vec::new(), Vec::new());
        if self.is_trained() {
            let own = self.classified(&sets, &mut tree)?;
            let certain = certainty(&own, &sets.generated)?;
            let mut found: Vec<(f64, usize)> = certain
                .into_iter()
                .zip(order.iter().map(|&at| at as usize))
                .collect();
            found.sort_by(|(a, i), (b, j)| a.total_cmp(b).then(i.cmp(j)));
            surest = found.iter().map(|(_, at)| *at).take(SHOWN).collect();
            worst = found.iter().rev().map(|(_, at)| *at).take(SHOWN).collect();
        }
        self.distances(&mut tree, &sets)?;
        self.neighbours(&mut tree, &sets)?;
        self.by_class(&mut tree, &sets)?;
        Ok(Quality {
            tree,
            worst,
            surest,
            compared: sets.reference.labels,
        })
    }

    fn sets(&self, images: &Images, order: &[u32]) -> Result<Sets, Failure> {
        let classifier = self.classifier()?;
        let part = match self.work.dataset.len(Part::Test) {
            Some(n) if n > 0 => Part::Test,
            _ => Part::Train,
        };
        let pixels = &images.pixels;
        let reading = self
            .work
            .read_rows(&classifier, pixels, order, "generated")?;
        let generated = Seen {
            reading,
            labels: in_order(images.labels.as_deref(), order),
        };
        let reference = self.part(&classifier, part, POINTS)?;
        // Without a test part the training images are the measure, and nothing is left beside it.
        let stand_in = match part {
            Part::Test => Some(self.part(&classifier, Part::Train, images.n)?),
            _ => None,
        };
        let halves = order::halves(reference.n(), self.settings.seed);
        let halves = halves.map(|rows| reference.rows(&rows));
        Ok(Sets {
            generated,
            reference,
            part,
            stand_in,
            halves,
        })
    }

    /// What `real` and `halves` are: part, number of images, and, where that is known, whether the
    /// classifier was taught by them.
    fn described(&self, sets: &Sets) -> Value {
        let is_own = self.file.info.dataset_sha256 == self.work.dataset.content_sha256();
        let of = |seen: &Seen, part: Part| {
            let mut set = json!({ "part": part.name(), "n": seen.n() });
            if is_own || !self.is_trained() {
                set["taught_the_classifier"] = json!(self.is_trained() && part == Part::Train);
            }
            set
        };
        let mut tree = json!({ "reference": of(&sets.reference, sets.part) });
        if sets.halves[0].n() >= least::KERNEL {
            tree["halves"] = of(&sets.halves[0], sets.part);
        }
        if let Some(stand_in) = &sets.stand_in {
            tree["real"] = of(stand_in, Part::Train);
        }
        tree
    }

    fn is_trained(&self) -> bool {
        self.file.info.epochs > 0
    }

    fn extractor(&self) -> Value {
        let info = &self.file.info;
        let name = if self.is_trained() {
            "classifier"
        } else {
            "random features"
        };
        let mut tree = json!({ "name": name, "features": FEATURES });
        if self.is_trained() {
            tree["train_accuracy"] = json!(info.train_accuracy);
            if let Some(test_accuracy) = info.test_accuracy {
                tree["test_accuracy"] = json!(test_accuracy);
            }
            tree["dataset_sha256"] = json!(info.dataset_sha256);
            let same = info.dataset_sha256 == self.work.dataset.content_sha256();
            tree["trained_on_this_dataset"] = json!(same);
        }
        tree
    }

    /// At most so many images of a part, drawn by the seed.
    fn part(&self, classifier: &Classifier, part: Part, at_most: usize) -> Result<Seen, Failure> {
        let dataset = self.work.dataset;
        let n = dataset.len(part).unwrap_or(0);
        let chosen = self.choose(n, at_most, part as u64);
        let mut pixels = Vec::new();
        let read = dataset.read_images(part, &chosen, &mut pixels);
        read?;
        let labels = in_order(dataset.labels(part), &chosen);
        let order = order::by_content(&pixels, dataset.info().image_len(), labels.as_deref());
        let reading = self
            .work
            .read_rows(classifier, &pixels, &order, part.name())?;
        Ok(Seen {
            reading,
            labels: in_order(labels.as_deref(), &order),
        })
    }

    /// All of n positions in their order, or a draw of `at_most` of them.
    fn choose(&self, n: usize, at_most: usize, index: u64) -> Vec<u32> {
        let count = u32::try_from(n).unwrap_or(u32::MAX);
        if n <= at_most {
            return (0..count).collect();
        }
        let mut stream = Stream::new(self.settings.seed, Purpose::Bootstrap, FIRST_DRAW + index);
        let mut order = stream.permutation(count);
        order.truncate(at_most);
        order
    }

    /// Accuracy, cross-entropy and score of the generated images beside the reference's.
    fn classified(&self, sets: &Sets, tree: &mut Value) -> Result<Classified, Failure> {
        let classes = self.work.config().classes;
        let of =
            |seen: &Seen| Classified::new(&seen.reading.logits, classes).map_err(Failure::input);
        let (own, others) = (of(&sets.generated)?, of(&sets.reference)?);
        if let (Some(labels), Some(real_labels)) = (&sets.generated.labels, &sets.reference.labels)
        {
            let hits = |classified: &Classified, labels: &[u8]| {
                classified.hits(labels).map_err(Failure::input)
            };
            let (hits, real_hits) = (hits(&own, labels)?, hits(&others, real_labels)?);
            tree["class_accuracy"] = figure(of_flags(&hits)?, Some(of_flags(&real_hits)?.value));
            let entropies = |classified: &Classified, labels: &[u8]| {
                classified.cross_entropies(labels).map_err(Failure::input)
            };
            let entropy = entropies(&own, labels)?;
            let real_entropy = mean(&entropies(&others, real_labels)?);
            tree["cross_entropy"] = figure(self.mean(&entropy)?, Some(real_entropy));
            let mut by_class = Map::new();
            for (class, name) in (0..=u8::MAX).zip(&self.work.dataset.info().class_names) {
                let of_class = |values: &[bool], labels: &[u8]| -> Vec<bool> {
                    let pairs = values.iter().zip(labels);
                    let of_class = pairs.filter(|(_, label)| **label == class);
                    of_class.map(|(value, _)| *value).collect()
                };
                let (hits, real) = (of_class(&hits, labels), of_class(&real_hits, real_labels));
                if !hits.is_empty() {
                    let real = (!real.is_empty()).then(|| of_flags(&real)).transpose()?;
                    let leaf = figure(of_flags(&hits)?, real.map(|real| real.value));
                    by_class.insert(name.clone(), leaf);
                }
            }
            tree["class_accuracy_by_class"] = by_class.into();
        }
        if own.len() >= least::SCORED {
            let of = |classified: &Classified| {
                classified
                    .score_over_splits(SPLITS, self.settings.seed)
                    .map_err(Failure::input)
            };
            let real = (others.len() >= least::SCORED)
                .then(|| of(&others))
                .transpose()?;
            tree["classifier_score"] = figure(of(&own)?, real.map(|real| real.value));
        }
        Ok(own)
    }

    /// Fréchet and kernel distance.
    fn distances(&self, tree: &mut Value, sets: &Sets) -> Result<(), Failure> {
        let seed = self.settings.seed;
        let (own, reference) = (sets.generated.features()?, sets.reference.features()?);
        let others = sets.stand_in.as_ref().map(Seen::features).transpose()?;
        let [half, other_half] = [sets.halves[0].features()?, sets.halves[1].features()?];
        if own.len().min(reference.len()) >= least::SPREAD {
            let held = FrechetReference::of(&reference).map_err(Failure::input)?;
            let found = held.distance_with_variance(&own, seed);
            let found = found.map_err(Failure::input)?;
            let others = others.filter(|others| others.len() >= least::SPREAD);
            let real = others.map(|others| between(&held, &others));
            let mut leaf = figure(found.estimate(), real.transpose()?);
            if half.len() >= least::SPREAD {
                let held = FrechetReference::of(&half).map_err(Failure::input)?;
                let value = between(&held, &other_half)?;
                let n = [own.len(), reference.len()];
                let scaled = same_n(value, [half.len(), other_half.len()], n);
                leaf["halves"] = json!({ "value": value, "n": half.len(), "scaled": scaled });
            }
            tree["frechet_distance"] = leaf;
        }
        let kernel = |x: &Features<'_>, y: &Features<'_>| {
            let n = x.len().min(y.len());
            if n < least::KERNEL {
                return Ok::<_, Failure>(None);
            }
            let subset = if n < least::KERNEL_INTERVAL {
                n
            } else {
                (n / SUBSETS).clamp(LEAST_SUBSET, SUBSET)
            };
            let found = kernel_distance_interval(x, y, subset, seed);
            found.map(Some).map_err(Failure::input)
        };
        if let Some(found) = kernel(&reference, &own)? {
            let real = match &others {
                Some(others) => kernel(&reference, others)?,
                None => None,
            };
            let mut leaf = figure(found, real.map(|real| real.value));
            if let Some(found) = kernel(&half, &other_half)? {
                leaf["halves"] = json!({ "value": found.value, "n": half.len() });
            }
            tree["kernel_distance"] = leaf;
        }
        Ok(())
    }

    /// Precision, recall, density and coverage of at most [`POINTS`] images each.
    fn neighbours(&self, tree: &mut Value, sets: &Sets) -> Result<(), Failure> {
        let reference = sets.reference.features()?;
        if sets.generated.n().min(reference.len()) <= K {
            return Ok(());
        }
        let reference = ManifoldReference::new(reference, K).map_err(Failure::input)?;
        let compare = |seen: &Seen, index| {
            let rows = seen.features_of(&self.choose(seen.n(), POINTS, index));
            let features = Features::new(&rows, FEATURES).map_err(Failure::input)?;
            if features.len() <= K {
                return Ok::<_, Failure>(None);
            }
            let found = reference.compare(&features).map_err(Failure::input)?;
            Ok(Some(found))
        };
        let Some(own) = compare(&sets.generated, 10)? else {
            return Ok(());
        };
        let others = match &sets.stand_in {
            Some(seen) => compare(seen, 11)?,
            None => None,
        };
        let [half, other_half] = [sets.halves[0].features()?, sets.halves[1].features()?];
        let halves = if half.len() > K {
            let found = ManifoldReference::new(half, K)
                .and_then(|half| half.compare(&other_half))
                .map_err(Failure::input)?;
            Some(found)
        } else {
            None
        };
        let mut add = |name: &str, own: Estimate, of: fn(&Manifold) -> f64| {
            let mut leaf = figure(own, others.as_ref().map(of));
            if let Some(halves) = &halves {
                leaf["halves"] = json!({ "value": of(halves), "n": half.len() });
            }
            tree[name] = leaf;
        };
        add("precision", of_flags(&own.is_precise)?, Manifold::precision);
        add("recall", of_flags(&own.is_recalled)?, Manifold::recall);
        add("density", self.mean(&own.densities)?, Manifold::density);
        add("coverage", of_flags(&own.is_covered)?, Manifold::coverage);
        Ok(())
    }

    /// Diversity of each class against the reference's, and the Fréchet distance of each with the mean
    /// over classes. Classes with fewer than [`least::SPREAD`] images on a side are left out.
    fn by_class(&self, tree: &mut Value, sets: &Sets) -> Result<(), Failure> {
        if sets.generated.labels.is_none() || sets.reference.labels.is_none() {
            return Ok(());
        }
        let (mut diversity, mut distances) = (Map::new(), Map::new());
        let (mut found, mut ceilings, mut of_halves) = (Vec::new(), Vec::new(), Vec::new());
        for (class, name) in (0..=u8::MAX).zip(&self.work.dataset.info().class_names) {
            let (own, reference) = (
                sets.generated.of_class(class),
                sets.reference.of_class(class),
            );
            let (own, reference) = (features(&own)?, features(&reference)?);
            if own.len().min(reference.len()) < least::SPREAD {
                continue;
            }
            let held = FrechetReference::of(&reference).map_err(Failure::input)?;
            let gaussian = Gaussian::of(&own).map_err(Failure::input)?;
            let spread = self.mean(&spreads(&own, &gaussian))?;
            let real = held.gaussian().diversity();
            diversity.insert(name.clone(), figure(spread, Some(real)));
            let distance = held
                .distance_with_variance(&own, self.settings.seed)
                .map_err(Failure::input)?;
            found.push(distance);
            let others = sets.stand_in.as_ref().map(|seen| seen.of_class(class));
            let others = others.unwrap_or_default();
            let others = features(&others)?;
            let is_enough = others.len() >= least::SPREAD;
            let ceiling = is_enough.then(|| between(&held, &others)).transpose()?;
            ceilings.extend(ceiling);
            let mut leaf = figure(distance.estimate(), ceiling);
            let [half, other_half] = [0, 1].map(|i| sets.halves[i].of_class(class));
            let (half, other_half) = (features(&half)?, features(&other_half)?);
            let n = [half.len(), other_half.len()];
            let smaller = half.len().min(other_half.len());
            if smaller >= least::SPREAD {
                let held = FrechetReference::of(&half).map_err(Failure::input)?;
                let value = between(&held, &other_half)?;
                let scaled = same_n(value, n, [own.len(), reference.len()]);
                leaf["halves"] = json!({ "value": value, "n": smaller, "scaled": scaled });
                of_halves.push((value, scaled));
            }
            distances.insert(name.clone(), leaf);
        }
        if found.len() >= least::CLASSES {
            let over_classes = Uncertain::mean(&found).map_err(Failure::input)?;
            // A mean over fewer classes is of something else.
            let ceiling = (ceilings.len() == found.len()).then(|| mean(&ceilings));
            let mut leaf = figure(over_classes.estimate(), ceiling);
            if of_halves.len() == found.len() {
                let (values, scaled): (Vec<f64>, Vec<f64>) = of_halves.into_iter().unzip();
                let n = sets.halves[0].n();
                let halves = json!({ "value": mean(&values), "n": n, "scaled": mean(&scaled) });
                leaf["halves"] = halves;
            }
            tree["frechet_distance_class_mean"] = leaf;
            tree["frechet_distance_by_class"] = distances.into();
            tree["diversity_by_class"] = diversity.into();
        }
        Ok(())
    }

    fn mean(&self, values: &[f64]) -> Result<Estimate, Failure> {
        bootstrap_mean(values, RESAMPLES, self.settings.seed).map_err(Failure::input)
    }
}

/// Per image how unsure the classifier is of it: of its class where it has one, else of the
/// most probable one.
fn certainty(own: &Classified, generated: &Seen) -> Result<Vec<f64>, Failure> {
    let predictions: Vec<u8> = own
        .predictions()
        .into_iter()
        .filter_map(|class| u8::try_from(class).ok())
        .collect();
    let labels = generated.labels.as_ref().unwrap_or(&predictions);
    own.cross_entropies(labels).map_err(Failure::input)
}

/// Values at these positions.
fn in_order(values: Option<&[u8]>, order: &[u32]) -> Option<Vec<u8>> {
    values.map(|values| order.iter().map(|&at| values[at as usize]).collect())
}

fn features(rows: &[f32]) -> Result<Features<'_>, Failure> {
    Features::new(rows, FEATURES).map_err(Failure::input)
}

fn between(held: &FrechetReference, features: &Features<'_>) -> Result<f64, Failure> {
    let other = Gaussian::of(features).map_err(Failure::input)?;
    held.distance(&other).map_err(Failure::input)
}

/// What the Fréchet distance of two sets of one distribution is with other numbers of images: it falls
/// as `1/a + 1/b`, the variances of the two means.
fn same_n(value: f64, [a, b]: [usize; 2], [c, d]: [usize; 2]) -> f64 {
    let per_image = |a: usize, b: usize| 1.0 / a as f64 + 1.0 / b as f64;
    value * per_image(c, d) / per_image(a, b)
}

fn of_flags(flags: &[bool]) -> Result<Estimate, Failure> {
    share(flags).map_err(Failure::input)
}

/// Per point twice its squared distance from the mean, times n / (n - 1): their mean is
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

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A figure with its interval, if it has one, and the same figure of real images.
pub(crate) fn figure(estimate: Estimate, real: Option<f64>) -> Value {
    let mut tree = json!({ "value": estimate.value });
    if let Some(interval) = estimate.interval {
        tree["low"] = json!(interval.low);
        tree["high"] = json!(interval.high);
    }
    if let Some(real) = real {
        tree["real"] = json!(real);
    }
    tree
}
