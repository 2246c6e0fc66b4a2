//! Every byte of the small text files and of IDX files flipped, and every cut of them.
//!
//! These have no checksum of their own, so a change may give another valid file. It never gives a
//! panic, a hang, or more memory than the file's own content needs, and never a value that
//! contradicts a hash on record. Files with a checksum are damaged in `crates/artifacts/tests`.

use crate::programs::root;
use dcgan_artifacts::{Error, GrowingTable};
use dcgan_prepare::idx::decode;
use std::path::Path;

/// Every damage of `bytes`: each of eight bits of each byte flipped, and each cut.
fn damages(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flips = (0..8 * bytes.len()).map(|bit| {
        let mut damaged = bytes.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        damaged
    });
    flips.chain((0..bytes.len()).map(|length| bytes[..length].to_vec()))
}

#[test]
fn a_damaged_pipeline_is_read_or_refused() {
    let bytes = std::fs::read(root().join("pipelines/smoke.yaml")).expect("a shipped pipeline");
    let mut refused = 0;
    let mut all = 0;
    for damaged in damages(&bytes) {
        // Bytes that are no text are refused before they are parsed.
        let Ok(text) = String::from_utf8(damaged) else {
            continue;
        };
        all += 1;
        if let Err(error) = dcgan_settings::load_text("smoke.yaml", &text, &[]) {
            assert!(error.to_string().contains("smoke.yaml"), "{error}");
            refused += 1;
        }
    }
    assert!(refused > all / 4, "{refused} of {all} refused");
}

#[test]
fn a_damaged_table_is_refused_where_a_checkpoint_vouches_for_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("metrics.csv");
    let mut table = GrowingTable::create(&path, &["step", "d_loss"]).expect("a table");
    for step in 1..=5 {
        table
            .append(&[step.to_string(), "0.6931472".into()])
            .expect("a row");
    }
    let position = table.flush().expect("a table on the disk");
    drop(table);
    let sound = std::fs::read(&path).expect("the table");
    for damaged in damages(&sound) {
        put(&path, &damaged);
        match GrowingTable::resume(&path, &position) {
            Err(Error::Damaged { .. }) => {}
            other => panic!("{other:?} of {damaged:?}"),
        }
        // `timing.csv`, for which nothing vouches, keeps the rows up to the first odd one.
        put(&path, &damaged);
        GrowingTable::resume_until(&path, &["step", "d_loss"], 5).expect("a table");
        let kept = std::fs::read(&path).expect("the table");
        assert!(kept.starts_with(b"step,d_loss\n") && kept.len() <= sound.len());
    }
}

#[test]
fn damaged_idx_files_hold_what_their_header_says_or_are_refused() {
    let path = Path::new("images");
    let header = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 2];
    let plain = [&header[..], &(0..12).collect::<Vec<u8>>()].concat();
    let sound = decode::<3>(path, &plain[..], plain.len() as u64).expect("a sound file");
    assert_eq!(sound.sizes, [2, 3, 2]);
    for damaged in damages(&plain) {
        match decode::<3>(path, &damaged[..], damaged.len() as u64) {
            Err(error) => assert!(error.to_string().contains("images"), "{error}"),
            Ok(read) => {
                assert_eq!(read.values.len(), read.sizes.iter().product::<usize>());
                // A hash on record tells it from the sound file.
                assert_ne!(read.file.sha256, sound.file.sha256);
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a damaged file is what is wanted"
)]
fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a file of ours");
}
