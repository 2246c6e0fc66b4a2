//! Each byte of each format flipped, and each file cut at each place: always an error of the input.

use crate::examples::{FORMATS, Format, put};
use dcgan_artifacts::{Error, ErrorKind};
use dcgan_hints::Hint;
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
    }
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
        newer[digit] = b'2';
        put(&path, &newer);
        match (format.read)(&path) {
            Err(Error::NewerFormat {
                newest: 1, got: 2, ..
            }) => {}
            other => panic!("`{}`: {other:?}", format.name),
        }
    }
}

#[test]
fn a_file_of_another_kind_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for of in &FORMATS[..5] {
        let path = folder.path().join(of.name);
        (of.write)(&path);
        for read_as in &FORMATS[..5] {
            // A checkpoint holds both networks.
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
