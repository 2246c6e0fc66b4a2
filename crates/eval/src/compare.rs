//! `dcgan-eval compare RUN RUN...`: runs side by side, in one page and one table.
//!
//! Runs of the same training settings but for the seed make a group. A group of several runs is
//! shown by mean and standard deviation over its seeds and, where both have at least two, is held
//! against the first by Welch's t-test; a group of one run keeps the interval that its evaluation gave.

use crate::film::MAX_GRID_BYTES;
use crate::identity::FIGURES_KEY;
use crate::page;
use crate::report::{FIGURES, PIXELS};
use crate::svg::{escape, short};
use crate::tables::{csv, number};
use crate::{Error, inputs};
use dcgan_artifacts::{Artifact, FileRecord, Manifest, differences, read_bounded, with_defaults};
use dcgan_hints::{printable, shown, text_of};
use dcgan_metrics::{Welch, welch};
use dcgan_settings::{Eval, Train};
use dcgan_stage::{Failure, Options, Output, Plan, Report, Settings, Stage, Work};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The table and the page.
const TABLE: &str = "compare.csv";
const PAGE: &str = "compare.html";
/// A longer `metrics.json` is none of ours: even 256 classes take less.
const MAX_JSON_BYTES: u64 = 1 << 26;
/// Columns of the table.
const HEADER: [&str; 13] = [
    "figure",
    "group",
    "runs",
    "seeds",
    "mean",
    "standard_deviation",
    "low",
    "high",
    "real",
    "difference",
    "t",
    "degrees",
    "p",
];

/// Hold evaluated runs against each other: one page, one table.
///
/// Runs of the same settings but for `train.seed` count as one group, whose figures are means over
/// seeds. Groups of at least two runs are held against the first by Welch's t-test.
#[derive(Debug, Clone, clap::Args)]
pub struct CompareArgs {
    /// Folders of runs that `make eval` has evaluated
    #[arg(value_name = "RUN", num_args = 2.., required = true)]
    pub runs: Vec<PathBuf>,

    /// Folder to write to
    #[arg(long, value_name = "DIR", default_value = "compare")]
    pub out: PathBuf,

    /// Compare again, even if nothing has changed
    #[arg(long)]
    pub force: bool,

    /// Print no progress and no log below a warning
    #[arg(long)]
    pub quiet: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// An evaluated run.
struct Run {
    /// Its folder's name.
    name: String,
    /// `metrics.json`.
    metrics: Value,
    /// Settings of the training but for the seed; null when another program trained.
    settings: Value,
    seed: Option<u64>,
    /// SHA-256 of the dataset that it was held against.
    dataset: Option<String>,
    /// Settings of the evaluation.
    evaluation: Value,
    /// `grid-classes.png`, or `grid.png`.
    grid: Option<Vec<u8>>,
    record: FileRecord,
}

impl Run {
    fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("eval/metrics.json");
        let evaluated = Manifest::read(&folder.join("eval"))?;
        let Some(evaluated) = evaluated.filter(|_| path.exists()) else {
            let path = folder.to_owned();
            return Err(Failure::input(Error::NotEvaluated { path }));
        };
        let record = inputs::record(&path, Artifact::Other)?;
        let bytes = read_bounded(&path, MAX_JSON_BYTES).ok();
        let metrics = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let is_sound = evaluated
            .outputs
            .iter()
            .any(|output| output.name == record.name && output.sha256 == record.sha256);
        let (Some(metrics), true) = (metrics, is_sound) else {
            return Err(Failure::input(Error::ChangedMetrics { path }));
        };
        // Whoever replaces the trainer writes no manifest.
        let trained = Manifest::read(&folder.join("train"))?;
        let settings = trained.map_or(Value::Null, |manifest| manifest.settings);
        let defaults = json!({ "train": Train::default() });
        let mut settings = with_defaults(settings, &defaults, &defaults);
        let seed = settings["train"]["seed"].as_u64();
        if let Some(train) = settings.get_mut("train").and_then(Value::as_object_mut) {
            train.remove("seed");
        }
        let dataset = evaluated
            .inputs
            .iter()
            .find(|input| input.name == "dataset.safetensors");
        let grid = ["grid-classes.png", "grid.png"]
            .into_iter()
            .find_map(|name| read_bounded(&folder.join("eval").join(name), MAX_GRID_BYTES).ok());
        let defaults = json!({ "eval": Eval::default() });
        let evaluation = with_defaults(evaluated.settings, &defaults, &defaults);
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        Ok(Self {
            name: text_of(name),
            metrics,
            settings,
            seed,
            dataset: dataset.map(|record| record.sha256.clone()),
            evaluation,
            grid,
            record,
        })
    }

    fn figure(&self, place: &str) -> &Value {
        self.metrics.pointer(place).unwrap_or(&Value::Null)
    }
}

/// Runs of the same settings.
struct Group<'a> {
    name: String,
    runs: Vec<&'a Run>,
}

/// A figure of a group.
struct Cell {
    values: Vec<f64>,
    mean: f64,
    /// Over the runs; `None` for one.
    deviation: Option<f64>,
    /// The run's own interval, for one.
    interval: Option<(f64, f64)>,
    real: Option<f64>,
    /// Against the first group.
    test: Option<Welch>,
}

/// A line of the page: a figure of each group.
struct Line {
    key: &'static str,
    name: &'static str,
    note: &'static str,
    cells: Vec<Option<Cell>>,
}

/// Compares the runs.
pub(crate) fn run(args: &CompareArgs) -> Result<(), Failure> {
    let runs = args.runs.iter().map(|run| Run::read(run));
    let comparison = Comparison {
        runs: runs.collect::<Result<_, _>>()?,
    };
    let options = Options {
        out: &args.out,
        force: args.force,
        dry_run: false,
        quiet: args.quiet,
        json: args.json,
    };
    dcgan_stage::run(&comparison, options)
}

/// Runs that are to be compared.
struct Comparison {
    runs: Vec<Run>,
}

impl Stage for Comparison {
    type Loaded = ();

    const NAME: &'static str = "dcgan-eval compare";

    fn settings(&self) -> Settings {
        let names: Vec<&str> = self.runs.iter().map(|run| run.name.as_str()).collect();
        Settings {
            asked: json!({ "compare": names }),
            defaults: Value::Null,
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Ok(self.runs.iter().map(|run| run.record.clone()).collect())
    }

    fn load(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn plan(&self, (): &(), _: Work) -> Plan {
        Plan::new().files([TABLE, PAGE])
    }

    fn write(&self, (): (), output: &mut Output) -> Result<Report, Failure> {
        let groups = groups(&self.runs);
        let lines = lines(&groups)?;
        let warnings = warnings(&self.runs);
        for warning in &warnings {
            log::warn!("{warning}");
        }
        output.write(TABLE, &csv(&HEADER, &rows(&groups, &lines)))?;
        output.write(PAGE, html(&groups, &lines, &warnings).as_bytes())?;
        let human = format!(
            "{}\nwrote {TABLE}, {PAGE} to `{}`",
            text(&groups, &lines),
            shown(output.folder())
        );
        let report = Report::new(human).with("groups", groups.len());
        Ok(report.with("runs", self.runs.len()))
    }
}

/// Runs by their settings, in the order in which they were named. A run without settings, which
/// another program trained, is alone.
fn groups(runs: &[Run]) -> Vec<Group<'_>> {
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

/// What makes figures unfit to be compared.
fn warnings(runs: &[Run]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        let same = runs[..i].iter().find(|other| {
            run.seed.is_some()
                && (other.seed, &other.dataset) == (run.seed, &run.dataset)
                && differences(&other.settings, &run.settings).is_empty()
        });
        if let Some(other) = same {
            warnings.push(format!(
                "`{}` has the settings and the seed of `{}`: it counts as another seed, and is none",
                run.name, other.name
            ));
        }
    }
    for run in &runs[1..] {
        if run.dataset != runs[0].dataset {
            warnings.push(format!(
                "`{}` was held against another dataset than `{}`: their figures say little of each other",
                run.name, runs[0].name
            ));
        }
        for difference in differences(&runs[0].evaluation, &run.evaluation) {
            let (name, first) = (&run.name, &runs[0].name);
            warnings.push(if difference.key == FIGURES_KEY {
                format!(
                    "the figures of `{name}` are defined otherwise than those of `{first}`: \
                     evaluate both again"
                )
            } else {
                format!(
                    "`{name}` was evaluated with another {} than `{first}`",
                    difference.key
                )
            });
        }
        let left_out = |run: &Run| run.figure("/left_out/classes").clone();
        if run.dataset == runs[0].dataset && left_out(run) != left_out(&runs[0]) {
            warnings.push(format!(
                "`{}` was judged by other classes than `{}`",
                run.name, runs[0].name
            ));
        }
        let extractor = |run: &Run| run.figure("/quality/extractor").clone();
        if extractor(run) != extractor(&runs[0]) {
            warnings.push(format!(
                "`{}` was measured by another classifier than `{}`",
                run.name, runs[0].name
            ));
        }
    }
    warnings
}

fn lines(groups: &[Group<'_>]) -> Result<Vec<Line>, Failure> {
    let quality = FIGURES.iter().map(|row| ("/quality", row));
    let pixels = PIXELS.iter().map(|row| ("/pixels", row));
    let mut lines = Vec::new();
    for (place, &(key, name, note)) in quality.chain(pixels) {
        let place = format!("{place}/{key}");
        let mut cells: Vec<Option<Cell>> = groups.iter().map(|group| cell(group, &place)).collect();
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
            lines.push(Line {
                key,
                name,
                note,
                cells,
            });
        }
    }
    Ok(lines)
}

/// `None` unless every run of the group has the figure.
fn cell(group: &Group<'_>, place: &str) -> Option<Cell> {
    let leaf = |run: &&Run, leaf: &str| run.figure(place)[leaf].as_f64();
    let values: Vec<f64> = group
        .runs
        .iter()
        .map(|run| leaf(run, "value"))
        .collect::<Option<_>>()?;
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let single = (values.len() == 1).then(|| group.runs[0]);
    Some(Cell {
        mean,
        deviation: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        interval: single.and_then(|run| leaf(&run, "low").zip(leaf(&run, "high"))),
        real: leaf(&group.runs[0], "real"),
        test: None,
        values,
    })
}

fn seeds(group: &Group<'_>) -> String {
    let seeds = group.runs.iter().filter_map(|run| run.seed);
    seeds
        .map(|seed| seed.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

fn rows(groups: &[Group<'_>], lines: &[Line]) -> Vec<[String; 13]> {
    let mut rows = Vec::new();
    for line in lines {
        for (group, cell) in groups.iter().zip(&line.cells) {
            let Some(cell) = cell else { continue };
            let optional = |value: Option<f64>| value.map(number).unwrap_or_default();
            let test = |of: fn(&Welch) -> f64| optional(cell.test.as_ref().map(of));
            rows.push([
                line.key.to_owned(),
                group.name.clone(),
                group.runs.len().to_string(),
                seeds(group),
                number(cell.mean),
                optional(cell.deviation),
                optional(cell.interval.map(|interval| interval.0)),
                optional(cell.interval.map(|interval| interval.1)),
                optional(cell.real),
                test(|test| test.difference),
                test(|test| test.t),
                test(|test| test.degrees),
                test(|test| test.p),
            ]);
        }
    }
    rows
}

/// A figure with what is known of its spread.
fn spread(cell: &Cell) -> String {
    let mean = short(cell.mean);
    match (cell.deviation, cell.interval) {
        (Some(deviation), _) => format!("{mean} \u{b1} {}", short(deviation)),
        (None, Some((low, high))) => format!("{mean} ({} \u{2013} {})", short(low), short(high)),
        (None, None) => mean,
    }
}

/// What a person reads on stdout.
fn text(groups: &[Group<'_>], lines: &[Line]) -> String {
    let mut text = String::new();
    for (i, group) in groups.iter().enumerate() {
        let _ = writeln!(
            text,
            "{}: {} (seeds: {})",
            letter(i),
            printable(&group.name),
            seeds(group)
        );
    }
    for line in lines {
        let _ = write!(text, "{:<36}", line.name);
        for cell in &line.cells {
            let cell = cell.as_ref().map_or_else(
                || "-".into(),
                |cell| {
                    let p = cell.test.map(|test| format!(" p {}", short(test.p)));
                    spread(cell) + &p.unwrap_or_default()
                },
            );
            let _ = write!(text, "  {cell:<34}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// A, B, ...; numbers beyond Z.
fn letter(i: usize) -> String {
    match u8::try_from(i) {
        Ok(i) if i < 26 => char::from(b'A' + i).to_string(),
        _ => (i + 1).to_string(),
    }
}

fn html(groups: &[Group<'_>], lines: &[Line], warnings: &[String]) -> String {
    let mut page = page::open("Comparison of runs");
    for warning in warnings {
        let _ = write!(page, "<p class=\"alarm\">{}</p>", escape(warning));
    }
    page.push_str(
        "<h2>Runs</h2><div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Group</th>\
         <th scope=\"col\">Runs</th><th scope=\"col\">Seeds</th><th scope=\"col\" class=\"note\">Settings other than in A</th></tr></thead><tbody>",
    );
    for (i, group) in groups.iter().enumerate() {
        let settings = differences(&groups[0].runs[0].settings, &group.runs[0].settings);
        let settings: Vec<String> = settings
            .iter()
            .map(|difference| {
                let value = difference
                    .new
                    .as_ref()
                    .map_or("absent".into(), Value::to_string);
                format!("{}: {value}", difference.key)
            })
            .collect();
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"note\">{}</td></tr>",
            letter(i),
            escape(&group.name),
            escape(&seeds(group)),
            escape(&settings.join(", "))
        );
    }
    page.push_str(
        "</tbody></table></div><h2>Figures</h2><p class=\"quiet\">Groups of several runs: mean \u{b1} standard deviation over seeds, \
         and p of Welch's t-test against A, two-sided, not corrected for the number of figures. \
         One run: its 95 % interval, which knows nothing of other seeds. Real: real images in the \
         place of the generated ones; the report of a run says which, and whether they taught the \
         classifier. Of those nearer to a training image than 99 % of test images, real is 1 % by \
         construction.</p>\
         <div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Figure</th>",
    );
    for i in 0..groups.len() {
        let _ = write!(page, "<th scope=\"col\">{}</th>", letter(i));
    }
    page.push_str(
        "<th scope=\"col\">Real</th><th scope=\"col\" class=\"note\">How to read it</th></tr></thead><tbody>",
    );
    for line in lines {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", line.name);
        for cell in &line.cells {
            let (value, p) = cell.as_ref().map_or_else(Default::default, |cell| {
                let p = cell
                    .test
                    .map(|test| format!("<br><small>p {}</small>", short(test.p)));
                (spread(cell), p.unwrap_or_default())
            });
            let _ = write!(page, "<td>{value}{p}</td>");
        }
        let real = line.cells.iter().flatten().find_map(|cell| cell.real);
        let _ = write!(
            page,
            "<td>{}</td><td class=\"note\">{}</td></tr>",
            real.map(short).unwrap_or_default(),
            line.note
        );
    }
    page.push_str("</tbody></table></div>");
    let pictures: Vec<String> = groups
        .iter()
        .enumerate()
        .flat_map(|(i, group)| group.runs.iter().map(move |run| (i, run)))
        .filter_map(|(i, run)| {
            let caption = escape(&format!("{}: generated by {}", letter(i), run.name));
            Some(page::picture("png", &caption, run.grid.as_ref()?))
        })
        .collect();
    page::section(&mut page, "Images", &pictures);
    page + page::CLOSE
}
