//! Projection of pictures.

use crate::pictures::{cell, places, png};
use crate::support::Place;
use dcgan_artifacts::write_atomic;
use dcgan_figures::{Picture, encode_png};
use dcgan_testkit::Outcome;
use std::fs;
use std::io::Cursor;

/// Writes the pixels as a PNG.
fn write_picture(place: &Place, name: &str, [h, w, c]: [usize; 3], pixels: &[u8]) {
    let picture = Picture::new(h, w, c, pixels.to_vec()).unwrap();
    write_atomic(&place.path(name), &encode_png(&picture).unwrap()).unwrap();
}

fn project(place: &Place, out: &str, pictures: &[&str], more: &[&str]) -> Outcome {
    let mut options = vec!["--mode", "project"];
    let paths: Vec<String> = pictures
        .iter()
        .map(|name| place.path(name).to_str().unwrap().to_owned())
        .collect();
    for path in &paths {
        options.extend(["--picture", path]);
    }
    options.extend(more);
    place.sample(out, &options)
}

fn numbers(place: &Place, out: &str) -> serde_json::Value {
    let text = fs::read(place.path(out).join("projection.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn images_of_the_generator_are_found_again() {
    for (place, h, w) in places() {
        let samples = place.samples("plain", &["--n", "3", "--seeds", "9"]);
        let size = h * w * samples.channels;
        for (i, image) in samples.images.chunks(size).enumerate() {
            let name = format!("picture-{i}.png");
            write_picture(&place, &name, [h, w, samples.channels], image);
        }
        let pictures = ["picture-2.png", "picture-0.png"];
        let effort = ["--steps", "150", "--restarts", "6"];
        let outcome = project(&place, "out", &pictures, &effort);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(
            place.names("out"),
            ["manifest.json", "projection.json", "projection.png"]
        );
        let grid = png(&place, "out/projection.png");
        assert_eq!(
            (grid.height(), grid.width()),
            (2 * (h + 2) - 2, 2 * (w + 2) - 2)
        );
        let json = numbers(&place, "out");
        let little = project(&place, "little", &pictures, &["--steps", "1"]);
        assert_eq!(little.code, 0, "{little:?}");
        let little = numbers(&place, "little");
        for (row, image) in [2, 0].into_iter().enumerate() {
            let target = &samples.images[image * size..][..size];
            assert_eq!(cell(&grid, [h, w], row, 0), target);
            let found = cell(&grid, [h, w], row, 1);
            let squares = target
                .iter()
                .zip(&found)
                .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
            let error = (squares.sum::<f64>() / size as f64).sqrt();
            let of_row = &json["pictures"][row];
            assert_eq!(of_row["picture"], format!("picture-{image}.png"));
            assert!((of_row["error"].as_f64().unwrap() - error).abs() < 1e-9);
            assert!(error < 12.0, "{error}");
            assert!(error < little["pictures"][row]["error"].as_f64().unwrap());
            let labels = samples.labels.as_ref();
            let class = labels.map(|labels| labels[image]);
            assert_eq!(of_row["class"], serde_json::json!(class));
            let z = of_row["z"].as_array().unwrap();
            assert!(z.iter().all(|z| z.as_f64().unwrap().abs() <= 1.0));
        }

        let again = project(&place, "out", &pictures, &effort);
        assert!(again.stdout.contains("is up to date"), "{again:?}");
        let swapped = ["picture-0.png", "picture-2.png"];
        let other = project(&place, "out", &swapped, &effort);
        assert!(!other.stdout.contains("is up to date"), "{other:?}");
    }
}

#[test]
fn colours_become_grey_for_a_grey_model_and_one_class_can_be_asked_for() {
    let place = Place::labelled();
    write_picture(&place, "red.png", [8, 8, 3], &[255, 0, 0].repeat(64));
    let outcome = project(
        &place,
        "out",
        &["red.png"],
        &["--steps", "2", "--class", "one"],
    );
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let grid = png(&place, "out/projection.png");
    // Luma by the primaries of Rec. 709: 0.2126 of 255.
    assert_eq!(cell(&grid, [8, 8], 0, 0), [54; 64]);
    let json = numbers(&place, "out");
    assert_eq!(json["pictures"][0]["class"], 1);
    assert_eq!(json["pictures"][0]["class_name"], "one");
}

#[test]
fn a_picture_of_another_size_and_format_is_fitted_as_prepare_does() {
    let place = Place::unlabelled();
    // The model draws 18x16: of 36x64 pixels it gets the 32 columns in the middle, plus the
    // filter's margin.
    let wide = image::RgbImage::from_fn(64, 36, |x, _| match x {
        14..50 => image::Rgb([0, 0, 255]),
        _ => image::Rgb([255, 0, 0]),
    });
    let mut bytes = Vec::new();
    wide.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Bmp)
        .unwrap();
    write_atomic(&place.path("wide.bmp"), &bytes).unwrap();
    let outcome = project(&place, "out", &["wide.bmp"], &["--steps", "2"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let target = cell(&png(&place, "out/projection.png"), [18, 16], 0, 0);
    assert_eq!(target, [0, 0, 255].repeat(18 * 16));
}

#[test]
fn pictures_of_one_name_keep_their_order() {
    let place = Place::labelled();
    for (folder, grey) in [("a", 10), ("b", 200)] {
        dcgan_artifacts::create_folder(&place.path(folder)).unwrap();
        write_picture(&place, &format!("{folder}/p.png"), [8, 8, 1], &[grey; 64]);
    }
    for pictures in [["a/p.png", "b/p.png"], ["b/p.png", "a/p.png"]] {
        let outcome = project(&place, "out", &pictures, &["--steps", "1"]);
        assert!(!outcome.stdout.contains("is up to date"), "{outcome:?}");
    }
    let grid = png(&place, "out/projection.png");
    assert_eq!(cell(&grid, [8, 8], 0, 0), [200; 64]);
}

#[test]
fn what_can_not_be_looked_for_is_named() {
    let place = Place::unlabelled();
    let failure = |pictures: &[&str], more: &[&str]| {
        let failure = project(&place, "out", pictures, more).failure();
        assert!(!place.path("out").exists());
        failure
    };
    insta::assert_snapshot!(failure(&[], &[]), @r"
    exit code 2
    error: `--mode project` needs `--picture FILE`
    hint: `--help` shows an example
    ");
    insta::assert_snapshot!(failure(&["absent.png"], &[]), @r"
    exit code 3
    error: could not read `[DIR]/absent.png`
    caused by: No such file or directory (os error 2)
    hint: check the path and its permissions
    ");
    write_atomic(&place.path("text.png"), b"no picture").unwrap();
    insta::assert_snapshot!(failure(&["text.png"], &[]), @r"
    exit code 3
    error: `[DIR]/text.png` can't be used as `--picture`
    caused by: no picture by its content
    hint: the file may be damaged or cut: make or copy it again
    ");
    write_atomic(&place.path("scan.tif"), b"II*\0\x08\0\0\0").unwrap();
    insta::assert_snapshot!(failure(&["scan.tif"], &[]), @r"
    exit code 3
    error: `[DIR]/scan.tif` can't be used as `--picture`
    caused by: TIFF: convert it first, for example with `magick FILE FILE.png`
    hint: convert it to PNG or JPEG first
    ");
    write_picture(&place, "grey.png", [18, 16, 1], &[7; 18 * 16]);
    insta::assert_snapshot!(failure(&["grey.png"], &["--class", "1"]), @r"
    exit code 2
    error: class `1` was asked for, but this model was trained without labels
    hint: leave the class out, or take a model of `train.network: labelled`
    ");
    insta::assert_snapshot!(failure(&["grey.png"], &["--restarts", "65"]), @r"
    exit code 2
    error: invalid value '65' for '--restarts <N>': 65 is not in 1..=64

    For more information, try '--help'.
    ");
}
