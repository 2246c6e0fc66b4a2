//! The stage's folder: its files, and when it is written or up to date.

use crate::{Folder, images, picture};
use dcgan_artifacts::Manifest;
use image::ImageFormat;
use insta::assert_snapshot;

const FILES: [&str; 5] = [
    "audit.csv",
    "audit.json",
    "dataset.safetensors",
    "manifest.json",
    "preview.png",
];
const ARGUMENTS: &str = "--pipeline pipeline.yaml --out out";

fn contents(folder: &Folder, out: &str) -> Vec<Vec<u8>> {
    FILES
        .iter()
        .map(|name| folder.get(&format!("{out}/{name}")))
        .collect()
}

#[test]
fn a_first_run_says_what_it_made() {
    let folder = Folder::with_sources();
    assert_snapshot!(folder.succeed(ARGUMENTS), @r"
    tiny: 6 train, 2 test, 3x4x1, 3 classes
    audit: 1 empty_class
    `dcgan-eval` will leave out some figures:
      the training part has 6 images and 64 are needed: discriminator.train, discriminator.roc_auc.train_vs_generated, discriminator.calibration_error.train_vs_generated, discriminator.train_minus_test, alarms.discriminator_saturated, alarms.overfitting, quality.class_accuracy, quality.cross_entropy, quality.class_accuracy_by_class, quality.classifier_score
      the test part has 2 images and 64 are needed: discriminator.test, discriminator.roc_auc.test_vs_generated, discriminator.calibration_error.test_vs_generated
      the test part has 2 images and 40 are needed: quality.frechet_distance
      half of the test part has 1 image and 2 are needed: quality.kernel_distance.halves
      the test part has 2 images and 50 are needed: quality.kernel_distance.interval
      the test part has 2 images and 6 are needed: quality.precision, quality.recall, quality.density, quality.coverage
      fewer than 2 classes have 40 generated and 40 test images each: quality.frechet_distance_class_mean, quality.frechet_distance_by_class, quality.diversity_by_class, alarms.collapse
      the test part has 2 images and 5 are needed: pixels.nearest_neighbour_error.interval
    wrote out/dataset.safetensors
    ");
    assert_eq!(folder.names("out"), [&[".lock"], &FILES[..]].concat());
}

#[test]
fn the_same_bytes_twice_anywhere_and_on_any_number_of_threads() {
    let (first, second) = (Folder::with_sources(), Folder::with_sources());
    let more = "--set prepare.validation=3";
    first.succeed(&format!("{ARGUMENTS} {more} --threads 1"));
    second.succeed(&format!("{ARGUMENTS} {more} --threads 3"));
    assert_eq!(contents(&first, "out"), contents(&second, "out"));
    // Absolute paths don't appear in outputs.
    let path = second.path().display();
    second.succeed(&format!(
        "--pipeline pipeline.yaml {more} --out elsewhere \
         --set prepare.idx.train_images={path}/train-images.gz \
         --set prepare.idx.train_labels={path}/train-labels \
         --set prepare.idx.test_images={path}/test-images \
         --set prepare.idx.test_labels={path}/test-labels"
    ));
    assert_eq!(contents(&first, "out"), contents(&second, "elsewhere"));
}

#[test]
fn a_second_run_does_nothing() {
    let folder = Folder::with_sources();
    folder.succeed(ARGUMENTS);
    let modified = |name: &str| {
        std::fs::metadata(folder.path().join("out").join(name))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = FILES.map(modified);
    assert_snapshot!(folder.succeed(ARGUMENTS), @"nothing to do: `out` is up to date");
    assert_eq!(FILES.map(modified), before);
    // Pins are checked even if the dataset is up to date.
    let pin = "a".repeat(64);
    let pinned = format!("{ARGUMENTS} --set prepare.idx.sha256.test_labels={pin}");
    assert_eq!(folder.run(&pinned).code, 3);
    // `--force` makes it again, with the same bytes.
    let before = contents(&folder, "out");
    assert!(
        folder
            .succeed(&format!("{ARGUMENTS} --force"))
            .contains("wrote")
    );
    assert_eq!(contents(&folder, "out"), before);
}

#[test]
fn whatever_has_changed_is_made_anew() {
    let folder = Folder::with_sources();
    folder.succeed(ARGUMENTS);
    let is_written = |more: &str| {
        folder
            .succeed(&format!("{ARGUMENTS} {more}"))
            .contains("wrote")
    };
    assert!(is_written("--set prepare.seed=1"), "a setting");
    assert!(!is_written("--set prepare.seed=1"));
    assert!(
        !is_written("--set prepare.seed=1 --set train.epochs=9"),
        "of another stage"
    );
    assert!(is_written(""), "the setting again");
    folder.put("test-images", &images(2, 50));
    assert!(is_written(""), "a source");
    folder.put("out/preview.png", b"not what was written");
    assert!(is_written(""), "an output");
    folder.put("out/manifest.json", b"{");
    assert!(is_written(""), "the manifest");
    assert!(!is_written(""));
}

#[test]
fn a_folder_from_before_a_setting_existed_has_its_default() {
    let folder = Folder::with_sources();
    folder.put("photos/0.png", &picture(ImageFormat::Png, 16, 16, 0));
    let sources = [
        ("", "seed", "prepare.seed=1"),
        (
            "prepare.source=synthetic",
            "synthetic.channels",
            "prepare.synthetic.channels=3",
        ),
        (
            "prepare.source=folder prepare.folder=photos",
            "pictures.alpha",
            "prepare.pictures.alpha=ignore",
        ),
        (
            "prepare.source=folder prepare.folder=photos",
            "test_folder",
            "prepare.test_folder=photos",
        ),
    ];
    for (i, (source, key, other)) in sources.into_iter().enumerate() {
        let source: String = source.split(' ').filter(|set| !set.is_empty()).fold(
            format!("--pipeline pipeline.yaml --out out-{i}"),
            |all, set| format!("{all} --set {set}"),
        );
        folder.succeed(&source);
        let out = folder.path().join(format!("out-{i}"));
        let mut manifest = Manifest::read(&out).unwrap().unwrap();
        let (parent, name) = key.rsplit_once('.').unwrap_or(("", key));
        let pointer = if parent.is_empty() {
            "/prepare".into()
        } else {
            format!("/prepare/{parent}")
        };
        let section = manifest.settings.pointer_mut(&pointer).unwrap();
        assert!(
            section.as_object_mut().unwrap().remove(name).is_some(),
            "`{key}`"
        );
        manifest.write(&out).unwrap();
        assert!(folder.succeed(&source).contains("is up to date"), "`{key}`");
        let other = folder.succeed(&format!("{source} --set {other}"));
        assert!(other.contains("wrote"), "`{key}`");
    }
}

#[test]
fn a_failed_run_leaves_the_old_folder_whole() {
    let folder = Folder::with_sources();
    folder.succeed(ARGUMENTS);
    let before = contents(&folder, "out");
    folder.put("test-images", b"damaged");
    assert_eq!(folder.run(ARGUMENTS).code, 3);
    assert_eq!(contents(&folder, "out"), before);
}

#[test]
fn a_dry_run_checks_and_tells_and_writes_nothing() {
    let folder = Folder::with_sources();
    let compressed = format!("({} bytes)", folder.get("train-images.gz").len());
    let told = folder
        .succeed(&format!("{ARGUMENTS} --dry-run"))
        .replace(&compressed, "(N bytes)");
    assert_snapshot!(told, @r"
    tiny: 6 train, 2 test, 3x4x1, 3 classes
    prepare.class_names: []
    prepare.idx.test_images: test-images
    prepare.idx.test_labels: test-labels
    prepare.idx.train_images: train-images.gz
    prepare.idx.train_labels: train-labels
    prepare.name: tiny
    prepare.seed: 0
    prepare.source: idx
    prepare.validation: 0
    reads test-images (40 bytes)
    reads test-labels (10 bytes)
    reads train-images.gz (N bytes)
    reads train-labels (14 bytes)
    writes out/dataset.safetensors
    writes out/audit.json
    writes out/audit.csv
    writes out/preview.png
    writes out/manifest.json
    ");
    assert!(folder.names("out").is_empty());
    folder.put("test-images", b"damaged");
    assert!(
        folder
            .fail(&format!("{ARGUMENTS} --dry-run"))
            .starts_with("exit code 3")
    );
}

#[test]
fn results_as_json() {
    let folder = Folder::with_sources();
    let json = |more: &str| -> serde_json::Value {
        serde_json::from_str(&folder.succeed(&format!("{ARGUMENTS} --json {more}"))).unwrap()
    };
    let dry = json("--dry-run");
    assert_eq!(
        (&dry["outcome"], &dry["parts"]["train"]),
        (&"would run".into(), &6.into())
    );
    assert_eq!(dry["files"][0], "dataset.safetensors");
    let written = json("");
    assert_eq!(written["outcome"], "done");
    assert_eq!(written["audit"], folder.json("out/audit.json"));
    assert_eq!(json("")["outcome"], "up to date");
}

#[test]
fn a_locked_folder_is_left_alone() {
    let folder = Folder::with_sources();
    std::fs::create_dir(folder.path().join("out")).unwrap();
    let lock = dcgan_artifacts::RunLock::acquire(&folder.path().join("out")).unwrap();
    let message = folder
        .fail(ARGUMENTS)
        .replace(&std::process::id().to_string(), "N");
    assert_snapshot!(message, @r"
    exit code 5
    error: folder `out` is locked by process N
    hint: wait for it to end, or choose another `--out`
    ");
    assert_eq!(folder.names("out"), [".lock"]);
    drop(lock);
    folder.succeed(ARGUMENTS);
}

#[test]
fn a_folder_of_another_stage_is_left_alone() {
    let folder = Folder::with_sources();
    std::fs::create_dir(folder.path().join("out")).unwrap();
    let manifest = dcgan_artifacts::Manifest {
        stage: "dcgan-train".into(),
        version: "0.1.0".into(),
        settings: serde_json::json!({}),
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    manifest.write(&folder.path().join("out")).unwrap();
    assert_snapshot!(folder.fail(&format!("{ARGUMENTS} --force")), @r"
    exit code 5
    error: `out` has the results of `dcgan-train`, expected those of `dcgan-prepare` or none
    hint: choose another `--out`
    ");
    assert_eq!(folder.names("out"), ["manifest.json"]);
}

#[test]
fn a_file_in_place_of_the_folder() {
    let folder = Folder::with_sources();
    folder.put("out", b"mine");
    assert!(folder.fail(ARGUMENTS).starts_with("exit code 5"));
    assert_eq!(folder.get("out"), b"mine");
}
