//! The folder of checkpoints: order, retention, and resuming from an undamaged one.

use crate::examples::{checkpoint, put};
use dcgan_artifacts::{
    BestScore, Error, best_checkpoint, checkpoint_path, list_checkpoints, read_newest_checkpoint,
    retain_checkpoints,
};
use std::path::Path;

fn write(folder: &Path, step: u64, on_signal: bool) {
    let mut written = checkpoint(step);
    written.info.on_signal = on_signal;
    written.write(&checkpoint_path(folder, step)).unwrap();
}

fn steps(folder: &Path) -> Vec<u64> {
    list_checkpoints(folder)
        .unwrap()
        .into_iter()
        .map(|(step, _)| step)
        .collect()
}

fn damage(folder: &Path, step: u64) {
    let path = checkpoint_path(folder, step);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    put(&path, &bytes);
}

#[test]
fn steps_are_listed_in_order_and_other_files_ignored() {
    let folder = tempfile::tempdir().unwrap();
    assert!(steps(&folder.path().join("absent")).is_empty());
    for step in [123_456_789, 2, 10] {
        put(&checkpoint_path(folder.path(), step), b"");
    }
    for other in [
        "step-3.safetensors",
        "step-+0000004.safetensors",
        ".step-00000005.safetensors.partial",
        "best.safetensors",
        "step-00000006.safetensors.bak",
    ] {
        put(&folder.path().join(other), b"");
    }
    assert_eq!(steps(folder.path()), [2, 10, 123_456_789]);
}

#[test]
fn the_best_is_in_the_folder_of_the_checkpoint_that_records_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = checkpoint_path(folder.path(), 9);
    let mut told = checkpoint(9);
    told.info.best = Some(BestScore {
        metric: "frechet_distance".into(),
        value: 1.5,
        step: 4,
    });
    told.write(&path).unwrap();
    let best = best_checkpoint(&path).unwrap();
    assert_eq!(best, checkpoint_path(folder.path(), 4));
    // Wherever it is told from.
    std::fs::copy(&path, folder.path().join("copy")).unwrap();
    assert_eq!(best_checkpoint(&folder.path().join("copy")).unwrap(), best);
    told.info.best = None;
    told.write(&path).unwrap();
    let error = best_checkpoint(&path).unwrap_err();
    assert!(matches!(&error, Error::NoBest { path: of } if *of == path));
    assert!(!error.is_output());
}

#[test]
fn the_newest_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    (1..=5).for_each(|step| write(folder.path(), step, false));
    assert_eq!(retain_checkpoints(folder.path(), 0).unwrap().len(), 0);
    let deleted = retain_checkpoints(folder.path(), 2).unwrap();
    assert_eq!(deleted.len(), 3);
    assert_eq!(steps(folder.path()), [4, 5]);
    retain_checkpoints(folder.path(), 1).unwrap();
    assert_eq!(steps(folder.path()), [5]);
    retain_checkpoints(&folder.path().join("absent"), 1).unwrap();
}

#[test]
fn what_a_signal_wrote_goes_when_a_scheduled_one_stands() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1, false);
    write(folder.path(), 2, true);
    write(folder.path(), 3, true);
    retain_checkpoints(folder.path(), 0).unwrap();
    assert_eq!(steps(folder.path()), [1, 2, 3]);
    write(folder.path(), 4, false);
    // They do not count: with two kept, step 1 stays.
    retain_checkpoints(folder.path(), 2).unwrap();
    assert_eq!(steps(folder.path()), [1, 4]);
}

#[test]
fn nothing_is_deleted_while_the_newest_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    (1..=3).for_each(|step| write(folder.path(), step, false));
    damage(folder.path(), 3);
    let error = retain_checkpoints(folder.path(), 1).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    assert_eq!(steps(folder.path()), [1, 2, 3]);
}

#[test]
fn a_damaged_newest_falls_back_to_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read_newest_checkpoint(folder.path()).unwrap().is_none());
    (1..=3).for_each(|step| write(folder.path(), step, false));
    damage(folder.path(), 3);
    put(&checkpoint_path(folder.path(), 2), b"");
    let recovered = read_newest_checkpoint(folder.path()).unwrap().unwrap();
    assert_eq!(recovered.checkpoint, checkpoint(1));
    assert_eq!(recovered.path, checkpoint_path(folder.path(), 1));
    let skipped: Vec<_> = recovered
        .skipped
        .iter()
        .map(|(path, _)| path.clone())
        .collect();
    assert_eq!(
        skipped,
        [3, 2].map(|step| checkpoint_path(folder.path(), step))
    );

    damage(folder.path(), 1);
    match read_newest_checkpoint(folder.path()) {
        Err(Error::Damaged { path, .. }) => assert_eq!(path, checkpoint_path(folder.path(), 3)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_newer_format_is_no_damage_to_fall_back_from() {
    let folder = tempfile::tempdir().unwrap();
    (1..=2).for_each(|step| write(folder.path(), step, false));
    let path = checkpoint_path(folder.path(), 2);
    let mut bytes = std::fs::read(&path).unwrap();
    let key = bytes
        .windows(10)
        .position(|window| window == br#"format\":1"#)
        .unwrap();
    bytes[key + 9] = b'9';
    put(&path, &bytes);
    let error = read_newest_checkpoint(folder.path()).unwrap_err();
    assert!(
        matches!(error, Error::NewerFormat { got: 9, .. }),
        "{error:?}"
    );
}
