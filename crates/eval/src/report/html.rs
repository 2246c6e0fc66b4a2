//! `report.html`: one self-contained file with figures, charts and pictures.

use crate::figures::{Figure, LeftOut, Metrics};
use crate::report::charts::Charts;
use crate::report::names::{FIGURES, Named};
use crate::report::page::{self, section};
use crate::report::svg::{ChartFiles, escape, short};
use crate::report::{copies, sets};
use dcgan_artifacts::{FileRecord, MissingFigure};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::path::Path;

/// The content of the report.
pub(crate) struct Report<'a> {
    /// The dataset's name.
    pub(crate) dataset: &'a str,
    /// `metrics.json`.
    pub(crate) metrics: &'a Metrics,
    /// The charts.
    pub(crate) charts: &'a Charts,
    /// Pictures: name, caption, PNG or GIF.
    pub(crate) pictures: Vec<(&'a str, &'a str, &'a [u8])>,
    /// Settings of the evaluation.
    pub(crate) settings: &'a Value,
    /// Settings of the training, if they are known.
    pub(crate) trained: Option<&'a Map<String, Value>>,
    /// The inputs.
    pub(crate) inputs: &'a [FileRecord],
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
        let images = &self.metrics.images;
        let _ = write!(page, "<p>{} generated images", images.generated);
        if let Some(step) = self.metrics.step {
            let _ = write!(page, " of step {step}");
            if self.settings["eval"]["best"] == true {
                page.push_str(", the best checkpoint,");
            }
        }
        let _ = write!(page, " against the dataset <b>{}</b>", escape(self.dataset));
        for (n, name) in [(images.train, "training"), (images.test, "test")] {
            if let Some(n) = n {
                let _ = write!(page, ", {n} {name} images");
            }
        }
        page.push_str(".</p>");
        self.left_out(page);
        if self.metrics.raised().next().is_none() {
            page.push_str("<p class=\"good\">No alarm is raised.</p>");
        }
        for (name, alarm) in self.metrics.raised() {
            let _ = write!(
                page,
                "<p class=\"alarm\"><b>Alarm: {}</b> ({}, bound {})</p>",
                name.replace('_', " "),
                short(alarm.value),
                short(alarm.bound)
            );
        }
    }

    /// The classes that are not evaluated, and why.
    fn left_out(&self, page: &mut String) {
        let LeftOut { classes, images } = &self.metrics.left_out;
        if classes.is_empty() {
            return;
        }
        let images = images.iter();
        let images: Vec<String> = images
            .map(|(kind, n)| format!("{n} {kind} images"))
            .collect();
        let _ = write!(
            page,
            "<p class=\"alarm\">Not drawn and not evaluated, as no training image has them: \
             <b>{}</b>{}</p>",
            escape(&classes.join(", ")),
            if images.is_empty() {
                ".".into()
            } else {
                format!(". {} left out.", images.join(" and "))
            }
        );
    }

    fn table(&self, page: &mut String) {
        let quality = &self.metrics.quality;
        let _ = write!(
            page,
            "<h2>Figures</h2><p class=\"quiet\">Features: {}. 95 % intervals over other images of this \
             generator (recall, coverage and 1-NN error: over other test images), with all else \
             fixed, including the training. The radius of an image's ball is the distance to the \
             5th nearest other image of its set.</p>",
            escape(&quality.extractor.name)
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
        for named in &FIGURES {
            if let Some(figure) = (named.of)(self.metrics) {
                row(page, named, figure);
            }
        }
        let _ = write!(
            page,
            "<tr><th scope=\"row\">Duplicates</th><td>{}</td><td></td><td></td><td></td>\
             <td class=\"note\">images equal, byte by byte, to an earlier one</td></tr></tbody></table></div>",
            self.metrics.pixels.duplicates
        );
        if let Some(doubt) = copies::doubt(self.metrics) {
            let _ = write!(page, "<p class=\"quiet\">{}</p>", escape(doubt));
        }
        self.missing(page);
    }

    /// The figures that are left out, and why.
    fn missing(&self, page: &mut String) {
        let missing = &self.metrics.missing;
        if missing.is_empty() {
            return;
        }
        page.push_str("<h3>Left out</h3><dl>");
        for (reason, figures) in MissingFigure::by_reason(missing) {
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

    /// The settings and inputs.
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
        // Leaves out the many frames of the film, which are shown above.
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

/// A row of the table of figures.
fn row(page: &mut String, named: &Named, figure: &Figure) {
    let Named { name, note, .. } = named;
    let interval = figure.interval();
    let interval = interval.map(|(low, high)| format!("{} – {}", short(low), short(high)));
    let real = if figure.real_by_construction {
        "<br><small>by construction</small>"
    } else {
        ""
    };
    let cell = |value: Option<f64>| value.map(short).unwrap_or_default();
    let _ = write!(
        page,
        "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{}</td><td>{}{real}</td>\
         <td>{}</td><td class=\"note\">{note}</td></tr>",
        short(figure.value),
        interval.unwrap_or_default(),
        cell(figure.real),
        cell(figure.of_halves())
    );
}

/// Charts under a heading.
fn drawn(page: &mut String, title: &str, charts: &ChartFiles) {
    let charts = charts.iter().map(|(_, chart)| chart.as_str());
    section(page, title, &charts.collect::<Vec<_>>());
}

/// Keys and values of a tree, with dotted keys for nested ones.
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
