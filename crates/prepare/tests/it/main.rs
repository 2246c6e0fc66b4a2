//! Tests of the program `dcgan-prepare`, and property tests of the IDX decoder.
#![expect(
    clippy::unwrap_used,
    reason = "helper functions of tests fail by panicking"
)]

mod archives;
mod cifar;
mod csv;
mod damage;
mod flips;
mod folders;
mod formats;
mod fuzz;
mod letters;
mod npz;
mod odd_files;
mod parquet;
mod pictures;
mod samples;
mod settings;
mod sources;
mod whole;

use dcgan_testkit::{Outcome, run};
use flate2::Compression;
use flate2::write::GzEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A working directory with sources and a pipeline that has relative names.
struct Folder(TempDir);

impl Folder {
    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Six labelled training images of 3x4 pixels and two test images, three classes; the training
    /// images are gzip, everything else is plain.
    fn with_sources() -> Self {
        let folder = Self::empty();
        folder.put("train-images.gz", &gzip(&images(6, 0)));
        folder.put("train-labels", &labels(&[0, 1, 2, 0, 1, 2]));
        folder.put("test-images", &images(2, 100));
        folder.put("test-labels", &labels(&[2, 0]));
        folder.put(
            "pipeline.yaml",
            b"prepare:
  name: tiny
  idx:
    train_images: train-images.gz
    train_labels: train-labels
    test_images: test-images
    test_labels: test-labels
",
        );
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test's source may be half written"
    )]
    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn get(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.get(name)).unwrap()
    }

    /// Sorted names in a folder; empty if it does not exist.
    fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path().join(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Runs the program with these arguments, split at spaces, in this folder.
    fn run(&self, arguments: &str) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dcgan-prepare"));
        command.args(arguments.split_whitespace());
        run(command.current_dir(self.path()))
    }

    /// Like [`Self::run`], but must succeed; returns stdout.
    #[track_caller]
    fn succeed(&self, arguments: &str) -> String {
        self.run(arguments).succeeded().stdout
    }

    /// Like [`Self::run`], but must fail and write nothing; returns exit code and stderr.
    #[track_caller]
    fn fail(&self, arguments: &str) -> String {
        let before = self.names(".");
        let outcome = self.run(arguments);
        assert_eq!(
            self.names("."),
            before,
            "a failed run leaves nothing behind"
        );
        outcome.failure()
    }
}

/// A picture file of `format` with different values everywhere; `seed` varies it.
fn picture(format: ImageFormat, height: u32, width: u32, seed: u8) -> Vec<u8> {
    let value = |x: u32, y: u32| {
        let of = |n: u32| u8::try_from(n % 256).unwrap();
        let seed = u32::from(seed);
        Rgb([
            of(x * 255 / width + 31 * seed),
            of(y * 255 / height + 57 * seed),
            of(x * y + 97 * seed),
        ])
    };
    encode(&RgbImage::from_fn(width, height, value).into(), format)
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// An IDX file: magic number, sizes, elements.
fn idx(magic: [u8; 4], sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend(sizes.iter().flat_map(|n| n.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

/// `n` different images of 3x4 pixels that count up from `first`.
fn images(n: u8, first: u8) -> Vec<u8> {
    let pixels: Vec<u8> = (0..n * 12).map(|at| first + at).collect();
    idx([0, 0, 8, 3], &[u32::from(n), 3, 4], &pixels)
}

fn labels(labels: &[u8]) -> Vec<u8> {
    idx(
        [0, 0, 8, 1],
        &[u32::try_from(labels.len()).unwrap()],
        labels,
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
