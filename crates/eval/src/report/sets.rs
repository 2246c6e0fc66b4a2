//! Descriptions of the columns `real` and `halves`.

use crate::figures::{QualityFigures, RealSet};

/// The columns' names and descriptions.
pub(crate) fn described(quality: &QualityFigures) -> Vec<(&'static str, String)> {
    let sets = &quality.sets;
    let mut columns = Vec::new();
    if let Some(reference) = &sets.reference {
        let mut text = format!("in figures of one set, {}", images(reference));
        if reference.taught_the_classifier == Some(true) {
            text.push_str(", on which the classifier was trained");
        }
        if let Some(real) = &sets.real {
            let images = images(real);
            let instead = format!("; in figures of two, {images} instead of the generated ones");
            text.push_str(&instead);
            text.push_str(match real.taught_the_classifier {
                Some(true) => {
                    ". The classifier was trained on these and distinguishes them from new images: \
                    not an upper limit"
                }
                Some(false) => "",
                None => ". Whether the classifier was trained on these is not known",
            });
        }
        columns.push(("real", text + "."));
    }
    if let Some(halves) = &sets.halves {
        let taught = match halves.taught_the_classifier {
            Some(true) => ", on which the classifier was trained",
            Some(false) => ", on which the classifier was not trained",
            None => "",
        };
        columns.push((
            "halves",
            format!(
                "{} against as many others{taught}: the values of a perfect generator; \
                 Fréchet distances are scaled to the numbers of images compared here.",
                images(halves)
            ),
        ));
    }
    columns
}

/// "5000 test images".
fn images(set: &RealSet) -> String {
    let part = match set.part.as_str() {
        "train" => "training",
        part => part,
    };
    format!("{} {part} images", set.n)
}

#[cfg(test)]
mod tests {
    use super::described;
    use crate::figures::{QualityFigures, RealSet, RealSets};

    fn set(part: &str, taught: Option<bool>) -> RealSet {
        RealSet {
            part: part.into(),
            n: 7,
            taught_the_classifier: taught,
        }
    }

    fn text(reference: RealSet, real: Option<RealSet>, halves: RealSet) -> String {
        let sets = RealSets {
            reference: Some(reference),
            real,
            halves: Some(halves),
        };
        let columns = described(&QualityFigures {
            sets,
            ..QualityFigures::default()
        });
        let lines = columns
            .iter()
            .map(|(name, text)| format!("{name}: {text}\n"));
        lines.collect()
    }

    #[test]
    fn images_that_trained_the_classifier_are_not_an_upper_limit() {
        let of = |taught: Option<bool>| {
            let test = || set("test", taught.map(|_| false));
            text(test(), Some(set("train", taught)), test())
        };
        let known = of(Some(true));
        assert!(known.contains("7 training images instead of"), "{known}");
        assert!(
            known.contains("The classifier was trained on these"),
            "{known}"
        );
        assert!(
            known.contains("7 test images against as many others"),
            "{known}"
        );
        assert!(of(None).contains("is not known") && !of(None).contains("upper limit"));
        let random = of(Some(false));
        assert!(!random.contains("was trained"), "{random}");
        // Without a test part everything is of the training part.
        let train = || set("train", Some(true));
        let alone = text(train(), None, train());
        assert_eq!(
            alone.matches("on which the classifier was trained").count(),
            2,
            "{alone}"
        );
        assert!(described(&QualityFigures::default()).is_empty());
    }
}
