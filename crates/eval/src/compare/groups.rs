//! Groups of runs with the same settings, and their figures.

use crate::compare::run::Run;
use crate::figures::{Figure, Metrics};
use crate::identity::FIGURES_KEY;
use crate::report::names::{FIGURES, Named};
use dcgan_artifacts::differences;
use dcgan_metrics::{Welch, welch};
use dcgan_stage::Failure;

/// Runs of the same settings.
pub(crate) struct Group<'a> {
    pub(crate) name: String,
    pub(crate) runs: Vec<&'a Run>,
}

/// A figure of a group.
pub(crate) struct Cell {
    pub(crate) values: Vec<f64>,
    pub(crate) mean: f64,
    /// Standard deviation over the runs; `None` for one run.
    pub(crate) deviation: Option<f64>,
    /// The run's own interval, if there is one run.
    pub(crate) interval: Option<(f64, f64)>,
    pub(crate) real: Option<f64>,
    /// Test against the first group.
    pub(crate) test: Option<Welch>,
}

/// A row of the page: one figure of every group.
pub(crate) struct Line {
    pub(crate) named: &'static Named,
    pub(crate) cells: Vec<Option<Cell>>,
}

/// Groups runs by their settings, in the order of the command line. A run without settings, trained
/// by another program, is a group of its own.
pub(crate) fn groups(runs: &[Run]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for run in runs {
        let same = groups.iter_mut().find(|group| {
            let first = group.runs[0];
            !run.settings.is_null()
                && first.dataset == run.dataset
                && differences(&first.settings, &run.settings).is_empty()
        });
        match same {
            Some(group) => group.runs.push(run),
            None => groups.push(Group {
                name: run.name.clone(),
                runs: vec![run],
            }),
        }
    }
    for group in &mut groups {
        let names: Vec<&str> = group.runs.iter().map(|run| run.name.as_str()).collect();
        group.name = names.join(" + ");
    }
    groups
}

/// Reasons why figures are not comparable.
pub(crate) fn warnings(runs: &[Run]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let same = runs[..i].iter().find(|other| {
            run.seed.is_some()
                && (other.seed, &other.dataset) == (run.seed, &run.dataset)
                && differences(&other.settings, &run.settings).is_empty()
        });
        if let Some(other) = same {
            warnings.push(format!(
                "`{}` has the settings and the seed of `{}`: it counts as another seed but is the same",
                run.name, other.name
            ));
        }
    }
    for run in &runs[1..] {
        if run.dataset != runs[0].dataset {
            warnings.push(format!(
                "`{}` was compared with another dataset than `{}`: their figures are not comparable",
                run.name, runs[0].name
            ));
        }
        warnings.extend(other_evaluations(&runs[0], run));
        let left_out = |run: &Run| run.metrics.left_out.classes.clone();
        if run.dataset == runs[0].dataset && left_out(run) != left_out(&runs[0]) {
            warnings.push(format!(
                "`{}` was evaluated on other classes than `{}`",
                run.name, runs[0].name
            ));
        }
        if run.metrics.quality.extractor != runs[0].metrics.quality.extractor {
            warnings.push(format!(
                "`{}` was measured by another classifier than `{}`",
                run.name, runs[0].name
            ));
        }
    }
    warnings
}

/// Differences in how two runs were evaluated.
fn other_evaluations(first: &Run, run: &Run) -> Vec<String> {
    let (name, of_first) = (&run.name, &first.name);
    let warning = |key: &str| {
        if key == FIGURES_KEY {
            return format!(
                "the figures of `{name}` are defined differently from those of `{of_first}`: \
                 evaluate both again"
            );
        }
        format!("`{name}` was evaluated with another `{key}` than `{of_first}`")
    };
    let differences = differences(&first.evaluation, &run.evaluation);
    differences
        .iter()
        .map(|difference| warning(&difference.key))
        .collect()
}

/// A row for each figure that some group has.
pub(crate) fn lines(groups: &[Group<'_>]) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for named in &FIGURES {
        let mut cells: Vec<Option<Cell>> =
            groups.iter().map(|group| cell(group, named.of)).collect();
        let (first, others) = cells.split_at_mut(1);
        if let Some(first) = &first[0] {
            for other in others.iter_mut().flatten() {
                if first.values.len() > 1 && other.values.len() > 1 {
                    let test = welch(&other.values, &first.values);
                    other.test = Some(test.map_err(Failure::input)?);
                }
            }
        }
        if cells.iter().any(Option::is_some) {
            lines.push(Line { named, cells });
        }
    }
    Ok(lines)
}

/// `None` unless every run of the group has the figure.
fn cell(group: &Group<'_>, of: fn(&Metrics) -> Option<&Figure>) -> Option<Cell> {
    let figures = group.runs.iter().map(|run| of(&run.metrics));
    let figures: Vec<&Figure> = figures.collect::<Option<_>>()?;
    let values: Vec<f64> = figures.iter().map(|figure| figure.value).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let is_single = values.len() == 1;
    Some(Cell {
        mean,
        deviation: (!is_single).then(|| (squares / (n - 1.0)).sqrt()),
        interval: figures[0].interval().filter(|_| is_single),
        real: figures[0].real,
        test: None,
        values,
    })
}

pub(crate) fn seeds(group: &Group<'_>) -> String {
    let seeds = group.runs.iter().filter_map(|run| run.seed);
    seeds
        .map(|seed| seed.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}
