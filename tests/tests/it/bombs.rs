//! Small files that unpack to gigabytes are read within bounds.
//!
//! The programs run with a limited address space, so that exceeding it ends them.
#![cfg(unix)]

use crate::programs::{Run, program, put, root, text};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, Crc};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

/// Unpacked size of each file.
const UNPACKED: usize = 1 << 30;
/// Address space of a program, in KiB: more than it needs for small files, less than [`UNPACKED`].
const LIMIT: u32 = 600_000;

/// Writes `n` zeros.
fn zeros(to: &mut impl Write, n: usize) {
    let block = vec![0; 1 << 20];
    for start in (0..n).step_by(block.len()) {
        to.write_all(&block[..block.len().min(n - start)])
            .expect("memory");
    }
}

/// The header of an array file of so many 8x8 images of bytes, as NumPy writes it.
fn npy_header(images: usize) -> Vec<u8> {
    let shape = format!("({images}, 8, 8, 1)");
    let mut text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let length = u16::try_from(text.len()).expect("a short header");
    [
        b"\x93NUMPY\x01\0",
        &length.to_le_bytes()[..],
        text.as_bytes(),
    ]
    .concat()
}

/// An archive with the one member `images.npy` of this array, which says that it unpacks to so many
/// bytes.
fn npz(array: impl FnOnce(&mut DeflateEncoder<Vec<u8>>), crc: u32, claimed: usize) -> Vec<u8> {
    zip(b"images.npy", array, crc, claimed)
}

/// An archive of one member, whose name has ten letters.
fn zip(
    name: &[u8; 10],
    content: impl FnOnce(&mut DeflateEncoder<Vec<u8>>),
    crc: u32,
    claimed: usize,
) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    content(&mut encoder);
    let packed = encoder.finish().expect("memory");
    let of = |n: usize| u32::try_from(n).expect("a small file").to_le_bytes();
    // Method, time, date, CRC, sizes, length of the name, none of the extra field.
    let common = [
        &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
        &crc.to_le_bytes(),
        &of(packed.len()),
        &of(claimed),
        &[10, 0, 0, 0],
    ]
    .concat();
    let mut file = [b"PK\x03\x04", &common[..], name, &packed].concat();
    let start = file.len();
    file.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 14], name].concat());
    let length = file.len() - start;
    file.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    file.extend([of(length), of(start)].concat());
    file.extend([0, 0]);
    file
}

fn compressed(n: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    zeros(&mut encoder, n);
    encoder.finish().expect("memory")
}

/// A PNG of 8x8 pixels with these chunks before the pixel stream `pixels`.
fn png(chunks: &[(&[u8; 4], &[u8])], pixels: &[u8]) -> Vec<u8> {
    let header = [0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0];
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut put = |kind: &[u8; 4], data: &[u8]| {
        let mut crc = Crc::new();
        crc.update(kind);
        crc.update(data);
        let length = u32::try_from(data.len()).expect("a small file");
        file.extend(length.to_be_bytes());
        file.extend(kind);
        file.extend(data);
        file.extend(crc.sum().to_be_bytes());
    };
    put(b"IHDR", &header);
    for (kind, data) in chunks {
        put(kind, data);
    }
    put(b"IDAT", pixels);
    put(b"IEND", &[]);
    file
}

/// A program with the limited address space.
fn limited(stage: &str, folder: &Path) -> Command {
    let mut command = Command::new("bash");
    command
        .current_dir(root())
        .args(["-c", &format!("ulimit -v {LIMIT}; exec \"$0\" \"$@\"")])
        .arg(program(stage))
        .args(["--pipeline", "/dev/null", "--quiet", "--threads", "1"])
        .arg("--out")
        .arg(folder.join("out"));
    command
}

/// Runs dcgan-prepare with these settings.
fn prepare(folder: &Path, settings: &[String]) -> Output {
    let mut command = limited("prepare", folder);
    for setting in settings {
        command.arg("--set").arg(setting);
    }
    command.output().expect("bash starts")
}

#[test]
fn pictures_that_unpack_to_gigabytes_are_read_within_bounds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pictures = folder.path().join("pictures");
    std::fs::create_dir(&pictures).expect("a folder of ours");
    let (bomb, small) = (compressed(UNPACKED), compressed(8 * (1 + 3 * 8)));
    let named = [&b"x\0\0"[..], &bomb].concat();
    put(
        &pictures.join("profile.png"),
        &png(&[(b"iCCP", &named)], &small),
    );
    put(
        &pictures.join("text.png"),
        &png(&[(b"zTXt", &named)], &small),
    );
    put(&pictures.join("pixels.png"), &png(&[], &bomb));
    let settings = [
        "prepare.source=folder".to_owned(),
        format!("prepare.folder={}", pictures.display()),
        "prepare.pictures={height: 8, width: 8, labels: none}".to_owned(),
    ];
    let output = prepare(folder.path(), &settings);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("3 train, 8x8x3"), "{said}");
}

/// The error of dcgan-prepare for this file of images.
fn refused(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    put(&path, bytes);
    let settings = [
        "prepare.source=idx".to_owned(),
        format!("prepare.idx.train_images={}", path.display()),
    ];
    let output = prepare(folder, &settings);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(name), "{said}");
    said
}

/// The header of an IDX file of `images` images.
fn idx_header(images: u32) -> Vec<u8> {
    let sizes = [images.to_be_bytes(), [0, 0, 0, 28], [0, 0, 0, 28]];
    [&[0, 0, 8, 3], sizes.as_flattened()].concat()
}

#[test]
fn idx_files_that_unpack_to_gigabytes_are_refused_within_bounds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // The header promises less than the file contains, or more.
    for (promised, word) in [(1, "longer"), (u32::MAX, "shorter")] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&idx_header(promised)).expect("memory");
        // Data that are present may be kept, so there are fewer if they are promised.
        zeros(&mut encoder, if promised == 1 { UNPACKED } else { 1 << 24 });
        let bytes = encoder.finish().expect("memory");
        let said = refused(folder.path(), "images.gz", &bytes);
        let expected = format!("is {word} than its header says");
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn an_idx_header_takes_no_memory_for_what_the_file_lacks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let images = u32::try_from(UNPACKED / (28 * 28)).expect("it fits");
    let said = refused(folder.path(), "images", &idx_header(images));
    assert!(said.contains("is shorter than its header says"), "{said}");
}

/// What dcgan-eval says to this archive as samples, which it must refuse.
fn refused_as_samples(folder: &Path, name: &str, bytes: &[u8]) -> String {
    put(&folder.join(name), bytes);
    let mut command = limited("eval", folder);
    command
        .arg("--dataset")
        .arg(folder.join("prepare/dataset.safetensors"))
        .arg("--samples")
        .arg(folder.join(name));
    let output = command.output().expect("bash starts");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{name}: {said}");
    assert!(said.contains(name), "{said}");
    said
}

/// An archive that is refused before its gigabyte is taken.
fn refused_before_it_is_read(folder: &Path, name: &str, bytes: &[u8]) {
    let said = refused_as_samples(folder, name, bytes);
    assert!(!said.contains("out of memory"), "{said}");
}

#[test]
fn archives_of_arrays_that_unpack_to_gigabytes_are_refused_within_bounds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let size = "prepare.synthetic={train: 8, test: 2, height: 8, width: 8, classes: 0}";
    let settings = ["--set", "prepare.source=synthetic", "--set", size];
    Run::new(folder.path(), &[]).stage("prepare", &settings);
    let folder = folder.path();
    let image = 8 * 8;
    let header = npy_header(3);
    let claims = UNPACKED + header.len();

    // A small array, and behind it what nobody asked for.
    let bomb = npz(
        |to| {
            to.write_all(&header).expect("memory");
            zeros(to, UNPACKED);
        },
        0,
        claims,
    );
    refused_before_it_is_read(folder, "behind.npz", &bomb);
    // So is a member that claims to be small.
    let bomb = npz(
        |to| {
            to.write_all(&header).expect("memory");
            zeros(to, UNPACKED);
        },
        0,
        header.len() + 3 * image,
    );
    refused_before_it_is_read(folder, "silent.npz", &bomb);
    // The header, and then the directory too, claim a gigabyte that the file does not have.
    let large = npy_header(UNPACKED / image);
    for (name, claimed) in [
        ("header.npz", large.len()),
        ("both.npz", large.len() + UNPACKED),
    ] {
        let bomb = npz(|to| to.write_all(&large).expect("memory"), 0, claimed);
        refused_before_it_is_read(folder, name, &bomb);
    }
    // All of it is there: the system ends it, by an error that names the file.
    let mut crc = Crc::new();
    crc.update(&large);
    let block = vec![0; 1 << 20];
    for _ in 0..UNPACKED >> 20 {
        crc.update(&block);
    }
    let whole = npz(
        |to| {
            to.write_all(&large).expect("memory");
            zeros(to, UNPACKED);
        },
        crc.sum(),
        large.len() + UNPACKED,
    );
    let said = refused_as_samples(folder, "whole.npz", &whole);
    assert!(said.contains("out of memory"), "{said}");
    assert!(said.contains("use a machine with more memory"), "{said}");
}

/// The error of dcgan-prepare for this file as `prepare.KEY` of a source.
fn refused_as(folder: &Path, source: &str, key: &str, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    put(&path, bytes);
    let settings = [
        format!("prepare.source={source}"),
        format!("prepare.{key}={}", path.display()),
    ];
    let output = prepare(folder, &settings);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(name), "{said}");
    said
}

#[test]
fn tables_and_batches_that_unpack_to_gigabytes_are_refused_within_bounds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    // A row without end.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    zeros(&mut encoder, UNPACKED);
    let bytes = encoder.finish().expect("memory");
    let said = refused_as(folder, "csv", "csv.train", "row.csv.gz", &bytes);
    assert!(said.contains("expected rows of at most"), "{said}");
    // A row that goes on over lines, because a quote is open.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"\"").expect("memory");
    let lines = vec![b'\n'; 1 << 16];
    for _ in 0..UNPACKED >> 16 {
        encoder.write_all(&lines).expect("memory");
    }
    let bytes = encoder.finish().expect("memory");
    let said = refused_as(folder, "csv", "csv.train", "quote.csv.gz", &bytes);
    assert!(said.contains("expected rows of at most"), "{said}");
    // A batch without end.
    let mut header = [0_u8; 512];
    header[..16].copy_from_slice(b"data_batch_1.bin");
    header[124..136].copy_from_slice(format!("{UNPACKED:011o}\0").as_bytes());
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&header).expect("memory");
    zeros(&mut encoder, UNPACKED);
    let bytes = encoder.finish().expect("memory");
    let said = refused_as(folder, "cifar", "cifar.path", "batches.tar.gz", &bytes);
    assert!(said.contains("unpacks to too much"), "{said}");
}

#[test]
fn archives_of_pictures_that_unpack_to_gigabytes_are_refused_within_bounds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut crc = Crc::new();
    crc.update(&[0; 1000]);
    for (name, claimed, word) in [
        ("honest.zip", UNPACKED, "too_large"),
        ("silent.zip", 1000, "a member is longer than its length"),
    ] {
        let bytes = zip(b"images.png", |to| zeros(to, UNPACKED), crc.sum(), claimed);
        let said = refused_as(folder.path(), "archive", "archive.train", name, &bytes);
        assert!(said.contains(word), "{said}");
    }
}
