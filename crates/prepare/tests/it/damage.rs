//! Faulty sources: each has its own message, exit code 3, and nothing is written.

use crate::{Folder, gzip, idx, images, labels};
use insta::assert_snapshot;

/// Runs on valid sources with one file replaced.
fn with(name: &str, bytes: &[u8]) -> String {
    let folder = Folder::with_sources();
    folder.put(name, bytes);
    folder.fail("--pipeline pipeline.yaml --out out")
}

#[test]
fn a_missing_file() {
    let folder = Folder::with_sources();
    std::fs::remove_file(folder.path().join("test-labels")).unwrap();
    assert_snapshot!(folder.fail("--pipeline pipeline.yaml --out out"), @r"
    exit code 3
    error: could not read `test-labels`
    caused by: No such file or directory (os error 2)
    hint: check the path: it is relative to the folder in which the program is started
    ");
}

#[test]
fn a_folder_instead_of_a_file() {
    let folder = Folder::with_sources();
    std::fs::remove_file(folder.path().join("test-labels")).unwrap();
    std::fs::create_dir(folder.path().join("test-labels")).unwrap();
    assert_snapshot!(folder.fail("--pipeline pipeline.yaml --out out"), @r"
    exit code 3
    error: `test-labels` should be a file, got a folder or device
    hint: give the path of the file itself
    ");
}

#[test]
fn a_folder_with_the_file_in_it() {
    let folder = Folder::with_sources();
    std::fs::remove_file(folder.path().join("test-labels")).unwrap();
    folder.put("test-labels/test-labels", &labels(&[2, 0]));
    assert_snapshot!(folder.fail("--pipeline pipeline.yaml --out out"), @r"
    exit code 3
    error: `test-labels` should be a file, got a folder or device
    hint: give the file in it: `test-labels/test-labels`
    ");
}

#[test]
fn a_file_of_another_format() {
    assert_snapshot!(with("test-images", b"\x01\x02\x03\x04 and more"), @r"
    exit code 3
    error: `test-images` is not an IDX file: expected to start with 00 00 08 03, got 01 02 03 04
    hint: give an IDX file of unsigned bytes, plain or gzip; data/README.md describes the format
    ");
    assert_snapshot!(with("train-images.gz", b"<!DOCTYPE html><title>403 Forbidden</title>"), @r"
    exit code 3
    error: `train-images.gz` is a web page: expected an IDX file, plain or gzip
    hint: the download went wrong: its first lines say why; get the file again; data/README.md describes the format
    ");
    let message = |bytes: &[u8]| {
        with("test-images", bytes)
            .lines()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    for (bytes, name) in [
        (&b"PK\x03\x04\x14\0"[..], "a ZIP archive"),
        (b"BZh91AY&SY", "a bzip2 file"),
        (b"\xfd7zXZ\0\0\x04", "an xz file"),
        (b"\x93NUMPY\x01\0", "a NumPy array (.npy)"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"label,pixel0,pixel1\n5,0,0\n", "a text file"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "a pointer of Git LFS",
        ),
    ] {
        assert_eq!(
            message(bytes),
            format!("error: `test-images` is {name}: expected an IDX file, plain or gzip")
        );
    }
    assert_eq!(
        message(&gzip(&gzip(&images(2, 0)))),
        "error: `test-images` decompresses to a gzip file: expected an IDX file, plain or gzip"
    );
}

#[test]
fn a_header_with_the_small_end_first() {
    let little = |sizes: [u32; 3], n: usize| {
        let swapped = sizes.map(u32::swap_bytes);
        idx([0, 0, 8, 3], &swapped, &vec![1; n])
    };
    let message = "exit code 3
error: the header of `test-images` is little-endian: expected big-endian
hint: write its sizes as big-endian 32-bit integers; data/README.md describes the format
";
    // Too large for any address, too large for the file, or with a little-endian magic number too.
    assert_eq!(with("test-images", &little([2, 3, 4], 24)), message);
    assert_eq!(with("test-images", &gzip(&little([2, 3, 4], 24))), message);
    let turned = idx([3, 8, 0, 0], &[2, 3, 4].map(u32::swap_bytes), &[1; 24]);
    assert_eq!(with("test-images", &turned), message);
    let labels = idx([0, 0, 8, 1], &[2u32.swap_bytes()], &[1; 2]);
    assert_eq!(
        with("test-labels", &labels),
        message.replace("images", "labels")
    );
    assert_eq!(
        with("test-labels", &gzip(&labels)),
        message.replace("images", "labels")
    );
    // A size that is wrong in both byte orders is reported as big-endian.
    assert!(with("test-images", &little([2, 3, 4], 23)).contains("is wrong"));
}

#[test]
fn elements_of_another_type() {
    assert_snapshot!(with("test-labels", &idx([0, 0, 0x0c, 1], &[2], &[0; 8])), @r"
    exit code 3
    error: `test-labels` has 32-bit integers: expected unsigned bytes (type 08), got type 0c
    hint: convert its elements to unsigned bytes
    ");
}

#[test]
fn labels_of_qmnist() {
    let labels = idx([0, 0, 0x0c, 2], &[2, 8], &[0; 64]);
    assert_snapshot!(with("test-labels", &labels), @r"
    exit code 3
    error: `test-labels` has 32-bit integers: expected unsigned bytes (type 08), got type 0c
    hint: these are probably QMNIST's labels, 8 columns of 32-bit integers: write the first column, which is the class, as an IDX file of unsigned bytes
    ");
}

#[test]
fn labels_in_place_of_images_and_the_other_way_round() {
    assert_snapshot!(with("train-images.gz", &gzip(&labels(&[0, 1, 2]))), @r"
    exit code 3
    error: `train-images.gz` should have images of 3 dimensions, got 1
    hint: images and labels may be swapped: check the keys under `prepare.idx`
    ");
    assert_snapshot!(with("test-labels", &images(2, 0)), @r"
    exit code 3
    error: `test-labels` should have labels of 1 dimension, got 3
    hint: images and labels may be swapped: check the keys under `prepare.idx`
    ");
}

#[test]
fn colour_images() {
    assert_snapshot!(with("test-images", &idx([0, 0, 8, 4], &[1, 2, 2, 3], &[0; 12])), @r"
    exit code 3
    error: `test-images` should have images of 3 dimensions, got 4
    hint: give grey images and one label for each
    ");
}

#[test]
fn an_empty_file_and_one_that_ends_in_its_header() {
    assert_snapshot!(with("test-images", b""), @r"
    exit code 3
    error: `test-images` ends within its header: expected 16 bytes, got 0
    hint: the download may have been cut: get the file again
    ");
    assert_snapshot!(with("test-images", &images(2, 0)[..15]), @r"
    exit code 3
    error: `test-images` ends within its header: expected 16 bytes, got 15
    hint: the download may have been cut: get the file again
    ");
    assert_snapshot!(with("train-images.gz", &gzip(&images(6, 0)[..7])), @r"
    exit code 3
    error: `train-images.gz` ends within its header: expected 16 bytes, got 7
    hint: the download may have been cut: get the file again
    ");
}

#[test]
fn a_header_that_promises_more_than_there_is() {
    assert_snapshot!(with("test-images", &idx([0, 0, 8, 3], &[3, 3, 4], &[1; 24])), @r"
    exit code 3
    error: `test-images` is shorter than its header says: expected 3 x 3 x 4 = 36 bytes of data, got 24
    hint: the download may have been cut: get the file again
    ");
    let promise = [4_000_000_000, 28, 28];
    assert_snapshot!(with("train-images.gz", &gzip(&idx([0, 0, 8, 3], &promise, &[1; 24]))), @r"
    exit code 3
    error: `train-images.gz` is shorter than its header says: expected 4000000000 x 28 x 28 = 3136000000000 bytes of data, got 24
    hint: the download may have been cut: get the file again
    ");
    assert_snapshot!(with("test-images", &idx([0, 0, 8, 3], &[u32::MAX; 3], &[1; 24])), @r"
    exit code 3
    error: the header of `test-images` is wrong: 4294967295 x 4294967295 x 4294967295 is more than memory can address
    hint: the file has changed: get it again
    ");
}

#[test]
fn bytes_after_the_last_image() {
    assert_snapshot!(with("test-images", &[images(2, 0), vec![7]].concat()), @r"
    exit code 3
    error: `test-images` is longer than its header says: expected 2 x 3 x 4 = 24 bytes of data, got 25
    hint: something was appended, or the header is wrong: get the file again
    ");
    assert_snapshot!(with("train-images.gz", &gzip(&[images(6, 0), vec![7; 3]].concat())), @r"
    exit code 3
    error: `train-images.gz` is longer than its header says: expected 6 x 3 x 4 = 72 bytes of data, got 75
    hint: something was appended, or the header is wrong: get the file again
    ");
}

#[test]
fn images_of_nothing() {
    assert_snapshot!(with("test-images", &idx([0, 0, 8, 3], &[0, 3, 4], &[])), @r"
    exit code 3
    error: `test-images` is empty: expected sizes of at least 1, got 0 x 3 x 4
    hint: the file has changed: get it again
    ");
}

#[test]
fn a_gzip_file_cut_short() {
    let whole = gzip(&images(6, 0));
    let length = whole.len() - 5;
    let message = with("train-images.gz", &whole[..length]).replace(&length.to_string(), "N");
    assert_snapshot!(message, @r"
    exit code 3
    error: `train-images.gz` is cut short: expected a whole gzip stream, got its first N bytes
    caused by: unexpected end of file
    hint: the download may have been cut: get the file again
    ");
}

#[test]
fn a_gzip_file_that_does_not_fit_its_checksum() {
    let mut bytes = gzip(&images(6, 0));
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    assert_snapshot!(with("train-images.gz", &bytes), @r"
    exit code 3
    error: `train-images.gz` is damaged: expected a gzip stream that fits its checksum
    caused by: corrupt gzip stream does not have a matching checksum
    hint: the file has changed: get it again
    ");
}

#[test]
fn a_gzip_file_with_something_behind_it() {
    assert_snapshot!(with("train-images.gz", &[gzip(&images(6, 0)), b"more".to_vec()].concat()), @r"
    exit code 3
    error: `train-images.gz` has more data after its gzip stream: expected the end, got 4 bytes
    hint: something was appended, or the header is wrong: get the file again
    ");
}

#[test]
fn two_gzip_files_in_one() {
    let second = gzip(&images(6, 0));
    let bytes = [gzip(&images(6, 0)), second.clone()].concat();
    let message = with("train-images.gz", &bytes).replace(&second.len().to_string(), "N");
    assert_snapshot!(message, @r"
    exit code 3
    error: `train-images.gz` has more than one gzip stream: expected one, got another in its last N bytes
    hint: unpack it, join what belongs together under one header, and give the result
    ");
}

#[test]
fn more_labels_than_images() {
    assert_snapshot!(with("train-labels", &labels(&[0; 7])), @r"
    exit code 3
    error: `train-images.gz` and `train-labels` don't belong together: expected a label for each of 6 images, got 7
    hint: give the label file that came with the images
    ");
}

#[test]
fn test_images_of_another_size() {
    assert_snapshot!(with("test-images", &idx([0, 0, 8, 3], &[2, 4, 4], &[1; 32])), @r"
    exit code 3
    error: `train-images.gz` and `test-images` differ in size: expected images of [3, 4], got [4, 4] (height, width)
    hint: give two parts of the same dataset
    ");
}

#[test]
fn a_label_beyond_the_class_names() {
    let folder = Folder::with_sources();
    let arguments = "--pipeline pipeline.yaml --out out --set prepare.class_names=[a,b]";
    assert_snapshot!(folder.fail(arguments), @r"
    exit code 3
    error: label 2 of image 2 in `train-labels` has no class: expected labels below 2, as `prepare.class_names` has 2 names
    hint: name every class in `prepare.class_names`, or leave it empty
    ");
}

#[test]
fn a_file_that_is_not_the_pinned_one() {
    let folder = Folder::with_sources();
    let pin = "0123456789abcdef".repeat(4);
    let arguments =
        format!("--pipeline pipeline.yaml --out out --set prepare.idx.sha256.test_labels={pin}");
    let expected = [
        "exit code 3\nerror: `test-labels` is not the file that `prepare.idx.sha256.test_labels` pins: ",
        "expected SHA-256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, ",
        "got 431bcab1dd172ba755db1bce18699cb2f928cce44b52232c8939261fef2d75ad\n",
        "hint: get the file again; or, if this one is meant, pin its hash or remove the key ",
        "`test_labels` from `prepare.idx.sha256`\n",
    ];
    assert_eq!(folder.fail(&arguments), expected.concat());
}
