//! Rules of the frame for every stage, with a stage that writes given files in this process.

use dcgan_artifacts::{FileRecord, Manifest};
use dcgan_stage::{
    Failure, Options, Output, Plan, Report, Settings, Signals, Stage, Work, run_until,
};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

type Write = dyn Fn(&mut Output) -> Result<(), Failure> + Sync;

/// Plans and writes the given files, and records that `write` was called.
struct Told<'a> {
    plan: Plan,
    write: &'a Write,
    has_worked: AtomicBool,
}

impl Stage for Told<'_> {
    type Loaded = ();

    const NAME: &'static str = "told";

    fn settings(&self) -> Settings {
        Settings {
            asked: json!({}),
            defaults: Value::Null,
        }
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Ok(Vec::new())
    }

    fn load(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn plan(&self, (): &(), _: Work) -> Plan {
        self.plan.clone()
    }

    fn write(&self, (): (), output: &mut Output) -> Result<Report, Failure> {
        self.has_worked.store(true, Ordering::Relaxed);
        (self.write)(output)?;
        Ok(Report::new("written"))
    }
}

impl<'a> Told<'a> {
    fn new(plan: Plan, write: &'a Write) -> Self {
        Self {
            plan,
            write,
            has_worked: AtomicBool::new(false),
        }
    }

    /// Runs it, even if the folder is complete.
    fn run(&self, out: &Path) -> Result<(), Failure> {
        let options = Options {
            out,
            force: true,
            dry_run: false,
            quiet: true,
            json: false,
        };
        run_until(self, options, || Ok(Signals::from_fn(|| None)))
    }

    /// Its exit code and message.
    #[track_caller]
    fn fail(&self, out: &Path) -> String {
        let failure = self.run(out).unwrap_err();
        format!("exit code {}\n{}", failure.exit_code(), failure.render())
    }
}

/// In every build, not only with debug assertions.
#[test]
fn a_file_too_many_or_too_few_is_an_error_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let write = |names: &'static [&'static str]| {
        move |output: &mut Output| {
            names
                .iter()
                .try_for_each(|name| output.write(name, name.as_bytes()))
        }
    };
    let plan = Plan::new().files(["a", "b"]);
    let too_many = Told::new(plan.clone(), &write(&["a", "b", "c"])).fail(folder.path());
    insta::assert_snapshot!(too_many, @"
    exit code 5
    error: `c` was written and is not in the plan
    hint: this is a mistake in the program, not in what it was given: report it with the command
    ");
    let too_few = Told::new(plan.clone(), &write(&["b"])).fail(folder.path());
    insta::assert_snapshot!(too_few, @"
    exit code 5
    error: `a` is in the plan and was not written
    hint: this is a mistake in the program, not in what it was given: report it with the command
    ");
    assert!(Manifest::read(folder.path()).unwrap().is_none());
    Told::new(plan, &write(&["a", "b"]))
        .run(folder.path())
        .unwrap();
    assert!(Manifest::read(folder.path()).unwrap().is_some());
}

/// Otherwise minutes of work would be lost.
#[test]
fn what_is_not_ours_is_refused_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("elsewhere", folder.path().join("a")).unwrap();
    let write = |output: &mut Output| output.write("a", b"");
    let stage = Told::new(Plan::new().file("a"), &write);
    let said = stage.fail(folder.path());
    assert!(
        said.starts_with("exit code 5\n") && said.contains("is not ours to write"),
        "{said}"
    );
    assert!(!stage.has_worked.load(Ordering::Relaxed));
}

/// Files of an earlier result that match a kept pattern stay until the stage replaces or removes
/// them; other files are removed before the first is written.
#[test]
fn files_of_a_kept_pattern_outlive_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["kept/1.json", "kept/2.json", "many/1.json", "one"];
    let plan = Plan::new()
        .file("one")
        .kept("kept/*.json")
        .many("many/*.json");
    let first = move |output: &mut Output| {
        names
            .iter()
            .try_for_each(|name| output.write(name, b"first"))
    };
    Told::new(plan.clone(), &first).run(folder.path()).unwrap();
    let second = move |output: &mut Output| {
        output.begin()?;
        let there = names.map(|name| output.folder().join(name).exists());
        assert_eq!(there, [true, true, false, true]);
        output.write("one", b"second")
    };
    Told::new(plan, &second).run(folder.path()).unwrap();
}
