//! Figures that an evaluation of the dataset will lack because there are too few images.

use crate::contents::Contents;
use dcgan_artifacts::{ClassCounts, ImageCounts, MOST_COMPARED, MissingFigure, Part, least};
use dcgan_hints::printable;
use dcgan_settings::{NetworkKind, Pipeline};
use std::fmt::Write as _;

/// The figures that `dcgan-eval` will leave out when it evaluates a checkpoint of this pipeline,
/// trained on this dataset.
pub(crate) fn missing(contents: &Contents, pipeline: &Pipeline) -> Vec<MissingFigure> {
    counts(contents, pipeline).missing()
}

/// The text for stdout, a line per reason; empty if no figure is missing.
pub(crate) fn told(missing: &[MissingFigure]) -> String {
    let mut text = String::new();
    for (reason, figures) in MissingFigure::by_reason(missing) {
        if text.is_empty() {
            text.push_str("`dcgan-eval` will leave out some figures:\n");
        }
        let figures = figures.join(", ");
        let _ = writeln!(text, "  {reason}: {}", printable(&figures));
    }
    text
}

fn counts(contents: &Contents, pipeline: &Pipeline) -> ImageCounts {
    let n_classes = contents.info.class_names.len();
    let is_labelled = n_classes > 0;
    let of_train = per_class(contents, Part::Train);
    // Classes without training images are neither drawn nor evaluated.
    let trained: Vec<usize> = (0..n_classes)
        .filter(|&class| of_train[class] > 0)
        .collect();
    let of_test = per_class(contents, Part::Test);
    let n = |part| contents.parts.get(&part).map_or(0, |members| members.n);
    let test = if is_labelled {
        trained.iter().map(|&class| of_test[class]).sum()
    } else {
        n(Part::Test)
    };
    let train = n(Part::Train);
    let compared = if test > 0 {
        (&of_test, test)
    } else {
        (&of_train, train)
    };
    let generated = pipeline.eval.n;
    let has_labels = is_labelled && pipeline.train.network == NetworkKind::Labelled;
    let class = |(place, &class): (usize, &usize)| {
        let (of_class, all) = (compared.0[class], compared.1);
        let turns = generated / trained.len() + usize::from(place < generated % trained.len());
        ClassCounts {
            name: contents.info.class_names[class].clone(),
            generated: if has_labels { turns } else { 0 },
            compared: of_class * MOST_COMPARED.min(all) / all.max(1),
        }
    };
    ImageCounts {
        train,
        test,
        generated,
        is_judged: true,
        has_classifier: is_labelled
            && (pipeline.eval.classifier.is_some() || train >= least::TRAINED_ON),
        is_generated_labelled: has_labels,
        classes: is_labelled.then(|| trained.iter().enumerate().map(class).collect()),
    }
}

/// Images of each class in a part.
fn per_class(contents: &Contents, part: Part) -> Vec<usize> {
    let mut n = vec![0; contents.info.class_names.len()];
    let labels = contents
        .parts
        .get(&part)
        .and_then(|members| members.labels.as_ref());
    for &label in labels.into_iter().flatten() {
        n[usize::from(label)] += 1;
    }
    n
}
