//! The event file: parsed here by the formats' definitions, and read by TensorBoard.

use crate::program::{Place, text};
use dcgan_artifacts::Part;
use dcgan_testkit::{Missing, untested};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SETTINGS: [&str; 5] = [
    "train.epochs=2",
    "train.ema=0.9",
    "train.tensorboard=true",
    "train.score_every=3",
    "train.classifier=classifier.safetensors",
];

fn place() -> Place {
    let place = Place::new();
    let pictures = |n: usize| {
        (0..n * 64)
            .map(|i| u8::try_from(i * 31 % 251).unwrap())
            .collect()
    };
    let parts = [
        (Part::Train, pictures(26)),
        (Part::Validation, pictures(66)),
    ];
    place.write_parts("dataset.safetensors", [8, 8, 1], 3, parts);
    place.write_classifier("classifier.safetensors", 1);
    place
}

/// Masked CRC-32C, bit by bit.
fn masked_crc(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0x82f6_3b78
            } else {
                crc >> 1
            };
        }
    }
    let crc = !crc;
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The events in `out`; checks every length and checksum, and that no byte is left.
fn events(place: &Place, out: &str) -> Vec<Vec<u8>> {
    let path = place
        .path(out)
        .join("tensorboard/events.out.tfevents.dcgan");
    let bytes = fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_at(8);
        let (crc, after) = after.split_at(4);
        assert_eq!(crc, masked_crc(length).to_le_bytes());
        let n_bytes = u64::from_le_bytes(length.try_into().unwrap());
        let (event, after) = after.split_at(usize::try_from(n_bytes).unwrap());
        let (crc, after) = after.split_at(4);
        assert_eq!(crc, masked_crc(event).to_le_bytes());
        events.push(event.to_vec());
        rest = after;
    }
    events
}

/// A field of a message: a number, or bytes.
#[derive(Debug)]
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

impl Field {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Number(number) => panic!("bytes, not {number}"),
        }
    }

    fn f64(&self) -> f64 {
        f64::from_le_bytes(self.bytes().try_into().unwrap())
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return number;
        }
    }
}

/// The fields of a protobuf message, by number.
fn fields(mut message: &[u8]) -> BTreeMap<u64, Vec<Field>> {
    let mut fields: BTreeMap<u64, Vec<Field>> = BTreeMap::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let size = match key & 7 {
            0 => {
                let number = varint(&mut message);
                fields
                    .entry(key >> 3)
                    .or_default()
                    .push(Field::Number(number));
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)).unwrap(),
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (bytes, rest) = message.split_at(size);
        fields
            .entry(key >> 3)
            .or_default()
            .push(Field::Bytes(bytes.to_vec()));
        message = rest;
    }
    fields
}

/// Step of an event; its values by tag.
fn values(event: &[u8]) -> (u64, BTreeMap<String, BTreeMap<u64, Vec<Field>>>) {
    let event = fields(event);
    let Field::Number(step) = event[&2][0] else {
        panic!("a step");
    };
    let summary = fields(event[&5][0].bytes());
    let of_tag = |value: &Field| {
        let value = fields(value.bytes());
        (text(value[&1][0].bytes()), value)
    };
    (step, summary[&1].iter().map(of_tag).collect())
}

/// Every number of a table under GROUP/COLUMN, with its step.
fn table(place: &Place, out: &str, group: &str) -> Vec<(u64, String, f32)> {
    let rows = fs::read_to_string(place.path(out).join(format!("{group}.csv"))).unwrap();
    let header: Vec<&str> = rows.lines().next().unwrap().split(',').collect();
    let mut found = Vec::new();
    for row in rows.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        for (column, field) in header.iter().zip(&fields).skip(2) {
            let (step, tag) = (fields[0].parse().unwrap(), format!("{group}/{column}"));
            found.push((step, tag, field.parse().unwrap()));
        }
    }
    found
}

#[test]
fn it_holds_every_number_of_the_tables_and_the_histograms() {
    let place = place();
    place.train("run", &SETTINGS);
    let events = events(&place, "run");
    let first = fields(&events[0]);
    assert_eq!(text(first[&3][0].bytes()), "brain.Event:2");
    // 2001, or later.
    assert!(first[&1][0].f64() > 1e9);
    // A row of scores comes after the row of its step.
    let steps: Vec<u64> = events[1..].iter().map(|event| values(event).0).collect();
    assert_eq!(steps, [1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12, 12]);

    let mut scalars = Vec::new();
    let mut means = Vec::new();
    for event in &events[1..] {
        let (step, values) = values(event);
        for (tag, value) in values {
            if let Some(scalar) = value.get(&2) {
                let scalar = f32::from_le_bytes(scalar[0].bytes().try_into().unwrap());
                scalars.push((step, tag, scalar.to_bits()));
                continue;
            }
            let histogram = fields(value[&5][0].bytes());
            let numbers = |field: u64| -> Vec<f64> {
                let numbers = histogram[&field][0].bytes().chunks(8);
                numbers
                    .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
                    .collect()
            };
            let [min, max, count, sum, squares] = [1, 2, 3, 4, 5].map(|field| numbers(field)[0]);
            let (limits, counts) = (numbers(6), numbers(7));
            assert_eq!((limits.len(), counts.len()), (50, 50));
            assert!(limits.is_sorted() && (limits[49] - 1.0).abs() < 1e-12);
            // A batch.
            assert!(
                (count - 4.0).abs() < 1e-12 && (counts.iter().sum::<f64>() - 4.0).abs() < 1e-12
            );
            assert!(0.0 <= min && min <= sum / 4.0 && sum / 4.0 <= max && max <= 1.0);
            assert!(squares <= 4.0 * max * max && squares >= sum * sum / 4.0 - 1e-9);
            means.push((step, tag, sum / 4.0));
        }
    }
    let mut expected = table(&place, "run", "metrics");
    for (tag, column) in [("real", "d_real_mean"), ("generated", "d_fake_mean")] {
        let (tag, column) = (format!("discriminator/{tag}"), format!("metrics/{column}"));
        for (step, _, mean) in expected.iter().filter(|(_, name, _)| *name == column) {
            let (.., found) = means
                .iter()
                .find(|(of, name, _)| of == step && *name == tag)
                .unwrap();
            assert!((found - f64::from(*mean)).abs() < 1e-6, "{tag} at {step}");
        }
    }
    assert_eq!(means.len(), 2 * 12);
    expected.extend(table(&place, "run", "scores"));
    let mut expected: Vec<_> = expected
        .into_iter()
        .map(|(step, tag, value)| (step, tag, value.to_bits()))
        .collect();
    expected.sort();
    scalars.sort();
    assert_eq!(scalars, expected);
}

/// Events after the checkpoint that a run resumes from are cut off and written again.
#[test]
fn a_run_that_goes_on_repeats_no_event() {
    let place = place();
    place.train("whole", &SETTINGS);
    let first = [&["train.epochs=1"], &SETTINGS[1..]].concat();
    place.train("run", &first);
    // As if killed after step 6, with the last good checkpoint at step 4.
    for name in ["manifest.json", "checkpoints/step-00000006.safetensors"] {
        fs::remove_file(place.path("run").join(name)).unwrap();
    }
    place.train("run", &SETTINGS);
    let timeless = |out: &str| -> Vec<Vec<u8>> {
        let events = events(&place, out);
        // The time comes first.
        events
            .into_iter()
            .map(|event| event[9..].to_vec())
            .collect()
    };
    let [whole, run] = ["whole", "run"].map(timeless);
    assert_eq!(run.len(), whole.len());
    assert!(run == whole, "other events");
    assert!(
        !place
            .files("run")
            .keys()
            .any(|name| name.contains("tfevents"))
    );
    let manifest = text(&place.files("run")["manifest.json"]);
    assert!(
        manifest.contains("\"scores.csv\"") && !manifest.contains("tfevents"),
        "{manifest}"
    );

    // If it is lost, it begins again where the run resumes.
    fs::remove_dir_all(place.path("run/tensorboard")).unwrap();
    place.train("run", &[&["train.epochs=3"], &SETTINGS[1..]].concat());
    assert_eq!(values(&events(&place, "run")[1]).0, 13);
}

/// Python with `tensorboard`: from `DCGAN_TENSORBOARD_PYTHON`, target/tensorboard or the system.
fn python(root: &Path) -> PathBuf {
    let installed = root.join("target/tensorboard/bin/python");
    match std::env::var_os("DCGAN_TENSORBOARD_PYTHON") {
        Some(python) => python.into(),
        None if installed.exists() => installed,
        None => "python3".into(),
    }
}

#[test]
fn tensorboards_own_readers_find_the_same() {
    let place = place();
    place.train("run", &SETTINGS);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(python(&root))
        .arg(root.join("tests/python/tensorboard_events.py"))
        .arg(place.path("run/tensorboard"))
        .output();
    let output = match output {
        Ok(output) if output.status.code() != Some(3) => output,
        _ => {
            let missing = Missing::Installable("tensorboard");
            untested("event files as TensorBoard reads them", missing);
            return;
        }
    };
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();

    let mut expected = table(&place, "run", "metrics");
    expected.extend(table(&place, "run", "scores"));
    let n_found: usize = found["scalars"]
        .as_object()
        .unwrap()
        .values()
        .map(|pairs| pairs.as_array().unwrap().len())
        .sum();
    assert_eq!(n_found, expected.len());
    for (step, tag, value) in &expected {
        let pairs = found["scalars"][tag].as_array().unwrap();
        let pair = pairs.iter().find(|pair| pair[0] == *step).unwrap();
        assert!(
            (pair[1].as_f64().unwrap() - f64::from(*value)).abs()
                < 1e-9 * f64::from(value.abs()).max(1.0)
        );
        assert_eq!(found["plugins"][tag], "scalars");
    }
    for tag in ["discriminator/real", "discriminator/generated"] {
        let triples = found["histograms"][tag].as_array().unwrap();
        assert_eq!(triples.len(), 12, "{tag}");
        assert!(triples.iter().all(|triple| triple[1] == 4.0));
        assert_eq!(found["plugins"][tag], "histograms");
    }
}
