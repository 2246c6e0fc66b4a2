//! The source `npz`.

use crate::samples::{assert_part, dataset, folder_of, size, values};
use dcgan_artifacts::Part;
use insta::assert_snapshot;

const NPZ: &str = "--out out --set prepare.source=npz";

#[test]
fn a_file_of_three_parts_gives_three_parts() {
    let folder = folder_of(&["medmnist.npz"]);
    folder.succeed(&format!("{NPZ} --set prepare.npz.train=medmnist.npz"));
    let dataset = dataset(&folder);
    assert_eq!(size(&dataset), [4, 5, 3]);
    assert_part(&dataset, Part::Train, 6, 60, 0);
    assert_part(&dataset, Part::Validation, 3, 60, 50);
    assert_part(&dataset, Part::Test, 3, 60, 100);
    assert_eq!(dataset.info().class_names, ["0", "1", "2"]);
    let source = &dataset.info().sources[0];
    assert_eq!(
        (source.name.as_str(), source.count),
        ("medmnist.npz", Some(12))
    );
    assert_eq!(
        source.sha256,
        dcgan_artifacts::sha256_bytes(&folder.get("medmnist.npz"))
    );
    // The value of `prepare.source` has two names; the manifest always has the same.
    let again = "--out out --set prepare.source=npy --set prepare.npz.train=medmnist.npz";
    assert!(folder.succeed(again).contains("up to date"));
}

/// `prepare.validation` draws, even if the file has a validation part.
#[test]
fn a_drawn_validation_part_replaces_that_of_the_file() {
    let folder = folder_of(&["medmnist.npz"]);
    let run = folder.run(&format!(
        "{NPZ} --set prepare.npz.train=medmnist.npz --set prepare.validation=3"
    ));
    let said = run.succeeded().stderr;
    assert!(
        said.contains("are left out, as `prepare.validation` draws"),
        "{said}"
    );
    let dataset = dataset(&folder);
    assert_eq!(dataset.len(Part::Train), Some(3));
    let drawn = dataset.read_part(Part::Validation).unwrap().images;
    let of_train = values(6 * 60, 0);
    for image in drawn.chunks(60) {
        assert!(of_train.chunks(60).any(|known| known == image));
    }
}

#[test]
fn names_shapes_and_files_of_well_known_data_sets() {
    let folder = folder_of(&["keras.npz"]);
    folder.succeed(&format!("{NPZ} --set prepare.npz.train=keras.npz"));
    let keras = dataset(&folder);
    assert_eq!(size(&keras), [4, 5, 1]);
    assert_part(&keras, Part::Train, 6, 20, 0);
    assert_part(&keras, Part::Test, 3, 20, 100);

    let folder = folder_of(&[
        "k49-train-imgs.npz",
        "k49-train-labels.npz",
        "k49-test-imgs.npz",
        "k49-test-labels.npz",
    ]);
    folder.succeed(&format!(
        "{NPZ} --set prepare.npz.train=k49-train-imgs.npz \
         --set prepare.npz.train_labels=k49-train-labels.npz \
         --set prepare.npz.test=k49-test-imgs.npz --set prepare.npz.test_labels=k49-test-labels.npz"
    ));
    let kuzushiji = dataset(&folder);
    assert_part(&kuzushiji, Part::Train, 6, 20, 0);
    assert_part(&kuzushiji, Part::Test, 3, 20, 100);
    let names = kuzushiji
        .info()
        .sources
        .iter()
        .map(|source| source.name.clone());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "k49-train-imgs.npz",
            "k49-train-labels.npz",
            "k49-test-imgs.npz",
            "k49-test-labels.npz"
        ]
    );
}

#[test]
fn a_file_for_each_class() {
    let folder = folder_of(&["apple.npy", "bat.npy"]);
    folder.succeed(&format!(
        "{NPZ} --set prepare.npz.train=[apple.npy,bat.npy] --set prepare.npz.class_per_file=true"
    ));
    let dataset = dataset(&folder);
    assert_eq!(size(&dataset), [4, 4, 1]);
    let train = dataset.read_part(Part::Train).unwrap();
    assert_eq!(train.images, [values(64, 0), values(48, 100)].concat());
    assert_eq!(train.labels.unwrap(), [0, 0, 0, 0, 1, 1, 1]);
    assert_eq!(dataset.info().class_names, ["apple", "bat"]);
}

/// The audit has each image's index in its own file, also after a part is held out.
#[test]
fn findings_name_file_and_place() {
    let folder = folder_of(&["apple.npy"]);
    folder.put("copy.npy", &folder.get("apple.npy"));
    folder.succeed(&format!(
        "{NPZ} --set prepare.npz.train=[apple.npy,copy.npy] --set prepare.npz.test_share=0.5"
    ));
    let table = String::from_utf8(folder.get("out/audit.csv")).unwrap();
    let duplicates = table.lines().filter(|line| line.contains("duplicate"));
    let duplicates: Vec<&str> = duplicates.collect();
    assert_eq!(duplicates.len(), 4, "{table}");
    for index in 0..4 {
        let row = |part: &str| {
            format!(
                "{part},copy.npy,{index},duplicate,same pixels as image {index} of `apple.npy` in \
                 {part}"
            )
        };
        let is_found = |part| duplicates.contains(&row(part).as_str());
        assert!(
            ["train", "test"].into_iter().any(is_found),
            "{index}: {table}"
        );
    }
    // Equal pixels are never in both parts.
    assert!(!table.contains("in_other_part"), "{table}");
    let dataset = dataset(&folder);
    assert!(dataset.len(Part::Test).is_some_and(|n| n > 0 && n < 8));
}

#[test]
fn floats_with_the_channels_first_are_read() {
    let folder = folder_of(&["floats.npz"]);
    folder.succeed(&format!("{NPZ} --set prepare.npz.train=floats.npz"));
    let inferred = dataset(&folder);
    assert_eq!(size(&inferred), [4, 5, 3]);
    assert_part(&inferred, Part::Train, 6, 60, 0);
    assert_eq!(inferred.len(Part::Test), None);
    folder.succeed(&format!(
        "{NPZ} --set prepare.npz.train=floats.npz --set prepare.npz.channels=first \
         --set prepare.npz.range=signed --set prepare.npz.labels=false"
    ));
    let asked = dataset(&folder);
    let train = asked.read_part(Part::Train).unwrap();
    // From -1, black, to 1, white: 0 is grey.
    assert_eq!(train.images[0], 128);
    assert_eq!(train.labels, None);
}

#[test]
fn arrays_are_chosen_by_the_settings() {
    let folder = folder_of(&["medmnist.npz"]);
    folder.succeed(&format!(
        "{NPZ} --set prepare.npz.train=medmnist.npz --set prepare.npz.arrays.train_images=val_images \
         --set prepare.npz.arrays.train_labels=val_labels \
         --set prepare.npz.arrays.validation_images=train_images \
         --set prepare.npz.arrays.validation_labels=train_labels"
    ));
    let dataset = dataset(&folder);
    assert_part(&dataset, Part::Train, 3, 60, 50);
    assert_part(&dataset, Part::Validation, 6, 60, 0);
}

#[test]
fn what_does_not_fit_is_refused_with_a_way_out() {
    let folder = folder_of(&[
        "medmnist.npz",
        "keras.npz",
        "k49-train-imgs.npz",
        "apple.npy",
    ]);
    assert_snapshot!(folder.fail(NPZ), @r"
    exit code 2
    error: `prepare.npz.train` is not set: expected a file, as `prepare.source` is `npz`
    hint: give `--set prepare.npz.train=FILE`, an .npz or .npy of NumPy
    ");
    assert_snapshot!(folder.fail(&format!("{NPZ} --set prepare.npz.train=none.npz")), @r"
    exit code 3
    error: file `none.npz` does not exist
    hint: check the path
    ");
    let arguments = format!(
        "{NPZ} --set prepare.npz.train=keras.npz --set prepare.npz.arrays.train_images=pictures"
    );
    assert_snapshot!(folder.fail(&arguments), @r"
    exit code 3
    error: `keras.npz` has no array for `train_images`: expected `pictures`, got `x_test`, `x_train`, `y_test`, `y_train`
    hint: name the array with `--set prepare.npz.arrays.train_images=NAME`
    ");
    let arguments =
        format!("{NPZ} --set prepare.npz.train=keras.npz --set prepare.npz.arrays.images=x_train");
    assert_snapshot!(folder.fail(&arguments), @r"
    exit code 2
    error: `prepare.npz.arrays.images` in `--set prepare.npz.arrays.images=x_train`: expected one of the keys `train_images`, `train_labels`, `validation_images`, `validation_labels`, `test_images`, `test_labels`, found `images`
    hint: every key is explained in `pipelines/mnist.yaml`
    ");
    let arguments = format!(
        "{NPZ} --set prepare.npz.train=keras.npz --set prepare.npz.arrays.train_labels=y_test"
    );
    assert_snapshot!(folder.fail(&arguments), @r"
    exit code 3
    error: file `keras.npz` does not fit: expected `y_test` of shape [6], a class number each, got [3]
    hint: `prepare.npz.arrays` chooses another array; `prepare.npz.labels=false` reads none
    ");
    let arguments = format!("{NPZ} --set prepare.npz.train=[keras.npz,medmnist.npz]");
    assert_snapshot!(folder.fail(&arguments), @r"
    exit code 3
    error: `keras.npz` and `medmnist.npz` differ in size: expected images of [4, 5, 1], got [4, 5, 3] (height, width, channels)
    hint: give files of the same dataset
    ");
    let arguments = format!("{NPZ} --set prepare.npz.train=[keras.npz,k49-train-imgs.npz]");
    assert_snapshot!(folder.fail(&arguments), @r"
    exit code 3
    error: `k49-train-imgs.npz` has no labels: expected a label for each image, as `keras.npz` has
    hint: leave that file out, or read no labels: the unlabelled network needs none
    ");
    let arguments =
        format!("{NPZ} --set prepare.npz.train=keras.npz --set prepare.class_names=[a,b]");
    assert_snapshot!(folder.fail(&arguments), @r"
    exit code 3
    error: label 2 of image 2 of `keras.npz` has no class: expected labels below 2, the number of names of classes
    hint: name every class in `prepare.class_names`, or leave it empty
    ");
    let arguments = format!(
        "{NPZ} --set prepare.npz.train=apple.npy --set prepare.npz.test=keras.npz \
         --set prepare.npz.class_per_file=true"
    );
    assert_snapshot!(folder.fail(&arguments), @r"
    exit code 3
    error: `keras.npz` belongs to no class: expected the name of a file in `prepare.npz.train`, as `prepare.npz.class_per_file` is set
    hint: rename the file, or leave it out
    ");
    folder.put("cut.npz", &folder.get("medmnist.npz")[..900]);
    assert_snapshot!(folder.fail(&format!("{NPZ} --set prepare.npz.train=cut.npz")), @r"
    exit code 3
    error: file `cut.npz` is damaged: expected the record that ends an archive, got none: it is cut or no archive
    hint: the download may have been cut: get the file again
    ");
}
