//! Samples of other programs have the same figures as the same images in a samples file.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::Samples;
use dcgan_figures::{Picture, encode_png};
use serde_json::Value;

/// Number of images.
const N: usize = 66;
const IMAGE: usize = SIDE * SIDE;

/// A dataset of three classes, and samples sorted by class.
fn sorted(fixture: &Fixture) -> Samples {
    fixture.dataset("d", SIDE, 3, [96, 66]);
    let path = fixture.samples("s", SIDE, 3, N);
    let mut samples = Samples::read(&path).unwrap();
    samples.labels = Some((0..N).map(|i| u8::try_from(i * 3 / N).unwrap()).collect());
    samples.write(&path).unwrap();
    samples
}

#[expect(clippy::disallowed_methods, reason = "a file of another program")]
fn put(fixture: &Fixture, name: &str, bytes: &[u8]) {
    let path = fixture.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn args<'a>(samples: &'a str, out: &'a str) -> [&'a str; 8] {
    [
        "--dataset",
        "d",
        "--samples",
        samples,
        "--out",
        out,
        "--set",
        "eval.classifier_epochs=1",
    ]
}

/// The figures of an evaluation of these samples, and stderr.
fn measured(fixture: &Fixture, samples: &str, more: &[&str]) -> (Value, String) {
    let out = format!("out-{}", samples.replace('/', "-"));
    let mut all = args(samples, &out).to_vec();
    all.extend(more);
    let said = fixture.warnings(&all);
    let metrics = fixture.json(&format!("{out}/metrics.json"));
    (metrics, said)
}

fn refused(fixture: &Fixture, samples: &str, more: &[&str]) -> String {
    let mut all = args(samples, "out").to_vec();
    all.extend(more);
    fixture.fail(&all)
}

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], text.as_bytes(), data].concat()
}

/// A safetensors file of integers as other programs write it, channels first.
fn plain(samples: &Samples) -> Vec<u8> {
    let labels: Vec<u8> = samples
        .labels
        .iter()
        .flatten()
        .flat_map(|&label| i64::from(label).to_le_bytes())
        .collect();
    let (pixels, end) = (samples.images.len(), samples.images.len() + labels.len());
    let header = format!(
        r#"{{"images":{{"dtype":"U8","shape":[{N},1,{SIDE},{SIDE}],"data_offsets":[0,{pixels}]}},"labels":{{"dtype":"I64","shape":[{N}],"data_offsets":[{pixels},{end}]}}}}"#
    );
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), &samples.images, &labels].concat()
}

/// Writes the samples as pictures, grey or with three equal channels, below a folder.
fn put_pictures(fixture: &Fixture, samples: &Samples, name: impl Fn(usize) -> String) {
    for (i, image) in samples.images.chunks_exact(IMAGE).enumerate() {
        let (channels, pixels) = if i % 2 == 0 {
            (1, image.to_vec())
        } else {
            (3, image.iter().flat_map(|&value| [value; 3]).collect())
        };
        let picture = Picture::new(SIDE, SIDE, channels, pixels).unwrap();
        put(fixture, &name(i), &encode_png(&picture).unwrap());
    }
}

#[test]
fn images_of_other_programs_get_the_figures_of_the_same_images() {
    let fixture = Fixture::new();
    let samples = sorted(&fixture);
    let (expected, _) = measured(&fixture, "s", &[]);
    put(&fixture, "plain", &plain(&samples));
    let (found, said) = measured(&fixture, "plain", &[]);
    assert_eq!(found, expected);
    assert!(
        said.contains("`plain`: `images` has its channels first"),
        "{said}"
    );
    // Folders with names of classes, with numbers of classes, and a table of classes.
    let labels = samples.labels.clone().unwrap();
    let names = ["zero", "one", "two"];
    let of_class = |i: usize| ["a", "b", "c"][usize::from(labels[i])];
    put_pictures(&fixture, &samples, |i| {
        format!("numbered/{}/{i:03}.png", labels[i])
    });
    let (found, said) = measured(&fixture, "numbered", &[]);
    assert_eq!(found, expected);
    assert!(
        said.contains("`numbered`: classes by their numbers, 0 for zero, 1 for one"),
        "{said}"
    );
    put_pictures(&fixture, &samples, |i| {
        format!("tabled/{}/{i:03}.png", of_class(i))
    });
    let rows: Vec<String> = (0..N)
        .map(|i| {
            format!(
                "{}\\{i:03}.png,{}\n",
                of_class(i),
                names[usize::from(labels[i])]
            )
        })
        .collect();
    put(&fixture, "tabled/classes.csv", rows.concat().as_bytes());
    let (found, _) = measured(
        &fixture,
        "tabled",
        &["--samples-labels", "tabled/classes.csv"],
    );
    assert_eq!(found, expected);
    // Sorted by name, which differs from the order of the numbers.
    put_pictures(&fixture, &samples, |i| {
        format!("named/{}/{i:03}.png", names[usize::from(labels[i])])
    });
    put(&fixture, "named/notes.txt", b"no picture");
    let (found, said) = measured(&fixture, "named", &[]);
    assert_eq!(found["images"], expected["images"]);
    assert!(
        said.contains("warning: `named`: 1 files are ignored, as they are not pictures"),
        "{said}"
    );
    assert_eq!(
        found["quality"]["class_accuracy"]["value"],
        expected["quality"]["class_accuracy"]["value"]
    );
}

#[test]
fn images_without_classes_and_floats() {
    let fixture = Fixture::new();
    let mut samples = sorted(&fixture);
    samples.labels = None;
    samples.write(&fixture.path("s")).unwrap();
    let (expected, _) = measured(&fixture, "s", &[]);
    let floats = |of: fn(u8) -> f32| -> Vec<u8> {
        samples
            .images
            .iter()
            .flat_map(|&value| of(value).to_le_bytes())
            .collect()
    };
    let shape = format!("({N}, {SIDE}, {SIDE})");
    put(
        &fixture,
        "signed.npy",
        &npy("<f4", &shape, &floats(|v| f32::from(v) / 127.5 - 1.0)),
    );
    let (found, said) = measured(&fixture, "signed.npy", &[]);
    assert_eq!(found, expected);
    assert!(
        said.contains("are taken for a range from -1, black, to 1, white"),
        "{said}"
    );
    put_pictures(&fixture, &samples, |i| format!("flat/{i:03}.png"));
    assert_eq!(measured(&fixture, "flat", &[]).0, expected);
    // For values that are never white the range must be given.
    put(
        &fixture,
        "unit.npy",
        &npy("<f4", &shape, &floats(|v| f32::from(v) / 255.0)),
    );
    assert_eq!(
        measured(&fixture, "unit.npy", &["--samples-range", "unit"]).0,
        expected
    );
    let manifest = fixture.json("out-unit.npy/manifest.json");
    assert_eq!(manifest["settings"]["samples"]["range"], "unit");
    assert!(fixture.json("out-signed.npy/manifest.json")["settings"]["samples"].is_null());
    let (other, _) = measured(&fixture, "unit.npy", &["--samples-range", "signed"]);
    assert_ne!(other["quality"], expected["quality"]);
}

#[test]
fn a_folder_is_recorded_as_dcgan_prepare_does_it() {
    let fixture = Fixture::new();
    let samples = sorted(&fixture);
    let labels = samples.labels.clone().unwrap();
    put_pictures(&fixture, &samples, |i| {
        format!("numbered/{}/{i:03}.png", labels[i])
    });
    let run = || fixture.succeed(&args("numbered", "out"));
    run();
    let inputs = fixture.json("out/manifest.json")["inputs"].clone();
    let record = inputs
        .as_array()
        .unwrap()
        .iter()
        .find(|input| input["name"] == "numbered")
        .unwrap();
    assert_eq!(record["count"], N);
    assert!(run().contains("is up to date"));
    let (from, to) = ("numbered/2/065.png", "numbered/2/066.png");
    std::fs::copy(fixture.path(from), fixture.path(to)).unwrap();
    std::fs::remove_file(fixture.path(from)).unwrap();
    assert!(!run().contains("is up to date"));
    let again = fixture.json("out/manifest.json")["inputs"].clone();
    assert_ne!(again, inputs, "another name is another folder");
}

#[test]
fn pictures_that_do_not_fit_are_named() {
    let fixture = Fixture::new();
    let samples = sorted(&fixture);
    let picture = |side: usize, channels: usize| {
        let pixels = (0..side * side * channels).map(|i| u8::try_from(i % 251).unwrap());
        encode_png(&Picture::new(side, side, channels, pixels.collect()).unwrap()).unwrap()
    };
    put(&fixture, "large/0.png", &picture(SIDE + 1, 1));
    put(&fixture, "coloured/0.png", &picture(SIDE, 3));
    put(&fixture, "cut/0.png", &picture(SIDE, 1)[..60]);
    put(&fixture, "mixed/zero/0.png", &picture(SIDE, 1));
    put(&fixture, "mixed/1.png", &picture(SIDE, 1));
    put(&fixture, "unknown/ten/0.png", &picture(SIDE, 1));
    put(&fixture, "unknown/zero/0.png", &picture(SIDE, 1));
    put(&fixture, "none/notes.txt", b"no picture");
    put(&fixture, "table.csv", b"0.png,zero\n");
    put(&fixture, "archive.npz", b"PK\x05\x06 and so on");
    put_pictures(&fixture, &samples, |i| format!("flat/{i:03}.png"));
    for (name, more, said) in [
        (
            "large",
            &[][..],
            "error: `large/0.png` has 9x9 pixels, expected 8x8 as in the dataset `d`",
        ),
        (
            "coloured",
            &[],
            "error: `coloured/0.png` is coloured, expected grey as in the dataset `d`",
        ),
        ("cut", &[], "error: `cut/0.png` can't be used\ncaused by: "),
        (
            "mixed",
            &[],
            "error: `mixed/1.png` has no class: expected every picture in a folder of its class, or none",
        ),
        (
            "unknown",
            &[],
            "error: `unknown` has the class `ten`, expected one of ",
        ),
        (
            "none",
            &[],
            "error: `none` has 0 images, expected at least 1",
        ),
        (
            "archive.npz",
            &[],
            "error: samples `archive.npz` does not fit: expected a safetensors, .npz or .npy file, or a folder of pictures, got an empty archive",
        ),
        ("gone", &[], "error: samples `gone` does not exist"),
        (
            "flat",
            &["--samples-labels", "table.csv"],
            "error: no row of `table.csv` is that of a picture",
        ),
        ("large", &["--samples-labels", "d"], "error: "),
    ] {
        let found = refused(&fixture, name, more);
        assert!(found.starts_with("exit code 3\n"), "{found}");
        assert!(found.contains(&format!("\n{said}")), "{found}");
    }
    let found = refused(&fixture, "s", &["--samples-labels", "table.csv"]);
    assert!(
        found.starts_with("exit code 2\nerror: `s` is a file, expected a folder"),
        "{found}"
    );
    let found = refused(&fixture, "s", &["--samples-range", "wide"]);
    assert!(
        found.starts_with("exit code 2\nerror: invalid value 'wide'"),
        "{found}"
    );
}
