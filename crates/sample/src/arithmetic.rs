//! The mode `arithmetic` adds and subtracts latent vectors (Radford, Metz & Chintala 2016, section
//! 6.3.2).

use crate::Args;
use crate::classes::choose;
use crate::error::model_failure;
use crate::expression::{Expression, Vector, parse};
use crate::grid::{shape, tiles};
use crate::model::load;
use crate::produce::{self, STAGE, drawn, records, write_png};
use dcgan_artifacts::FileRecord;
use dcgan_checkpoints::LoadedGenerator;
use dcgan_settings::Sample;
use dcgan_stage::{Failure, Output, Plan, Report, Settings, Stage, Work};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Name of the grid: the images of the terms and, last, of the result.
const GRID: &str = "arithmetic.png";

/// Name of the file with the latent vectors of terms and result.
const NUMBERS: &str = "arithmetic.json";

/// An expression and the model and seed for it.
#[derive(Debug)]
pub(crate) struct Arithmetic {
    model: PathBuf,
    text: String,
    expression: Expression,
    sample: Sample,
    /// The first seed, for `image` and `mean`.
    seed: u64,
}

impl Arithmetic {
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let (sample, seeds) = args.settings()?;
        let text = args.needed(args.arithmetic.expr.as_ref(), "--expr EXPRESSION")?;
        Ok(Self {
            model: args.model(&sample)?,
            expression: parse(text).map_err(Failure::usage)?,
            text: text.clone(),
            sample,
            seed: seeds[0],
        })
    }

    /// The latent vector of each term, without its factor, and of the sum. The sum may be outside
    /// the distribution of z, as in the paper.
    fn vectors(&self, model: &LoadedGenerator) -> Vec<Vec<f32>> {
        let terms = &self.expression.terms;
        let mut vectors: Vec<Vec<f32>> = terms
            .iter()
            .map(|term| match &term.vector {
                Vector::Seed(seed) => model.latents(*seed, 0, 1),
                Vector::Image(image) => model.latents(self.seed, u64::from(*image), 1),
                Vector::Mean(images) => {
                    let weight = 1.0 / images.len() as f64;
                    let of = |&image: &u32| model.latents(self.seed, u64::from(image), 1);
                    sum(images.iter().map(|image| (weight, of(image))))
                }
            })
            .collect();
        let factors = terms.iter().map(|term| f64::from(term.factor));
        vectors.push(sum(factors.zip(vectors.iter().cloned())));
        vectors
    }

    /// A row per class, or a single row for the requested class or an unlabelled network.
    fn rows(&self, model: &LoadedGenerator) -> Result<Vec<Option<u8>>, Failure> {
        Ok(choose(self.sample.class.as_deref(), model.info())?.each())
    }
}

impl Stage for Arithmetic {
    type Loaded = (LoadedGenerator, Vec<Option<u8>>);

    const NAME: &'static str = STAGE;

    fn settings(&self) -> Settings {
        produce::settings(json!({
            "mode": "arithmetic",
            "arithmetic": {
                "expr": self.text, "seed": self.seed, "class": self.sample.class,
                "ema": self.sample.ema, "kernels": self.sample.kernels,
            },
        }))
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        records(std::slice::from_ref(&self.model))
    }

    fn load(&self) -> Result<Self::Loaded, Failure> {
        let model = load(&self.model, &self.sample)?;
        let rows = self.rows(&model)?;
        Ok((model, rows))
    }

    fn plan(&self, _: &Self::Loaded, _: Work) -> Plan {
        Plan::new().files([GRID, NUMBERS])
    }

    fn write(&self, (model, rows): Self::Loaded, output: &mut Output) -> Result<Report, Failure> {
        let vectors = self.vectors(&model);
        let columns = vectors.len();
        let classes: Option<Vec<u8>> = rows
            .iter()
            .flat_map(|class| std::iter::repeat_n(*class, columns))
            .collect();
        let z = vectors.concat().repeat(rows.len());
        let images = model
            .images_from_latents(&z, classes.as_deref())
            .map_err(model_failure)?;
        let grid = tiles(&images, shape(model.info()), columns)?;
        let terms: Vec<Value> = self
            .expression
            .terms
            .iter()
            .map(|term| json!({ "factor": term.factor, "vector": term.vector.to_string() }))
            .collect();
        let numbers = json!({
            "expr": self.text, "seed": self.seed, "columns": terms, "z": vectors.last(),
        });
        write_png(output, GRID, &grid)?;
        output.write_json(NUMBERS, &numbers)?;
        Ok(drawn(columns * rows.len(), output))
    }
}

/// The sum of the vectors, each times its factor.
fn sum(terms: impl Iterator<Item = (f64, Vec<f32>)>) -> Vec<f32> {
    let mut total: Vec<f64> = Vec::new();
    for (factor, vector) in terms {
        total.resize(vector.len(), 0.0);
        for (total, value) in total.iter_mut().zip(vector) {
            *total += factor * f64::from(value);
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "back to the precision of z"
    )]
    let rounded = total.into_iter().map(|value| value as f32).collect();
    rounded
}
