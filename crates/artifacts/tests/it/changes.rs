//! Order of changes on disk: a file is synced before it is renamed or its hash is recorded.

use dcgan_artifacts::{
    AtomicFile, GrowingTable, create_folder, observe_changes, remove_file, write_atomic,
};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};

static SEEN: Mutex<Vec<(&str, PathBuf)>> = Mutex::new(Vec::new());
static OBSERVED: Once = Once::new();

/// The changes below `folder` by `act`, each as action and name.
fn changes(folder: &Path, act: impl FnOnce()) -> Vec<String> {
    OBSERVED.call_once(|| {
        observe_changes(|change| {
            let mut seen = SEEN.lock().unwrap();
            seen.push((change.action, change.path.to_owned()));
            Ok(())
        });
    });
    let ours = |(action, path): &(&str, PathBuf)| {
        let name = path.strip_prefix(folder).ok()?.display().to_string();
        Some(format!("{action} {name}").trim_end().to_owned())
    };
    // Other tests change other folders at the same time.
    let before = SEEN.lock().unwrap().iter().filter_map(ours).count();
    act();
    let seen = SEEN.lock().unwrap();
    seen.iter().filter_map(ours).skip(before).collect()
}

#[test]
fn a_file_is_on_the_disk_before_it_has_its_name_and_the_name_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let seen = changes(folder.path(), || write_atomic(&path, b"bytes").unwrap());
    let expected = [
        "create .file.partial",
        "write .file.partial",
        "sync .file.partial",
        "rename file",
        "sync",
    ];
    assert_eq!(seen, expected);
    let seen = changes(folder.path(), || remove_file(&path).unwrap());
    assert_eq!(seen, ["remove file", "sync"]);
    let inner = folder.path().join("a");
    let seen = changes(folder.path(), || create_folder(&inner).unwrap());
    assert_eq!(seen, ["create folder a", "sync"]);
}

#[test]
fn what_may_be_lost_with_the_machine_waits_for_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let seen = changes(folder.path(), || {
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"bytes").unwrap();
        file.commit_unsynced().unwrap();
    });
    let expected = ["create .file.partial", "write .file.partial", "rename file"];
    assert_eq!(seen, expected);
}

#[test]
fn the_rows_that_a_checkpoint_vouches_for_are_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let mut table = GrowingTable::create(&path, &["step"]).unwrap();
    let seen = changes(folder.path(), || {
        table.append(&["1"]).unwrap();
        table.flush().unwrap();
    });
    assert_eq!(seen, ["write metrics.csv", "sync metrics.csv"]);
}
