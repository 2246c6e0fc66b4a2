//! The Makefile's variables with awkward values: paths with blanks, quotes and dollar signs.
#![cfg(unix)]

use crate::programs::{self, files, make_variables, program, put, root, text};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Characters that a shell, make or a pattern might interpret.
const AWKWARD: &str = r#"Ann's "best"  runs, $HOME & $(RUN); [1-2] {a,b} 100% (x) ~ `y`"#;

/// Variables that take one or more paths; the tests below give each one in a folder of that name.
const PATHS: [&str; 12] = [
    "PIPELINE",
    "RUN",
    "SET",
    "CHECKPOINT",
    "RUNS",
    "OUT",
    "SOURCE",
    "CLASSIFIER",
    "PEERS_VENV",
    "TORCH_PYTHON",
    "PREFIX",
    "DESTDIR",
];
/// Variables that take a number, a word, or a shell command line.
const OTHERS: [&str; 13] = [
    "THREADS",
    "FORCE",
    "CHECKPOINTS",
    "PREPARE",
    "TRAIN",
    "SAMPLE",
    "EVAL",
    "KILLS",
    "SECONDS",
    "TARGETS",
    "PEERS",
    "ROUNDS",
    "TO",
];

fn make(arguments: &[String]) -> Output {
    let output = programs::make().args(arguments).output();
    output.expect("make starts")
}

/// `NAME=` and a path.
fn given(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// A word for the shell, in single quotes.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The arguments of `--set` from `make prepare`, printed by a stand-in for the program.
fn settings_by(set: &str) -> Vec<String> {
    let stand_in = "PREPARE=printf '<%s>\\n'".to_owned();
    let output = make(&[
        "--silent".into(),
        "prepare".into(),
        stand_in,
        format!("SET={set}"),
    ]);
    assert!(output.status.success(), "{set}: {}", text(&output.stderr));
    let said = text(&output.stdout);
    let arguments: Vec<&str> = said.lines().collect();
    let pairs = arguments.windows(2).filter(|pair| pair[0] == "<--set>");
    let words = pairs.map(|pair| {
        let word = pair[1]
            .strip_prefix('<')
            .and_then(|word| word.strip_suffix('>'));
        word.expect("a word between brackets")
    });
    words.map(str::to_owned).collect()
}

#[test]
fn settings_are_split_as_the_shell_splits_words() {
    for (set, expected) in [
        ("", &[][..]),
        ("  ", &[]),
        ("a=1  b=2\tc=3", &["a=1", "b=2", "c=3"]),
        (r#""a=My Pictures""#, &["a=My Pictures"]),
        (r#"a="My  Pictures" b=1"#, &["a=My  Pictures", "b=1"]),
        (r"'a=My Pictures' b='x y'", &["a=My Pictures", "b=x y"]),
        (r"a=My\ Pictures", &["a=My Pictures"]),
        (r#""a=Ann's" b=Bob\'s"#, &["a=Ann's", "b=Bob's"]),
        (r#""a=say \"hi\"" 'b="x"'"#, &[r#"a=say "hi""#, r#"b="x""#]),
        (r#"a="x\y" b='x\y' c=x\\y"#, &[r"a=x\y", r"b=x\y", r"c=x\y"]),
        (
            "'a=[T-shirt, trouser]' b=[1,2]",
            &["a=[T-shirt, trouser]", "b=[1,2]"],
        ),
        ("a='' b=", &["a=", "b="]),
        (
            "a=photos/**/*.jpg b=R&D c=~/x",
            &["a=photos/**/*.jpg", "b=R&D", "c=~/x"],
        ),
        (
            "a=$HOME b=$(RUN) c=`x` d=$$",
            &["a=$HOME", "b=$(RUN)", "c=`x`", "d=$$"],
        ),
        (
            "a={x,y} b=(x;y|z) #c <d >e",
            &["a={x,y}", "b=(x;y|z)", "#c", "<d", ">e"],
        ),
        ("a=!x b=100% c=é", &["a=!x", "b=100%", "c=é"]),
    ] {
        assert_eq!(settings_by(set), expected, "SET={set}");
    }
    let set = quoted(&format!("a={AWKWARD}"));
    assert_eq!(settings_by(&set), [format!("a={AWKWARD}")]);
}

/// For words where our rules are the shell's, the shell gives the same result.
#[test]
fn quotes_mean_what_they_mean_to_the_shell() {
    for set in [
        r#"a="b c"d'e f'g\ h"#,
        r#""a\\b" "c\$d" "e\`f" "g\hi" "j\"k""#,
        r#"'a'"'"'b' "" '' c"#,
        r#"\"a \'b \\c \d"#,
    ] {
        let mut bash = Command::new("bash");
        let output = bash.args(["-c", &format!("printf '%s\\n' {set}")]).output();
        let said = text(&output.expect("bash starts").stdout);
        let expected: Vec<&str> = said.lines().collect();
        assert_eq!(settings_by(set), expected, "SET={set}");
    }
}

#[test]
fn a_quote_that_is_not_closed_is_named_before_any_work() {
    for (set, quote) in [
        ("a=Ann's", "single"),
        (r#"b=1 "a=x"#, "double"),
        (r#""a\""#, "double"),
    ] {
        let stand_in = "PREPARE=echo started".to_owned();
        let output = make(&["prepare".into(), stand_in, format!("SET={set}")]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        let expected = format!("error: SET: a {quote} quote is not closed in: {set}\nhint: ");
        assert!(said.contains(&expected), "{said}");
        assert!(!text(&output.stdout).contains("started"));
    }
}

#[test]
fn every_variable_of_the_makefile_is_tried_here() {
    let known: Vec<&str> = PATHS.into_iter().chain(OTHERS).collect();
    let variables = make_variables();
    assert!(variables.len() > 15, "{variables:?}");
    for name in &variables {
        assert!(
            known.contains(&name.as_str()),
            "`{name}` is new: give it a path in these tests, or say that it takes none"
        );
    }
}

#[test]
fn a_python_with_pytorch_may_be_anywhere() {
    let python = Path::new("/opt").join(AWKWARD).join("python3");
    let output = make(&[
        "--always-make".into(),
        "--dry-run".into(),
        "target/bridges/installed".into(),
        given("TORCH_PYTHON", &python),
    ]);
    let said = text(&output.stdout);
    let expected = format!("{} -m venv", quoted(&python.display().to_string()));
    assert!(said.contains(&expected), "{said}{}", text(&output.stderr));
}

/// The default name of the run: the pipeline's, whatever its folder is called.
#[test]
fn a_run_is_called_after_its_pipeline() {
    for (pipeline, expected) in [
        ("pipelines/smoke.yaml", "runs/smoke/prepare"),
        ("/a b/c d/my  own.v2.yaml", "runs/my  own.v2/prepare"),
        ("Ann's $x.yaml", "runs/Ann's $x/prepare"),
    ] {
        let output = make(&[
            "--silent".into(),
            "prepare".into(),
            "PREPARE=printf '<%s>\\n'".into(),
            format!("PIPELINE={pipeline}"),
        ]);
        let said = text(&output.stdout);
        assert!(
            said.contains(&format!("<--pipeline>\n<{pipeline}>\n")),
            "{said}"
        );
        assert!(said.contains(&format!("<--out>\n<{expected}>\n")), "{said}");
    }
}

/// Folders with IDX files of 28x28 drawn digits, a classifier, a pipeline and the programs.
struct Awkward {
    home: PathBuf,
    _folder: tempfile::TempDir,
}

impl Awkward {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join(AWKWARD);
        for part in ["source", "target"] {
            std::fs::create_dir_all(home.join(part)).expect("a folder of ours");
        }
        let programs = program("train");
        let programs = programs.parent().expect("a folder");
        symlink(programs, home.join("target/release")).expect("a link");
        Self {
            home,
            _folder: folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// A word of SET that sets `key` to a path.
    fn setting(&self, key: &str, name: &str) -> String {
        // A value is YAML, where ` "` and `, ` within a word are literal.
        quoted(&format!("{key}={}", self.path(name).display()))
    }

    /// `make` with the programs of the awkward folder; nothing is built.
    fn make(&self, goals: &[&str], variables: &[String]) -> Output {
        let programs = given("CARGO_TARGET_DIR", &self.path("target"));
        let goals = goals.iter().map(|&goal| goal.to_owned());
        let all: Vec<String> = goals.chain(["CARGO=true".into(), programs]).collect();
        make(&[&all, variables].concat())
    }

    #[track_caller]
    fn succeeds(&self, goals: &[&str], variables: &[String]) -> String {
        let output = self.make(goals, variables);
        let said = text(&output.stderr);
        assert!(output.status.success(), "make {goals:?}: {said}");
        text(&output.stdout)
    }
}

/// `n` pictures of 28x28 with labels.
fn idx(n: u8) -> [Vec<u8>; 2] {
    let pixels =
        (0..n).flat_map(|i| (0..784_u32).map(move |p| (p * u32::from(i)).to_le_bytes()[0]));
    let images = [0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28];
    let labels = [0, 0, 8, 1, 0, 0, 0, n]
        .into_iter()
        .chain((0..n).map(|i| i % 10));
    [images.into_iter().chain(pixels).collect(), labels.collect()]
}

#[test]
fn every_path_may_hold_blanks_quotes_and_dollar_signs() {
    let place = Awkward::new();
    for (part, n) in [("train", 96), ("test", 80)] {
        let [images, labels] = idx(n);
        put(&place.path(&format!("source/{part} images")), &images);
        put(&place.path(&format!("source/{part} labels")), &labels);
    }
    let copy = |from: &str, to: &str| {
        std::fs::copy(root().join(from), place.path(to)).expect("a copy");
    };
    copy("pipelines/smoke.yaml", "my smoke.yaml");
    copy(
        "data/classifier/mnist.safetensors",
        "my classifier.safetensors",
    );

    let mut set = vec!["prepare.source=idx".to_owned(), "train.epochs=2".into()];
    for (key, name) in [
        ("prepare.idx.train_images", "source/train images"),
        ("prepare.idx.train_labels", "source/train labels"),
        ("prepare.idx.test_images", "source/test images"),
        ("prepare.idx.test_labels", "source/test labels"),
        ("eval.classifier", "my classifier.safetensors"),
    ] {
        set.push(place.setting(key, name));
    }
    let variables = [
        given("PIPELINE", &place.path("my smoke.yaml")),
        given("RUN", &place.path("run 1")),
        format!("SET={}", set.join(" ")),
    ];
    place.succeeds(&["prepare", "train", "sample", "eval"], &variables);
    let found = files(&place.path("run 1"));
    for name in [
        "sample/grid.png",
        "eval/report.html",
        "eval/timing.html",
        "eval/film.gif",
    ] {
        assert!(found.contains_key(name), "{name}: {:?}", found.keys());
    }

    let onnx = ["TO=onnx".to_owned()];
    place.succeeds(&["convert"], &[&variables[..], &onnx].concat());
    place.succeeds(&["page"], &variables);
    let found = files(&place.path("run 1"));
    for name in ["convert/onnx/generator.onnx", "convert/page/index.html"] {
        assert!(found.contains_key(name), "{name}: {:?}", found.keys());
    }

    // With the same settings nothing is done; another checkpoint is another evaluation.
    let again = place.succeeds(&["eval"], &variables);
    assert!(again.contains("up to date"), "{again}");
    let checkpoint = place.path("run 1/train/checkpoints/step-00000008.safetensors");
    let checkpoint = [given("CHECKPOINT", &checkpoint), "CHECKPOINTS=1".into()];
    place.succeeds(&["eval"], &[&variables[..], &checkpoint].concat());
    let page = std::fs::read_to_string(place.path("run 1/eval/manifest.json"));
    let page = page.expect("a manifest");
    assert!(page.contains("\"step-00000008.safetensors\""), "{page}");

    let outside = [
        given("RUN", &place.path("run 1")),
        given("SOURCE", &place.path("source")),
        given("CLASSIFIER", &place.path("my classifier.safetensors")),
    ];
    let said = place.succeeds(&["verify"], &outside);
    assert!(said.contains(" files match"), "{said}");
    assert!(said.contains("train images: source, unchanged"), "{said}");
    let said = place.succeeds(&["reproduce"], &outside);
    assert!(said.contains(" hashes are the same, 0 differ"), "{said}");

    let copied = Command::new("cp")
        .arg("-r")
        .args([place.path("run 1"), place.path("run 2")])
        .status();
    assert!(copied.expect("cp starts").success());
    let word = |name: &str| quoted(&place.path(name).display().to_string());
    let named = format!("RUNS={} {}", word("run 1"), word("run 2"));
    let out = place.path("compared");
    place.succeeds(&["compare"], &[named, given("OUT", &out)]);
    assert!(out.join("compare.html").exists());

    // A pattern, with only blanks as special characters.
    let plain = tempfile::tempdir().expect("a temporary folder");
    for run in ["my run 1", "my run 2"] {
        symlink(place.path("run 1"), plain.path().join(run)).expect("a link");
    }
    let pattern = format!("RUNS={}/my\\ run*", plain.path().display());
    let out = plain.path().join("out");
    place.succeeds(&["compare"], &[pattern, given("OUT", &out)]);
    let table = std::fs::read_to_string(out.join("compare.csv")).expect("a table");
    assert!(
        table.contains("my run 1") && table.contains("my run 2"),
        "{table}"
    );
}

/// The programs' folder as passed to tests and benches, and a newly created environment.
#[test]
fn tests_and_benches_find_the_programs_and_python() {
    let place = Awkward::new();
    let bin = place.path("bin");
    for folder in [&bin, &place.path("tools/release")] {
        std::fs::create_dir_all(folder).expect("a folder of ours");
    }
    let script = |path: PathBuf, lines: &str| {
        put(&path, format!("#!/bin/sh\n{lines}\n").as_bytes());
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755))
            .expect("a script of ours");
    };
    script(bin.join("cargo"), "echo \"cargo <$DCGAN_BIN_DIR>\"");
    // Like `python3 -m venv FOLDER`, with a Python that accepts any arguments.
    script(
        bin.join("python3"),
        "mkdir -p \"$3/bin\"; printf '#!/bin/sh\\necho \"pip <$0>\"\\n' >\"$3/bin/python\"\n\
         chmod +x \"$3/bin/python\"",
    );
    script(
        place.path("tools/release/compare"),
        "for word; do echo \"<$word>\"; done",
    );
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").expect("a PATH")
    );
    let go = |goal: &str, variables: &[String]| {
        let mut command = programs::make();
        // Not the cargo that started these tests.
        command.arg(goal).arg("CARGO=cargo").args(variables);
        command.env("PATH", &path);
        command.env("CARGO_TARGET_DIR", place.path("tools"));
        let output = command.output().expect("make starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    for goal in ["test", "torture", "hashes"] {
        let said = go(goal, &[]);
        let expected = format!("cargo <{}>", place.path("tools/release").display());
        assert!(said.contains(&expected), "{goal}: {said}");
    }
    let python = place.path("venv/bin/python").display().to_string();
    let peers = ["PEERS=1".into(), given("PEERS_VENV", &place.path("venv"))];
    let said = go("bench", &peers);
    assert!(said.contains(&format!("pip <{python}>")), "{said}");
    assert!(
        said.contains(&format!(
            "<--torch>\n<{python}>\n<--tensorflow>\n<{python}>"
        )),
        "{said}"
    );
    // Created only once.
    let said = go("bench", &peers);
    assert!(!said.contains("pip <"), "{said}");
}

/// Programs and completions are installed in their places; the build itself is a stand-in.
#[test]
fn programs_are_installed_with_their_completions() {
    let place = Awkward::new();
    let programs = std::fs::read_link(place.path("target/release")).expect("a link of ours");
    symlink(programs, place.path("target/dist")).expect("a link");
    let mut command = programs::make();
    command.args(["install", "CARGO=:"]);
    command.args([
        given("DESTDIR", &place.path("stage")),
        "PREFIX=/opt/my tools".into(),
    ]);
    command.env("CARGO_TARGET_DIR", place.path("target"));
    let output = command.output().expect("make starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let installed = place.path("stage/opt/my tools");
    for stage in ["prepare", "train", "sample", "eval"] {
        let name = format!("dcgan-{stage}");
        let version = Command::new(installed.join("bin").join(&name))
            .arg("--version")
            .output()
            .expect("the installed program starts");
        assert!(text(&version.stdout).starts_with(&name));
        for (file, of_the_shell) in [
            (
                format!("share/bash-completion/completions/{name}"),
                "complete -F",
            ),
            (format!("share/zsh/site-functions/_{name}"), "#compdef"),
            (
                format!("share/fish/vendor_completions.d/{name}.fish"),
                "complete -c",
            ),
        ] {
            let script = std::fs::read_to_string(installed.join(&file)).expect(&file);
            assert!(script.contains(of_the_shell), "{file}: {script}");
        }
    }
}
