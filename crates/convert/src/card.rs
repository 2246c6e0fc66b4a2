//! The model card: `README.md` in the form that Hugging Face reads.

use crate::figures::{CardFigure, Figures};
use crate::model::Model;
use crate::target::Format;
use dcgan_hints::printable;
use serde::Serialize;
use std::fmt::Write as _;

/// The card's file.
pub(crate) const NAME: &str = "README.md";

/// What a card is made of.
pub(crate) struct Card<'a> {
    pub(crate) name: &'a str,
    pub(crate) model: &'a Model,
    pub(crate) format: &'a dyn Format,
    pub(crate) figures: Option<&'a Figures>,
}

/// The YAML at the top, keys as Hugging Face has them.
#[derive(Serialize)]
struct FrontMatter<'a> {
    library_name: &'static str,
    pipeline_tag: &'static str,
    tags: Vec<&'static str>,
    /// Absent without figures.
    #[serde(rename = "model-index", skip_serializing_if = "Option::is_none")]
    model_index: Option<[ModelIndex<'a>; 1]>,
}

#[derive(Serialize)]
struct ModelIndex<'a> {
    name: &'a str,
    results: [ResultOfTask<'a>; 1],
}

#[derive(Serialize)]
struct ResultOfTask<'a> {
    task: Typed,
    dataset: DatasetOfResult<'a>,
    metrics: Vec<Metric<'a>>,
}

#[derive(Serialize)]
struct Typed {
    r#type: &'static str,
}

#[derive(Serialize)]
struct DatasetOfResult<'a> {
    name: &'a str,
    r#type: &'a str,
}

#[derive(Serialize)]
struct Metric<'a> {
    r#type: &'a str,
    name: String,
    value: f64,
}

const TASK: &str = "unconditional-image-generation";

impl Card<'_> {
    /// The file's text.
    pub(crate) fn text(&self) -> String {
        let info = self.model.info();
        let (name, step) = (heading(self.name), self.model.generator.step());
        let colours = if info.channels == 1 { "grey" } else { "colour" };
        let (height, width) = (info.height, info.width);
        let networks = self.format.networks(self.model).join(" and the ");
        let mut text = format!(
            "---\n{}license:  # to be filled in, such as mit or cc-by-4.0\n---\n\n# {name}\n\n\
             The {networks} of a DCGAN \
             ([Radford et al. 2016](https://arxiv.org/abs/1511.06434)) for {colour} images of \
             {height}x{width} pixels{classes}, trained for {step} iterations.\n\n## Use\n\n{usage}",
            self.front_matter(),
            colour = colours,
            classes = self.classes(),
            usage = self.format.usage(self.model),
        );
        if let Some(figures) = self.figures {
            text += &figures_table(figures);
        }
        if self.model.is_labelled() {
            text += &self.class_list();
        }
        let _ = write!(
            text,
            "\n## Training data\n\nThe arrays of the dataset have the SHA-256\n`{}`.\n",
            code(self.model.generator.dataset_sha256())
        );
        text
    }

    fn front_matter(&self) -> String {
        let model_index = self.figures.map(|figures| {
            let result = ResultOfTask {
                task: Typed { r#type: TASK },
                dataset: DatasetOfResult {
                    name: self.name,
                    r#type: self.name,
                },
                metrics: figures.figures.iter().map(metric).collect(),
            };
            [ModelIndex {
                name: self.name,
                results: [result],
            }]
        });
        let mut tags = vec!["dcgan", "gan", "image-generation"];
        tags.extend(self.format.tags());
        let matter = FrontMatter {
            library_name: "dcgan",
            pipeline_tag: TASK,
            tags,
            model_index,
        };
        serde_yaml::to_string(&matter).expect("texts and numbers are YAML")
    }

    fn classes(&self) -> String {
        match self.model.info().class_names.len() {
            0 => String::new(),
            1 => " in 1 class".into(),
            n => format!(" in {n} classes"),
        }
    }

    fn class_list(&self) -> String {
        let info = self.model.info();
        let mut text = "\n## Classes\n\n| number | name |\n|---|---|\n".to_owned();
        for (number, name) in info.class_names.iter().enumerate() {
            let is_untrained = info
                .untrained_classes
                .iter()
                .any(|&n| usize::from(n) == number);
            let note = if is_untrained { ", never trained" } else { "" };
            let _ = writeln!(text, "| {number} | `{}`{note} |", code(name));
        }
        text
    }
}

fn metric(figure: &CardFigure) -> Metric<'_> {
    Metric {
        r#type: &figure.key,
        name: spelt(&figure.key),
        value: figure.value,
    }
}

fn figures_table(figures: &Figures) -> String {
    let mut text = "\n## Figures\n\n".to_owned();
    if let Some(n) = figures.n_images {
        let _ = writeln!(text, "Of {n} images that the generator drew.\n");
    }
    text += "| figure | generated | 95 % interval | real images |\n|---|---|---|---|\n";
    for figure in &figures.figures {
        let interval = match figure.interval {
            Some([low, high]) => format!("{low:.4} to {high:.4}"),
            None => String::new(),
        };
        let real = figure
            .real
            .map_or(String::new(), |real| format!("{real:.4}"));
        let (name, value) = (spelt(&figure.key), figure.value);
        let _ = writeln!(text, "| {name} | {value:.4} | {interval} | {real} |");
    }
    text
}

/// A key as words: `class_accuracy` is "Class accuracy".
fn spelt(key: &str) -> String {
    let words = key.replace('_', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// Text from outside within a code span of a table.
fn code(text: &str) -> String {
    printable(text).replace('`', "'").replace('|', "\\|")
}

/// Text from outside as a heading: nothing in it is markup.
fn heading(text: &str) -> String {
    let mut escaped = String::new();
    for c in printable(text).chars() {
        if c.is_ascii_punctuation() && !"-_.,:".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
