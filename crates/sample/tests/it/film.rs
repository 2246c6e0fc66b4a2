//! Films of checkpoints and of grids: the files are decoded.

use crate::pictures::{cell, gif, places, png};
use crate::support::{Place, labelled_config, unlabelled_config};
use dcgan::Config;
use dcgan_artifacts::{checkpoint_path, create_folder, write_atomic};
use dcgan_figures::{Picture, encode_png};
use std::fs;

/// Three generators with names of checkpoints, and a file that is not one.
pub(crate) fn write_checkpoints(place: &Place, config: &Config) {
    let folder = place.path("checkpoints");
    create_folder(&folder).unwrap();
    for (step, seed) in [(20, 1), (3, 2), (100, 3)] {
        let path = checkpoint_path(&folder, step);
        let name = path.strip_prefix(place.path("")).unwrap();
        place.write_generator(name.to_str().unwrap(), config, seed);
    }
    write_atomic(&folder.join("step-7.safetensors"), b"not ours").unwrap();
}

fn write_grid(place: &Place, step: u64, [height, width]: [usize; 2], grey: u8) {
    let picture = Picture::new(height, width, 1, vec![grey; height * width]).unwrap();
    let path = place.path("grids").join(format!("step-{step:08}.png"));
    write_atomic(&path, &encode_png(&picture).unwrap()).unwrap();
}

#[test]
fn a_film_shows_one_z_through_all_checkpoints() {
    let configs = [labelled_config(), unlabelled_config()];
    for ((place, h, w), config) in places().into_iter().zip(configs) {
        write_checkpoints(&place, &config);
        let call = |out: &str, more: &[&str]| {
            let options = ["--mode", "film", "--checkpoints", "[DIR]/checkpoints"];
            let out = format!("[DIR]/{out}");
            let outcome = place.run(&[&options[..], &["--out", &out], more].concat());
            assert_eq!(outcome.code, 0, "{outcome:?}");
            outcome
        };
        call("out", &["--n", "5", "--seeds", "4", "--delay", "20"]);
        assert_eq!(
            place.names("out"),
            ["film.gif", "film.png", "manifest.json"]
        );
        let steps = png(&place, "out/film.png");
        assert_eq!(
            (steps.height(), steps.width()),
            (5 * (h + 2) - 2, 3 * (w + 2) - 2)
        );
        // In the order of the steps.
        for (column, step) in [3, 20, 100].into_iter().enumerate() {
            let out = format!("plain-{step}");
            let model = checkpoint_path(&place.path("checkpoints"), step);
            fs::copy(model, place.path("model.safetensors")).unwrap();
            let plain = place.samples(&out, &["--n", "5", "--seeds", "4"]);
            let all: Vec<u8> = (0..5)
                .flat_map(|row| cell(&steps, [h, w], row, column))
                .collect();
            assert_eq!(all, plain.images, "{step}");
        }
        let (height, width, frames) = gif(&place, "out/film.gif");
        assert_eq!((height, width), (2 * (h + 2) - 2, 3 * (w + 2) - 2));
        assert_eq!(frames.len(), 3);
        assert!(frames[0] != frames[1] && frames[1] != frames[2]);
        call("other", &[]);
        let (height, width, _) = gif(&place, "other/film.gif");
        assert_eq!((height, width), (4 * (h + 2) - 2, 4 * (w + 2) - 2));

        let again = call("other", &[]);
        assert!(again.stdout.contains("is up to date"), "{again:?}");
        fs::remove_file(checkpoint_path(&place.path("checkpoints"), 20)).unwrap();
        call("other", &[]);
        assert_eq!(gif(&place, "other/film.gif").2.len(), 2);
    }
}

#[test]
fn a_film_of_grids_shows_them_in_order() {
    let place = Place::labelled();
    create_folder(&place.path("grids")).unwrap();
    for (step, grey) in [(1000, 200), (0, 10), (200, 90)] {
        write_grid(&place, step, [6, 9], grey);
    }
    write_atomic(&place.path("grids/reals.png"), b"no frame").unwrap();
    let options = ["--mode", "film", "--grids", "[DIR]/grids"];
    let outcome = place.run(&[&options[..], &["--out", "[DIR]/out"]].concat());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(place.names("out"), ["film.gif", "manifest.json"]);
    let (height, width, frames) = gif(&place, "out/film.gif");
    assert_eq!((height, width), (6, 9));
    // Colours are numbered in the order of their brightness.
    let numbers: Vec<u8> = frames.iter().map(|frame| frame[0]).collect();
    assert_eq!(numbers, [0, 1, 2]);
}

#[test]
fn what_makes_no_film_is_named() {
    let place = Place::labelled();
    let failure = |options: &[&str]| {
        let options = [&["--mode", "film", "--out", "[DIR]/out"], options].concat();
        let failure = place.run(&options).failure();
        assert!(!place.path("out").exists() || place.names("out").is_empty());
        failure
    };
    create_folder(&place.path("checkpoints")).unwrap();
    create_folder(&place.path("grids")).unwrap();
    insta::assert_snapshot!(failure(&["--checkpoints", "[DIR]/checkpoints"]), @r"
    exit code 3
    error: `[DIR]/checkpoints` has no file `step-NNNNNNNN.safetensors`
    hint: use `--checkpoints RUN/train/checkpoints` or `--grids RUN/train/samples`
    ");
    insta::assert_snapshot!(failure(&["--grids", "[DIR]/grids"]), @r"
    exit code 3
    error: `[DIR]/grids` has no file `step-NNNNNNNN.png`
    hint: use `--checkpoints RUN/train/checkpoints` or `--grids RUN/train/samples`
    ");
    for source in ["--grids", "--checkpoints"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(failure(&[source, "[DIR]/absent"]), @r"
            exit code 3
            error: could not read `[DIR]/absent`
            caused by: No such file or directory (os error 2)
            hint: check the path and its permissions
            ");
        }
    }
    insta::assert_snapshot!(failure(&["--checkpoints", "[DIR]/model.safetensors"]), @r"
    exit code 3
    error: could not read checkpoint `[DIR]/model.safetensors`
    caused by: Not a directory (os error 20)
    hint: give a folder: the checkpoints of a run are in `train/checkpoints`
    ");
    insta::assert_snapshot!(failure(&["--grids", "[DIR]/grids", "--n", "3"]), @r"
    exit code 2
    error: the argument '--grids <DIR>' cannot be used with '--n <N>'

    Usage: dcgan-sample --model <FILE> --out <DIR> [OPTIONS]
           dcgan-sample --mode film --checkpoints <DIR> --out <DIR> [OPTIONS]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(failure(&["--model", "[DIR]/model.safetensors"]), @r"
    exit code 2
    error: `--model` has no effect with `--mode film`
    hint: leave it out, or use `--mode`: `images`, `sweep`, `interpolate`, `classes`, `arithmetic`, `nearest`, `project`
    ");

    write_grid(&place, 1, [6, 9], 1);
    write_grid(&place, 2, [6, 8], 2);
    insta::assert_snapshot!(failure(&["--grids", "[DIR]/grids"]), @r"
    exit code 3
    error: `[DIR]/grids/step-00000002.png` does not fit `[DIR]/grids/step-00000001.png`: their sizes differ
    hint: use a folder with the files of one run
    ");
    write_atomic(&place.path("grids/step-00000002.png"), b"no picture").unwrap();
    insta::assert_snapshot!(failure(&["--grids", "[DIR]/grids"]), @r"
    exit code 3
    error: `[DIR]/grids/step-00000002.png` can't be shown
    caused by: the bytes are not a readable PNG
    caused by: Format error decoding Png: Invalid PNG signature.
    caused by: Invalid PNG signature.
    hint: the file may be damaged or cut: make it again
    ");

    place.write_generator(
        "checkpoints/step-00000001.safetensors",
        &labelled_config(),
        1,
    );
    let unlike = "checkpoints/step-00000002.safetensors";
    place.write_generator(unlike, &unlabelled_config(), 1);
    insta::assert_snapshot!(failure(&["--checkpoints", "[DIR]/checkpoints"]), @r"
    exit code 3
    error: `[DIR]/checkpoints/step-00000002.safetensors` does not fit `[DIR]/checkpoints/step-00000001.safetensors`: their networks differ
    hint: use a folder with the files of one run
    ");
}
