//! One process at a time in a folder.

use crate::examples::put;
use dcgan_artifacts::{Error, RunLock, create_folder};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

const FOLDER: &str = "DCGAN_TEST_LOCKED_FOLDER";

#[test]
fn a_second_handle_is_refused_until_the_first_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let lock = RunLock::acquire(folder.path()).unwrap();
    let error = RunLock::acquire(folder.path()).unwrap_err();
    let holder = format!("process {}", std::process::id());
    match &error {
        Error::Locked { holder: named, .. } => assert_eq!(*named, holder),
        other => panic!("{other:?}"),
    }
    assert!(error.is_output());
    drop(lock);
    RunLock::acquire(folder.path()).unwrap();
}

/// The other process of the next test; does nothing when run alone.
#[test]
fn hold_the_lock_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let _lock = RunLock::acquire(folder.as_ref()).unwrap();
    println!("\nlocked");
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn the_lock_of_another_process_ends_when_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "locking::hold_the_lock_until_killed",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "locked"));

    let error = RunLock::acquire(folder.path()).unwrap_err();
    let holder = format!("process {}", other.id());
    assert!(error.to_string().ends_with(&holder), "{error}");

    other.kill().unwrap();
    other.wait().unwrap();
    RunLock::acquire(folder.path()).unwrap();
}

#[test]
fn a_folder_that_is_not_there_is_an_error_of_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let error = RunLock::acquire(&folder.path().join("absent")).unwrap_err();
    assert!(matches!(error, Error::Write { .. }), "{error:?}");
}

#[test]
fn whoever_locks_a_folder_clears_it_of_partial_files() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("below");
    create_folder(&below).unwrap();
    for place in [folder.path(), &below] {
        put(&place.join(".file.partial"), b"of a killed process");
        put(&place.join("file"), b"whole");
        put(&place.join("mine.partial"), b"someone's own");
    }
    let _lock = RunLock::acquire(folder.path()).unwrap();
    for place in [folder.path(), &below] {
        assert!(!place.join(".file.partial").exists());
        assert!(place.join("file").exists() && place.join("mine.partial").exists());
    }
}
