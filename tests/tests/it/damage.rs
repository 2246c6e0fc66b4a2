//! Flips every bit and makes every cut of small text files and IDX files.
//!
//! These have no checksum, so a change may give another valid file. It must not cause a panic, a
//! hang, more memory than the file's content needs, or a value that contradicts a recorded hash.
//! Files with checksums are damaged in `crates/artifacts/tests`.

use crate::programs::{put, root};
use dcgan_artifacts::{Error, GrowingTable};
use dcgan_prepare::idx::decode;
use std::io::Write as _;
use std::path::Path;

/// Every damage of `bytes`: each bit of each byte flipped, and each cut.
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
        // Bytes that are not UTF-8 are refused before they are parsed.
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
    eprintln!("smoke.yaml: {all} flips and cuts that are text, {refused} refused");
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
    eprintln!(
        "metrics.csv: {} flips and cuts, all refused",
        9 * sound.len()
    );
    for damaged in damages(&sound) {
        put(&path, &damaged);
        match GrowingTable::resume(&path, &position) {
            Err(Error::Damaged { .. }) => {}
            other => panic!("{other:?} of {damaged:?}"),
        }
        // `timing.csv`, which has no recorded hash, keeps the rows before the first faulty one.
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
    let mut read_again = 0;
    for damaged in damages(&plain) {
        match decode::<3>(path, &damaged[..], damaged.len() as u64) {
            Err(error) => assert!(error.to_string().contains("images"), "{error}"),
            Ok(read) => {
                read_again += 1;
                assert_eq!(read.values.len(), read.sizes.iter().product::<usize>());
                // A recorded hash distinguishes it from the undamaged file.
                assert_ne!(read.file.sha256, sound.file.sha256);
            }
        }
    }
    let all = 9 * plain.len();
    eprintln!("images: {all} flips and cuts, {read_again} of them another valid file");
}

/// In a gzip file every flip is found by the checksum, or is in a field that doesn't affect the
/// content (time, system, name); every cut is an error.
#[test]
fn damaged_gzip_files_give_the_same_content_or_are_refused() {
    let path = Path::new("images.gz");
    let header = [0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 5, 0, 0, 0, 5];
    let plain = [
        &header[..],
        &(0..250).map(|i: u8| i.wrapping_mul(i)).collect::<Vec<u8>>(),
    ]
    .concat();
    let mut encoder = flate2::GzBuilder::new()
        .filename("images")
        .write(Vec::new(), flate2::Compression::best());
    encoder.write_all(&plain).expect("memory");
    let gzip = encoder.finish().expect("memory");
    let sound = decode::<3>(path, &gzip[..], gzip.len() as u64).expect("a sound file");
    let (mut all, mut read) = (0, 0);
    for damaged in damages(&gzip) {
        all += 1;
        match decode::<3>(path, &damaged[..], damaged.len() as u64) {
            Err(error) => assert!(error.to_string().contains("images.gz"), "{error}"),
            Ok(found) => {
                read += 1;
                assert_eq!((found.sizes, &found.values), (sound.sizes, &sound.values));
                assert_ne!(found.file.sha256, sound.file.sha256);
                assert_eq!(damaged.len(), gzip.len(), "a cut file was read");
            }
        }
    }
    eprintln!("images.gz: {all} flips and cuts, {read} of them read as they were");
}
