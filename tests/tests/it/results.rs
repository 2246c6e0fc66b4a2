//! What `--json` prints: one vocabulary for all programs, held against `docs/result.schema.json`,
//! and a dry run that names what is then written.

use crate::programs::{Run, program, root};
use serde_json::Value;
use std::process::Command;

/// Small networks, with all that a run may write.
const SMALL: [&str; 7] = [
    "train.epochs=1",
    "train.checkpoint_every=3",
    "train.grid_every=5",
    "train.tensorboard=true",
    "prepare.synthetic.train=112",
    "eval.n=64",
    "eval.classifier_epochs=1",
];

/// Planned files that are there only once something has happened.
const PERHAPS: [&str; 1] = ["events.csv"];

fn schema() -> Value {
    let path = root().join("docs/result.schema.json");
    let text = std::fs::read_to_string(path).expect("the schema");
    serde_json::from_str(&text).expect("the schema is JSON")
}

/// What of `value` is not as `schema` says: the parts of JSON Schema that ours uses.
fn violations(schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let known = [
        "$schema",
        "title",
        "description",
        "type",
        "enum",
        "const",
        "required",
        "properties",
        "additionalProperties",
        "items",
        "minItems",
        "allOf",
        "if",
        "then",
    ];
    for (key, rule) in schema.as_object().expect("a schema is an object") {
        assert!(
            known.contains(&key.as_str()),
            "this test does not know `{key}`"
        );
        match key.as_str() {
            "type" if !has_type(rule, value) => found.push(format!("{place} is not {rule}")),
            "const" if rule != value => found.push(format!("{place} is not {rule}")),
            "enum" if !rule.as_array().is_some_and(|all| all.contains(value)) => {
                found.push(format!("{place} is not one of {rule}"));
            }
            "minItems"
                if (value.as_array().map_or(0, Vec::len) as u64) < rule.as_u64().unwrap_or(0) =>
            {
                found.push(format!("{place} is too short"));
            }
            "required" => {
                for key in rule
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                {
                    if value.get(key).is_none() {
                        found.push(format!("{place} has no `{key}`"));
                    }
                }
            }
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    violations(rule, item, &format!("{place}[{i}]"), found);
                }
            }
            "additionalProperties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    if schema["properties"].get(key).is_some() {
                        continue;
                    }
                    if rule == false {
                        found.push(format!("{place} has the unknown key `{key}`"));
                    } else {
                        violations(rule, inner, &format!("{place}.{key}"), found);
                    }
                }
            }
            "properties" => {
                for (key, rule) in rule.as_object().into_iter().flatten() {
                    if let Some(inner) = value.get(key) {
                        violations(rule, inner, &format!("{place}.{key}"), found);
                    }
                }
            }
            "allOf" => {
                for rule in rule.as_array().into_iter().flatten() {
                    violations(rule, value, place, found);
                }
            }
            "if" => {
                let mut unmet = Vec::new();
                violations(rule, value, place, &mut unmet);
                if unmet.is_empty() {
                    violations(&schema["then"], value, place, found);
                }
            }
            _ => {}
        }
    }
}

fn has_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("this test does not know the type `{other}`"),
    };
    match rule {
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        name => name.as_str().is_some_and(is),
    }
}

/// The result of a command, which is as the schema says.
#[track_caller]
fn result(mut command: Command, arguments: &[&str]) -> Value {
    let outcome = dcgan_testkit::run(command.args(arguments).arg("--json")).succeeded();
    let result: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let mut found = Vec::new();
    violations(&schema(), &result, "the result", &mut found);
    assert!(found.is_empty(), "{command:?}: {found:?}\n{result:#}");
    result
}

fn names(result: &Value) -> Vec<&str> {
    let files = result["files"].as_array().expect("files");
    files.iter().filter_map(Value::as_str).collect()
}

/// Whether `name` is one of those that the pattern stands for: `N` a digit, `*` anything.
fn is_of(pattern: &str, name: &str) -> bool {
    if let Some((before, after)) = pattern.split_once('*') {
        let middle = name
            .strip_prefix(before)
            .and_then(|name| name.strip_suffix(after));
        return middle.is_some_and(|middle| !middle.contains('/'));
    }
    pattern.contains("NNN")
        && pattern.len() == name.len()
        && pattern
            .bytes()
            .zip(name.bytes())
            .all(|(p, c)| p == c || p == b'N' && c.is_ascii_digit())
}

/// A dry run, the run, and the run again; what the dry run names is what is written.
#[track_caller]
fn check(command: impl Fn() -> Command, arguments: &[&str]) -> Value {
    let would = result(command(), &[arguments, &["--dry-run"]].concat());
    assert_eq!(would["outcome"], "would run");
    let done = result(command(), arguments);
    assert_eq!(done["outcome"], "done");
    let (planned, written) = (names(&would), names(&done));
    for name in &written {
        let is_planned = planned.iter().any(|plan| plan == name || is_of(plan, name));
        assert!(is_planned, "`{name}` was written, planned were {planned:?}");
    }
    let folder = std::path::Path::new(done["out"].as_str().expect("a folder"));
    for name in planned {
        let is_certain = !name.contains('*') && !name.contains("NNN") && !PERHAPS.contains(&name);
        assert!(
            !is_certain || written.contains(&name),
            "`{name}` was planned: {written:?}"
        );
    }
    for name in &written {
        assert!(
            folder.join(name).is_file(),
            "`{name}` in {}",
            folder.display()
        );
    }
    let again = result(command(), arguments);
    assert_eq!(again["outcome"], "up to date");
    assert_eq!(
        result(command(), &[arguments, &["--dry-run"]].concat()),
        again
    );
    let listed = names(&again);
    assert!(
        listed.iter().all(|name| written.contains(name)),
        "{listed:?} of {written:?}"
    );
    done
}

#[test]
fn all_programs_print_one_vocabulary_and_write_what_they_planned() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(&folder.path().join("run"), &SMALL);
    for (stage, arguments) in [
        ("prepare", &[][..]),
        ("train", &[]),
        ("sample", &[]),
        ("eval", &[]),
        ("convert", &["--to", "onnx"]),
    ] {
        let done = check(|| run.command(stage), arguments);
        assert_eq!(done["stage"], format!("dcgan-{stage}"));
        let mut in_folder = run.outputs(stage);
        in_folder.retain(|name, _| !name.starts_with('.'));
        for name in in_folder.keys() {
            assert!(
                names(&done).contains(&name.as_str()),
                "`{name}` is not named"
            );
        }
    }
}

/// An evaluation of all that a run leaves, the training of a classifier, and a comparison.
#[test]
fn all_evaluations_write_what_they_planned() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(&folder.path().join("run"), &SMALL);
    run.stage("prepare", &[]);
    run.stage("train", &[]);
    let path = |name: &str| run.folder.join(name).display().to_string();
    let train = |name: &str| path(&format!("train/{name}"));
    let (checkpoints, grids) = (train("checkpoints"), train("samples"));
    let tables = ["metrics.csv", "histograms.csv", "timing.csv", "run.json"].map(train);
    let [metrics, histograms, timing, settings] = &tables;
    let whole = [
        "--checkpoints",
        &checkpoints,
        "--grids",
        &grids,
        "--metrics",
        metrics,
        "--histograms",
        histograms,
        "--timing",
        timing,
        "--run",
        settings,
    ];
    check(|| run.command("eval"), &whole);

    let classifier = || {
        let mut command = Command::new(program("eval"));
        command.arg("classifier");
        let mut command = run.with_arguments(command, "classifier");
        command
            .arg("--dataset")
            .arg(path("prepare/dataset.safetensors"));
        command
    };
    check(classifier, &[]);

    let other = folder.path().join("other");
    crate::programs::copy(&run.folder, &other);
    let compare = || {
        let mut command = Command::new(program("eval"));
        command.arg("compare").args([&run.folder, &other]);
        command.arg("--out").arg(path("compare"));
        command
    };
    let done = result(compare(), &[]);
    assert_eq!(
        names(&done),
        ["compare.csv", "compare.html", "manifest.json"]
    );
    assert_eq!(result(compare(), &[])["outcome"], "up to date");
}

/// Each mode of sampling is a stage of its own.
#[test]
fn all_modes_of_sampling_write_what_they_planned() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(&folder.path().join("run"), &SMALL);
    run.stage("prepare", &[]);
    run.stage("train", &[]);
    let path = |name: &str| run.folder.join(name).display().to_string();
    let (dataset, picture) = (
        path("prepare/dataset.safetensors"),
        path("train/samples/reals.png"),
    );
    let modes: [&[&str]; 7] = [
        &["--n", "3", "--single-images"],
        &["--mode", "sweep", "--coordinates", "0-1", "--frames", "3"],
        &["--mode", "interpolate", "--seeds", "1,2", "--frames", "3"],
        &["--mode", "classes", "--frames", "3"],
        &["--mode", "arithmetic", "--expr", "seed 1 - seed 2"],
        &["--mode", "nearest", "--dataset", &dataset],
        &[
            "--mode",
            "project",
            "--picture",
            &picture,
            "--steps",
            "3",
            "--restarts",
            "1",
        ],
    ];
    for mode in modes {
        check(|| run.command("sample"), mode);
    }
    for (option, of) in [
        ("--checkpoints", "train/checkpoints"),
        ("--grids", "train/samples"),
    ] {
        let film = || {
            let mut command = Command::new(program("sample"));
            command
                .args(["--mode", "film", "--quiet", option])
                .arg(path(of));
            command.arg("--out").arg(path("film"));
            command
        };
        check(film, &[]);
    }
}
