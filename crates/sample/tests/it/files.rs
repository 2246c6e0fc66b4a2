//! Which files are written, and when.

use crate::support::Place;
use dcgan_artifacts::{Manifest, RunLock, digest_file};
use dcgan_figures::decode_png;
use std::fs;

#[test]
fn the_result_is_a_grid_the_samples_and_a_manifest() {
    let place = Place::labelled();
    let samples = place.samples("out", &["--n", "7", "--seeds", "0,2"]);
    assert_eq!(
        place.names("out"),
        ["grid.png", "manifest.json", "samples.safetensors"]
    );
    let model = digest_file(&place.path("model.safetensors")).unwrap();
    assert_eq!(samples.model_sha256, Some(model.sha256.clone()));

    let manifest = Manifest::read(&place.path("out")).unwrap().unwrap();
    assert_eq!(manifest.stage, "dcgan-sample");
    assert_eq!(manifest.settings["sample"]["n"], 7);
    assert_eq!(manifest.settings["sample"]["seeds"], "0,2");
    assert_eq!(manifest.inputs[0].name, "model.safetensors");
    assert_eq!(manifest.inputs[0].sha256, model.sha256);
    manifest.verify_outputs(&place.path("out")).unwrap();
}

#[test]
fn classes_have_a_row_each_and_other_grids_are_near_square() {
    // (options, rows, columns) of 8x8 images with gaps of 2.
    for (options, rows, columns) in [
        (&["--n", "8"][..], 3, 3),
        (&["--n", "5"], 2, 3),
        (&["--n", "8", "--class", "2"], 3, 3),
        (&["--n", "16", "--class", "2"], 4, 4),
        (&["--n", "8", "--columns", "4"], 2, 4),
        (&["--n", "4", "--seeds", "0-2"], 3, 6),
    ] {
        let place = Place::labelled();
        place.samples("out", options);
        let grid = decode_png(&fs::read(place.path("out/grid.png")).unwrap()).unwrap();
        assert_eq!(
            (grid.height(), grid.width()),
            (rows * 10 - 2, columns * 10 - 2),
            "{options:?}"
        );
    }
}

#[test]
fn single_images_are_the_samples() {
    let place = Place::labelled();
    let options = ["--n", "2", "--seeds", "3,10", "--single-images"];
    let samples = place.samples("out", &options);
    let names: Vec<_> = place
        .names("out")
        .into_iter()
        .filter(|name| name.starts_with("images/"))
        .collect();
    assert_eq!(
        names,
        [
            "images/seed-10-000000-class-zero.png",
            "images/seed-10-000001-class-one.png",
            "images/seed-3-000000-class-zero.png",
            "images/seed-3-000001-class-one.png",
        ]
    );
    for (name, row) in names.iter().zip([2, 3, 0, 1]) {
        let png = fs::read(place.path("out").join(name)).unwrap();
        assert_eq!(
            decode_png(&png).unwrap().pixels(),
            &samples.images[row * 64..][..64]
        );
    }
    // Without the option the old ones are removed.
    place.samples("out", &options[..4]);
    assert_eq!(
        place.names("out"),
        ["grid.png", "manifest.json", "samples.safetensors"]
    );
}

/// Datasets whose classes are numbered from 1: `--class 1` is ambiguous.
#[test]
fn classes_whose_names_are_numbers_are_told_apart() {
    let place = Place::labelled();
    place.name_classes("model.safetensors", &["1", "2", "10"]);
    let drawn = |class: &str| {
        let options = ["--n", "1", "--single-images", "--class", class];
        let out = format!("out-{class}");
        let outcome = place.sample(&out, &options);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let names = place.names(&out);
        let single = names.iter().find(|name| name.starts_with("images/"));
        (single.unwrap().clone(), outcome.stderr)
    };
    let (name, told) = drawn("1");
    assert_eq!(name, "images/seed-0-000000-class-1.png");
    insta::assert_snapshot!(told, @"class `1` is understood as a name: its number is 0; number 1 is `2`");
    let (name, told) = drawn("10");
    assert_eq!(name, "images/seed-0-000000-class-10.png");
    insta::assert_snapshot!(told, @"class `10` is understood as a name: its number is 2");
    let (name, told) = drawn("0");
    assert_eq!(name, "images/seed-0-000000-class-1.png");
    insta::assert_snapshot!(told, @"class 0 is understood as a number: its name is `1`");
    let way = [
        "--mode",
        "classes",
        "--through",
        "1,10",
        "--n",
        "1",
        "--frames",
        "2",
    ];
    let outcome = place.sample("way", &way);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.stderr.lines().count(), 2, "{outcome:?}");
    // If name and number agree, nothing is logged.
    place.name_classes("model.safetensors", &["0", "1", "2"]);
    fs::remove_dir_all(place.path("out-1")).unwrap();
    assert_eq!(
        drawn("1"),
        ("images/seed-0-000000-class-1.png".into(), String::new())
    );
}

#[test]
fn colour_images_keep_their_colours() {
    let place = Place::unlabelled();
    let samples = place.samples("out", &["--n", "1", "--single-images"]);
    let png = fs::read(place.path("out/images/seed-0-000000.png")).unwrap();
    let picture = decode_png(&png).unwrap();
    assert_eq!(
        (picture.height(), picture.width(), picture.channels()),
        (18, 16, 3)
    );
    assert_eq!(picture.pixels(), samples.images);
    assert_eq!(samples.labels, None);
}

#[test]
fn the_pipeline_says_what_to_draw_and_the_command_line_overrides_it() {
    let place = Place::labelled();
    let pipeline = "sample: {n: 5, seeds: \"1\", class: one}\n";
    dcgan_artifacts::write_atomic(&place.path("p.yaml"), pipeline.as_bytes()).unwrap();
    let of_file = place.samples("a", &["--pipeline", place.path("p.yaml").to_str().unwrap()]);
    assert_eq!(
        (of_file.n, of_file.seeds, of_file.labels),
        (5, vec![1], Some(vec![1; 5]))
    );
    let file = place.path("p.yaml");
    let options = [
        "--pipeline",
        file.to_str().unwrap(),
        "--set",
        "sample.n=4",
        "--class",
        "zero",
    ];
    let changed = place.samples("b", &options);
    assert_eq!(
        (changed.n, changed.seeds, changed.labels),
        (4, vec![1], Some(vec![0; 4]))
    );
}

#[test]
fn the_same_again_is_no_work_and_anything_else_is() {
    let place = Place::labelled();
    let worked = |options: &[&str]| {
        let outcome = place.sample("out", &[options, &["--json"]].concat());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let result: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        match result["outcome"].as_str().unwrap() {
            "done" => true,
            "up to date" => false,
            outcome => panic!("{outcome}"),
        }
    };
    assert!(worked(&["--n", "3"]));
    let manifest = fs::read(place.path("out/manifest.json")).unwrap();
    assert!(!worked(&["--n", "3"]));
    assert!(!worked(&["--n", "3", "--threads", "1", "--quiet"]));
    assert!(worked(&["--n", "4"]));
    assert!(worked(&["--n", "3"]));
    assert!(worked(&["--n", "3", "--force"]));
    assert_eq!(
        fs::read(place.path("out/manifest.json")).unwrap(),
        manifest,
        "equal bytes"
    );
    fs::remove_file(place.path("out/grid.png")).unwrap();
    assert!(worked(&["--n", "3"]), "a lost output");
    dcgan_artifacts::write_atomic(&place.path("out/grid.png"), b"other").unwrap();
    assert!(worked(&["--n", "3"]), "a changed output");
    place.write_generator("model.safetensors", &crate::support::labelled_config(), 2);
    assert!(worked(&["--n", "3"]), "another model");
}

/// Removes keys of `section` from the manifest in `out`, as if an older program had written it.
fn forget(place: &Place, out: &str, section: &str, keys: &[&str]) {
    let mut manifest = Manifest::read(&place.path(out)).unwrap().unwrap();
    let settings = manifest.settings[section].as_object_mut().unwrap();
    for key in keys {
        assert!(settings.remove(*key).is_some(), "`{key}`");
    }
    manifest.write(&place.path(out)).unwrap();
}

#[test]
fn a_result_from_before_a_setting_existed_has_its_default() {
    let place = Place::labelled();
    let is_up_to_date = |out: &str, options: &[&str]| {
        let outcome = place.sample(out, options);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.stdout.contains("is up to date")
    };
    let other = ["--set", "sample.kernels=winograd"];
    let modes: [(&str, &[&str]); 4] = [
        ("sample", &["--n", "3"]),
        (
            "motion",
            &[
                "--mode",
                "sweep",
                "--n",
                "2",
                "--frames",
                "3",
                "--coordinates",
                "0",
            ],
        ),
        (
            "motion",
            &[
                "--mode",
                "interpolate",
                "--n",
                "2",
                "--frames",
                "3",
                "--seeds",
                "1,2",
            ],
        ),
        (
            "arithmetic",
            &["--mode", "arithmetic", "--expr", "seed 1 - seed 2"],
        ),
    ];
    for (i, (section, options)) in modes.into_iter().enumerate() {
        let out = format!("out-{i}");
        assert!(!is_up_to_date(&out, options));
        forget(&place, &out, section, &["kernels", "ema"]);
        assert!(is_up_to_date(&out, options), "{options:?}");
        assert!(
            !is_up_to_date(&out, &[options, &other].concat()),
            "{options:?}"
        );
    }
}

#[test]
fn the_kernels_that_were_asked_for_are_recorded() {
    let place = Place::labelled();
    let told = |kernels: &str| {
        let model = place.path("model.safetensors");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dcgan-sample"));
        command
            .env("DCGAN_KERNELS", kernels)
            .arg("--model")
            .arg(model);
        command.arg("--out").arg(place.path("out"));
        dcgan_testkit::run(&mut command)
    };
    let refused = told("none");
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .contains("`DCGAN_KERNELS`: expected one of `auto`, "),
        "{refused:?}"
    );
    assert!(!place.path("out").exists());
    for kernels in ["gemm", "portable"] {
        let _ = told(kernels).succeeded();
        let manifest = Manifest::read(&place.path("out")).unwrap().unwrap();
        assert_eq!(manifest.settings["sample"]["kernels"], kernels);
    }
}

#[test]
fn what_is_done_is_said() {
    let place = Place::labelled();
    let first = place.sample("out", &["--n", "3"]);
    insta::assert_snapshot!(first.stdout, @r"
    sample: 3 images in `[DIR]/out`:
      grid.png (353 bytes)
      samples.safetensors (659 bytes)
    ");
    let again = place.sample("out", &["--n", "3"]);
    insta::assert_snapshot!(again.stdout, @"nothing to do: `[DIR]/out` is up to date");
    assert_eq!(again.stderr, "");
}

#[test]
fn a_dry_run_says_all_and_writes_nothing() {
    let place = Place::labelled();
    let outcome = place.sample("out", &["--dry-run", "--n", "3", "--single-images"]);
    assert_eq!(outcome.code, 0);
    insta::assert_snapshot!(outcome.stdout, @"
    sample.best: false
    sample.class: null
    sample.columns: 0
    sample.ema: false
    sample.kernels: auto
    sample.n: 3
    sample.seeds: 0
    sample.single_images: true
    reads model.safetensors (16160 bytes)
    writes [DIR]/out/grid.png
    writes [DIR]/out/samples.safetensors
    writes [DIR]/out/images/*.png
    writes [DIR]/out/manifest.json
    ");
    assert!(!place.path("out").exists());
    let faulty = place.sample("out", &["--dry-run", "--class", "four"]);
    assert_eq!(faulty.code, 2);
}

#[test]
fn a_locked_folder_is_left_alone() {
    let place = Place::labelled();
    place.samples("out", &["--n", "3"]);
    let _lock = RunLock::acquire(&place.path("out")).unwrap();
    let outcome = place.sample("out", &["--n", "4"]);
    assert_eq!(outcome.code, 5, "{outcome:?}");
    assert!(
        outcome.stderr.contains("is locked by process"),
        "{outcome:?}"
    );
}
