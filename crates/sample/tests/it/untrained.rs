//! Classes without training pictures: never drawn, refused by name, with a warning.

use crate::film::write_checkpoints;
use crate::pictures::{cell, png};
use crate::support::{Place, labelled_config};
use dcgan_artifacts::checkpoint_path;

const WARNING: &str = "warning: no training picture had class `zero`: it is not drawn\n";

fn place() -> Place {
    let place = Place::labelled();
    place.leave_zero_untrained("model.safetensors");
    place
}

#[test]
fn the_other_classes_take_turns_and_have_the_rows() {
    let place = place();
    let outcome = place.sample("out", &["--n", "5"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, WARNING));
    let samples = place.samples("out", &["--n", "5"]);
    assert_eq!(samples.labels, Some(vec![1, 2, 1, 2, 1]));
    let grid = png(&place, "out/grid.png");
    assert_eq!((grid.height(), grid.width()), (2 * 10 - 2, 3 * 10 - 2));
    // The second row is class "2", whose images are the second and the fourth.
    let image = |i: usize| &samples.images[i * 64..(i + 1) * 64];
    assert_eq!(cell(&grid, [8, 8], 1, 0), image(1));
    assert_eq!(cell(&grid, [8, 8], 1, 1), image(3));
    // Image 1 of class 2 is the same as with `--class 2`.
    let two = place.samples("two", &["--n", "2", "--class", "2"]);
    assert_eq!(&two.images[64..], image(1));
}

#[test]
fn such_a_class_is_refused_by_name() {
    let place = place();
    let failure = |options: &[&str]| {
        let failure = place.sample("out", options).failure();
        assert!(!place.path("out").exists());
        failure
    };
    insta::assert_snapshot!(failure(&["--class", "zero"]), @r"
    exit code 2
    error: class `zero` was never trained, as no training picture had it: this model draws `one`, `2`
    hint: give one of these, or add pictures of that class to the training part, prepare and train again
    ");
    let by_number = failure(&["--class", "0"]);
    assert_eq!(by_number, failure(&["--class", "zero"]));
    let through = failure(&["--mode", "classes", "--through", "one,zero"]);
    assert_eq!(by_number, through);
    insta::assert_snapshot!(failure(&["--class", "three"]), @r"
    exit code 2
    error: no class `three`: this model has `one`, `2`
    hint: give one of these names
    ");
}

/// Rows, columns and warnings in each mode that draws all classes.
#[test]
fn no_mode_draws_it() {
    let place = place();
    for (options, name, rows) in [
        (
            &["--mode", "classes", "--n", "1", "--frames", "2"][..],
            "classes.png",
            1,
        ),
        (
            &["--mode", "arithmetic", "--expr", "image 3"],
            "arithmetic.png",
            2,
        ),
        (
            &[
                "--mode",
                "sweep",
                "--start",
                "centre",
                "--coordinates",
                "0",
                "--frames",
                "4",
            ],
            "sweep-000.png",
            2,
        ),
    ] {
        let outcome = place.sample("out", &[options, &["--quiet"]].concat());
        assert_eq!(outcome.stderr, WARNING, "{options:?}");
        let picture = png(&place, &format!("out/{name}"));
        assert_eq!(picture.height(), rows * 10 - 2, "{options:?}");
        // Two classes of two frames, a term and the sum, four frames.
        let columns = if rows == 2 && name == "arithmetic.png" {
            2
        } else {
            4
        };
        assert_eq!(picture.width(), columns * 10 - 2, "{options:?}");
    }
}

/// The first checkpoints of a run may lack the key for such classes.
#[test]
fn a_film_goes_by_its_newest_checkpoint() {
    let place = place();
    write_checkpoints(&place, &labelled_config());
    let newest = checkpoint_path(&place.path("checkpoints"), 100);
    let name = newest.strip_prefix(place.path("")).unwrap();
    place.leave_zero_untrained(name.to_str().unwrap());
    let options = [
        "--mode",
        "film",
        "--checkpoints",
        "[DIR]/checkpoints",
        "--n",
        "2",
    ];
    let outcome = place.run(&[&options[..], &["--out", "[DIR]/film"]].concat());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, WARNING));
    let film = png(&place, "film/film.png");
    std::fs::copy(
        checkpoint_path(&place.path("checkpoints"), 3),
        place.path("model.safetensors"),
    )
    .unwrap();
    let one = place.samples("one", &["--n", "1", "--class", "one"]);
    assert_eq!(cell(&film, [8, 8], 0, 0), one.images);
}
