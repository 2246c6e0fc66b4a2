//! A reader sees the old file or the new one.

use crate::examples::put;
use dcgan_artifacts::{AtomicFile, Error, create_folder, digest_file, write_atomic};
use std::fs;
use std::io::{Seek, SeekFrom, Write};

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_committed_file_replaces_the_old_one_and_leaves_nothing_beside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write_atomic(&path, b"old").unwrap();
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"new!").unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(b"N").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    file.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"New!");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn a_dropped_file_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write_atomic(&path, b"old").unwrap();
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(b"new").unwrap();
    drop(file);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn the_partial_file_of_a_killed_process_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    put(
        &folder.path().join(".file.partial"),
        b"a long rest of another run",
    );
    write_atomic(&folder.path().join("file"), b"new").unwrap();
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn a_failing_write_is_an_error_of_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_atomic(&folder.path().join("absent/file"), b"").unwrap_err();
    assert!(
        matches!(error, Error::Write { .. }) && error.is_output(),
        "{error:?}"
    );
    put(&folder.path().join("file"), b"");
    let error = create_folder(&folder.path().join("file")).unwrap_err();
    assert!(
        matches!(error, Error::NotOurs { .. }) && error.is_output(),
        "{error:?}"
    );
    match create_folder(&folder.path().join("file/inner/most")).unwrap_err() {
        Error::NotOurs { path, .. } => assert_eq!(path, folder.path().join("file")),
        other => panic!("{other:?}"),
    }
    let error = write_atomic(&folder.path().join(".."), b"").unwrap_err();
    assert!(matches!(error, Error::NotOurs { .. }), "{error:?}");
    create_folder(&folder.path().join("a/b")).unwrap();
    create_folder(&folder.path().join("a/b")).unwrap();
    let error = write_atomic(&folder.path().join("a/b"), b"").unwrap_err();
    assert!(matches!(error, Error::NotOurs { .. }), "{error:?}");
}

#[test]
fn a_folder_is_no_file_to_read() {
    let folder = tempfile::tempdir().unwrap();
    let error = digest_file(folder.path()).unwrap_err();
    assert!(
        matches!(error, Error::Unfit { .. }) && !error.is_output(),
        "{error:?}"
    );
    let error = digest_file(&folder.path().join("absent")).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    put(&outside, b"theirs");
    let run = folder.path().join("run");
    create_folder(&run).unwrap();

    symlink(&outside, run.join("file")).unwrap();
    let error = write_atomic(&run.join("file"), b"ours").unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotOurs {
                got: "a symbolic link",
                ..
            }
        ),
        "{error:?}"
    );

    symlink(&outside, run.join(".other.partial")).unwrap();
    write_atomic(&run.join("other"), b"ours").unwrap();
    assert_eq!(fs::read(&outside).unwrap(), b"theirs");
    assert_eq!(fs::read(run.join("other")).unwrap(), b"ours");
}

#[test]
fn digests_are_sha256() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write_atomic(&path, b"abc").unwrap();
    let digest = digest_file(&path).unwrap();
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((digest.bytes, digest.sha256.as_str()), (3, expected));
    assert_eq!(dcgan_artifacts::sha256_bytes(b"abc"), expected);
}
