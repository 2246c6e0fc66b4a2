//! Every reader of untrusted files, as a function of bytes.
//!
//! `fuzz/` runs them on a fuzzer's inputs, `tests/it/corpus.rs` on the committed seeds and
//! findings. For any bytes a reader returns a consistent value or an error that names the file. It
//! never panics, hangs, or uses more memory than the bytes justify.
#![expect(
    clippy::missing_panics_doc,
    reason = "each panics where a reader breaks its promise, and that is what it is for"
)]

use dcgan_artifacts::{
    Artifact, ChannelAxis, Checkpoint, ClassifierFile, Columns, DatasetReader, Error, ErrorKind,
    EventFile, ForeignArrays, ForeignReading, GrowingTable, Manifest, ModelFile, NeighboursFile,
    Part, Role, RunFile, Samples, TablePosition, ValueRange, masked_crc32c,
    read_averaged_generator, read_checkpoint_info, read_discriminator, read_generator,
    sha256_bytes, verify_checkpoint,
};
use dcgan_checkpoints::{ClassChoice, LoadedDiscriminator, LoadedGenerator};
use dcgan_hints::Hint;
use dcgan_pictures::{Alpha, Conversion, Crop, Filter};
use dcgan_prepare::cifar::{Cifar, CifarLabels};
use dcgan_prepare::pixel_table::{LabelColumn, PixelTable, TableReading};
use dcgan_prepare::{Collection, ParquetColumns, idx, open_archive, open_parquet};
use dcgan_sample::Vector;
use dcgan_tensorflow::{OriginalNetworks, SavedVariables};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Component, Path};

/// A family of readers.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Name of the fuzz target and the corpus.
    pub name: &'static str,
    /// Reads the bytes; returns whether they were accepted.
    pub read: fn(&[u8]) -> bool,
}

/// All readers.
pub const READERS: &[Reader] = &[
    Reader {
        name: "container",
        read: container,
    },
    Reader {
        name: "contents",
        read: contents,
    },
    Reader {
        name: "network",
        read: network,
    },
    Reader {
        name: "manifest",
        read: manifest,
    },
    Reader {
        name: "settings",
        read: settings,
    },
    Reader {
        name: "idx",
        read: idx,
    },
    Reader {
        name: "table",
        read: table,
    },
    Reader {
        name: "events",
        read: events,
    },
    Reader {
        name: "foreign",
        read: foreign,
    },
    Reader {
        name: "tensorflow",
        read: tensorflow,
    },
    Reader {
        name: "pixels",
        read: pixels,
    },
    Reader {
        name: "cifar",
        read: cifar,
    },
    Reader {
        name: "archive",
        read: archive,
    },
    Reader {
        name: "parquet",
        read: parquet,
    },
    Reader {
        name: "picture",
        read: picture,
    },
    Reader {
        name: "expression",
        read: expression,
    },
];

/// Skip larger pictures when fuzzing; tests of the limits decode them.
const PICTURE_MEMORY: u64 = 1 << 24;

/// The bytes as a safetensors file, read as each format in turn.
pub fn container(bytes: &[u8]) -> bool {
    in_file("file.safetensors", bytes, read_as_each_format)
}

/// The same with correct checksums, to reach the code behind them. The bytes are a line of metadata
/// and a line with the arrays' offsets, both JSON objects, and the data.
pub fn contents(bytes: &[u8]) -> bool {
    let Some(file) = sealed_container(bytes) else {
        return false;
    };
    in_file("file.safetensors", &file, read_as_each_format)
}

/// A network from such a file: its description, its weights, and an image if it is small.
pub fn network(bytes: &[u8]) -> bool {
    let Some(file) = sealed_container(bytes) else {
        return false;
    };
    in_file("file.safetensors", &file, |path| {
        let generator = LoadedGenerator::load(path);
        let discriminator = LoadedDiscriminator::load(path);
        for error in [generator.as_ref().err(), discriminator.as_ref().err()] {
            assert!(error.is_none_or(|error| names(error, path)), "{error:?}");
        }
        let accepted = generator.is_ok() || discriminator.is_ok();
        if let Ok(generator) = generator
            && generator.generator().parameter_count() < 1 << 14
            && generator.image_bytes() < 1 << 10
        {
            let classes = ClassChoice::resolve(None, generator.info());
            match generator.images(0, 0, 1, &classes.expect("no class is asked")) {
                Ok(image) => assert_eq!(image.len(), generator.image_bytes()),
                // Finite weights can still give images that are not finite.
                Err(error) => assert!(names(&error, path), "{error:?}"),
            }
        }
        accepted
    })
}

/// The bytes as a manifest, unchanged and with a corrected seal, and as `run.json`.
pub fn manifest(bytes: &[u8]) -> bool {
    let read = |bytes: &[u8]| {
        in_file(Manifest::NAME, bytes, |path| {
            let folder = path.parent().expect("a file in a folder");
            let manifest = match Manifest::read(folder) {
                Ok(manifest) => manifest.expect("a manifest that is there"),
                Err(error) => return refused(&error, path),
            };
            // It names no file outside its folder.
            let outputs = manifest.outputs.iter();
            let mut parts = outputs.flat_map(|output| Path::new(&output.name).components());
            assert!(parts.all(|part| matches!(part, Component::Normal(_))));
            let _ = manifest.verify_outputs(folder);
            let again = folder.join("again");
            dcgan_artifacts::create_folder(&again).expect("a folder of ours");
            manifest.write(&again).expect("a manifest can be written");
            let mut sorted = manifest;
            sorted.inputs.sort();
            sorted.outputs.sort();
            assert_eq!(Manifest::read(&again).expect("our own file"), Some(sorted));
            true
        })
    };
    let sealed = serde_json::from_slice(bytes)
        .ok()
        .map(|object: Map<String, Value>| sealed_text(object));
    let run = in_file("run.json", bytes, |path| {
        match RunFile::read_settings(path) {
            Ok(_) => true,
            Err(error) => refused(&error, path),
        }
    });
    let accepted = run | read(bytes);
    accepted | sealed.is_some_and(|sealed| read(sealed.as_bytes()))
}

/// A pipeline, a zero byte, and values of `--set` separated by zero bytes.
pub fn settings(bytes: &[u8]) -> bool {
    let mut texts = bytes.split(|&byte| byte == 0).map(std::str::from_utf8);
    let Some(Ok(text)) = texts.next() else {
        return false;
    };
    let overrides: Vec<String> = texts.flatten().map(str::to_owned).collect();
    match dcgan_settings::load_text("fuzz.yaml", text, &overrides) {
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
        Ok(pipeline) => {
            // Settings recorded in a manifest load to the same settings: JSON is valid YAML.
            let recorded = dcgan_settings::resolved(&pipeline).to_string();
            let again = dcgan_settings::load_text("again.yaml", &recorded, &[]);
            assert_eq!(again.expect("settings on record"), pipeline, "{recorded}");
            true
        }
    }
}

/// The bytes as an IDX file of images and of labels, plain or gzip; and the bytes compressed, which
/// must give the same.
pub fn idx(bytes: &[u8]) -> bool {
    let images = idx_of::<3>(bytes);
    let labels = idx_of::<1>(bytes);
    images || labels
}

fn idx_of<const D: usize>(bytes: &[u8]) -> bool {
    let path = Path::new("file-ubyte");
    let decoded = idx::decode::<D>(path, bytes, bytes.len() as u64);
    match &decoded {
        Err(error) => assert!(error.to_string().contains("file-ubyte"), "{error}"),
        Ok(read) => {
            assert_eq!(read.values.len(), read.sizes.iter().product::<usize>());
            assert_eq!(read.file.sha256, sha256_bytes(bytes));
        }
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(bytes).expect("memory");
        let gzip = gzip.finish().expect("memory");
        let compressed = idx::decode::<D>(path, &gzip[..], gzip.len() as u64);
        match (&decoded, compressed) {
            (Ok(plain), Ok(compressed)) => {
                assert_eq!(plain.sizes, compressed.sizes);
                assert_eq!(plain.values, compressed.values);
            }
            (Err(_), Err(_)) => {}
            (plain, compressed) => panic!("{plain:?} plain, {compressed:?} compressed"),
        }
    }
    decoded.is_ok()
}

/// The bytes as images of another program, with and without a known size and range.
pub fn foreign(bytes: &[u8]) -> bool {
    in_file("images", bytes, |path| {
        let sizes = [None, Some([3, 5, 3]), Some([3, 5, 1])];
        let ranges = [None, Some(ValueRange::Signed)];
        let readings = sizes
            .iter()
            .flat_map(|&size| ranges.map(|range| ForeignReading { size, range }));
        let mut accepted = false;
        for reading in readings {
            accepted |= accepted_as_images(path, &reading);
        }
        accepted | accepted_as_arrays(path)
    })
}

/// Each array of the file as images and as labels, as `dcgan-prepare` reads them.
fn accepted_as_arrays(path: &Path) -> bool {
    let arrays = match ForeignArrays::open(path, Artifact::Other) {
        Err(error) => return refused(&error, path),
        Ok(arrays) => arrays,
    };
    let shapes = arrays.shapes().map(|(name, shape)| (name, shape.first()));
    let mut is_any_image = false;
    for (name, n) in shapes {
        for channels in [None, Some(ChannelAxis::First), Some(ChannelAxis::Last)] {
            match arrays.images_named(name, channels, None) {
                Err(error) => assert!(names(&error, path), "{error:?}"),
                Ok(read) => {
                    let pixels = read.n * read.height * read.width * read.channels;
                    assert_eq!((read.images.len(), Some(&read.n)), (pixels, n));
                    is_any_image = true;
                }
            }
        }
        let n = n.copied().unwrap_or_default();
        match arrays.labels_named(name, n) {
            Err(error) => assert!(names(&error, path), "{error:?}"),
            Ok(labels) => assert_eq!(labels.len(), n),
        }
    }
    is_any_image
}

fn accepted_as_images(path: &Path, reading: &ForeignReading) -> bool {
    let read = Samples::read_any(path, reading).map(|(samples, _)| samples);
    accepted(path, read, |samples| {
        let pixels = samples.n * samples.height * samples.width * samples.channels;
        assert_eq!(samples.images.len(), pixels);
        let labels = samples.labels.as_ref();
        assert!(labels.is_none_or(|labels| labels.len() == samples.n));
        check_again(path, samples, Samples::write, Samples::read);
    })
}

/// The bytes as a checkpoint of TensorFlow: as a file, and as the one block of a table with correct
/// checksums, which is a checkpoint of format V1 and the index of one of V2.
pub fn tensorflow(bytes: &[u8]) -> bool {
    let table = table_of_block(bytes);
    let files = [
        ("model-7", bytes),
        ("model-7", &table),
        ("model-7.index", &table),
    ];
    let mut accepted = false;
    for (name, content) in files {
        accepted |= in_file(name, content, |path| {
            let data = path.with_file_name("model-7.data-00000-of-00001");
            #[expect(clippy::disallowed_methods, reason = "any bytes are what is wanted")]
            std::fs::write(data, bytes).expect("a file of ours");
            accepted_as_checkpoint(&path.with_file_name("model-7"))
        });
    }
    accepted
}

fn accepted_as_checkpoint(prefix: &Path) -> bool {
    let refused = |error: dcgan_tensorflow::Error| {
        assert!(names(&error, prefix), "{error}");
        assert!(error.hint().is_some(), "{error}");
    };
    match SavedVariables::open(prefix) {
        Err(error) => {
            refused(error);
            false
        }
        Ok(saved) => {
            for (shape, values) in saved.floats().values() {
                assert_eq!(values.len(), shape.iter().product::<usize>());
            }
            let _ = OriginalNetworks::find(&saved, None).map_err(refused);
            true
        }
    }
}

/// A table of one block.
fn table_of_block(block: &[u8]) -> Vec<u8> {
    let mut table = Vec::new();
    let handle = put_block(&mut table, block);
    let lengths = [0, 0, u8::try_from(handle.len()).expect("a short one")];
    let no_restarts = [0; 4];
    let index = [&lengths[..], &handle, &no_restarts].concat();
    let mut footer = put_block(&mut table, &no_restarts);
    footer.extend(put_block(&mut table, &index));
    footer.resize(40, 0);
    table.extend(footer);
    table.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
    table
}

/// Adds a block and its checksum to a table; where it is.
fn put_block(table: &mut Vec<u8>, content: &[u8]) -> Vec<u8> {
    let mut handle = Vec::new();
    for mut number in [table.len(), content.len()] {
        while number > 0x7f {
            handle.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        handle.push(number.to_le_bytes()[0]);
    }
    let block = [content, &[0]].concat();
    table.extend(&block);
    table.extend(masked_crc32c(&block).to_le_bytes());
    handle
}

/// The bytes as a table of pixels, and the bytes compressed, which must give the same.
pub fn pixels(bytes: &[u8]) -> bool {
    let path = Path::new("table.csv");
    let columns = [LabelColumn::Auto, LabelColumn::Last, LabelColumn::None];
    let mut accepted = false;
    for (label, size, channels) in [
        (columns[0], None, 1),
        (columns[1], Some([2, 3]), 3),
        (columns[2], Some([1, 4]), 1),
    ] {
        let reading = TableReading {
            size,
            channels,
            planes: channels == 3,
            label,
        };
        let read = PixelTable::read(path, bytes, &reading);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(bytes).expect("memory");
        let gzip = gzip.finish().expect("memory");
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            let compressed = PixelTable::read(path, &gzip[..], &reading);
            assert_eq!(read.as_ref().ok(), compressed.as_ref().ok());
        }
        match read {
            Err(error) => {
                assert!(names(&error, path) && error.hint().is_some(), "{error}");
            }
            Ok(table) => {
                assert!(table.n > 0);
                let values = table.n * table.size.iter().product::<usize>();
                assert_eq!(table.images.len(), values);
                if let Some(labels) = table.labels {
                    assert_eq!(labels.len(), table.n);
                    let has_label = |label: &u8| usize::from(*label) < table.found.len();
                    assert!(labels.iter().all(has_label));
                }
                accepted = true;
            }
        }
    }
    accepted
}

/// The bytes as an archive of CIFAR's batches, with each kind of labels.
pub fn cifar(bytes: &[u8]) -> bool {
    let path = Path::new("batches.tar");
    let mut accepted = false;
    for labels in [CifarLabels::Fine, CifarLabels::Coarse, CifarLabels::None] {
        match Cifar::read(path, bytes, labels) {
            Err(error) => {
                assert!(names(&error, path) && error.hint().is_some(), "{error}");
            }
            Ok(found) => {
                assert!(!found.batches.is_empty());
                for batch in found.batches {
                    assert_eq!(batch.images.len(), batch.n * 3072);
                    let n_labels = batch.labels.map(|labels| labels.len());
                    let expected = (labels != CifarLabels::None).then_some(batch.n);
                    assert_eq!(n_labels, expected);
                }
                accepted = true;
            }
        }
    }
    accepted
}

/// The bytes as an archive of pictures, of which each member is read.
pub fn archive(bytes: &[u8]) -> bool {
    in_file("pictures.tar", bytes, |path| match open_archive(path) {
        Err(error) => {
            assert!(names(&error, path) && error.hint().is_some(), "{error}");
            false
        }
        Ok(archive) => has_readable_member(&*archive, true),
    })
}

/// The bytes as a table of pictures, of which each is read.
pub fn parquet(bytes: &[u8]) -> bool {
    let image = ["image", "picture"];
    let mut accepted = false;
    for (image, label) in image.into_iter().zip([Some("label"), Some("kind")]) {
        accepted |= in_file("table.parquet", bytes, |path| {
            match open_parquet(path, &ParquetColumns { image, label }) {
                Err(error) => {
                    assert!(names(&error, path) && error.hint().is_some(), "{error}");
                    false
                }
                Ok(table) => has_readable_member(&*table, false),
            }
        });
    }
    accepted
}

/// Whether a file in a collection can be read; all of them are, with the lengths that they have.
fn has_readable_member(collection: &dyn Collection, knows_lengths: bool) -> bool {
    let members = collection.members();
    let mut is_any_read = members.is_empty();
    for (place, (_, length)) in members.iter().enumerate() {
        // Longer ones are legal, and take their time.
        if *length > 1 << 20 {
            continue;
        }
        if let Ok(Some(content)) = collection.read(place) {
            assert!(!knows_lengths || content.len() as u64 == *length);
            is_any_read = true;
        }
    }
    is_any_read
}

/// The bytes as a table of a run, and as a table of labels.
pub fn table(bytes: &[u8]) -> bool {
    let header = ["step", "d_loss"];
    let read = in_file("metrics.csv", bytes, |path| {
        let read = match Columns::read(path) {
            Err(error) => refused(&error, path),
            Ok(columns) => {
                let [steps, losses] = header.map(|name| columns.get(name).map(<[f64]>::len));
                assert!(steps.is_none() || losses.is_none() || steps == losses);
                true
            }
        };
        let labels = match dcgan_pictures::LabelTable::read(path) {
            Err(error) => {
                assert!(names(&error, path), "{error}");
                false
            }
            Ok(labels) => {
                let label = |file| labels.row_of([file, file]).map(|(_, label)| label);
                let mut files = labels.files();
                assert!(files.all(|file| label(file).is_some_and(|label| !label.is_empty())));
                true
            }
        };
        read && labels
    });

    // A checkpoint records the hash of the first half, or of something else.
    let half = &bytes[..bytes.len() / 2];
    let position = |prefix: &[u8]| TablePosition {
        bytes: half.len() as u64,
        sha256: sha256_bytes(prefix),
    };
    in_file("metrics.csv", bytes, |path| {
        let resumed = GrowingTable::resume(path, &position(b"something else"));
        assert!(matches!(resumed, Err(Error::Damaged { .. })), "{resumed:?}");
        assert_eq!(std::fs::read(path).expect("the table"), bytes);
        let resumed = GrowingTable::resume(path, &position(half));
        resumed
            .expect("the half that stands")
            .flush()
            .expect("a table on the disk");
        assert_eq!(std::fs::read(path).expect("the table"), half);
    });

    // No hash is recorded for it.
    in_file("timing.csv", bytes, |path| {
        let table = GrowingTable::resume_until(path, &header, 5);
        let mut table = table.expect("what is odd is cut");
        let kept = std::fs::read(path).expect("the table");
        assert!(kept.starts_with(b"step,d_loss\n"));
        assert!(kept == b"step,d_loss\n" || bytes.starts_with(&kept));
        table.append(&["6", "0.5"]).expect("two fields");
        table.flush().expect("a table on the disk");
        let columns = Columns::read(path);
        let last = |columns: &Columns| columns.get("d_loss").and_then(|c| c.last().copied());
        if let Ok(columns) = columns {
            assert!(last(&columns) == Some(0.5) || kept.contains(&b'"'));
        }
    });
    read
}

/// The bytes as TensorBoard's event file of a run: unchanged, and as records with correct
/// checksums, each given as a length byte and its bytes.
pub fn events(bytes: &[u8]) -> bool {
    let read = |bytes: &[u8]| {
        in_file("events", bytes, |path| {
            let resumed = EventFile::resume_until(path, 5, 1.0);
            resumed.expect("what is odd is cut");
            let kept = std::fs::read(path).expect("the file");
            if !bytes.starts_with(&kept) {
                // If it is started anew, it must equal a new file.
                let fresh = path.with_extension("fresh");
                EventFile::create(&fresh, 1.0).expect("a file of ours");
                assert_eq!(kept, std::fs::read(&fresh).expect("the file"));
                return false;
            }
            let again = EventFile::resume_until(path, 5, 2.0);
            drop(again.expect("it was read"));
            assert_eq!(std::fs::read(path).expect("the file"), kept);
            true
        })
    };
    let (mut framed, mut rest) = (Vec::new(), bytes);
    while let Some((&length, events)) = rest.split_first() {
        let event;
        (event, rest) = events.split_at(events.len().min(length.into()));
        framed.extend(dcgan_artifacts::framed_event(event));
    }
    read(bytes) | read(&framed)
}

/// The bytes as a picture file. The settings come from the length.
pub fn picture(bytes: &[u8]) -> bool {
    let path = Path::new("picture.png");
    let header = match dcgan_pictures::inspect(bytes, path) {
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            return false;
        }
        Ok(header) => header,
    };
    if header.memory() > PICTURE_MEMORY {
        return false;
    }
    let choice = bytes.len();
    let conversion = Conversion {
        height: 8,
        width: 4,
        channels: [1, 3][choice % 2],
        crop: [Crop::Centre, Crop::Cover, Crop::Fit][choice % 3],
        filter: [
            Filter::Box,
            Filter::Bilinear,
            Filter::Bicubic,
            Filter::Lanczos,
        ][choice % 4],
        alpha: [Alpha::Blend, Alpha::Ignore][choice / 2 % 2],
        orientation: !choice.is_multiple_of(5),
        ..Conversion::default()
    };
    match dcgan_pictures::decode(bytes, &header, &conversion) {
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            false
        }
        Ok(decoded) => {
            assert_eq!(decoded.pixels.len(), 8 * 4 * conversion.channels);
            true
        }
    }
}

/// The bytes as latent arithmetic and as a list of seeds.
pub fn expression(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let seeds = dcgan_settings::parse_seeds(text);
    if let Ok(seeds) = &seeds {
        assert!((1..=dcgan_settings::MAX_SEEDS).contains(&seeds.len()));
    }
    match dcgan_sample::parse_expression(text) {
        Err(error) => {
            assert!(error.to_string().contains(text), "{error}");
            seeds.is_ok()
        }
        Ok(expression) => {
            let mut shown = String::new();
            for term in &expression.terms {
                if term.factor.is_sign_negative() {
                    shown.push('-');
                } else if !shown.is_empty() {
                    shown.push('+');
                }
                // Writing to a String can't fail.
                let _ = write!(shown, "{}*{}", term.factor.abs(), term.vector);
                assert!(!matches!(&term.vector, Vector::Mean(images) if images.is_empty()));
            }
            let again = dcgan_sample::parse_expression(&shown).expect("what was understood");
            assert_eq!(again, expression, "{shown}");
            true
        }
    }
}

/// Runs `read` on a file with these bytes in a temporary folder.
fn in_file<T>(name: &str, bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    #[expect(clippy::disallowed_methods, reason = "any bytes are what is wanted")]
    std::fs::write(&path, bytes).expect("a file of ours");
    read(&path)
}

fn names(error: &impl std::fmt::Display, path: &Path) -> bool {
    error.to_string().contains(&path.display().to_string())
}

/// Checks that a reader's error names the file and has a hint. Returns `false`.
fn refused(error: &Error, path: &Path) -> bool {
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    assert!(names(error, path), "{error}");
    assert!(error.hint().is_some(), "{error}");
    false
}

/// Reads a file as each format; returns whether one accepted it.
fn read_as_each_format(path: &Path) -> bool {
    let read = [
        accepted(path, DatasetReader::open(path), check_dataset),
        accepted(path, Checkpoint::read(path), |file| {
            let info = verify_checkpoint(path).expect("it was read");
            assert_eq!(info.step, file.info.step);
            assert!(read_checkpoint_info(path).is_ok());
            check_arrays([&file.weights, &file.adam_m, &file.adam_v, &file.ema]);
            check_again(path, file, Checkpoint::write, Checkpoint::read);
        }),
        accepted(path, read_generator(path), |file| {
            check_model(path, file, Role::Generator);
        }),
        accepted(path, read_averaged_generator(path), |file| {
            check_model(path, file, Role::Generator);
        }),
        accepted(path, read_discriminator(path), |file| {
            check_model(path, file, Role::Discriminator);
        }),
        accepted(path, ClassifierFile::read(path), |file| {
            check_arrays([&file.arrays]);
            check_again(path, file, ClassifierFile::write, ClassifierFile::read);
        }),
        accepted(path, NeighboursFile::read(path), |file| {
            check_again(path, file, NeighboursFile::write, NeighboursFile::read);
        }),
        accepted(path, Samples::read(path), |file| {
            let pixels = file.n * file.height * file.width * file.channels;
            assert_eq!(file.images.len(), pixels);
            assert!(file.labels.as_ref().is_none_or(|l| l.len() == file.n));
            check_again(path, file, Samples::write, Samples::read);
        }),
    ];
    read.contains(&true)
}

fn accepted<T>(path: &Path, read: Result<T, Error>, check: impl FnOnce(&T)) -> bool {
    match read {
        Ok(value) => {
            check(&value);
            true
        }
        Err(error) => refused(&error, path),
    }
}

fn check_dataset(dataset: &DatasetReader) {
    let (classes, image_len) = (dataset.info().class_names.len(), dataset.info().image_len());
    for part in Part::ALL {
        let Some(n) = dataset.len(part) else {
            assert!(dataset.read_part(part).is_err());
            continue;
        };
        let data = dataset.read_part(part).expect("a part that is there");
        assert_eq!((data.n, data.images.len()), (n, n * image_len));
        let labels = dataset.labels(part).unwrap_or_default();
        assert_eq!(labels.len(), if classes > 0 { n } else { 0 });
        assert!(labels.iter().all(|&label| usize::from(label) < classes));
        let mut image = Vec::new();
        for index in [0, n / 2, n.saturating_sub(1), n] {
            let index = u32::try_from(index).expect("a small file");
            let read = dataset.read_images(part, &[index], &mut image);
            assert_eq!(read.is_ok(), (index as usize) < n);
        }
    }
}

fn check_arrays<'a>(groups: impl IntoIterator<Item = &'a dcgan_artifacts::Arrays>) {
    for (shape, values) in groups.into_iter().flat_map(|arrays| arrays.values()) {
        assert_eq!(values.len(), shape.iter().product::<usize>());
    }
}

fn check_model(path: &Path, file: &ModelFile, role: Role) {
    check_arrays([&file.weights]);
    let read = |path: &Path| ModelFile::read(path, role);
    check_again(path, file, ModelFile::write, read);
}

/// Checks that the value can be written, and that reading and writing it again gives the same
/// bytes.
fn check_again<T>(
    path: &Path,
    value: &T,
    write: impl Fn(&T, &Path) -> Result<dcgan_artifacts::FileDigest, Error>,
    read: impl Fn(&Path) -> Result<T, Error>,
) {
    let again = path.with_extension("again");
    let first = write(value, &again).expect("what was read can be written");
    let value = read(&again).expect("what was written can be read");
    let second = write(&value, &again).expect("what was read can be written");
    assert_eq!(first, second);
}

/// Makes a safetensors file with a correct content hash from a line of metadata, a line of offsets,
/// and the data.
fn sealed_container(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut lines = bytes.splitn(3, |&byte| byte == b'\n');
    let mut object = || -> Option<Map<String, Value>> {
        serde_json::from_slice(lines.next().unwrap_or_default()).ok()
    };
    let (mut info, mut header) = (object()?, object()?);
    let data = lines.next().unwrap_or_default();

    let mut content = Vec::new();
    // A map of serde_json is sorted, as the format needs.
    for (name, entry) in &header {
        let offset = |i: usize| usize::try_from(entry["data_offsets"][i].as_u64()?).ok();
        let shape: Vec<String> = entry["shape"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Value::to_string)
            .collect();
        let dtype = entry["dtype"].as_str().unwrap_or_default();
        content.extend_from_slice(format!("{name}\n{dtype}\n{}\n", shape.join(",")).as_bytes());
        let array = offset(0)
            .zip(offset(1))
            .and_then(|(start, end)| data.get(start..end));
        content.extend_from_slice(array.unwrap_or_default());
    }
    info.insert("content_sha256".into(), sha256_bytes(&content).into());
    let info = Value::Object(info).to_string();
    header.insert("__metadata__".into(), json!({ "dcgan": info }));
    let header = Value::Object(header).to_string();
    let length = (header.len() as u64).to_le_bytes();
    Some([&length, header.as_bytes(), data].concat())
}

/// The object as text with a correct seal.
fn sealed_text(mut object: Map<String, Value>) -> String {
    object.insert("seal".into(), "".into());
    let seal = sha256_bytes(Value::Object(object.clone()).to_string().as_bytes());
    object.insert("seal".into(), seal.into());
    Value::Object(object).to_string()
}
