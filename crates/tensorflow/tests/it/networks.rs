//! The networks among the variables.

use crate::support::{full_text, open, values_of, write_bundle};
use dcgan::{Arrays, Config, Discriminator, Generator};
use dcgan_tensorflow::{OriginalNetworks, SavedVariables};

/// The networks of the fixtures.
fn labelled() -> Config {
    Config {
        z_dim: 5,
        gf_dim: 4,
        df_dim: 3,
        gfc_dim: 6,
        dfc_dim: 5,
        ..Config::labelled(8, 8, 1, 3)
    }
}

fn unlabelled(height: usize, width: usize) -> Config {
    Config {
        z_dim: 4,
        gf_dim: 1,
        df_dim: 1,
        ..Config::unlabelled(height, width, 3)
    }
}

const SIZE: Option<[usize; 2]> = Some([22, 30]);

fn find(name: &str, size: Option<[usize; 2]>) -> OriginalNetworks {
    OriginalNetworks::find(&open(name), size).unwrap()
}

/// Names and shapes of all arrays of both networks, and values of a new network.
fn arrays_of(config: &Config) -> Arrays {
    let mut arrays = Generator::init(config, 1).unwrap().arrays().unwrap();
    arrays.extend(Discriminator::init(config, 1).unwrap().arrays().unwrap());
    arrays
}

/// The networks have all arrays of `config`, with the values of the variables that `saved` names.
fn assert_found(networks: &OriginalNetworks, config: &Config, saved: impl Fn(&str) -> String) {
    assert_eq!(networks.config, *config);
    let expected: Arrays = arrays_of(config)
        .into_iter()
        .map(|(name, (shape, values))| {
            let values = values_of(&saved(&name), values.len());
            (name, (shape, values))
        })
        .collect();
    assert_eq!(networks.weights, expected);
    // The library takes them.
    Generator::from_arrays(config, &networks.weights).unwrap();
    Discriminator::from_arrays(config, &networks.weights).unwrap();
}

fn unscoped(name: &str) -> String {
    name.split_once('/').unwrap().1.into()
}

#[test]
fn networks_are_found_under_the_names_of_every_version() {
    assert_found(&find("labelled", None), &labelled(), str::to_owned);
    assert_found(&find("labelled-adam", None), &labelled(), str::to_owned);
    assert_found(&find("labelled-2016-12-03", None), &labelled(), unscoped);
    assert_found(
        &find("unlabelled", SIZE),
        &unlabelled(22, 30),
        str::to_owned,
    );
    let old_last = |name: &str| name.replace("d_h4_lin", "d_h3_lin");
    assert_found(
        &find("unlabelled-d_h3_lin", SIZE),
        &unlabelled(22, 30),
        old_last,
    );
}

#[test]
fn what_was_assumed_and_left_out_is_said() {
    assert_eq!(
        find("labelled-adam", None).notes,
        [
            "images are taken to be 8x8, which the checkpoint does not tell: `--size` names \
             another size",
            "56 variables of Adam are left out: a converted network is not trained further",
            "left out, as no network has it: `global_step` (int64)",
        ]
    );
    let notes = find("unlabelled", None).notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("images are taken to be 32x32"));
    assert!(find("unlabelled", SIZE).notes.is_empty());
    assert_eq!(
        find("unlabelled-2016-05", SIZE).notes,
        [
            "moving averages are those of `ExponentialMovingAverage`; the discriminator's are the \
             first of two"
        ]
    );
    let notes = find("unlabelled-2016-01", SIZE).notes;
    assert_eq!(
        notes[..3],
        [
            "biases of the convolutions are zeros: this version of the original has none",
            "biases of the linear layers are zeros: this version of the original has none",
            "this version of the original kept no moving averages: the generator's are measured on \
             4,096 images that it draws, the discriminator's, which nothing reads, are 0 and 1",
        ]
    );
    assert!(notes[3].starts_with("left out, as no network has it: `d_bn1/Variable`, `d_bn1/"));
    assert_eq!(notes.len(), 4);
}

#[test]
fn a_size_must_fit_the_smallest_map() {
    assert_eq!(find("unlabelled", None).config, unlabelled(32, 32));
    assert_eq!(
        find("unlabelled", Some([17, 32])).config,
        unlabelled(17, 32)
    );
    assert_eq!(find("labelled", Some([4, 16])).config.width, 16);
    let refused =
        |name: &str, size| full_text(&OriginalNetworks::find(&open(name), size).unwrap_err());
    let text = refused("unlabelled", Some([33, 32]));
    assert!(
        text.contains("images of 33x32 (height x width) don't fit"),
        "{text}"
    );
    assert!(
        text.contains("has 4 positions, such images need 6"),
        "{text}"
    );
    assert!(text.contains("hint: give the height and width"), "{text}");
    // 7 and 8 have the same quarter, but the labelled network needs multiples of four.
    let text = refused("labelled", Some([7, 8]));
    assert!(text.contains("height"), "{text}");
    let text = refused("unlabelled", Some([usize::MAX, 1]));
    assert!(text.contains("don't fit"), "{text}");
    // Three positions are no square.
    let mut config = unlabelled(16, 48);
    let text = refused_arrays(&arrays_of(&config), None);
    assert!(
        text.contains("its smallest map has 3 positions, which is no square"),
        "{text}"
    );
    config.z_dim = 3;
    let networks = find_arrays(&arrays_of(&config), Some([16, 48])).unwrap();
    assert_eq!(networks.config, config);
}

fn find_arrays(
    arrays: &Arrays,
    size: Option<[usize; 2]>,
) -> Result<OriginalNetworks, dcgan_tensorflow::Error> {
    let folder = tempfile::tempdir().unwrap();
    let prefix = write_bundle(folder.path(), arrays);
    OriginalNetworks::find(&SavedVariables::open(&prefix).unwrap(), size)
}

fn refused_arrays(arrays: &Arrays, size: Option<[usize; 2]>) -> String {
    full_text(&find_arrays(arrays, size).unwrap_err())
}

#[test]
fn every_variable_that_does_not_fit_is_named() {
    let mut arrays = arrays_of(&labelled());
    arrays.remove("generator/g_bn1/beta").unwrap();
    arrays.remove("discriminator/d_h0_conv/biases").unwrap();
    arrays.remove("discriminator/d_bn2/moving_mean").unwrap();
    arrays.insert("generator/g_h3/biases".into(), (vec![2], vec![0.0; 2]));
    arrays.insert("generator/g_h9/w".into(), (vec![1], vec![0.0]));
    let text = refused_arrays(&arrays, None);
    for expected in [
        "`generator/g_bn1/beta` [32] is missing",
        "`discriminator/d_h0_conv/biases` [4] is missing",
        "`discriminator/d_bn2/moving_mean` [5] is missing",
        "`generator/g_h3/biases`: expected shape [1], got [2]",
        "`generator/g_h9/w` [1] is unknown",
        "hint: only the networks of DCGAN-tensorflow can be converted",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn what_the_sizes_follow_from_is_named_first() {
    let mut arrays = arrays_of(&labelled());
    arrays.remove("generator/g_h2/w").unwrap();
    arrays.insert("generator/g_h3/w".into(), (vec![3], vec![0.0; 3]));
    let text = refused_arrays(&arrays, None);
    assert!(text.contains("`generator/g_h2/w` is missing; `generator/g_h3/w`: expected 4 axes"));
    let mut arrays = arrays_of(&labelled());
    let (_, values) = arrays["generator/g_h2/w"].clone();
    arrays.insert("generator/g_h2/w".into(), (vec![5, 5, 11, 8], values));
    let text = refused_arrays(&arrays, None);
    let expected = "`generator/g_h2/w`: expected shape [5, 5, 2n, 2n + classes], got [.., 11, 8]";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_network_that_passed_z_twice_is_refused_with_the_reason() {
    let mut arrays = arrays_of(&labelled());
    arrays.insert(
        "generator/g_h1_lin/Matrix".into(),
        (vec![8, 32], vec![0.0; 256]),
    );
    let text = refused_arrays(&arrays, None);
    assert!(
        text.contains(
            "expected shape [9, 32], got [8, 32] (until 2016-10-07 the original passed z"
        ),
        "{text}"
    );
}

#[test]
fn another_program_is_told_by_its_names() {
    let array = (vec![1], vec![0.0]);
    let named = |names: &[&str]| {
        let arrays = names.iter().map(|name| ((*name).to_owned(), array.clone()));
        refused_arrays(&arrays.collect(), None)
    };
    let text = named(&["a", "b", "c", "d", "e", "f"]);
    assert!(
        text.contains("but `a`, `b`, `c`, `d`, `e` and 1 more"),
        "{text}"
    );
    assert!(
        text.contains("save the variables in float32 under the original's names"),
        "{text}"
    );
    let text = named(&["layer/.ATTRIBUTES/VARIABLE_VALUE"]);
    assert!(
        text.contains("hint: it was saved as objects of TensorFlow 2"),
        "{text}"
    );
}
