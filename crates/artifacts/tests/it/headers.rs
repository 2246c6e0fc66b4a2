//! Invalid headers. Nothing may panic, hang, or allocate more than the file's size: an allocation
//! of 2^60 bytes would end the test process.

use crate::examples::{containers, put};
use dcgan_artifacts::Error;
use proptest::prelude::*;
use std::path::Path;

/// A safetensors file: length, header, data.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [
        &(header.len() as u64).to_le_bytes(),
        header.as_bytes(),
        data,
    ]
    .concat()
}

/// Reads the bytes as every format; returns the errors.
fn read_all(folder: &Path, bytes: &[u8]) -> Vec<Error> {
    let path = folder.join("file.safetensors");
    put(&path, bytes);
    containers()
        .iter()
        .filter_map(|format| (format.read)(&path).err())
        .collect()
}

#[test]
fn a_header_length_beyond_the_file_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    for length in [1_u64 << 60, u64::MAX, 100, 9] {
        let mut bytes = file("{}      ", b"");
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        let errors = read_all(folder.path(), &bytes);
        assert_eq!(errors.len(), containers().len());
        assert!(
            errors
                .iter()
                .all(|error| matches!(error, Error::Damaged { .. })),
            "{errors:?}"
        );
    }
}

#[test]
fn promised_elements_beyond_the_file_are_damage() {
    let folder = tempfile::tempdir().unwrap();
    let huge = 1_u64 << 60;
    for header in [
        format!(
            r#"{{"images":{{"dtype":"U8","shape":[{huge},1,1,1],"data_offsets":[0,{huge}]}}}}"#
        ),
        format!(r#"{{"images":{{"dtype":"U8","shape":[{huge},{huge}],"data_offsets":[0,4]}}}}"#),
        format!(r#"{{"images":{{"dtype":"F32","shape":[{huge}],"data_offsets":[0,4]}}}}"#),
        r#"{"images":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}"#.to_owned(),
        r#"{"images":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}}"#.to_owned(),
        format!(
            r#"{{"images":{{"dtype":"U8","shape":[0],"data_offsets":[{m},{m}]}}}}"#,
            m = u64::MAX
        ),
    ] {
        let errors = read_all(folder.path(), &file(&header, &[0; 4]));
        assert_eq!(errors.len(), containers().len(), "{header}");
        let damaged = |error: &Error| matches!(error, Error::Damaged { .. } | Error::Header { .. });
        assert!(errors.iter().all(damaged), "{header}: {errors:?}");
    }
}

#[test]
fn a_nest_of_brackets_does_not_overflow_the_stack() {
    let folder = tempfile::tempdir().unwrap();
    let header = "[".repeat(100_000);
    assert_eq!(
        read_all(folder.path(), &file(&header, b"")).len(),
        containers().len()
    );
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..30_u64, Just(1 << 60), Just(u64::MAX), any::<u64>()]
}

fn entry() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("images".to_owned()),
        Just("labels".to_owned()),
        Just("train/images".to_owned()),
        Just("__metadata__".to_owned()),
        "[a-z/]{0,6}",
    ];
    let dtype = prop::sample::select(vec!["U8", "F32", "F16", "BOOL", "F4", "X"]);
    let shape = prop::collection::vec(number(), 0..5);
    (name, dtype, shape, number(), number()).prop_map(|(name, dtype, shape, start, end)| {
        format!(
            r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
        )
    })
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        prop_assert_eq!(read_all(folder.path(), &bytes).len(), containers().len());
    }

    #[test]
    fn any_header_is_refused_or_a_foreign_samples_file(
        entries in prop::collection::vec(entry(), 0..4),
        data in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let header = format!("{{{}}}", entries.join(","));
        prop_assert!(read_all(folder.path(), &file(&header, &data)).len() >= containers().len() - 1);
    }

    #[test]
    fn any_metadata_are_refused(info in r#"\{("[a-z_]{1,8}":([0-9]{1,3}|"[a-z]{0,3}"),?){0,4}\}"#) {
        let folder = tempfile::tempdir().unwrap();
        let metadata = serde_json::json!({ "__metadata__": { "dcgan": info } }).to_string();
        prop_assert_eq!(read_all(folder.path(), &file(&metadata, b"")).len(), containers().len());
    }
}
