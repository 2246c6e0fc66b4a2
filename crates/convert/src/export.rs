//! The stage behind `--to`: a model of ours to files of another program.

use crate::args::{Args, Target};
use crate::card::{self, Card};
use crate::figures::Figures;
use crate::model::Model;
use crate::target::Format;
use crate::to::format;
use dcgan_artifacts::{FileRecord, best_checkpoint};
use dcgan_hints::{printable, shown};
use dcgan_settings::Sample;
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage, Work};
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;

/// A conversion: settings without holes.
pub(crate) struct Export {
    model: PathBuf,
    metrics: Option<PathBuf>,
    sample: Sample,
    to: Target,
    half: bool,
    single: bool,
    name: String,
    format: Box<dyn Format>,
}

impl Export {
    /// The conversion of `model`, or of the best checkpoint that it records.
    pub(crate) fn new(args: &Args, to: Target, model: PathBuf) -> Result<Self, Failure> {
        let pipeline = args.common.pipeline()?;
        let name = args.card_name(&pipeline.prepare.name);
        Ok(Self {
            format: format(args, to, &name).map_err(Failure::usage)?,
            model: if pipeline.sample.best {
                best_checkpoint(&model)?
            } else {
                model
            },
            metrics: args.metrics.clone(),
            name,
            sample: pipeline.sample,
            to,
            half: args.half,
            single: args.single,
        })
    }
}

impl Stage for Export {
    type Loaded = (Model, Option<Figures>);

    const NAME: &'static str = env!("CARGO_PKG_NAME");

    fn settings(&self) -> Settings {
        Settings {
            asked: json!({ "convert": {
                "to": self.to.to_string(),
                "half": self.half,
                "single": self.single,
                "ema": self.sample.ema,
                "name": self.name,
            }}),
            defaults: json!({ "convert": { "half": false, "single": false, "ema": false, "name": "dcgan" } }),
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        let paths = std::iter::once(&self.model).chain(&self.metrics);
        Ok(paths
            .map(|path| FileRecord::at(path))
            .collect::<Result<_, _>>()?)
    }

    fn load(&self) -> Result<Self::Loaded, Failure> {
        let model = Model::load(&self.model, &self.sample)?;
        self.format.check(&model)?;
        let figures = match &self.metrics {
            Some(path) => Figures::read(path, model.generator.step())?,
            None => None,
        };
        Ok((model, figures))
    }

    fn plan(&self, (model, _): &Self::Loaded, _: Work) -> Plan {
        Plan::new()
            .files(self.format.files(model))
            .file(card::NAME)
            .about(format!(
                "converts {}",
                self.format.networks(model).join(" and ")
            ))
            .with("networks", self.format.networks(model))
    }

    fn write(
        &self,
        (model, figures): Self::Loaded,
        output: &mut Output,
    ) -> Result<Report, Failure> {
        self.format.write(&model, output)?;
        output.check_signal()?;
        let card = Card {
            name: &self.name,
            model: &model,
            format: self.format.as_ref(),
            figures: figures.as_ref(),
        };
        output.write(card::NAME, card.text().as_bytes())?;
        let mut human = format!("convert: in `{}`:", shown(output.folder()));
        for record in output.written() {
            let (name, bytes) = (printable(&record.name), record.bytes);
            let _ = write!(human, "\n  {name} ({bytes} bytes)");
        }
        Ok(Report::new(human).with("networks", self.format.networks(&model)))
    }
}
