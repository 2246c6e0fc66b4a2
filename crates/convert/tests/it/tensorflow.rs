//! `--from tensorflow`: checkpoints of the original program.

use dcgan_artifacts::{Arrays, Checkpoint, Manifest, Role, read_generator, write_atomic};
use dcgan_checkpoints::{LoadedDiscriminator, LoadedGenerator};
use dcgan_testkit::{Outcome, run};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tensorflow/tests/fixtures");
    fixtures.join(format!("{name}.model-7"))
}

/// Converts a checkpoint into `folder/out`.
fn convert(folder: &TempDir, prefix: &Path, options: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dcgan-convert"));
    command.args(["--from", "tensorflow", "--in"]).arg(prefix);
    command
        .arg("--out")
        .arg(folder.path().join("out"))
        .args(options);
    let fixtures = fixture("").parent().unwrap().to_owned();
    run(&mut command)
        .naming(folder.path(), "[DIR]")
        .naming(&fixtures, "[FIXTURES]")
}

#[test]
fn a_checkpoint_becomes_a_generator_and_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = convert(&folder, &fixture("labelled-adam"), &[]).succeeded();
    insta::assert_snapshot!(outcome.stdout, @r"
    convert: labelled networks for 8x8x1 images of 3 classes, step 7, in `[DIR]/out`:
      generator.safetensors (14272 bytes)
      checkpoint.safetensors (22412 bytes)
    note: images are taken to be 8x8, which the checkpoint does not tell: `--size` names another size
    note: 56 variables of Adam are left out: a converted network is not trained further
    note: left out, as no network has it: `global_step` (int64)
    ");
    let out = folder.path().join("out");
    let generator = read_generator(&out.join("generator.safetensors")).unwrap();
    assert_eq!(generator.step, 7);
    assert_eq!(generator.network.class_names, ["0", "1", "2"]);
    assert_eq!(generator.network.z_distribution, "uniform");
    let checkpoint = Checkpoint::read(&out.join("checkpoint.safetensors")).unwrap();
    let mut weights = checkpoint.weights;
    let is_critic = |name: &str| name.starts_with(Role::Discriminator.prefix());
    assert!(weights.keys().any(|name| is_critic(name)));
    weights.retain(|name, _| !is_critic(name));
    assert_eq!(weights, generator.weights);
    assert_eq!(weights["generator/g_h2/w"].0, [5, 5, 8, 11]);
    assert!(checkpoint.adam_m.is_empty());
    LoadedGenerator::load(&out.join("generator.safetensors")).unwrap();
    LoadedDiscriminator::load(&out.join("checkpoint.safetensors")).unwrap();

    let manifest = Manifest::read(&out).unwrap().unwrap();
    assert_eq!(manifest.inputs[0].name, "labelled-adam.model-7");
    manifest.verify_outputs(&out).unwrap();
    let again = convert(&folder, &fixture("labelled-adam"), &[]).succeeded();
    assert!(
        again.stdout.starts_with("nothing to do"),
        "{}",
        again.stdout
    );
}

#[test]
fn size_and_z_are_taken_from_the_options() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--size", "22x30", "--z-distribution", "normal", "--json"];
    let planned = convert(
        &folder,
        &fixture("unlabelled"),
        &[&options[..], &["--dry-run"]].concat(),
    );
    let planned: Value = serde_json::from_str(&planned.succeeded().stdout).unwrap();
    let reads = json!([
        "unlabelled.model-7.data-00000-of-00002",
        "unlabelled.model-7.data-00001-of-00002",
        "unlabelled.model-7.index",
    ]);
    assert_eq!(planned["reads"], reads);
    let done = convert(&folder, &fixture("unlabelled"), &options).succeeded();
    let done: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(done["networks"], json!(["generator", "discriminator"]));
    assert_eq!(done["notes"], json!([]));
    let files = json!([
        "checkpoint.safetensors",
        "generator.safetensors",
        "manifest.json"
    ]);
    let mut listed: Vec<String> = serde_json::from_value(done["files"].clone()).unwrap();
    listed.sort();
    assert_eq!(json!(listed), files);
    let path = folder.path().join("out/generator.safetensors");
    let network = read_generator(&path).unwrap().network;
    assert_eq!((network.height, network.width), (22, 30));
    assert_eq!(network.z_distribution, "normal");
}

/// A golden file of the fixture's networks: the variables, one of them changed, and an image.
fn golden_file(folder: &TempDir) -> PathBuf {
    let _ = convert(folder, &fixture("labelled"), &[]).succeeded();
    let checkpoint = folder.path().join("out/checkpoint.safetensors");
    let mut arrays: Arrays = Arrays::new();
    for (name, mut array) in Checkpoint::read(&checkpoint).unwrap().weights {
        if name == "generator/g_h2/biases" {
            array.1[3] += 0.25;
        }
        let group = if name.contains("/moving_") {
            "moving"
        } else {
            "param"
        };
        arrays.insert(format!("{group}/{name}"), array);
    }
    arrays.insert("in/z".into(), (vec![1, 5], vec![0.0; 5]));
    arrays.insert("in/y".into(), (vec![1, 3], vec![1.0, 0.0, 0.0]));
    arrays.insert("out/G_infer".into(), (vec![1, 8, 8, 1], vec![0.0; 64]));
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = arrays
        .into_iter()
        .map(|(name, (shape, values))| (name, shape, bytes(&values)))
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    let path = folder.path().join("golden.safetensors");
    write_atomic(&path, &safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

#[test]
fn the_report_has_every_tensor_and_its_largest_difference() {
    let folder = tempfile::tempdir().unwrap();
    let golden = golden_file(&folder);
    let options = ["--report", golden.to_str().unwrap()];
    let done = convert(&folder, &fixture("labelled"), &options).succeeded();
    let line = |name: &str| {
        let found = done.stdout.lines().find(|line| line.ends_with(name));
        found.unwrap().split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(line("  param/generator/g_h2/biases"), "2.50e-1");
    assert_eq!(line("  param/generator/g_h3/biases"), "0.00e0");
    let table = std::fs::read_to_string(folder.path().join("out/report.csv")).unwrap();
    assert!(
        table.starts_with("name,largest_difference,largest_value\n"),
        "{table}"
    );
    // 36 variables, and the images.
    assert_eq!(table.lines().count(), 1 + 36 + 1);
    assert!(
        table.contains("\nparam/generator/g_h2/biases,2.5e-1,"),
        "{table}"
    );
    assert!(
        table.contains("\nparam/generator/g_h3/biases,0e0,"),
        "{table}"
    );
    let json = [&options[..], &["--json", "--force"]].concat();
    let done = convert(&folder, &fixture("labelled"), &json).succeeded();
    let done: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(done["differences"]["param/generator/g_h2/biases"], 0.25);
    let note = done["notes"][0].as_str().unwrap();
    assert!(note.starts_with("images are taken to be 8x8"), "{note}");

    // The golden file of other networks.
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    let other = other.join("uncond_odd_forward.safetensors");
    let options = ["--report", other.to_str().unwrap()];
    let failure = convert(&folder, &fixture("labelled"), &options).failure();
    assert!(failure.contains("error: golden file `"), "{failure}");
}

#[test]
fn what_cannot_be_converted_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let failure = convert(&folder, &fixture("parts-v2"), &[]).failure();
    insta::assert_snapshot!(failure, @r"
    exit code 3
    error: `[FIXTURES]/parts-v2.model-7.index`: `parts` is saved in parts, which the original program does not write
    hint: restore it in TensorFlow and save it again with `tf.compat.v1.train.Saver`, each variable whole and in float32
    ");
    let failure = convert(&folder, &fixture("unlabelled"), &["--size", "64x64"]).failure();
    insta::assert_snapshot!(failure, @r"
    exit code 3
    error: images of 64x64 (height x width) don't fit `[FIXTURES]/unlabelled.model-7`: its smallest map has 4 positions, such images need 16
    hint: give the height and width that the network was trained with, such as `--size 64x48`
    ");
    let failure = convert(&folder, &fixture("unlabelled"), &["--size", "64"]).failure();
    insta::assert_snapshot!(failure, @r"
    exit code 2
    error: invalid value '64' for '--size <HxW>': expected height and width in pixels, such as 48x64

    For more information, try '--help'.
    ");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dcgan-convert"));
    command
        .args(["--to", "onnx", "--out"])
        .arg(folder.path().join("out"));
    insta::assert_snapshot!(run(&mut command).failure(), @r"
    exit code 2
    error: nothing to convert: expected `--to` with `--model`, or `--from` with `--in`
    hint: give `--to onnx --model FILE`, `--from tensorflow` with one `--in PREFIX`, or `--from torch --in FILE`
    ");
    assert!(!folder.path().join("out").exists());
}
