//! `report.html`: one file that needs nothing else, made of the trees and pictures of the evaluation.

use crate::alarms;
use crate::page::{self, section};
use crate::sets;
use crate::svg::{ChartFiles, Named, bars, escape, histograms, lines, reliability, short};
use dcgan_artifacts::run_tables::{self, D_ACCURACY, D_LOSS, D_MEANS, G_LOSSES};
use dcgan_artifacts::{Columns, FileRecord, MissingFigure};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::path::Path;

/// What a figure is called, and how to read it.
pub(crate) const FIGURES: [(&str, &str, &str); 10] = [
    (
        "class_accuracy",
        "Class accuracy",
        "share of images that the classifier puts into the class asked for",
    ),
    (
        "cross_entropy",
        "Conditional cross-entropy",
        "mean -log p of the class asked for, in nats; lower is better",
    ),
    (
        "classifier_score",
        "Classifier score",
        "1 to the number of classes; higher is better; blind to variety within a class",
    ),
    (
        "frechet_distance",
        "Fréchet distance",
        "lower is better; greater for fewer images",
    ),
    (
        "frechet_distance_class_mean",
        "Fréchet distance, mean over classes",
        "within each class; lower is better; greater for fewer images",
    ),
    (
        "kernel_distance",
        "Kernel distance",
        "0 for equal distributions, below 0 by chance",
    ),
    (
        "precision",
        "Precision",
        "share of generated images within the ball of a real one",
    ),
    (
        "recall",
        "Recall",
        "share of real images within the ball of a generated one",
    ),
    (
        "density",
        "Density",
        "balls of real images that hold a generated one, in the mean, over 5; about 1 for real ones",
    ),
    (
        "coverage",
        "Coverage",
        "share of real images whose ball holds a generated one",
    ),
];
/// The same for the figures of pixels.
pub(crate) const PIXELS: [(&str, &str, &str); 3] = [
    (
        "nearest_neighbour_error",
        "1-NN error",
        "share of test images whose nearest generated image is of another class; lower is better",
    ),
    (
        "memorised",
        "Memorised",
        "share nearer to a training image than 99 % of test images are; far above 1 %: copies",
    ),
    (
        "nearest_training_distance",
        "Distance to the training part",
        "mean, to the nearest image; far below that of test images (real): copies",
    ),
];
/// Figures by class: the chart's file, the figure, what it is called.
const BY_CLASS: [(&str, &str, &str); 3] = [
    (
        "accuracy-by-class.svg",
        "class_accuracy_by_class",
        "Accuracy by class",
    ),
    (
        "diversity-by-class.svg",
        "diversity_by_class",
        "Diversity by class",
    ),
    (
        "distance-by-class.svg",
        "frechet_distance_by_class",
        "Fréchet distance by class",
    ),
];

/// The charts of an evaluation.
pub(crate) struct Charts {
    /// Figures of each class.
    pub(crate) by_class: ChartFiles,
    /// Of what the training left.
    pub(crate) training: ChartFiles,
    /// Of several checkpoints.
    pub(crate) over_time: ChartFiles,
    /// Of the discriminator's answers.
    pub(crate) discriminator: ChartFiles,
}

impl Charts {
    /// One after the other.
    pub(crate) fn all(&self) -> impl Iterator<Item = &(&'static str, String)> {
        let Self {
            by_class,
            training,
            over_time,
            discriminator,
        } = self;
        let charts = by_class.iter().chain(training);
        charts.chain(over_time).chain(discriminator)
    }
}

/// All that the report shows.
pub(crate) struct Report<'a> {
    /// The dataset's name.
    pub(crate) dataset: &'a str,
    /// `metrics.json`.
    pub(crate) metrics: &'a Value,
    /// The figures that there are too few images for.
    pub(crate) missing: &'a [MissingFigure],
    /// The charts.
    pub(crate) charts: &'a Charts,
    /// Pictures: name, caption, PNG or GIF.
    pub(crate) pictures: Vec<(&'a str, &'a str, &'a [u8])>,
    /// Settings of the evaluation.
    pub(crate) settings: &'a Value,
    /// Settings of the training, where they are known.
    pub(crate) trained: Option<&'a Map<String, Value>>,
    /// What was evaluated.
    pub(crate) inputs: &'a [FileRecord],
}

/// `loss.svg`, `discriminator.svg`: the run's curves; empty where a table has none of them.
pub(crate) fn curves(curves: &Columns) -> ChartFiles {
    let chart = |title: &str, names: &[&str]| {
        let series: Vec<Named<&[f64]>> = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), curves.get(name)?)))
            .collect();
        lines(
            title,
            curves.get(run_tables::STEP).unwrap_or_default(),
            &series,
        )
    };
    ChartFiles::from([
        (
            "loss.svg",
            chart("Losses", &[D_LOSS, G_LOSSES[0], G_LOSSES[1]]),
        ),
        (
            "discriminator.svg",
            chart(
                "What the discriminator thinks",
                &[D_MEANS[0], D_MEANS[1], D_ACCURACY],
            ),
        ),
    ])
}

/// The figures that stand for each class, from `quality` of `metrics.json`.
pub(crate) fn by_class(quality: &Value) -> ChartFiles {
    let chart = |key: &str, title: &str| -> Option<String> {
        let classes = quality[key].as_object()?;
        // The halves are the ceiling that no classifier knows; figures of one set have none.
        let has_halves = classes
            .values()
            .any(|class| sets::of_halves(class).is_some());
        let rows: Vec<_> = classes
            .iter()
            .filter_map(|(name, class)| {
                let real = if has_halves {
                    sets::of_halves(class)
                } else {
                    class["real"].as_f64()
                };
                Some((name.clone(), (class["value"].as_f64()?, real)))
            })
            .collect();
        let mark = if has_halves { "halves" } else { "real" };
        Some(bars(title, mark, &rows))
    };
    BY_CLASS
        .into_iter()
        .filter_map(|(file, key, title)| Some((file, chart(key, title)?)))
        .collect()
}

/// The answers of the discriminator, from `discriminator.json`.
pub(crate) fn judged(tree: &Value) -> ChartFiles {
    let mut charts = Vec::new();
    for (file, quantity, title) in [
        (
            "logits.svg",
            "logit",
            "Logits: share of the images in each bin",
        ),
        (
            "probabilities.svg",
            "probability",
            "Probabilities: share of the images in each bin",
        ),
    ] {
        let mut range = (0.0, 1.0);
        let series: Vec<Named<Vec<f64>>> = ["train", "test", "generated"]
            .into_iter()
            .filter_map(|part| {
                let histogram = &tree["parts"][part]["all"][quantity]["histogram"];
                range = (histogram["low"].as_f64()?, histogram["high"].as_f64()?);
                let counts = histogram["counts"].as_array()?;
                let counts = counts.iter().filter_map(Value::as_f64).collect();
                Some((part.to_owned(), counts))
            })
            .collect();
        charts.push((file, histograms(title, quantity, range, &series)));
    }
    let series: Vec<Named<Vec<(f64, f64)>>> = ["train", "test"]
        .into_iter()
        .filter_map(|part| {
            let bins = &tree["calibration"][format!("{part}_vs_generated")]["all"]["bins"];
            let point = |bin: &Value| Some((bin["probability"].as_f64()?, bin["share"].as_f64()?));
            Some((
                part.to_owned(),
                bins.as_array()?.iter().filter_map(point).collect(),
            ))
        })
        .collect();
    let title = "Calibration: share that is real";
    if !series.is_empty() {
        charts.push(("calibration.svg", reliability(title, &series)));
    }
    charts
}

impl Report<'_> {
    /// The page.
    pub(crate) fn html(&self) -> String {
        let mut page = page::open(&format!("{}: evaluation of a generator", self.dataset));
        self.head(&mut page);
        self.table(&mut page);
        drawn(&mut page, "By class", &self.charts.by_class);
        self.pictures(&mut page);
        drawn(&mut page, "Training", &self.charts.training);
        drawn(&mut page, "By checkpoint", &self.charts.over_time);
        drawn(&mut page, "Discriminator", &self.charts.discriminator);
        self.told(&mut page);
        self.provenance(&mut page);
        page + page::CLOSE
    }

    fn head(&self, page: &mut String) {
        let images = &self.metrics["images"];
        let _ = write!(page, "<p>{} generated images", images["generated"]);
        if let Some(step) = self.metrics["step"].as_u64() {
            let _ = write!(page, " of step {step}");
            if self.settings["eval"]["best"] == true {
                page.push_str(", the best checkpoint,");
            }
        }
        let _ = write!(page, " against the dataset <b>{}</b>", escape(self.dataset));
        for (part, name) in [("train", "training"), ("test", "test")] {
            if let Some(n) = images[part].as_u64() {
                let _ = write!(page, ", {n} {name} images");
            }
        }
        page.push_str(".</p>");
        self.left_out(page);
        let tree = &self.metrics["alarms"];
        let raised = alarms::raised(tree);
        if raised.is_empty() {
            page.push_str("<p class=\"good\">No alarm is raised.</p>");
        }
        for name in raised {
            let alarm = &tree[name];
            let _ = write!(
                page,
                "<p class=\"alarm\"><b>Alarm: {}</b> ({}, bound {})</p>",
                name.replace('_', " "),
                number(&alarm["value"]),
                number(&alarm["bound"])
            );
        }
    }

    /// Which classes are not judged, and why.
    fn left_out(&self, page: &mut String) {
        let left_out = &self.metrics["left_out"];
        let classes = left_out["classes"].as_array().into_iter().flatten();
        let classes: Vec<&str> = classes.filter_map(Value::as_str).collect();
        if classes.is_empty() {
            return;
        }
        let images = left_out["images"].as_object().into_iter().flatten();
        let images: Vec<String> = images
            .map(|(kind, n)| format!("{n} {kind} images"))
            .collect();
        let _ = write!(
            page,
            "<p class=\"alarm\">Not drawn and not judged, as no training image has them: <b>{}</b>{}</p>",
            escape(&classes.join(", ")),
            if images.is_empty() {
                ".".into()
            } else {
                format!(". {} left out.", images.join(" and "))
            }
        );
    }

    fn table(&self, page: &mut String) {
        let quality = &self.metrics["quality"];
        let extractor = quality["extractor"]["name"].as_str().unwrap_or_default();
        let _ = write!(
            page,
            "<h2>Figures</h2><p class=\"quiet\">Features: {}. 95 % intervals over other images of this \
             generator (recall, coverage and 1-NN error: over other test images), all else held \
             fixed, the training too. A ball reaches from an image to the 5th nearest other one of \
             its own set.</p>",
            escape(extractor)
        );
        for (name, what) in sets::described(quality) {
            let _ = write!(
                page,
                "<p class=\"quiet\"><i>{name}</i>: {}</p>",
                escape(&what)
            );
        }
        let _ = write!(
            page,
            "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Figure</th><th scope=\"col\">Value</th>\
             <th scope=\"col\">95 %</th><th scope=\"col\">Real</th><th scope=\"col\">Halves</th>\
             <th scope=\"col\" class=\"note\">How to read it</th></tr></thead><tbody>"
        );
        let rows = FIGURES.map(|row| (quality, row));
        let pixels = PIXELS.map(|row| (&self.metrics["pixels"], row));
        for (tree, (key, name, note)) in rows.into_iter().chain(pixels) {
            let figure = &tree[key];
            if figure["value"].is_null() {
                continue;
            }
            let interval = if figure["low"].is_null() {
                String::new()
            } else {
                format!("{} – {}", number(&figure["low"]), number(&figure["high"]))
            };
            let real = if figure["real_by_construction"] == true {
                "<br><small>by construction</small>"
            } else {
                ""
            };
            let _ = write!(
                page,
                "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{interval}</td><td>{}{real}</td>\
                 <td>{}</td><td class=\"note\">{note}</td></tr>",
                number(&figure["value"]),
                number(&figure["real"]),
                sets::of_halves(figure).map(short).unwrap_or_default()
            );
        }
        let _ = write!(
            page,
            "<tr><th scope=\"row\">Duplicates</th><td>{}</td><td></td><td></td><td></td>\
             <td class=\"note\">images equal, byte by byte, to an earlier one</td></tr></tbody></table></div>",
            self.metrics["pixels"]["duplicates"]
        );
        self.missing(page);
    }

    /// Which figures are left out, and why.
    fn missing(&self, page: &mut String) {
        if self.missing.is_empty() {
            return;
        }
        page.push_str("<h3>Left out</h3><dl>");
        for (reason, figures) in MissingFigure::by_reason(self.missing) {
            let (reason, figures) = (escape(reason), escape(&figures.join(", ")));
            let _ = write!(page, "<dt>{reason}</dt><dd>{figures}</dd>");
        }
        page.push_str("</dl>");
    }

    fn pictures(&self, page: &mut String) {
        let figures: Vec<String> = self
            .pictures
            .iter()
            .map(|(name, caption, bytes)| {
                let kind = name.rsplit_once('.').map_or("png", |(_, kind)| kind);
                page::picture(kind, &escape(&format!("{caption} ({name})")), bytes)
            })
            .collect();
        section(page, "Images", &figures);
    }

    /// The settings that all of it came of.
    fn told(&self, page: &mut String) {
        page.push_str("<h2>Settings</h2>");
        let evaluation = self.settings["eval"].as_object();
        for (title, tree) in [("Training", self.trained), ("Evaluation", evaluation)] {
            let Some(tree) = tree else { continue };
            let mut pairs = Vec::new();
            flat("", tree, &mut pairs);
            let _ = write!(page, "<h3>{title}</h3><dl class=\"keys\">");
            for (key, value) in pairs {
                let (key, value) = (escape(&key), escape(&value));
                let _ = write!(page, "<div><dt>{key}</dt><dd>{value}</dd></div>");
            }
            page.push_str("</dl>");
        }
    }

    fn provenance(&self, page: &mut String) {
        page.push_str("<h2>Inputs</h2><dl>");
        // The film's frames are many, and seen above.
        for record in self.inputs.iter().filter(|record| !is_grid(record)) {
            let _ = write!(
                page,
                "<dt>{}</dt><dd><code>SHA-256 {}</code></dd>",
                escape(&record.name),
                record.sha256
            );
        }
        let _ = write!(
            page,
            "</dl><p class=\"quiet\">Made by dcgan-eval {}.</p>",
            env!("CARGO_PKG_VERSION")
        );
    }
}

/// Charts under a heading.
fn drawn(page: &mut String, title: &str, charts: &ChartFiles) {
    let charts = charts.iter().map(|(_, chart)| chart.as_str());
    section(page, title, &charts.collect::<Vec<_>>());
}

/// Keys and values of a tree, those of its branches with dots in their keys.
fn flat(prefix: &str, tree: &Map<String, Value>, pairs: &mut Vec<(String, String)>) {
    for (key, value) in tree {
        let key = format!("{prefix}{key}");
        match value {
            Value::Object(branch) => flat(&format!("{key}."), branch, pairs),
            Value::String(text) => pairs.push((key, text.clone())),
            Value::Null => pairs.push((key, "none".into())),
            value => pairs.push((key, value.to_string())),
        }
    }
}

/// Whether an input is one of the grids of the film.
fn is_grid(record: &FileRecord) -> bool {
    Path::new(&record.name)
        .extension()
        .is_some_and(|kind| kind == "png")
}

fn number(value: &Value) -> String {
    value.as_f64().map(short).unwrap_or_default()
}
