//! Which figures of an evaluation there are too few images for: the list `missing` of
//! `metrics.json`.
//!
//! `dcgan-eval` leaves these figures out, and `dcgan-prepare` says beforehand which they will be.

use serde::{Deserialize, Serialize};

/// The least numbers of images that figures need.
pub mod least {
    /// Images of one kind that the discriminator judges: a block, as in training.
    pub const JUDGED: usize = 64;
    /// Labelled training images that the classifier is trained on: a batch.
    pub const TRAINED_ON: usize = 64;
    /// Images on either side of a Fréchet distance, and of a class whose diversity is taken: two in
    /// each of the jackknife's 20 blocks.
    pub const SPREAD: usize = 40;
    /// Images of the classifier score: two in each of its ten splits.
    pub const SCORED: usize = 20;
    /// Images on either side of precision, recall, density and coverage: one more than the five
    /// neighbours that make a ball.
    pub const NEIGHBOURS: usize = 6;
    /// Images on either side of the kernel distance.
    pub const KERNEL: usize = 2;
    /// The same for its interval: five subsets of ten.
    pub const KERNEL_INTERVAL: usize = 50;
    /// Values of any other interval.
    pub const INTERVAL: usize = 5;
    /// Classes of a mean over classes.
    pub const CLASSES: usize = 2;
}

/// Images at most that generated ones are compared with in features: of a larger part so many are
/// drawn.
pub const MOST_COMPARED: usize = 10_000;

/// A figure that is not in `metrics.json`, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingFigure {
    /// Its dotted place in the tree; `interval` stands for `low` and `high`.
    pub figure: String,
    /// The classes that lack it, where others have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Why, as a clause.
    pub reason: String,
}

/// Images of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCounts {
    /// The class.
    pub name: String,
    /// Generated images of it.
    pub generated: usize,
    /// Images of it among those that the generated ones are compared with.
    pub compared: usize,
}

/// The numbers that decide which figures there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCounts {
    /// Training images.
    pub train: usize,
    /// Test images; 0 without a test part.
    pub test: usize,
    /// Generated images.
    pub generated: usize,
    /// Whether a discriminator judges them.
    pub is_judged: bool,
    /// Whether the features are a trained classifier's.
    pub has_classifier: bool,
    /// Whether the generated images have labels.
    pub is_generated_labelled: bool,
    /// Each class with training images; `None` where the dataset has no labels.
    pub classes: Option<Vec<ClassCounts>>,
}

/// A set of images in a reason.
#[derive(Clone, Copy)]
enum Set {
    Train,
    Test,
    Generated,
    /// Half of the part that generated images are compared with.
    Half,
}

type Reason = Option<String>;

impl ImageCounts {
    /// The figures that these numbers deny, each with its reason.
    pub fn missing(&self) -> Vec<MissingFigure> {
        let mut missing = Missing::default();
        if self.is_judged {
            self.discriminator(&mut missing);
        }
        self.classified(&mut missing);
        self.distances(&mut missing);
        self.neighbours(&mut missing);
        self.by_class(&mut missing);
        self.pixels(&mut missing);
        missing.0
    }

    /// Whether these numbers are enough for a figure, if only for some of its classes.
    pub fn has(&self, figure: &str) -> bool {
        let is_missing = |found: &MissingFigure| found.figure == figure && found.classes.is_empty();
        !self.missing().iter().any(is_missing)
    }

    /// Whether the dataset has labels.
    pub fn is_labelled(&self) -> bool {
        self.classes.is_some()
    }

    fn classes(&self) -> &[ClassCounts] {
        self.classes.as_deref().unwrap_or_default()
    }

    /// The part that generated images are compared with.
    fn compared(&self) -> Set {
        if self.test > 0 { Set::Test } else { Set::Train }
    }

    fn n(&self, set: Set) -> usize {
        match set {
            Set::Train => self.train,
            Set::Test => self.test,
            Set::Generated => self.generated,
            Set::Half => self.n(self.compared()).min(MOST_COMPARED) / 2,
        }
    }

    /// Why a set has not this many images; `None` where it has.
    fn lack(&self, set: Set, needed: usize) -> Reason {
        let n = self.n(set);
        if n >= needed {
            return None;
        }
        let (images, are) = if n == 1 {
            ("1 image".to_owned(), "is")
        } else {
            (format!("{n} images"), "are")
        };
        let has = match (set, self.compared()) {
            (Set::Test, _) if n == 0 => return Some("there is no test part".to_owned()),
            (Set::Generated, _) => format!("{images} {are} generated"),
            (Set::Train, _) => format!("the training part has {images}"),
            (Set::Test, _) => format!("the test part has {images}"),
            (Set::Half, Set::Test) => format!("half of the test part has {images}"),
            (Set::Half, _) => format!("half of the training part has {images}"),
        };
        Some(format!("{has} and {needed} are needed"))
    }

    /// Why a figure of several sets can't be had: the first of them with too few images.
    fn lack_of_any(&self, sets: &[Set], needed: usize) -> Reason {
        sets.iter().find_map(|&set| self.lack(set, needed))
    }

    fn discriminator(&self, missing: &mut Missing) {
        use Set::{Generated, Test, Train};
        for (figure, sets) in [
            ("discriminator.train", &[Train][..]),
            ("discriminator.test", &[Test]),
            ("discriminator.generated", &[Generated]),
            (
                "discriminator.roc_auc.train_vs_generated",
                &[Train, Generated],
            ),
            (
                "discriminator.roc_auc.test_vs_generated",
                &[Test, Generated],
            ),
            (
                "discriminator.calibration_error.train_vs_generated",
                &[Train, Generated],
            ),
            (
                "discriminator.calibration_error.test_vs_generated",
                &[Test, Generated],
            ),
            ("discriminator.train_minus_test", &[Train, Test]),
            ("alarms.discriminator_saturated", &[Train, Generated]),
            ("alarms.generator_saturated", &[Generated]),
            ("alarms.overfitting", &[Train, Test]),
        ] {
            missing.add(figure, self.lack_of_any(sets, least::JUDGED));
        }
    }

    /// Why there is no figure of the classes that were asked for.
    fn no_labels(&self) -> Reason {
        (!self.is_generated_labelled).then(|| "the generated images have no labels".to_owned())
    }

    fn classified(&self, missing: &mut Missing) {
        if !self.is_labelled() {
            return;
        }
        let few = self.lack(Set::Train, least::TRAINED_ON);
        let untrained = few.filter(|_| !self.has_classifier);
        let no_classes = untrained.clone().or_else(|| self.no_labels());
        for figure in ["class_accuracy", "cross_entropy"] {
            let is_missing = missing.add(&format!("quality.{figure}"), no_classes.clone());
            if !is_missing {
                let few = self.lack(Set::Generated, least::INTERVAL);
                missing.add(&format!("quality.{figure}.interval"), few);
            }
        }
        if !missing.add("quality.class_accuracy_by_class", no_classes) {
            let figure = "quality.class_accuracy_by_class";
            let of = |is_few: fn(usize) -> bool| {
                let few = self
                    .classes()
                    .iter()
                    .filter(|class| is_few(class.generated));
                few.map(|class| class.name.clone()).collect()
            };
            missing.add_classes(figure, of(|n| n == 0), "no image of the class is generated");
            let few = format!(
                "fewer than {} images of the class are generated",
                least::INTERVAL
            );
            let of_few = of(|n| (1..least::INTERVAL).contains(&n));
            missing.add_classes(&format!("{figure}.interval"), of_few, &few);
        }
        let few = self.lack(Set::Generated, least::SCORED);
        if !missing.add("quality.classifier_score", untrained.or(few)) {
            let few = self.lack(self.compared(), least::SCORED);
            missing.add("quality.classifier_score.real", few);
        }
    }

    /// Why there is no figure of as many training images as are generated, against the test part;
    /// `None` without a test part, where there is no such figure of any number.
    fn no_stand_in(&self, needed: usize) -> Reason {
        match self.compared() {
            Set::Test => self.lack_of_any(&[Set::Train, Set::Generated], needed),
            _ => None,
        }
    }

    fn distances(&self, missing: &mut Missing) {
        for (name, needed) in [
            ("quality.frechet_distance", least::SPREAD),
            ("quality.kernel_distance", least::KERNEL),
        ] {
            self.with_ceilings(missing, name, needed);
        }
        let sides = [Set::Generated, self.compared()];
        if self.lack_of_any(&sides, least::KERNEL).is_none() {
            let few = self.lack_of_any(&sides, least::KERNEL_INTERVAL);
            missing.add("quality.kernel_distance.interval", few);
        }
    }

    fn neighbours(&self, missing: &mut Missing) {
        for name in ["precision", "recall", "density", "coverage"] {
            self.with_ceilings(missing, &format!("quality.{name}"), least::NEIGHBOURS);
        }
    }

    /// A figure of two sets, with the same of training images and of halves of the other set.
    fn with_ceilings(&self, missing: &mut Missing, name: &str, needed: usize) {
        let few = self.lack_of_any(&[Set::Generated, self.compared()], needed);
        if !missing.add(name, few) {
            missing.add(&format!("{name}.real"), self.no_stand_in(needed));
            missing.add(&format!("{name}.halves"), self.lack(Set::Half, needed));
        }
    }

    /// Classes that have enough images on either side to be compared by themselves.
    pub fn compared_classes(&self) -> usize {
        self.classes()
            .iter()
            .filter(|class| is_compared(class))
            .count()
    }

    fn by_class(&self, missing: &mut Missing) {
        if !self.is_labelled() {
            return;
        }
        let n = self.compared_classes();
        let needed = least::SPREAD;
        let part = if self.test > 0 { "test" } else { "training" };
        let few = (n < least::CLASSES).then(|| {
            format!("fewer than 2 classes have {needed} generated and {needed} {part} images each")
        });
        let reason = self.no_labels().or(few);
        for figure in [
            "quality.frechet_distance_class_mean",
            "quality.frechet_distance_by_class",
            "quality.diversity_by_class",
            "alarms.collapse",
        ] {
            missing.add(figure, reason.clone());
        }
        if reason.is_none() {
            let few = self.classes().iter().filter(|class| !is_compared(class));
            let few: Vec<String> = few.map(|class| class.name.clone()).collect();
            let reason = format!("fewer than {needed} generated or {part} images of the class");
            for figure in [
                "quality.frechet_distance_by_class",
                "quality.diversity_by_class",
            ] {
                missing.add_classes(figure, few.clone(), &reason);
            }
        }
    }

    fn pixels(&self, missing: &mut Missing) {
        let no_test = self.lack(Set::Test, 1);
        if self.is_labelled() {
            let reason = no_test.clone().or_else(|| self.no_labels());
            if !missing.add("pixels.nearest_neighbour_error", reason) {
                let few = self.lack(Set::Test, least::INTERVAL);
                missing.add("pixels.nearest_neighbour_error.interval", few);
            }
        }
        if !missing.add("pixels.memorised", no_test.clone()) {
            let few = self.lack(Set::Generated, least::INTERVAL);
            missing.add("pixels.memorised.interval", few);
        }
        missing.add("pixels.nearest_training_distance", no_test);
    }
}

fn is_compared(class: &ClassCounts) -> bool {
    class.generated.min(class.compared) >= least::SPREAD
}

#[derive(Default)]
struct Missing(Vec<MissingFigure>);

impl Missing {
    /// Lists a figure where there is a reason; whether there is.
    fn add(&mut self, figure: &str, reason: Reason) -> bool {
        let is_missing = reason.is_some();
        self.0.extend(reason.map(|reason| MissingFigure {
            figure: figure.to_owned(),
            classes: Vec::new(),
            reason,
        }));
        is_missing
    }

    fn add_classes(&mut self, figure: &str, classes: Vec<String>, reason: &str) {
        if !classes.is_empty() {
            self.0.push(MissingFigure {
                figure: figure.to_owned(),
                classes,
                reason: reason.to_owned(),
            });
        }
    }
}

impl MissingFigure {
    /// Figures by their reasons, both in the order of the list: what a person reads.
    pub fn by_reason(missing: &[Self]) -> Vec<(&str, Vec<String>)> {
        let mut grouped: Vec<(&str, Vec<String>)> = Vec::new();
        for found in missing {
            let shown = match &found.classes[..] {
                [] => found.figure.clone(),
                classes => format!("{} ({})", found.figure, classes.join(", ")),
            };
            match grouped
                .iter_mut()
                .find(|(reason, _)| *reason == found.reason)
            {
                Some((_, figures)) => figures.push(shown),
                None => grouped.push((&found.reason, vec![shown])),
            }
        }
        grouped
    }
}
