//! What the figures of real images are of, in words: the columns `real` and `halves`.

use serde_json::Value;

/// The columns' names and what stands in them, by `quality` of `metrics.json`.
pub(crate) fn described(quality: &Value) -> Vec<(&'static str, String)> {
    let sets = &quality["sets"];
    let mut columns = Vec::new();
    if let Some(reference) = images(&sets["reference"]) {
        let mut text = format!("in figures of one set, {reference}");
        if is_taught(&sets["reference"]) == Some(true) {
            text.push_str(", which taught the classifier");
        }
        if let Some(real) = images(&sets["real"]) {
            let instead = format!("; in figures of two, {real} in the place of the generated ones");
            text.push_str(&instead);
            text.push_str(match is_taught(&sets["real"]) {
                Some(true) => {
                    ". The classifier was taught by these and tells them from images that are new to \
                     it: no ceiling"
                }
                Some(false) => "",
                None => ". Whether the classifier was taught by these is not known",
            });
        }
        columns.push(("real", text + "."));
    }
    if let Some(halves) = images(&sets["halves"]) {
        let taught = match is_taught(&sets["halves"]) {
            Some(true) => ", which taught the classifier",
            Some(false) => ", which did not teach the classifier",
            None => "",
        };
        columns.push((
            "halves",
            format!(
                "{halves} against as many others{taught}: what a generator without fault would get; \
                 Fréchet distances are scaled to the numbers of images compared here."
            ),
        ));
    }
    columns
}

/// The figure of halves that compares with the figure itself.
pub(crate) fn of_halves(figure: &Value) -> Option<f64> {
    let halves = &figure["halves"];
    halves["scaled"].as_f64().or(halves["value"].as_f64())
}

/// "5000 test images"; `None` without the set.
fn images(set: &Value) -> Option<String> {
    let part = match set["part"].as_str()? {
        "train" => "training",
        part => part,
    };
    Some(format!("{} {part} images", set["n"].as_u64()?))
}

fn is_taught(set: &Value) -> Option<bool> {
    set["taught_the_classifier"].as_bool()
}

#[cfg(test)]
mod tests {
    use super::{described, of_halves};
    use serde_json::{Value, json};

    fn set(part: &str, taught: Option<bool>) -> Value {
        json!({ "part": part, "n": 7, "taught_the_classifier": taught })
    }

    fn text(reference: &Value, real: Option<Value>, halves: &Value) -> String {
        let mut sets = json!({ "reference": reference, "halves": halves });
        if let Some(real) = real {
            sets["real"] = real;
        }
        let columns = described(&json!({ "sets": sets }));
        let lines = columns
            .iter()
            .map(|(name, text)| format!("{name}: {text}\n"));
        lines.collect()
    }

    #[test]
    fn a_ceiling_that_the_classifier_knows_is_said_to_be_none() {
        let of = |taught: Option<bool>| {
            let test = || set("test", taught.map(|_| false));
            text(&test(), Some(set("train", taught)), &test())
        };
        let known = of(Some(true));
        assert!(
            known.contains("7 training images in the place of"),
            "{known}"
        );
        assert!(
            known.contains("The classifier was taught by these"),
            "{known}"
        );
        assert!(
            known.contains("7 test images against as many others"),
            "{known}"
        );
        assert!(of(None).contains("is not known") && !of(None).contains("no ceiling"));
        let random = of(Some(false));
        assert!(!random.contains("taught"), "{random}");
        // Without a test part all is of the training part.
        let train = set("train", Some(true));
        let alone = text(&train, None, &train);
        assert_eq!(
            alone.matches("which taught the classifier").count(),
            2,
            "{alone}"
        );
        assert!(described(&json!({})).is_empty());
    }

    #[test]
    fn halves_are_scaled_where_that_makes_sense() {
        assert_eq!(
            of_halves(&json!({ "halves": { "value": 2.0, "scaled": 1.0 } })),
            Some(1.0)
        );
        assert_eq!(of_halves(&json!({ "halves": { "value": 2.0 } })), Some(2.0));
        assert_eq!(of_halves(&json!({ "value": 2.0 })), None);
    }
}
