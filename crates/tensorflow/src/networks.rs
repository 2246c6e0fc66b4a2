//! The two networks among the variables of a checkpoint.

use crate::averages::{is_of_moments, measure, of_moments};
use crate::layout::layout;
use crate::names::{Names, is_of_adam, is_unnamed};
use crate::sizes::sizes;
use crate::{Error, SavedVariables};
use dcgan::{Arrays, Config};
use std::collections::BTreeSet;

/// Generator and discriminator of a checkpoint of the original program.
#[derive(Debug, Clone, PartialEq)]
pub struct OriginalNetworks {
    /// The networks' sizes.
    pub config: Config,
    /// Weights and moving averages of both networks, under the names of the original's last
    /// version, which are those of our files.
    pub weights: Arrays,
    /// What was assumed or left out: a sentence each.
    pub notes: Vec<String>,
}

/// What has been found so far.
#[derive(Default)]
struct Search {
    weights: Arrays,
    /// Names in the checkpoint.
    used: BTreeSet<String>,
    /// Our names.
    missing: Vec<(String, Vec<usize>)>,
    problems: Vec<String>,
    notes: Vec<String>,
    has_moments: bool,
    /// Whether the generator's moving averages are to be measured.
    without_averages: bool,
}

impl OriginalNetworks {
    /// Finds the networks in a checkpoint of any version of the original since 2016.
    ///
    /// `size` is the height and width of the images. A checkpoint has only the number of positions
    /// of the smallest map; without `size` the images are taken to be the largest square that fits.
    ///
    /// Where the version had no biases, they are zeros; where it had no moving averages, the
    /// generator's are measured on batches that it draws. [`Self::notes`] says so.
    ///
    /// # Errors
    /// [`Error::OtherProgram`]; [`Error::Unfit`] with every variable that is missing, unknown or of
    /// another shape; [`Error::Network`]; [`Error::Size`] and [`Error::SizeUnknown`].
    pub fn find(saved: &SavedVariables, size: Option<[usize; 2]>) -> Result<Self, Error> {
        let floats = saved.floats();
        let names = Names::find(floats).ok_or_else(|| Error::OtherProgram {
            path: saved.path().to_owned(),
            found: floats
                .keys()
                .chain(saved.others().keys())
                .cloned()
                .collect(),
        })?;
        let sizes = sizes(saved.path(), &names, size)?;
        let mut search = Search::default();
        search.notes.extend(sizes.assumed);
        for (name, shape) in layout(&sizes.config) {
            search.take(&names, name, shape);
        }
        search.fill(&names);
        search.leave_out(&names, saved);
        if !search.problems.is_empty() {
            return Err(Error::Unfit {
                path: saved.path().to_owned(),
                problems: search.problems,
            });
        }
        if search.without_averages {
            measure(&sizes.config, &mut search.weights).map_err(|source| Error::Network {
                path: saved.path().to_owned(),
                source,
            })?;
        }
        Ok(Self {
            config: sizes.config,
            weights: search.weights,
            notes: search.notes,
        })
    }
}

impl Search {
    /// Takes the variable that has our `name`, if it fits.
    fn take(&mut self, names: &Names<'_>, name: String, shape: Vec<usize>) {
        if let Some((got, values)) = names.get(&name) {
            let saved = names.saved(&name);
            if *got == shape {
                self.weights.insert(name, (shape, values.clone()));
            } else {
                let why = why_of_another_shape(&name);
                let problem = format!("`{saved}`: expected shape {shape:?}, got {got:?}{why}");
                self.problems.push(problem);
            }
            self.used.insert(saved);
        } else if let Some((saved, values)) = moments(names, &name, &shape) {
            self.has_moments = true;
            self.weights.insert(name, (shape, values));
            self.used.insert(saved);
        } else {
            self.missing.push((name, shape));
        }
    }

    /// Fills in what the version of the original did not have.
    fn fill(&mut self, names: &Names<'_>) {
        for (ending, layers) in [("/biases", "convolutions"), ("/bias", "linear layers")] {
            if !self.weights.keys().any(|name| name.ends_with(ending)) {
                self.fill_with(ending, 0.0);
                self.notes.push(format!(
                    "biases of the {layers} are zeros: this version of the original has none"
                ));
            }
        }
        let is_average = |name: &str| name.contains("/moving_");
        if !self.weights.keys().any(|name| is_average(name)) {
            self.fill_with("/moving_mean", 0.0);
            self.fill_with("/moving_variance", 1.0);
            self.without_averages = true;
            self.notes.push(
                "this version of the original kept no moving averages: the generator's are \
                 measured on 4,096 images that it draws, the discriminator's, which nothing \
                 reads, are 0 and 1"
                    .into(),
            );
        }
        if self.has_moments {
            self.notes.push(
                "moving averages are those of `ExponentialMovingAverage`; the discriminator's are \
                 the first of two"
                    .into(),
            );
        }
        for (name, shape) in &self.missing {
            let saved = names.saved(name);
            self.problems
                .push(format!("`{saved}` {shape:?} is missing"));
        }
    }

    fn fill_with(&mut self, ending: &str, value: f32) {
        let filled = self
            .missing
            .extract_if(.., |(name, _)| name.ends_with(ending));
        for (name, shape) in filled {
            let n = shape.iter().product();
            self.weights.insert(name, (shape, vec![value; n]));
        }
    }

    /// Notes the variables that no network needs, and complains about those that one might.
    fn leave_out(&mut self, names: &Names<'_>, saved: &SavedVariables) {
        let mut n_adam = 0;
        let mut others = Vec::new();
        for (name, (shape, _)) in saved.floats() {
            if self.used.contains(name) || is_of_moments(name) {
                continue;
            }
            if is_of_adam(name) {
                n_adam += 1;
            } else if names.is_of_networks(name) && !is_unnamed(name) {
                self.problems.push(format!("`{name}` {shape:?} is unknown"));
            } else {
                others.push(format!("`{name}`"));
            }
        }
        let of_other_types = saved.others().iter();
        others.extend(of_other_types.map(|(name, of)| format!("`{name}` ({of})")));
        if n_adam > 0 {
            self.notes.push(format!(
                "{n_adam} variables of Adam are left out: a converted network is not trained \
                 further"
            ));
        }
        if !others.is_empty() {
            let others = others.join(", ");
            self.notes
                .push(format!("left out, as no network has it: {others}"));
        }
    }
}

/// The average under the name of the operation that computed it. Where a version took the moments
/// over the features too, all features have one.
fn moments(names: &Names<'_>, name: &str, shape: &[usize]) -> Option<(String, Vec<f32>)> {
    let saved = of_moments(names, name)?;
    let (got, values) = names.saved_array(saved)?;
    let values = match (got.as_slice(), values.as_slice()) {
        (got, _) if got == shape => values.clone(),
        ([], [one]) => vec![*one; shape.iter().product()],
        _ => return None,
    };
    Some((saved.into(), values))
}

fn why_of_another_shape(name: &str) -> &'static str {
    match name {
        "generator/g_h1_lin/Matrix" => {
            " (until 2016-10-07 the original passed z to this layer, not the layer before it)"
        }
        _ => "",
    }
}
