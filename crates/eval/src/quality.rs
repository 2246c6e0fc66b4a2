//! What the classifier says of the images: are they good, are they diverse, which classes are weak.
//!
//! Held against the test part (the training part without one). Beside each figure stands what real
//! images get: figures of one set are those of the test part, figures between two sets those of
//! equally many training images in the place of the generated ones.

use crate::classifier::Work;
use crate::error::artifact_failure;
use crate::images::Images;
use dcgan_artifacts::{ClassifierFile, Part};
use dcgan_metrics::{
    Classified, Classifier, Error, FEATURES, Features, Gaussian, Interval, Points as _, Reading,
    bootstrap_mean, frechet_distance, frechet_distance_interval, kernel_distance_interval,
    manifold, mean_of_subsets,
};
use dcgan_random::{Purpose, Stream};
use dcgan_settings::Eval;
use dcgan_terminal::Failure;
use serde_json::{Map, Value, json};

/// Neighbours that make a ball.
const K: usize = 5;
/// Points of each set at most in the measures of neighbours and in the reference.
const POINTS: usize = 10_000;
/// Points of a subset in the kernel distance, as its authors take.
const SUBSET: usize = 1000;
/// Fewer images of a class say nothing of its spread.
const LEAST: usize = 40;
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
}

/// A set of images as the classifier sees it.
struct Seen {
    reading: Reading,
    labels: Option<Vec<u8>>,
}

impl Seen {
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
        Classifier::from_arrays(self.work.config(), &self.file.arrays).map_err(Failure::input)
    }

    /// All figures of these images.
    pub(crate) fn quality(&self, images: &Images) -> Result<Quality, Failure> {
        let classifier = self.classifier()?;
        let reference = match self.work.dataset.len(Part::Test) {
            Some(n) if n > 0 => Part::Test,
            _ => Part::Train,
        };
        let generated = Seen {
            reading: self.work.read(&classifier, &images.pixels, "generated")?,
            labels: images.labels.clone(),
        };
        let real = self.part(&classifier, reference, POINTS)?;
        // Without a test part the training images are the measure, and nothing is left beside it.
        let stand_in = match reference {
            Part::Test => Some(self.part(&classifier, Part::Train, images.n)?),
            _ => None,
        };
        let mut tree = json!({ "extractor": self.extractor() });
        let (mut worst, mut surest) = (Vec::new(), Vec::new());
        if self.is_trained() {
            let own = self.classified(&generated, &mut tree, &real)?;
            let certain = certainty(&own, &generated)?;
            let mut order: Vec<usize> = (0..images.n).collect();
            order.sort_by(|&a, &b| certain[a].total_cmp(&certain[b]));
            surest = order.iter().copied().take(SHOWN).collect();
            worst = order.iter().rev().copied().take(SHOWN).collect();
        }
        distances(&mut tree, &generated, &real, stand_in.as_ref())?;
        self.neighbours(&mut tree, &generated, &real, stand_in.as_ref())?;
        self.by_class(&mut tree, &generated, &real, stand_in.as_ref())?;
        Ok(Quality {
            tree,
            worst,
            surest,
        })
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
            tree["test_accuracy"] = json!(info.test_accuracy);
            tree["dataset_sha256"] = json!(info.dataset_sha256);
            let same = info.dataset_sha256 == self.work.dataset.content_sha256();
            tree["trained_on_this_dataset"] = json!(same);
        }
        tree
    }

    /// At most so many images of a part, drawn by the seed.
    fn part(&self, classifier: &Classifier, part: Part, at_most: usize) -> Result<Seen, Failure> {
        let n = self.work.dataset.len(part).unwrap_or(0);
        let chosen = self.choose(n, at_most, part as u64);
        let mut pixels = Vec::new();
        let read = self.work.dataset.read_images(part, &chosen, &mut pixels);
        read.map_err(artifact_failure)?;
        let labels = self.work.dataset.labels(part).map(|labels| {
            let label = |&index: &u32| labels[index as usize];
            chosen.iter().map(label).collect()
        });
        let reading = self.work.read(classifier, &pixels, part.name())?;
        Ok(Seen { reading, labels })
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
    fn classified(
        &self,
        generated: &Seen,
        tree: &mut Value,
        real: &Seen,
    ) -> Result<Classified, Failure> {
        let classes = self.work.config().classes;
        let of =
            |seen: &Seen| Classified::new(&seen.reading.logits, classes).map_err(Failure::input);
        let (own, others) = (of(generated)?, of(real)?);
        if let (Some(labels), Some(real_labels)) = (&generated.labels, &real.labels) {
            let hits = |classified: &Classified, labels: &[u8]| {
                let hits = classified.hits(labels).map_err(Failure::input)?;
                Ok::<Vec<f64>, Failure>(hits.iter().map(|&hit| f64::from(u8::from(hit))).collect())
            };
            let (hits, real_hits) = (hits(&own, labels)?, hits(&others, real_labels)?);
            tree["class_accuracy"] = figure(self.mean(&hits)?, Some(mean(&real_hits)));
            let entropies = |classified: &Classified, labels: &[u8]| {
                classified.cross_entropies(labels).map_err(Failure::input)
            };
            let entropy = entropies(&own, labels)?;
            let real_entropy = mean(&entropies(&others, real_labels)?);
            tree["cross_entropy"] = figure(self.mean(&entropy)?, Some(real_entropy));
            let mut by_class = Map::new();
            for (class, name) in (0..=u8::MAX).zip(&self.work.dataset.info().class_names) {
                let of_class = |values: &[f64], labels: &[u8]| -> Vec<f64> {
                    let pairs = values.iter().zip(labels);
                    let of_class = pairs.filter(|(_, label)| **label == class);
                    of_class.map(|(value, _)| *value).collect()
                };
                let (hits, real) = (of_class(&hits, labels), of_class(&real_hits, real_labels));
                if !hits.is_empty() {
                    let real = (!real.is_empty()).then(|| mean(&real));
                    by_class.insert(name.clone(), figure(self.mean(&hits)?, real));
                }
            }
            tree["class_accuracy_by_class"] = by_class.into();
        }
        if let Some(score) = score(&own)? {
            let real = score_value(&others)?;
            tree["classifier_score"] = figure(score, real);
        }
        Ok(own)
    }

    /// Precision, recall, density and coverage of at most [`POINTS`] images each.
    fn neighbours(
        &self,
        tree: &mut Value,
        generated: &Seen,
        real: &Seen,
        stand_in: Option<&Seen>,
    ) -> Result<(), Failure> {
        let reference = real.features()?;
        let rows = |seen: &Seen, index| -> Vec<f32> {
            let n = seen.reading.features.len() / FEATURES;
            self.choose(n, POINTS, index)
                .into_iter()
                .flat_map(|row| {
                    let start = row as usize * FEATURES;
                    &seen.reading.features[start..start + FEATURES]
                })
                .copied()
                .collect()
        };
        let compare = |seen: &Seen, index| {
            let rows = rows(seen, index);
            let features = Features::new(&rows, FEATURES).map_err(Failure::input)?;
            if features.len().min(reference.len()) <= K {
                return Ok::<_, Failure>(None);
            }
            let found = manifold(&reference, &features, K).map_err(Failure::input)?;
            Ok(Some(found))
        };
        let Some(own) = compare(generated, 10)? else {
            return Ok(());
        };
        let others = match stand_in {
            Some(seen) => compare(seen, 11)?,
            None => None,
        };
        let real = |of: fn(&dcgan_metrics::Manifold) -> f64| others.as_ref().map(of);
        let flags = |flags: &[bool]| -> Vec<f64> {
            flags
                .iter()
                .map(|&flag| f64::from(u8::from(flag)))
                .collect()
        };
        tree["precision"] = figure(
            self.mean(&flags(&own.is_precise))?,
            real(dcgan_metrics::Manifold::precision),
        );
        tree["recall"] = figure(
            self.mean(&flags(&own.is_recalled))?,
            real(dcgan_metrics::Manifold::recall),
        );
        tree["density"] = figure(
            self.mean(&own.densities)?,
            real(dcgan_metrics::Manifold::density),
        );
        tree["coverage"] = figure(
            self.mean(&flags(&own.is_covered))?,
            real(dcgan_metrics::Manifold::coverage),
        );
        Ok(())
    }

    /// Diversity of each class against the reference's, and the mean over classes of the Fréchet
    /// distance. Classes with fewer than [`LEAST`] images on a side are left out.
    fn by_class(
        &self,
        tree: &mut Value,
        generated: &Seen,
        real: &Seen,
        stand_in: Option<&Seen>,
    ) -> Result<(), Failure> {
        if generated.labels.is_none() || real.labels.is_none() {
            return Ok(());
        }
        let (mut diversity, mut distances, mut ceilings) = (Map::new(), Map::new(), Vec::new());
        let mut values = Vec::new();
        for (class, name) in (0..=u8::MAX).zip(&self.work.dataset.info().class_names) {
            let (own, reference) = (generated.of_class(class), real.of_class(class));
            let of = |rows: &'_ [f32]| rows.len() / FEATURES;
            if of(&own).min(of(&reference)) < LEAST {
                continue;
            }
            let features = |rows| Features::new(rows, FEATURES).map_err(Failure::input);
            let gaussian = |features: &Features<'_>| Gaussian::of(features).map_err(Failure::input);
            let (own, reference) = (features(&own)?, features(&reference)?);
            let (mine, other) = (gaussian(&own)?, gaussian(&reference)?);
            let spread = self.mean(&spreads(&own, &mine))?;
            diversity.insert(name.clone(), figure(spread, Some(other.diversity())));
            let distance = frechet_distance(&other, &mine).map_err(Failure::input)?;
            let others = stand_in
                .map(|seen| seen.of_class(class))
                .unwrap_or_default();
            let ceiling = if of(&others) < LEAST {
                None
            } else {
                let third = gaussian(&features(&others)?)?;
                let ceiling = frechet_distance(&other, &third).map_err(Failure::input)?;
                ceilings.push(ceiling);
                Some(ceiling)
            };
            let leaf = json!({ "value": distance, "real": ceiling });
            distances.insert(name.clone(), leaf);
            values.push(distance);
        }
        if values.len() >= 2 {
            let ceiling = (!ceilings.is_empty()).then(|| mean(&ceilings));
            let over_classes = mean_of_subsets(&values).map_err(Failure::input)?;
            tree["frechet_distance_class_mean"] = figure(over_classes, ceiling);
            tree["frechet_distance_by_class"] = distances.into();
            tree["diversity_by_class"] = diversity.into();
        }
        Ok(())
    }

    fn mean(&self, values: &[f64]) -> Result<Interval, Failure> {
        bootstrap_mean(values, RESAMPLES, self.settings.seed).map_err(Failure::input)
    }
}

/// How many classes have enough images on either side to be compared by themselves, as far as labels tell: of a
/// reference of more than [`POINTS`] a part is drawn, which has about its share of each.
pub(crate) fn compared_classes(generated: &[u8], reference: &[u8]) -> usize {
    let n_of_each = |labels: &[u8]| {
        let mut n = [0; 256];
        for &label in labels {
            n[usize::from(label)] += 1;
        }
        n
    };
    let drawn = |n: usize| n * POINTS.min(reference.len()) / reference.len().max(1);
    let pairs = n_of_each(generated).into_iter().zip(n_of_each(reference));
    pairs
        .filter(|&(own, of_class)| own.min(drawn(of_class)) >= LEAST)
        .count()
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

/// Fréchet and kernel distance.
fn distances(
    tree: &mut Value,
    generated: &Seen,
    real: &Seen,
    stand_in: Option<&Seen>,
) -> Result<(), Failure> {
    let (own, reference) = (generated.features()?, real.features()?);
    let others = stand_in.map(Seen::features).transpose()?;
    if own.len() >= LEAST {
        let distance = frechet_distance_interval(&reference, &own).map_err(Failure::input)?;
        let gaussian = |features: &Features<'_>| Gaussian::of(features).map_err(Failure::input);
        let real = match &others {
            Some(others) => {
                let (a, b) = (gaussian(&reference)?, gaussian(others)?);
                Some(frechet_distance(&a, &b).map_err(Failure::input)?)
            }
            None => None,
        };
        tree["frechet_distance"] = figure(distance, real);
    }
    let subset = SUBSET.min(own.len().min(reference.len()) / 2);
    if subset >= 2 {
        let kernel = |x: &Features<'_>| {
            kernel_distance_interval(&reference, x, subset).map_err(Failure::input)
        };
        let real = match &others {
            Some(others) if others.len() >= 2 * subset => Some(kernel(others)?.value),
            _ => None,
        };
        tree["kernel_distance"] = figure(kernel(&own)?, real);
    }
    Ok(())
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

/// The score, as the mean of those of ten splits; `None` for fewer images than that takes.
fn score(classified: &Classified) -> Result<Option<Interval>, Failure> {
    let n = classified.len();
    if n < 2 * SPLITS {
        return Ok(None);
    }
    let scores = (0..SPLITS)
        .map(|i| classified.score(i * n / SPLITS..(i + 1) * n / SPLITS))
        .collect::<Result<Vec<f64>, Error>>()
        .map_err(Failure::input)?;
    mean_of_subsets(&scores).map(Some).map_err(Failure::input)
}

fn score_value(classified: &Classified) -> Result<Option<f64>, Failure> {
    Ok(score(classified)?.map(|score| score.value))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A figure with its interval and the same figure of real images.
pub(crate) fn figure(interval: Interval, real: Option<f64>) -> Value {
    let mut tree = json!({ "value": interval.value, "low": interval.low, "high": interval.high });
    if let Some(real) = real {
        tree["real"] = json!(real);
    }
    tree
}
