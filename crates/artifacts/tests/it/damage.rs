//! Flips each byte of each format and cuts each file at each place: always an input error.

use crate::examples::{FORMATS, Format, checkpoint, containers, dataset_info, put};
use dcgan_artifacts::{
    Error, ErrorKind, Part, PartData, checkpoint_path, read_newest_checkpoint, write_dataset,
};
use dcgan_hints::Hint;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Writes the damaged bytes and reads them as `format`.
#[track_caller]
fn check_refused(format: &Format, path: &Path, bytes: &[u8], what: &str) {
    put(path, bytes);
    match (format.read)(path) {
        Ok(()) => panic!("`{}` with {what} was read", format.name),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Input, "{error}");
            assert!(
                error.to_string().contains(path.to_str().unwrap()),
                "{error}"
            );
            assert!(error.hint().is_some(), "{error}");
        }
    }
}

#[test]
fn every_flipped_byte_is_an_error() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format.name);
        (format.write)(&path);
        let sound = std::fs::read(&path).unwrap();
        for place in 0..sound.len() {
            // One bit, in turn each of the eight, and the whole byte.
            for flip in [1 << (place % 8), 255] {
                let mut bytes = sound.clone();
                bytes[place] ^= flip;
                let what = format!("byte {place} xor {flip}");
                check_refused(&format, &path, &bytes, &what);
            }
        }
        put(&path, &sound);
        (format.read)(&path).unwrap();
        eprintln!("{}: {} flips, all refused", format.name, 2 * sound.len());
    }
}

#[test]
fn every_cut_is_an_error() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format.name);
        (format.write)(&path);
        let sound = std::fs::read(&path).unwrap();
        for length in 0..sound.len() {
            check_refused(&format, &path, &sound[..length], &format!("{length} bytes"));
        }
        let longer = [sound.as_slice(), b"x"].concat();
        check_refused(&format, &path, &longer, "a byte more");
        eprintln!("{}: {} cuts, all refused", format.name, sound.len());
    }
}

/// A dataset and a checkpoint of a size at which a reader works in blocks.
struct Large {
    folder: tempfile::TempDir,
    files: Vec<(&'static Format, Vec<u8>)>,
}

impl Large {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let n = 300_000;
        let images = (0..6 * n).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let labels = Some(vec![1; n]);
        let parts = BTreeMap::from([(Part::Train, PartData { images, labels, n })]);
        write_dataset(
            &folder.path().join(FORMATS[0].name),
            &dataset_info(),
            &parts,
        )
        .unwrap();
        let mut large = checkpoint(5);
        for arrays in [
            &mut large.weights,
            &mut large.adam_m,
            &mut large.adam_v,
            &mut large.ema,
        ] {
            for (shape, values) in arrays.values_mut() {
                *shape = vec![300, 300];
                values.resize(90_000, 0.25);
            }
        }
        large.write(&folder.path().join(FORMATS[1].name)).unwrap();
        let files = FORMATS[..2].iter().map(|format| {
            let bytes = std::fs::read(folder.path().join(format.name)).unwrap();
            assert!(bytes.len() > 1_800_000);
            (format, bytes)
        });
        Self {
            files: files.collect(),
            folder,
        }
    }
}

#[test]
fn random_flips_and_cuts_of_large_files_are_errors() {
    let large = Large::new();
    for (format, sound) in &large.files {
        let path = large.folder.path().join("damaged");
        let config = ProptestConfig::with_cases(100);
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let damage = (any::<prop::sample::Index>(), 1_u8.., any::<bool>());
        let checked = runner.run(&damage, |(at, flip, cut)| {
            let mut bytes = sound.clone();
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= flip;
            }
            check_refused(format, &path, &bytes, &format!("damage at {at}"));
            Ok(())
        });
        checked.unwrap();
        put(&path, sound);
        (format.read)(&path).unwrap();
    }
}

/// Whichever byte of the latest checkpoint is damaged, the run resumes from the one before; only if
/// it then looks like a later program's is it refused as such.
#[test]
fn every_flipped_byte_of_the_latest_checkpoint_falls_back() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [1, 2].map(|step| checkpoint_path(folder.path(), step));
    checkpoint(1).write(&paths[0]).unwrap();
    checkpoint(2).write(&paths[1]).unwrap();
    let sound = std::fs::read(&paths[1]).unwrap();
    let mut newer = 0;
    for place in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[place] ^= 1 << (place % 8);
        put(&paths[1], &bytes);
        match read_newest_checkpoint(folder.path()) {
            Ok(Some(found)) => {
                assert_eq!(found.path, paths[0], "byte {place}");
                assert_eq!(found.checkpoint, checkpoint(1), "byte {place}");
                assert_eq!(found.skipped.len(), 1, "byte {place}");
            }
            Err(Error::NewerFormat { .. }) => newer += 1,
            other => panic!("byte {place}: {other:?}"),
        }
    }
    assert!(newer <= 1, "{newer} flips look like a newer format");
    eprintln!(
        "{} flips of the latest checkpoint, {newer} refused by name",
        sound.len()
    );
}

#[test]
fn a_newer_format_is_refused_by_name() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format.name);
        (format.write)(&path);
        let text: Vec<u8> = std::fs::read(&path).unwrap();
        // The digit after the key, which is escaped inside a header and spaced in a manifest.
        let key = text
            .windows(6)
            .position(|window| window == b"format")
            .unwrap();
        let digit = key + text[key..].iter().position(u8::is_ascii_digit).unwrap();
        let mut newer = text.clone();
        newer[digit] += 1;
        put(&path, &newer);
        match (format.read)(&path) {
            Err(Error::NewerFormat { newest, got, .. })
                if format.version == format!("v{newest}") && got == u64::from(newest) + 1 => {}
            other => panic!("`{}`: {other:?}", format.name),
        }
    }
}

#[test]
fn a_file_of_another_kind_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for of in containers() {
        let path = folder.path().join(of.name);
        (of.write)(&path);
        for read_as in containers() {
            // A checkpoint contains both networks.
            let both = of.name == "checkpoint.safetensors"
                && ["generator.safetensors", "discriminator.safetensors"].contains(&read_as.name);
            match (read_as.read)(&path) {
                Ok(()) => assert!(
                    of.name == read_as.name || both,
                    "{} {}",
                    of.name,
                    read_as.name
                ),
                Err(Error::Unfit { expected, got, .. }) => {
                    assert!(of.name != read_as.name && !both);
                    assert!(expected.starts_with("kind `"), "{expected}");
                    let kind = of.name.trim_end_matches(".safetensors");
                    assert_eq!(got, format!("kind `{kind}`"));
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}
