//! Images of other programs: files written by NumPy and safetensors for Python
//! (`tests/python/foreign.py`), and files constructed here.

use crate::examples::put;
use dcgan_artifacts::{
    Artifact, Error, ErrorKind, ForeignImages, ForeignReading, Samples, ValueRange,
};
use dcgan_hints::Hint;
use flate2::Crc;
use flate2::write::DeflateEncoder;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const COLOUR: [usize; 3] = [3, 5, 3];
const GREY: [usize; 3] = [3, 5, 1];
const LABELS: Option<&[u8]> = Some(&[0, 1, 2, 1]);

fn corpus(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("../../fuzz/corpus/foreign").join(name)
}

fn read_sized(path: &Path, size: [usize; 3]) -> Result<ForeignImages, Error> {
    let size = Some(size);
    let reading = ForeignReading { size, range: None };
    ForeignImages::read(path, Artifact::Samples, &reading)
}

/// The pixels that the script wrote.
fn pixels(n: usize) -> Vec<u8> {
    (0..n).map(|i| u8::try_from(i * 7 % 256).unwrap()).collect()
}

#[test]
fn what_other_programs_write_is_read() {
    for (name, size, labels) in [
        ("unnamed.npz", COLOUR, None),
        ("pair.npz", COLOUR, LABELS),
        ("named.npz", GREY, LABELS),
        ("compressed.npz", COLOUR, LABELS),
        ("half.npz", GREY, LABELS),
        ("wide.npz", GREY, None),
        ("first.npy", COLOUR, None),
        ("big-endian.npy", GREY, None),
        ("whole.npy", COLOUR, None),
        ("bytes-as-floats.npy", COLOUR, None),
        ("int64.safetensors", COLOUR, LABELS),
        ("first.safetensors", COLOUR, None),
    ] {
        let read = read_sized(&corpus(name), size).unwrap();
        assert_eq!([read.height, read.width, read.channels], size, "{name}");
        assert_eq!(
            read.images,
            pixels(4 * size.iter().product::<usize>()),
            "{name}"
        );
        assert_eq!((read.n, read.labels.as_deref()), (4, labels), "{name}");
        // The same through the reader of samples.
        let reading = ForeignReading {
            size: Some(size),
            range: None,
        };
        let (samples, told) = Samples::read_any(&corpus(name), &reading).unwrap();
        assert_eq!((samples.images, samples.labels), (read.images, read.labels));
        assert_eq!(told, read.told);
    }
}

#[test]
fn what_could_be_understood_otherwise_is_said() {
    for (name, size, told) in [
        ("pair.npz", COLOUR, &[][..]),
        (
            "compressed.npz",
            COLOUR,
            &[
                "not read: `names`",
                "values of `images` from -1 to 1 are taken for a range from -1, black, to 1, white",
            ],
        ),
        (
            "first.safetensors",
            COLOUR,
            &[
                "`samples` is taken for the images",
                "`samples` has its channels first: shape [4, 3, 3, 5]",
                "values of `samples` from 0 to 1 are taken for a range from 0, black, to 1, white",
            ],
        ),
        (
            "bytes-as-floats.npy",
            COLOUR,
            &[
                "`bytes-as-floats` is taken for the images",
                "values of `bytes-as-floats` from 0 to 255 are taken for a range from 0, black, to \
                 255, white",
            ],
        ),
    ] {
        assert_eq!(
            read_sized(&corpus(name), size).unwrap().told,
            told,
            "{name}"
        );
    }
}

/// No image has an element, so only a bound of one image keeps its memory small.
#[test]
fn no_images_of_an_endless_size_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    for side in ["2147483648", "65536", "9223372036854775807"] {
        put(&path, &npy("|u1", &format!("(0, 3, {side}, {side})"), &[]));
        let error = ForeignImages::read(&path, Artifact::Samples, &ForeignReading::default());
        let said = error.unwrap_err().to_string();
        assert!(said.contains("shape [0, 3, "), "{said}");
    }
}

/// An `.npy` with this type and shape.
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], text.as_bytes(), data].concat()
}

/// An archive of members, deflated.
fn npz(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    let u16_of = |n: usize| u16::try_from(n).unwrap().to_le_bytes();
    let u32_of = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    for (name, data) in members {
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = Crc::new();
        crc.update(data);
        let common = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
            &crc.sum().to_le_bytes(),
            &u32_of(packed.len()),
            &u32_of(data.len()),
            &u16_of(name.len()),
            &[0, 0],
        ]
        .concat();
        directory.extend([b"PK\x01\x02\x14\0", common.as_slice(), &[0; 10]].concat());
        directory.extend(u32_of(bytes.len()));
        directory.extend(name.as_bytes());
        bytes.extend([b"PK\x03\x04", common.as_slice(), name.as_bytes(), &packed].concat());
    }
    let start = u32_of(bytes.len());
    let n = u16_of(members.len());
    let end = [
        b"PK\x05\x06\0\0\0\0",
        &n[..],
        &n,
        &u32_of(directory.len()),
        &start,
        &[0, 0],
    ];
    bytes.extend(directory);
    bytes.extend(end.concat());
    bytes
}

/// The error for refused bytes, without the path.
#[track_caller]
fn refused(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    put(&path, bytes);
    let reading = ForeignReading {
        size: Some([2, 2, 1]),
        range: None,
    };
    let error = Samples::read_any(&path, &reading).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.hint().is_some(), "{error}");
    let said = error.to_string();
    said.replace(&format!("`{}`", path.display()), "x")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn what_is_not_read_is_named_rightly() {
    let images = npy("|u1", "(1, 2, 2, 1)", &[0; 4]);
    let long = format!("({})", "1, ".repeat(65));
    let of_one = |text: &str| format!("samples x does not fit: expected {text}");
    for (bytes, said) in [
        (
            b"\x89HDF\r\n\x1a\n\0".to_vec(),
            of_one("a safetensors, .npz or .npy file, or a folder of pictures, got an HDF5 file"),
        ),
        (
            b"\x80\x04\x95rest of a pickle".to_vec(),
            of_one(
                "a safetensors, .npz or .npy file, or a folder of pictures, got a pickle of Python, which may hold any program",
            ),
        ),
        (
            b"\x89PNG\r\n\x1a\n and so on".to_vec(),
            of_one(
                "a safetensors, .npz or .npy file, or a folder of pictures, got a single picture: give its folder",
            ),
        ),
        (
            npz(&[("archive/data.pkl", b"x")]),
            of_one(
                "an .npz of NumPy or a safetensors file, got an archive of `torch.save`, which may hold any program",
            ),
        ),
        (
            npz(&[("a.npy", &images), ("b.npy", &images), ("c.txt", b"x")]),
            of_one(
                "an array `images` or `arr_0`, or one array alone of 3 or 4 axes, got `a`, `b`, `c.txt`",
            ),
        ),
        (
            npy("|O", "(1, 2, 2, 1)", &[0; 4]),
            of_one("an array of numbers, got elements of type `|O`"),
        ),
        (
            npy("|b1", "(1, 2, 2, 1)", &[0; 4]),
            of_one("an array of numbers, got elements of type `|b1`"),
        ),
        (
            npy("|u1", "(4,)", &[0; 4]),
            of_one("an array `images` or `arr_0`, or one array alone of 3 or 4 axes, got `x`"),
        ),
        (
            npy("|u1", "(1, 2, 2, 2)", &[0; 8]),
            of_one(
                "`x` of shape [n, height, width, 1 or 3], [n, 1 or 3, height, width] or [n, height, width], got shape [1, 2, 2, 2]",
            ),
        ),
        (
            npy("|i1", "(1, 2, 2, 1)", &[0, 1, 255, 3]),
            of_one("whole numbers from 0 to 255 in `x`, got -1"),
        ),
        (
            npy("<f4", "(1, 2, 2)", &[0, 0, 128, 127].repeat(4)),
            of_one("finite numbers in `x`, got a NaN or an infinite value"),
        ),
        (
            npy(
                "<f4",
                "(1, 2, 2)",
                &2.5_f32
                    .to_le_bytes()
                    .iter()
                    .chain(&(-2.5_f32).to_le_bytes())
                    .copied()
                    .collect::<Vec<_>>()
                    .repeat(2),
            ),
            of_one("values of `x` in [0, 1], [-1, 1] or [0, 255], got values from -2.5 to 2.5"),
        ),
        (
            npy("|u1", &long, &[0]),
            "samples x is damaged: expected an .npy header, got other bytes".into(),
        ),
        (
            npy("|u1", "(1, 2, 2, 1)", &[0; 3]),
            "samples x is damaged: expected 4 bytes for `x` of shape [1, 2, 2, 1], got 3 bytes"
                .into(),
        ),
        (
            npz(&[
                ("images.npy", &images),
                ("labels.npy", &npy("<i8", "(2,)", &[0; 16])),
            ]),
            of_one("`labels` of shape [1], a class number each, got [2]"),
        ),
        (
            npz(&[
                ("images.npy", &images),
                ("labels.npy", &npy("<f4", "(1,)", &[0; 4])),
            ]),
            of_one("`labels` of whole numbers, got floats"),
        ),
        (
            npz(&[
                ("images.npy", &images),
                ("labels.npy", &npy("<i8", "(1,)", &256_i64.to_le_bytes())),
            ]),
            of_one("whole numbers from 0 to 255 in `labels`, got 256"),
        ),
    ] {
        assert_eq!(refused(&bytes), said);
    }
}

#[test]
fn axes_that_could_lie_otherwise_are_refused() {
    let fortran = std::fs::read(corpus("fortran.npy")).unwrap();
    assert_eq!(
        refused(&fortran),
        "samples x does not fit: expected an array in C order, got Fortran order: \
         `numpy.ascontiguousarray` makes it C order"
    );
    // Axes of length 3 before and after the pixels: only the size tells the channels.
    let reading = ForeignReading::default();
    let error =
        ForeignImages::read(&corpus("unnamed.npz"), Artifact::Samples, &reading).unwrap_err();
    assert!(
        error.to_string().ends_with("got shape [4, 3, 5, 3]"),
        "{error}"
    );
}

#[test]
fn a_range_that_was_asked_for_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let values = [-0.5_f32, 0.25, 0.5, 1.5].map(f32::to_le_bytes);
    put(&path, &npy("<f4", "(1, 2, 2)", values.as_flattened()));
    for (range, expected) in [
        (ValueRange::Unit, [0, 64, 128, 255]),
        (ValueRange::Signed, [64, 159, 191, 255]),
        (ValueRange::Bytes, [0, 0, 1, 2]),
    ] {
        let reading = ForeignReading {
            size: None,
            range: Some(range),
        };
        let read = ForeignImages::read(&path, Artifact::Samples, &reading).unwrap();
        assert_eq!(read.images, expected, "{}", range.name());
    }
}

#[test]
fn every_flipped_byte_of_an_archive_changes_no_image_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for name in ["pair.npz", "compressed.npz", "wide.npz"] {
        let sound = std::fs::read(corpus(name)).unwrap();
        let size = if name == "wide.npz" { GREY } else { COLOUR };
        let expected = read_sized(&corpus(name), size).unwrap();
        let mut refused = 0;
        for place in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[place] ^= 1 << (place % 8);
            put(&path, &bytes);
            match read_sized(&path, size) {
                Ok(read) => {
                    assert_eq!(read.images, expected.images, "{name}: byte {place}");
                    let labels = read.labels.is_none() || read.labels == expected.labels;
                    assert!(labels, "{name}: byte {place}");
                }
                Err(error) => {
                    refused += 1;
                    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
                    assert!(
                        error.to_string().contains(path.to_str().unwrap()),
                        "{error}"
                    );
                }
            }
        }
        // Times, attributes and names of unread arrays don't matter here.
        assert!(
            refused > sound.len() / 2,
            "{name}: {refused} of {}",
            sound.len()
        );
        for length in 0..sound.len() {
            put(&path, &sound[..length]);
            read_sized(&path, size).unwrap_err();
        }
    }
}

/// Nothing may allocate what a header promises: 2^60 bytes would end the test process.
#[test]
fn promises_beyond_the_file_are_refused() {
    let small = npy("|u1", "(1, 2, 2, 1)", &[0; 4]);
    for shape in [
        "(1152921504606846976, 1, 1, 1)",
        "(4294967296, 4294967296, 4294967296, 1)",
    ] {
        let said = refused(&npy("|u1", shape, &[0; 4]));
        assert!(
            said.starts_with("samples x is damaged: expected "),
            "{said}"
        );
        let said = refused(&npz(&[("images.npy", &npy("|u1", shape, &[0; 4]))]));
        assert!(
            said.starts_with("samples x is damaged: expected "),
            "{said}"
        );
    }
    let sound = npz(&[("images.npy", &small)]);
    let end = sound.len() - 22;
    // Number of members, size and offset of the directory, then the member's own sizes and offset.
    let directory = usize::try_from(u32::from_le_bytes(
        sound[end + 16..end + 20].try_into().unwrap(),
    ))
    .unwrap();
    for (at, length) in [
        (end + 10, 2),
        (end + 12, 4),
        (end + 16, 4),
        (directory + 20, 4),
        (directory + 24, 4),
        (directory + 42, 4),
    ] {
        let mut bytes = sound.clone();
        bytes[at..at + length].fill(0xfe);
        let said = refused(&bytes);
        assert!(
            said.contains("damaged") || said.contains("does not fit"),
            "{said}"
        );
    }
    let header = [b"\x93NUMPY\x02\0".as_slice(), &u32::MAX.to_le_bytes(), b"{"].concat();
    let expected =
        "samples x does not fit: expected an .npy header of at most 65536 bytes, got 4294967295";
    assert_eq!(refused(&header), expected);
    // More pixels than the limit, deflated to almost nothing.
    let said = refused(&npy("<f8", &format!("({}, 1, 1, 1)", 1_u64 << 32), &[]));
    assert!(said.contains("damaged"), "{said}");
}
