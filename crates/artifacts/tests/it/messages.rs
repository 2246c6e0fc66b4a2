//! Messages for files that don't fit.

use crate::examples::{containers, put};
use dcgan_artifacts::{
    Artifact, DatasetReader, Error, ForeignReading, Samples, checkpoint_path, create_folder,
    read_generator, read_newest_checkpoint,
};
use dcgan_hints::Hint;
use std::path::PathBuf;

#[test]
fn a_missing_dataset_names_the_command_that_makes_it() {
    let error = DatasetReader::open("absent/dataset.safetensors".as_ref()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "dataset `absent/dataset.safetensors` does not exist"
    );
    assert_eq!(
        error.hint().unwrap(),
        "`make prepare` makes that of a run, `dcgan-prepare --out FOLDER` one elsewhere; \
         or give another path"
    );
}

#[test]
fn a_cut_model_says_how_long_it_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.safetensors");
    put(&path, b"abc");
    let error = read_generator(&path).unwrap_err();
    let text = error.to_string().replace(path.to_str().unwrap(), "PATH");
    assert_eq!(
        text,
        "generator `PATH` is damaged: expected at least 8 bytes, got 3 bytes"
    );
    assert_eq!(
        error.hint().unwrap(),
        "copy it again, or remove it and run `make train` (for a file outside a run \
         `dcgan-train --out FOLDER`)"
    );
}

#[test]
fn a_full_disk_or_quota_says_what_to_free() {
    for kind in [
        std::io::ErrorKind::StorageFull,
        std::io::ErrorKind::QuotaExceeded,
    ] {
        let error = Error::Write {
            path: PathBuf::from("runs/a"),
            action: "write",
            source: kind.into(),
        };
        assert_eq!(error.to_string(), "could not write `runs/a`");
        assert_eq!(
            error.hint().unwrap(),
            "free space on that disk and run the same command again"
        );
        assert!(error.is_output());
    }
}

/// The folder is named that is to be writable, not the file that could not be made in it.
#[test]
fn what_may_not_be_written_names_the_place_to_make_writable() {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    put(&out.join("kept"), b"");
    let whole = format!("the folder `{}`", out.display());
    let file = format!("`{}`", out.join("kept").display());
    for (name, action, kind, place) in [
        (".lock", "create", PermissionDenied, &whole),
        ("a/b/c", "create folder", PermissionDenied, &whole),
        ("kept", "rename", PermissionDenied, &whole),
        ("kept", "remove", PermissionDenied, &whole),
        ("kept", "open", PermissionDenied, &file),
        ("kept", "open", ReadOnlyFilesystem, &whole),
    ] {
        let error = Error::Write {
            path: out.join(name),
            action,
            source: kind.into(),
        };
        let expected = format!("make {place} writable, or choose another `--out`");
        assert_eq!(error.hint().unwrap(), expected, "{action} {name}");
    }
}

/// A file of another kind is not called a damaged one, to be removed.
#[test]
fn a_file_that_is_no_safetensors_file_is_named_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let (picture, pixels) = (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", [0; 20]);
    for (bytes, kind) in [
        (&picture[..], "a PNG picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a JPEG picture"),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0", "a BMP picture"),
        (b"a,b,c\n1,2,3\n", "text"),
        (b"{\n  {\n  {\n  {", "text"),
        (b"hello", "text"),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "a zip archive"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "a gzip file"),
        (b"\x93NUMPY\x01\0v\0{", "an array of NumPy"),
        (b"\0\0\x08\x03\0\0\xea\x60\0\0\0\x1c", "an IDX file"),
        (b"\x7fELF\x02\x01\x01\0\0", "other bytes"),
    ] {
        let rest = if kind == "text" { &[] } else { &pixels[..] };
        put(&path, &[bytes, rest].concat());
        for format in containers() {
            match (format.read)(&path).unwrap_err() {
                error @ Error::Unfit { .. } => {
                    let text = error.to_string();
                    let end = format!("expected a safetensors file, got {kind}");
                    assert!(text.ends_with(&end), "{text}");
                    assert!(error.hint().unwrap().starts_with("give another file"));
                }
                other => panic!("{kind} as {}: {other:?}", format.name),
            }
        }
    }
}

/// A folder under the name of a checkpoint is in the way: nobody gave it.
#[test]
fn a_folder_named_like_a_checkpoint_is_to_be_moved_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = checkpoint_path(folder.path(), 7);
    create_folder(&path).unwrap();
    let error = read_newest_checkpoint(folder.path()).unwrap_err();
    let hint = error.hint().unwrap();
    assert!(hint.ends_with("move it away"), "{hint}");
    std::fs::remove_dir(&path).unwrap();
    assert!(read_newest_checkpoint(folder.path()).unwrap().is_none());
}

#[test]
fn every_file_that_a_stage_makes_names_its_command() {
    for artifact in [
        Artifact::Dataset,
        Artifact::Checkpoint,
        Artifact::Generator,
        Artifact::Discriminator,
        Artifact::Samples,
        Artifact::Table,
    ] {
        assert!(
            artifact
                .made_by()
                .is_some_and(|command| command.starts_with("make "))
        );
    }
}

/// Where arrays of other programs do as well, they are asked for.
#[test]
fn a_text_among_the_samples_says_what_all_samples_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples");
    put(&path, b"a,b,c\n1,2,3\n");
    let error = Samples::read_any(&path, &ForeignReading::default()).unwrap_err();
    let end = "expected a safetensors, .npz or .npy file, or a folder of pictures, got text";
    assert!(error.to_string().ends_with(end), "{error}");
}
