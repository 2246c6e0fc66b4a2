//! What goes wrong is named, with the exit code of the contract, and nothing is written.

use crate::support::{Place, labelled_config};
use dcgan_artifacts::{Manifest, Role, write_atomic};
use dcgan_networks::Generator;
use std::fs;

#[test]
fn an_unknown_class_lists_the_names() {
    let place = Place::labelled();
    insta::assert_snapshot!(place.sample("out", &["--class", "three"]).failure(), @r"
    exit code Some(2)
    error: no class `three`: this model has `zero`, `one`, `2`
    hint: give one of these names, or a number from 0 to 2
    ");
    insta::assert_snapshot!(place.sample("out", &["--class", "3"]).failure(), @r"
    exit code Some(2)
    error: no class `3`: this model has `zero`, `one`, `2`
    hint: give one of these names, or a number from 0 to 2
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn a_class_needs_labels() {
    let place = Place::unlabelled();
    insta::assert_snapshot!(place.sample("out", &["--class", "1"]).failure(), @r"
    exit code Some(2)
    error: class `1` was asked for, but this model was trained without labels
    hint: leave the class out, or take a model of `train.network: labelled`
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn a_discriminator_draws_nothing() {
    let place = Place::labelled();
    place.write_discriminator("model.safetensors");
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code Some(3)
    error: generator `[DIR]/model.safetensors` does not fit: expected kind `generator`, got kind `discriminator`
    hint: give another file; `make train` makes one
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn a_missing_model_is_named() {
    let place = Place::labelled();
    fs::remove_file(place.path("model.safetensors")).unwrap();
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code Some(3)
    error: generator `[DIR]/model.safetensors` does not exist
    hint: `make train` makes it; or give another path
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn a_damaged_model_is_refused() {
    let place = Place::labelled();
    let path = place.path("model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    write_atomic(&path, &bytes).unwrap();
    let flipped = place.sample("out", &[]);
    assert_eq!(flipped.code, Some(3));
    assert!(
        flipped
            .stderr
            .contains("is damaged: expected content of SHA-256"),
        "{flipped:?}"
    );
    write_atomic(&path, &bytes[..last]).unwrap();
    let cut = place.sample("out", &[]);
    assert_eq!(cut.code, Some(3));
    assert!(cut.stderr.contains("is damaged"), "{cut:?}");
    assert!(!place.path("out").exists());
}

#[test]
fn a_sound_file_that_makes_no_network_names_the_weight() {
    let place = Place::labelled();
    let config = labelled_config();
    let mut weights = Generator::init(&config, 1).unwrap().arrays().unwrap();
    weights.remove("generator/g_h3/w");
    place.write_model("model.safetensors", &config, Role::Generator, weights);
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code Some(3)
    error: `[DIR]/model.safetensors` holds no usable network
    caused by: array `generator/g_h3/w` is missing, expected shape [5, 5, 1, 11]
    hint: use a file written for the same kind of network, image size and widths
    ");

    let weights = Generator::init(&config, 1).unwrap().arrays().unwrap();
    let odd = dcgan_networks::NetworkConfig {
        height: 10,
        ..config
    };
    place.write_model("model.safetensors", &odd, Role::Generator, weights);
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code Some(3)
    error: `[DIR]/model.safetensors` holds no usable network
    caused by: network setting `height` is `10`, expected a multiple of 4, at most 4096, for the labelled network
    hint: give a checkpoint or generator file of this version of dcgan-train
    ");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let place = Place::labelled();
    insta::assert_snapshot!(place.sample("out", &["--seeds", "4-1"]).failure(), @r"
    exit code Some(2)
    error: seeds `4-1`: expected numbers and ranges such as `0,3-6`, found `4-1`
    ");
    insta::assert_snapshot!(place.sample("out", &["--n", "0"]).failure(), @r"
    exit code Some(2)
    error: invalid value '0' for '--n <N>': 0 is not in 1..=10000000

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.sample("out", &["--set", "sample.m=3"]).failure(), @r"
    exit code Some(2)
    error: unknown key `sample.m` in `--set sample.m=3`
    hint: did you mean `sample.n`?
    ");
    insta::assert_snapshot!(place.run(&["--out", "[DIR]/out"]).failure(), @r"
    exit code Some(2)
    error: the following required arguments were not provided:
      --model <FILE>

    Usage: dcgan-sample --model <FILE> --out <DIR>

    For more information, try '--help'.
    ");
    assert!(!place.path("out").exists());
}

#[test]
fn the_folder_of_another_program_is_left_alone() {
    let place = Place::labelled();
    fs::create_dir(place.path("out")).unwrap();
    let manifest = Manifest {
        stage: "dcgan-eval".into(),
        version: "0.1.0".into(),
        settings: serde_json::Value::Null,
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    manifest.write(&place.path("out")).unwrap();
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code Some(5)
    error: `[DIR]/out` holds the results of `dcgan-eval`, expected those of `dcgan-sample` or none
    hint: choose another `--out`
    ");
    assert_eq!(place.names("out"), ["manifest.json"]);
}

#[test]
fn a_file_in_the_way_is_left_alone() {
    let place = Place::labelled();
    write_atomic(&place.path("out"), b"mine").unwrap();
    insta::assert_snapshot!(place.sample("out", &[]).failure(), @r"
    exit code Some(5)
    error: `[DIR]/out` is not ours to write: expected a folder, got a file
    hint: move `[DIR]/out` away, or choose another `--out`
    ");
    assert_eq!(fs::read(place.path("out")).unwrap(), b"mine");
}

#[test]
#[expect(clippy::too_many_lines, reason = "the help is long")]
fn the_help_says_what_there_is() {
    let place = Place::labelled();
    let outcome = place.run(&["--help"]);
    assert_eq!(outcome.code, Some(0));
    insta::assert_snapshot!(outcome.stdout, @r"
    Draw images from a trained generator.

    Writes `samples.safetensors`, `grid.png` and, if asked for, every image as a PNG of its own into
    the folder `images`. An image depends on the model, its seed, its index and its class alone: the
    first 10 of 50,000 are the 10 that `--n 10` draws.

    With `--mode` it draws other things instead, into a folder of their own:

      What coordinates 0 and 7 of z do:
        dcgan-sample --model G --out sweep --mode sweep --coordinates 0,7 --frames 24
      From seed 1 to 2 to 5 and back to 1:
        dcgan-sample --model G --out way --mode interpolate --seeds 1,2,5
      The same 8 images as a 3, as an 8, as a 1, and as all between:
        dcgan-sample --model G --out classes --mode classes --through 3,8,1
      z of three images, less that of two others, plus image 0 of seed 7:
        dcgan-sample --model G --out sum --mode arithmetic --expr 'mean(3,8,9) - mean(1,4) + seed 7'
      Each sample with the 4 training images that are nearest to it, pixel by pixel:
        dcgan-sample --model G --out near --mode nearest --dataset dataset.safetensors

    G stands for the path of a checkpoint or of `generator.safetensors`.

    Usage: dcgan-sample [OPTIONS] --model <FILE> --out <DIR>

    Options:
          --model <FILE>
              Checkpoint or generator file; nothing else is needed

          --n <N>
              Images per seed [default: `sample.n`, 64]

          --seeds <LIST>
              Seeds, as `0,3-6` [default: `sample.seeds`, 0]

          --class <CLASS>
              The one class to draw, by name or number [default: `sample.class`; all, taking turns]

          --columns <N>
              Columns of the grid [default: `sample.columns`; a row per class, or near square]

          --single-images
              Also write every image as a PNG of its own [default: `sample.single_images`, false]

          --mode <MODE>
              What to draw

              Possible values:
              - images:      Images of seeds: their grid and their file
              - sweep:       What each coordinate of z does: a grid and a GIF of each, and a GIF of all
              - interpolate: The way from seed to seed and back: a grid and a GIF
              - classes:     The way from class to class and back under one z: a grid and a GIF
              - arithmetic:  Latent vectors added and subtracted: the images of the terms and of the
                result
              - nearest:     The nearest training images beside each sample: a grid, and the distances
                as JSON
              
              [default: images]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Modes `sweep`, `interpolate`, `classes`:
          --frames <N>
              Steps from one end to the other
              
              [default: 16]

          --delay <N>
              Hundredths of a second that a GIF shows a step
              
              [default: 8]

          --coordinates <LIST>
              Coordinates of z to sweep, from 0, as `0,3-6` [default: all]

          --low <Z>
              Where a sweep begins [default: -1; 0 for z in [0, 1), -2.5 for a normal z]

          --high <Z>
              Where a sweep ends [default: 1; 2.5 for a normal z]

          --way <WAY>
              How an interpolation joins two seeds

              Possible values:
              - linear:    On a straight line
              - spherical: On the arc between their directions, the length changing evenly
              
              [default: spherical]

          --through <LIST>
              Classes to pass, by name or number, as `3,8,1` [default: all in order]

    Mode `arithmetic`:
          --expr <EXPRESSION>
              What to add up: `image 3` is z of that image of the first seed, `mean(3,8-9)` the mean of
              several, `seed 7` z of image 0 of that seed, each with a factor if wanted: `0.5 * seed 7`

    Mode `nearest`:
          --dataset <FILE>
              Dataset whose training part is searched

          --neighbours <K>
              Training images beside each sample
              
              [default: 4]

    Common options:
          --pipeline <FILE>
              Pipeline file (YAML) with the settings of all stages [default: built-in settings]

          --set <KEY=VALUE>
              Override one setting, as `train.batch_size=32`; may be given again

          --out <DIR>
              Folder that this stage writes

          --threads <N>
              Threads to compute with; changes no byte of the result [default: all cores]

          --force
              Start afresh where the stage would otherwise refuse or find nothing to do

          --quiet
              Print no progress and no log below a warning

          --json
              Print the result as JSON

          --dry-run
              Resolve the settings, check the inputs, say what would be read and written; write nothing

    Settings of this stage and their defaults; `pipelines/mnist.yaml` explains each, and `--set
    KEY=VALUE` overrides one:
      sample.class = none
      sample.columns = 0
      sample.n = 64
      sample.seeds = 0
      sample.single_images = false
    ");
}
