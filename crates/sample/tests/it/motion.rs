//! Sweeps and interpolations: the files are decoded.

use crate::pictures::{cell, gif, places, png};
use crate::support::Place;
use std::fs;

#[test]
fn a_sweep_moves_one_coordinate_there_and_back() {
    for (place, h, w) in places() {
        let options = [
            "--mode",
            "sweep",
            "--n",
            "4",
            "--frames",
            "5",
            "--coordinates",
            "0,2-3",
        ];
        let outcome = place.sample("out", &options);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(
            place.names("out"),
            [
                "manifest.json",
                "sweep-000.gif",
                "sweep-000.png",
                "sweep-002.gif",
                "sweep-002.png",
                "sweep-003.gif",
                "sweep-003.png",
                "sweep-all.gif",
            ]
        );
        let steps = png(&place, "out/sweep-002.png");
        assert_eq!(
            (steps.height(), steps.width()),
            (4 * (h + 2) - 2, 5 * (w + 2) - 2)
        );
        assert_ne!(cell(&steps, [h, w], 0, 0), cell(&steps, [h, w], 0, 4));
        for (name, columns) in [("out/sweep-002.gif", 2), ("out/sweep-all.gif", 2)] {
            let (height, width, frames) = gif(&place, name);
            assert_eq!(
                (height, width),
                (2 * (h + 2) - 2, columns * (w + 2) - 2),
                "{name}"
            );
            assert_eq!(frames.len(), 8, "{name}");
            assert_ne!(frames[0], frames[4]);
            assert_eq!(frames[1], frames[7], "the way back");
        }
        let again = place.sample("out", &options);
        assert!(again.stdout.contains("is up to date"), "{again:?}");
        let other = place.sample("out", &[&options[..], &["--high", "0.5"]].concat());
        assert!(!other.stdout.contains("is up to date"), "{other:?}");
    }
}

#[test]
fn a_sweep_from_the_centre_moves_nothing_else() {
    for (place, h, w) in places() {
        let options = [
            "--mode",
            "sweep",
            "--start",
            "centre",
            "--coordinates",
            "1",
            "--frames",
            "3",
            "--low",
            "-0.5",
            "--high",
            "0.5",
        ];
        let outcome = place.sample("out", &options);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        // A row per class, or a single row.
        let model =
            dcgan_checkpoints::LoadedGenerator::load(&place.path("model.safetensors")).unwrap();
        let classes = model.info().class_names.len();
        let steps = png(&place, "out/sweep-001.png");
        assert_eq!(
            (steps.height(), steps.width()),
            (classes.max(1) * (h + 2) - 2, 3 * (w + 2) - 2)
        );
        for row in 0..classes.max(1) {
            let label = (classes > 0).then(|| vec![u8::try_from(row).unwrap()]);
            for (column, value) in [-0.5, 0.0, 0.5].into_iter().enumerate() {
                let mut z = vec![0.0; model.info().z_dim];
                z[1] = value;
                let expected = model.images_from_latents(&z, label.as_deref()).unwrap();
                assert_eq!(cell(&steps, [h, w], row, column), expected);
            }
        }
    }
}

#[test]
fn an_interpolation_passes_every_seed() {
    for (place, h, w) in places() {
        for way in ["spherical", "linear"] {
            let out = format!("out-{way}");
            let options = [
                "--mode",
                "interpolate",
                "--n",
                "2",
                "--seeds",
                "3,7,1",
                "--frames",
                "4",
            ];
            let outcome = place.sample(&out, &[&options[..], &["--way", way]].concat());
            assert_eq!(outcome.code, 0, "{outcome:?}");
            let steps = png(&place, &format!("{out}/interpolation.png"));
            assert_eq!(
                (steps.height(), steps.width()),
                (2 * (h + 2) - 2, 12 * (w + 2) - 2)
            );
            for (seed, column) in [("3", 0), ("7", 4), ("1", 8)] {
                let plain = place.samples(&format!("plain-{seed}"), &["--n", "2", "--seeds", seed]);
                let both: Vec<u8> = (0..2)
                    .flat_map(|row| cell(&steps, [h, w], row, column))
                    .collect();
                assert_eq!(both, plain.images, "{way}, seed {seed}");
            }
            let (_, _, frames) = gif(&place, &format!("{out}/interpolation.gif"));
            assert_eq!(frames.len(), 12);
            assert!(frames.windows(2).all(|pair| pair[0] != pair[1]));
        }
        assert_ne!(
            fs::read(place.path("out-linear/interpolation.png")).unwrap(),
            fs::read(place.path("out-spherical/interpolation.png")).unwrap()
        );
    }
}

#[test]
fn the_way_through_classes_passes_each_under_one_z() {
    let place = Place::labelled();
    let (h, w) = (8, 8);
    // (--through, its classes).
    for (name, through, stations) in [
        ("all", &[][..], &["zero", "one", "2"][..]),
        ("two", &["--through", "2, zero"], &["2", "zero"]),
    ] {
        let options = [
            "--mode", "classes", "--n", "5", "--frames", "4", "--seeds", "6",
        ];
        let outcome = place.sample(name, &[&options[..], through].concat());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(
            place.names(name),
            ["classes.gif", "classes.png", "manifest.json"]
        );
        let steps = png(&place, &format!("{name}/classes.png"));
        let n_steps = 4 * stations.len();
        assert_eq!(
            (steps.height(), steps.width()),
            (5 * (h + 2) - 2, n_steps * (w + 2) - 2)
        );
        for (leg, class) in stations.iter().enumerate() {
            let out = format!("plain-{class}");
            let plain = place.samples(&out, &["--n", "5", "--seeds", "6", "--class", class]);
            let all: Vec<u8> = (0..5)
                .flat_map(|row| cell(&steps, [h, w], row, 4 * leg))
                .collect();
            assert_eq!(all, plain.images, "{class}");
        }
        let (height, width, frames) = gif(&place, &format!("{name}/classes.gif"));
        assert_eq!((height, width), (2 * (h + 2) - 2, 3 * (w + 2) - 2));
        assert_eq!(frames.len(), n_steps);
        assert!(frames.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

#[test]
fn classes_that_can_not_be_passed_are_named() {
    let labelled = Place::labelled();
    let failure = |place: &Place, through: &str| {
        let options = ["--mode", "classes", "--through", through];
        let failure = place.sample("out", &options).failure();
        assert!(!place.path("out").exists());
        failure
    };
    insta::assert_snapshot!(failure(&labelled, "zero,three"), @r"
    exit code 2
    error: no class `three`: this model has `zero`, `one`, `2`
    hint: give one of these names, or a number from 0 to 2
    ");
    insta::assert_snapshot!(failure(&labelled, "1"), @r"
    exit code 2
    class 1 is understood as a number: its name is `one`
    error: `--through`: expected two classes or more, got one
    hint: use `--through 3,8`, or leave it out for all classes
    ");
    insta::assert_snapshot!(failure(&Place::unlabelled(), "0,1"), @r"
    exit code 2
    error: `--mode classes`: this model was trained without labels
    hint: use a model of `train.network: labelled`, or `--mode interpolate`
    ");
}

#[test]
fn what_can_not_move_is_named() {
    let place = Place::labelled();
    insta::assert_snapshot!(place.sample("out", &["--mode", "interpolate"]).failure(), @r"
    exit code 2
    error: `--mode interpolate`: expected two seeds or more, got one
    hint: use `--seeds 0,1`
    ");
    let options = ["--mode", "sweep", "--coordinates", "4-5"];
    insta::assert_snapshot!(place.sample("out", &options).failure(), @r"
    exit code 2
    error: `--coordinates`: no coordinate 5, z has 5
    hint: use numbers from 0 to 4
    ");
    let options = ["--mode", "sweep", "--low", "inf"];
    insta::assert_snapshot!(place.sample("out", &options).failure(), @r"
    exit code 2
    error: invalid value 'inf' for '--low <Z>': expected a finite number

    For more information, try '--help'.
    ");
    let options = ["--mode", "sweep", "--n", "1025"];
    insta::assert_snapshot!(place.sample("out", &options).failure(), @r"
    exit code 2
    error: `--n 1025`: `--mode sweep` shows at most 1024 images
    hint: use a smaller number, or `--mode images`
    ");
    let options = ["--mode", "sweep", "--through", "0,1"];
    insta::assert_snapshot!(place.sample("out", &options).failure(), @r"
    exit code 2
    error: `--through` has no effect with `--mode sweep`
    hint: leave it out, or use `--mode`: `classes`
    ");
    insta::assert_snapshot!(place.sample("out", &["--frames", "7"]).failure(), @r"
    exit code 2
    error: `--frames` has no effect with `--mode images`
    hint: leave it out, or use `--mode`: `sweep`, `interpolate`, `classes`
    ");
    assert!(!place.path("out").exists());
}
