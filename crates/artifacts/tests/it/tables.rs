//! Growing tables: the prefix recorded by a checkpoint is verified, and the rest is cut.

use crate::examples::put;
use dcgan_artifacts::{Columns, Error, GrowingTable, Manifest, RunFile, digest_file, read_bounded};
use std::fs;
use std::path::Path;

const HEADER: [&str; 2] = ["step", "d_loss"];

#[test]
fn a_resumed_table_equals_an_undisturbed_one() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, resumed) = (
        folder.path().join("whole.csv"),
        folder.path().join("resumed.csv"),
    );
    let mut table = GrowingTable::create(&whole, &HEADER).unwrap();
    for row in [["1", "0.5"], ["2", "0.25"], ["3", "a,b"]] {
        table.append(&row).unwrap();
    }
    let undisturbed = table.flush().unwrap();
    assert_eq!(
        fs::read(&whole).unwrap(),
        b"step,d_loss\n1,0.5\n2,0.25\n3,\"a,b\"\n"
    );
    let digest = digest_file(&whole).unwrap();
    assert_eq!(
        (undisturbed.bytes, &undisturbed.sha256),
        (digest.bytes, &digest.sha256)
    );

    let mut table = GrowingTable::create(&resumed, &HEADER).unwrap();
    assert_eq!(table.last_step().unwrap(), None);
    table.append(&["1", "0.5"]).unwrap();
    let position = table.flush().unwrap();
    table.append(&["2", "lost"]).unwrap();
    table.flush().unwrap();
    drop(table);
    // The kill came in the middle of a row.
    put(
        &resumed,
        &[fs::read(&resumed).unwrap().as_slice(), b"3,0."].concat(),
    );
    let mut table = GrowingTable::resume(&resumed, &position).unwrap();
    assert_eq!(fs::read(&resumed).unwrap(), b"step,d_loss\n1,0.5\n");
    assert_eq!(table.last_step().unwrap(), Some(1));
    table.append(&["2", "0.25"]).unwrap();
    table.append(&["3".to_owned(), "a,b".to_owned()]).unwrap();
    assert_eq!(table.flush().unwrap(), undisturbed);
    assert_eq!(fs::read(&resumed).unwrap(), fs::read(&whole).unwrap());
}

#[test]
fn every_damaged_byte_of_the_prefix_is_an_error_and_nothing_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let mut table = GrowingTable::create(&path, &HEADER).unwrap();
    table.append(&["1", "0.5"]).unwrap();
    let position = table.flush().unwrap();
    drop(table);
    let sound = [fs::read(&path).unwrap().as_slice(), b"2,0.25\n"].concat();
    let prefix = usize::try_from(position.bytes).unwrap();
    for place in 0..prefix {
        let mut bytes = sound.clone();
        bytes[place] ^= 1;
        put(&path, &bytes);
        let error = GrowingTable::resume(&path, &position).unwrap_err();
        assert!(
            matches!(error, Error::Damaged { .. }) && !error.is_output(),
            "{error:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), bytes);
        put(&path, &sound[..place]);
        let error = GrowingTable::resume(&path, &position).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    }
    fs::remove_file(&path).unwrap();
    let error = GrowingTable::resume(&path, &position).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
}

#[test]
fn a_record_has_as_many_fields_as_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let mut table = GrowingTable::create(&path, &HEADER).unwrap();
    let error = table.append(&["1"]).unwrap_err();
    assert!(matches!(error, Error::Contradiction { .. }), "{error:?}");
    let position = table.flush().unwrap();
    drop(table);
    let mut table = GrowingTable::resume(&path, &position).unwrap();
    let error = table.append(&["1", "2", "3"]).unwrap_err();
    assert!(matches!(error, Error::Contradiction { .. }), "{error:?}");
}

#[track_caller]
fn check_resume_until(before: &str, after: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("timing.csv");
    put(&path, before.as_bytes());
    let mut table = GrowingTable::resume_until(&path, &HEADER, 10).unwrap();
    table.append(&["11", "x"]).unwrap();
    let position = table.flush().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{after}11,x\n"));
    assert_eq!(position.sha256, digest_file(&path).unwrap().sha256);
}

#[test]
fn a_table_without_a_checkpoint_keeps_its_rows_up_to_the_step() {
    check_resume_until("step,d_loss\n9,a\n10,b\n11,c\n", "step,d_loss\n9,a\n10,b\n");
    check_resume_until("step,d_loss\n9,a\n10,b", "step,d_loss\n9,a\n");
    check_resume_until("step,d_loss\n9,a\nx,b\n10,c\n", "step,d_loss\n9,a\n");
    check_resume_until("step,d_loss\n9,a\n\n10,c\n", "step,d_loss\n9,a\n");
    check_resume_until("step,other\n9,a\n", "step,d_loss\n");
    check_resume_until("", "step,d_loss\n");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("timing.csv");
    GrowingTable::resume_until(&path, &HEADER, 10).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"step,d_loss\n");
}

/// After a kill the last row may have all its cells, with the last one cut: 0.5 instead of 0.512.
#[test]
fn columns_end_with_the_last_whole_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let read = |text: &str| {
        dcgan_artifacts::write_atomic(&path, text.as_bytes()).unwrap();
        let columns = Columns::read(&path).unwrap();
        columns.get("d_loss").map(<[f64]>::to_vec)
    };
    let whole = "step,d_loss\n1,0.25\n2,0.75\n";
    assert_eq!(read(whole), Some(vec![0.25, 0.75]));
    for rest in ["3", "3,", "3,0.5", "3,0.512"] {
        assert_eq!(read(&format!("{whole}{rest}")), Some(vec![0.25, 0.75]));
    }
    assert_eq!(read(&format!("{whole}3,x\n")).unwrap().len(), 3);
    assert_eq!(read("step,d_loss"), Some(Vec::new()));
}

/// A sparse file can be larger than memory.
#[test]
fn a_file_longer_than_any_of_its_kind_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let hole = |name: &str, bytes: u64| {
        let path = folder.path().join(name);
        put(&path, b"");
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(bytes).unwrap();
        path
    };
    let assert_refused = |error: Error, most: u64| {
        let Error::Unfit { expected, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(expected, &format!("at most {most} bytes"));
    };
    let table = hole("metrics.csv", (1 << 30) + 1);
    assert_refused(Columns::read(&table).unwrap_err(), 1 << 30);
    let resumed = GrowingTable::resume_until(&table, &HEADER, 1);
    assert_refused(resumed.unwrap_err(), 1 << 30);
    hole(Manifest::NAME, (1 << 26) + 1);
    assert_refused(Manifest::read(folder.path()).unwrap_err(), 1 << 26);
    let run = hole("run.json", (1 << 20) + 1);
    assert_refused(RunFile::read_settings(&run).unwrap_err(), 1 << 20);
    assert_eq!(
        read_bounded(&run, 1 << 20).unwrap_err().kind(),
        std::io::ErrorKind::FileTooLarge
    );
    assert_eq!(
        read_bounded(&run, (1 << 20) + 1).unwrap().len(),
        (1 << 20) + 1
    );
}

/// A device is endless, and a pipe waits for its other end.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero"), folder.path()] {
        let error = read_bounded(path, 1 << 20).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
        for error in [
            Columns::read(path).unwrap_err(),
            RunFile::read_settings(path).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Unfit { .. }), "{error}");
        }
    }
}
