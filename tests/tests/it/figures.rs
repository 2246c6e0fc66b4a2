//! A script takes README's figures from a run.

use crate::programs::{Run, put, root, text};
use std::path::Path;
use std::process::{Command, Output};

fn figures(run: &Path, readme: &Path, picture: &Path) -> Output {
    figures_with(run, readme, picture, &[])
}

fn figures_with(run: &Path, readme: &Path, picture: &Path, options: &[&str]) -> Output {
    let mut command = Command::new("python3");
    command.arg(root().join("scripts/figures.py")).arg(run);
    command
        .arg("--readme")
        .arg(readme)
        .arg("--picture")
        .arg(picture);
    command.args(["--threads", "2", "--processor", "a test's processor"]);
    command.args(options);
    command.output().expect("python3 starts")
}

#[test]
fn readme_takes_its_figures_and_its_picture_from_a_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(&folder.path().join("run"), &["train.epochs=1"]);
    for stage in ["prepare", "train", "eval"] {
        run.stage(stage, &[]);
    }
    let shipped = std::fs::read_to_string(root().join("README.md")).expect("a page");
    let [readme, picture] = ["README.md", "grid.png"].map(|name| folder.path().join(name));
    put(&readme, shipped.as_bytes());
    put(&picture, b"old");
    let output = figures(&run.folder, &readme, &picture);
    assert!(output.status.success(), "{}", text(&output.stderr));

    let read = |path: &Path| std::fs::read(path).expect("a readable file");
    let made = text(&read(&readme));
    assert_eq!(
        read(&picture),
        read(&run.folder.join("eval/grid-classes.png"))
    );
    let (begin, end) = ("<!-- figures -->\n", "<!-- /figures -->\n");
    let parts = |page: &str| {
        let (before, rest) = page.split_once(begin).expect("a beginning");
        let (inside, after) = rest.split_once(end).expect("an end");
        [before, inside, after].map(str::to_owned)
    };
    let ([before, inside, after], [old_before, _, old_after]) = (parts(&made), parts(&shipped));
    assert_eq!((before, after), (old_before, old_after));
    assert!(inside.lines().all(|line| line.len() <= 104), "{inside}");
    // Every figure is from the run.
    let metrics = read(&run.folder.join("eval/metrics.json"));
    let metrics: serde_json::Value = serde_json::from_slice(&metrics).expect("JSON");
    let accuracy = metrics["quality"]["class_accuracy"]["value"].as_f64();
    let accuracy = 100.0 * accuracy.expect("a number");
    let words = inside.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "the 1 epochs of",
        ": 16 iterations in ",
        "on 2 threads of a test's processor.",
        "Of 64 digits",
        &format!("reports {accuracy:.1} % as the class"),
    ] {
        assert!(words.contains(expected), "`{expected}`: {words}");
    }
    let times = text(&read(&run.folder.join("train/timing.csv")));
    let times = times
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).expect("a time"));
    let sum: f64 = times
        .map(|time| time.parse::<f64>().expect("a number"))
        .sum();
    assert!(
        words.contains(&format!("in {:.0} seconds", sum / 1000.0)),
        "{sum}: {words}"
    );

    // The same run again changes nothing.
    assert!(figures(&run.folder, &readme, &picture).status.success());
    assert_eq!(text(&read(&readme)), made);

    // An iteration's time that is given replaces the run's own times.
    let other = folder.path().join("OTHER.md");
    put(&other, shipped.as_bytes());
    let slow = ["--iteration-ms", "15000"];
    assert!(
        figures_with(&run.folder, &other, &picture, &slow)
            .status
            .success()
    );
    let words = text(&read(&other));
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(": 16 iterations in 4 minutes on"), "{words}");

    // A missing file is named, and nothing is written.
    for (name, said) in [
        ("train/timing.csv", "timing.csv"),
        ("eval/metrics.json", "metrics.json"),
        ("eval/grid-classes.png", "grid-classes.png"),
    ] {
        let path = run.folder.join(name);
        let bytes = read(&path);
        std::fs::remove_file(&path).expect("a file of ours");
        let output = figures(&run.folder, &readme, &picture);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(said), "{error}");
        assert_eq!(text(&read(&readme)), made);
        put(&path, &bytes);
    }
    put(&readme, b"# no figures\n");
    let output = figures(&run.folder, &readme, &picture);
    assert!(text(&output.stderr).contains("has no `<!-- figures -->`"));
}
