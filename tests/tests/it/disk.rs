//! Disk faults on real file systems: full, read-only, names taken, two processes at once.
//!
//! Mounts a separate file system if permitted. If not, the gate lists the test as untested; a limit
//! on file sizes, which is always available, also simulates a full disk.
#![cfg(unix)]

use crate::kills::check_whole;
use crate::programs::{Run, assert_same_files, files, put};
use dcgan_artifacts::{list_checkpoints, verify_checkpoint};
use dcgan_testkit::{Missing, Outcome, run as ended, untested};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A run of a few steps, with several checkpoints and grids.
const SHORT: [&str; 4] = [
    "train.epochs=1",
    "train.checkpoint_every=3",
    "train.grid_every=5",
    "prepare.synthetic.train=112",
];

/// A finished run.
fn undisturbed(folder: &Path) -> Run {
    let run = Run::new(&folder.join("undisturbed"), &SHORT);
    run.stage("prepare", &[]);
    run.stage("train", &[]);
    run
}

/// Another run on the same dataset, not trained yet.
fn untrained(whole: &Run, folder: &Path) -> Run {
    let run = Run::new(folder, &SHORT);
    std::fs::create_dir_all(folder).expect("a folder of ours");
    let status = Command::new("cp")
        .arg("-r")
        .arg(whole.folder.join("prepare"))
        .arg(folder)
        .status();
    assert!(status.expect("cp starts").success());
    run
}

/// Checks for exit code 5 and a message with all `words` and a hint.
#[track_caller]
fn check_refused(outcome: &Outcome, words: &[&str]) {
    let stderr = &outcome.stderr;
    assert_eq!(outcome.code, 5, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "`{word}` is missing: {stderr}");
    }
    assert!(stderr.contains("hint: "), "{stderr}");
}

/// The command with a limit of `bytes` on file sizes, in units of 1024.
fn limited(command: &Command, bytes: u64) -> Command {
    let mut limited = Command::new("bash");
    let script = format!("ulimit -f {}; exec \"$@\"", bytes / 1024);
    limited
        .args(["-c", &script, "bash"])
        .arg(command.get_program())
        .args(command.get_args());
    limited.current_dir(command.get_current_dir().expect("the root"));
    limited
}

#[test]
fn a_file_that_may_not_grow_is_named_with_its_need() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = undisturbed(folder.path());
    let one = std::fs::metadata(whole.last_checkpoint())
        .expect("a checkpoint")
        .len();
    let run = untrained(&whole, &folder.path().join("limited"));
    let outcome = ended(&mut limited(&run.command("train"), one / 2));
    let need = "step-00000003.safetensors`: ";
    check_refused(
        &outcome,
        &[
            "no space for `",
            need,
            " bytes are to be written",
            "ulimit -f",
        ],
    );
    check_whole(&run.folder.join("train"));
    run.stage("train", &[]);
    assert_same_files(
        &whole.outputs("train"),
        &run.outputs("train"),
        "after the limit",
    );

    // The same for a dataset, which is written at offsets rather than sequentially.
    let run = Run::new(&folder.path().join("dataset"), &SHORT);
    let outcome = ended(&mut limited(&run.command("prepare"), 8192));
    check_refused(&outcome, &["dataset.safetensors`"]);
    assert!(!run.folder.join("prepare/dataset.safetensors").exists());
    run.stage("prepare", &[]);
    assert_same_files(
        &whole.outputs("prepare"),
        &run.outputs("prepare"),
        "after the limit",
    );
}

/// A small file system in memory, if we may mount one.
struct Mounted(PathBuf);

impl Mounted {
    fn new(folder: &Path, bytes: u64) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder of ours");
        let size = format!("size={bytes}");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder)
            .stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(folder.to_owned()));
        }
        let missing = Missing::System("no right to mount a file system");
        untested("a full and a read-only disk", missing);
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.0)
            .status();
        assert!(status.expect("mount starts").success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_keeps_the_last_good_checkpoint() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = undisturbed(folder.path());
    let one = std::fs::metadata(whole.last_checkpoint())
        .expect("a checkpoint")
        .len();
    let dataset = std::fs::metadata(whole.folder.join("prepare/dataset.safetensors"));
    let dataset = dataset.expect("a dataset").len();
    // Space for two and a half checkpoints: the third is written before the first is deleted.
    let room = dataset + one * 5 / 2 + (64 << 10);
    let Some(disk) = Mounted::new(&folder.path().join("disk"), room) else {
        return;
    };
    let run = untrained(&whole, &disk.0.join("run"));
    let outcome = ended(&mut run.command("train"));
    let need = format!("{one} bytes are to be written");
    check_refused(
        &outcome,
        &["no space for `", &need, "free space on that disk"],
    );
    let train = run.folder.join("train");
    let left = list_checkpoints(&train.join("checkpoints")).expect("a readable folder");
    assert!(!left.is_empty(), "the last good checkpoint is gone");
    for (_, path) in left {
        verify_checkpoint(&path).expect("a good checkpoint");
    }

    disk.remount("size=100%,ro");
    let outcome = ended(&mut run.command("train"));
    let hint = format!("hint: make the folder `{}` writable", train.display());
    check_refused(&outcome, &["could not ", "Read-only file system", &hint]);
    disk.remount("rw");
    run.stage("train", &[]);
    assert_same_files(
        &whole.outputs("train"),
        &run.outputs("train"),
        "after the full disk",
    );
}

#[test]
fn what_is_not_ours_is_not_replaced() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = undisturbed(folder.path());
    let outside = folder.path().join("outside");
    std::fs::create_dir(&outside).expect("a folder of ours");
    let names = [
        "metrics.csv",
        "generator.safetensors",
        "checkpoints",
        "samples",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let run = untrained(&whole, &folder.path().join(number.to_string()));
        let place = run.folder.join("train").join(name);
        // A run has begun, so the folder is recognised as a run's.
        run.stage("train", &[]);
        let _ = std::fs::remove_file(&place);
        let _ = std::fs::remove_dir_all(&place);
        std::os::unix::fs::symlink(&outside, &place).expect("a link");
        let outcome = ended(&mut run.command("train"));
        check_refused(&outcome, &[name, "is not ours to write", "a symbolic link"]);
        let inside = std::fs::read_dir(&outside)
            .expect("a readable folder")
            .count();
        assert_eq!(inside, 0, "`{name}` was followed out of the run's folder");
    }
    let run = untrained(&whole, &folder.path().join("folder"));
    std::fs::remove_file(run.folder.join("prepare/dataset.safetensors")).expect("a dataset");
    std::fs::create_dir(run.folder.join("prepare/dataset.safetensors")).expect("ours");
    let outcome = ended(&mut run.command("prepare"));
    check_refused(
        &outcome,
        &["dataset.safetensors", "is not ours to write", "a folder"],
    );
}

/// A cache such as DVC's moves the files of a run and leaves links. Nothing is written through
/// them, and the run continues once they are copied back.
#[test]
fn a_run_of_links_goes_on_once_they_are_copied_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = undisturbed(folder.path());
    let run = untrained(&whole, &folder.path().join("linked"));
    run.stage("train", &[]);
    let (train, cache) = (run.folder.join("train"), folder.path().join("cache"));
    let all = || {
        let mut all = files(&train);
        // The lock names the last process that held it.
        all.remove(".lock");
        all
    };
    let before = all();
    std::fs::create_dir(&cache).expect("a folder of ours");
    for (number, (name, bytes)) in before.iter().enumerate() {
        let cached = cache.join(number.to_string());
        put(&cached, bytes);
        std::fs::remove_file(train.join(name)).expect("a file");
        std::os::unix::fs::symlink(&cached, train.join(name)).expect("a link");
    }
    let cached = files(&cache);
    let longer = ["--set", "train.epochs=2"];
    let said = run.stage("train", &[]);
    assert!(said.stdout.contains("up to date"), "{said:?}");
    let refused = ended(run.command("train").args(longer));
    let hint = format!(
        "hint: replace the links in `{}` by copies of what they point to",
        train.display()
    );
    check_refused(
        &refused,
        &["is not ours to write", "a symbolic link", &hint],
    );
    assert_eq!(
        cached,
        files(&cache),
        "something was written through a link"
    );
    assert_same_files(&before, &all(), "a refused run");

    for name in before.keys() {
        let bytes = std::fs::read(train.join(name)).expect("a file behind a link");
        std::fs::remove_file(train.join(name)).expect("a link");
        put(&train.join(name), &bytes);
    }
    run.stage("train", &longer);
    whole.stage("train", &longer);
    assert_same_files(
        &whole.outputs("train"),
        &run.outputs("train"),
        "copied back",
    );
}

/// Waits until `path` exists while the program runs.
fn wait_for(path: &Path) {
    let started = Instant::now();
    while !path.exists() && started.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(path.exists(), "`{}` does not come", path.display());
}

/// A training that would last for hours.
fn long_training(whole: &Run, folder: &Path) -> (Run, std::process::Child) {
    let run = untrained(whole, folder);
    let settings = [&SHORT[1..], &["train.epochs=100000"]].concat();
    let run = Run::new(&run.folder, &settings);
    let mut command = run.command("train");
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.expect("dcgan-train starts");
    wait_for(
        &run.folder
            .join("train/checkpoints/step-00000006.safetensors"),
    );
    (run, child)
}

#[test]
fn a_file_or_folder_that_is_removed_under_way_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = undisturbed(folder.path());
    for name in ["metrics.csv", "checkpoints", "samples"] {
        let (run, child) = long_training(&whole, &folder.path().join(name));
        let place = run.folder.join("train").join(name);
        if place.is_dir() {
            // Retry if a file was created meanwhile.
            while std::fs::remove_dir_all(&place).is_err() {}
        } else {
            std::fs::remove_file(&place).expect("a table");
        }
        // `dcgan_testkit::run` would wait for the end before anything is removed.
        let output = child.wait_with_output().expect("dcgan-train ends");
        check_refused(&Outcome::of(output), &["error: could not ", name]);
    }
}

#[test]
fn the_second_on_one_folder_is_refused_until_the_first_is_dead() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = undisturbed(folder.path());
    let (run, mut first) = long_training(&whole, &folder.path().join("run"));
    let holder = format!("is locked by process {}", first.id());
    let outcome = ended(&mut run.command("train"));
    check_refused(&outcome, &[&holder]);
    first.kill().expect("a child of ours can be killed");
    first.wait().expect("dcgan-train ends");
    let shorter = run
        .command("train")
        .args(["--set", "train.epochs=100001"])
        .spawn();
    let mut second = shorter.expect("dcgan-train starts");
    // It continues from the first run's step.
    let newest = || {
        let left = list_checkpoints(&run.folder.join("train/checkpoints"));
        left.expect("a readable folder")
            .pop()
            .expect("a checkpoint")
            .0
    };
    let (before, started) = (newest(), Instant::now());
    while newest() <= before && started.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(newest() > before, "the second does not work");
    second.kill().expect("a child of ours can be killed");
    second.wait().expect("dcgan-train ends");
}
