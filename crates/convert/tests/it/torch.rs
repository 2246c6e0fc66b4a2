//! State dicts of PyTorch: there and back, and what is refused.

use crate::support::{Place, STEP, labelled, unlabelled};
use dcgan_artifacts::{
    Checkpoint, ModelFile, Role, StateDict, read_discriminator, read_generator, write_atomic,
};
use serde_json::{Value, json};

const TO: &str = "--to torch --model [DIR]/model.safetensors --out [DIR]/torch";
const FROM: &str = "--from torch --in [DIR]/torch/generator-torch.safetensors --out [DIR]/out";
const BOTH: &str = "--from torch --in [DIR]/torch/generator-torch.safetensors \
    --in [DIR]/torch/discriminator-torch.safetensors --out [DIR]/out";

/// A place whose folder `torch` has the networks of a checkpoint.
fn converted(place: Place) -> Place {
    place.ran(TO);
    place
}

/// Changes the generator's state dict.
fn change(place: &Place, change: impl FnOnce(&mut StateDict)) {
    let path = place.path("torch/generator-torch.safetensors");
    let mut state = StateDict::read(&path).unwrap();
    change(&mut state);
    state.write(&path).unwrap();
}

#[test]
fn state_dicts_have_the_names_and_layouts_of_dcgan_torch() {
    let place = converted(Place::checkpoint(&labelled()));
    let names = [
        "README.md",
        "config.json",
        "discriminator-torch.safetensors",
        "generator-torch.safetensors",
        "manifest.json",
    ];
    assert_eq!(place.names("torch"), names);
    let path = place.path("torch/generator-torch.safetensors");
    let arrays = StateDict::read(&path).unwrap().arrays;
    let shapes: Vec<(&str, &[usize])> = arrays
        .iter()
        .filter(|(name, _)| {
            name.contains("_h0_lin") || name.contains("_h2") || name.contains("bn2")
        })
        .map(|(name, (shape, _))| (name.as_str(), shape.as_slice()))
        .collect();
    let expected: [(&str, &[usize]); 8] = [
        ("g_bn2.bias", &[8]),
        ("g_bn2.running_mean", &[8]),
        ("g_bn2.running_var", &[8]),
        ("g_bn2.weight", &[8]),
        ("g_h0_lin.bias", &[16]),
        ("g_h0_lin.weight", &[16, 8]),
        ("g_h2.bias", &[8]),
        ("g_h2.weight", &[11, 8, 5, 5]),
    ];
    assert_eq!(shapes, expected);
    let model = read_generator(&place.path("model.safetensors")).unwrap();
    let config: Value = serde_json::from_str(&place.text("torch/config.json")).unwrap();
    let hash = "0".repeat(64);
    let expected = json!({ "network": model.network, "step": STEP, "dataset_sha256": hash });
    assert_eq!(config, expected);
    let (_, ours) = &model.weights["generator/g_h2/w"];
    let (_, theirs) = &arrays["g_h2.weight"];
    for (i, o, row, column) in [(0, 0, 0, 0), (10, 7, 3, 4), (4, 2, 4, 0)] {
        let (at, from) = (
            ((i * 8 + o) * 5 + row) * 5 + column,
            ((row * 5 + column) * 8 + o) * 11 + i,
        );
        assert_eq!(theirs[at].to_bits(), ours[from].to_bits());
    }
}

#[test]
fn there_and_back_nothing_changes() {
    for config in [labelled(), unlabelled()] {
        let place = converted(Place::checkpoint(&config));
        let model = place.path("model.safetensors");
        let planned = place.run(&format!("{BOTH} --dry-run --json")).succeeded();
        let written = place.run(&format!("{BOTH} --json")).succeeded();
        let result = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let (planned, written) = (result(&planned.stdout), result(&written.stdout));
        assert_eq!(planned["networks"], json!(["generator", "discriminator"]));
        let names = |result: &Value| {
            let mut names: Vec<String> = serde_json::from_value(result["files"].clone()).unwrap();
            names.sort();
            names
        };
        assert_eq!(names(&planned), names(&written));
        assert_eq!(place.names("out"), names(&written));

        let generator = read_generator(&model).unwrap();
        let critic = read_discriminator(&model).unwrap();
        let read = |name: &str, role| ModelFile::read(&place.path(name), role).unwrap();
        assert_eq!(
            read("out/generator.safetensors", Role::Generator),
            generator
        );
        let path = "out/discriminator.safetensors";
        assert_eq!(read(path, Role::Discriminator), critic);
        let both = Checkpoint::read(&place.path("out/step-00000007.safetensors")).unwrap();
        assert_eq!(both.weights, Checkpoint::read(&model).unwrap().weights);
        let again = place.run(BOTH).succeeded();
        assert!(
            again.stdout.starts_with("nothing to do"),
            "{}",
            again.stdout
        );
    }
}

#[test]
fn one_network_gives_one_file() {
    let place = converted(Place::generator(&unlabelled()));
    place.ran(FROM);
    assert_eq!(
        place.names("out"),
        ["generator.safetensors", "manifest.json"]
    );
    assert_eq!(
        place.bytes("out/generator.safetensors"),
        place.bytes("model.safetensors")
    );
}

#[test]
fn counters_are_passed_over_and_other_types_refused() {
    let place = converted(Place::generator(&unlabelled()));
    let path = place.path("torch/generator-torch.safetensors");
    let bytes = place.bytes("torch/generator-torch.safetensors");
    let header_end =
        8 + usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let header: Value = serde_json::from_slice(&bytes[8..header_end]).unwrap();
    let data = &bytes[header_end..];
    let with = |name: &str, dtype: &str, size: usize| {
        let mut header = header.clone();
        let offsets = [data.len(), data.len() + size];
        header[name] = json!({ "dtype": dtype, "shape": [], "data_offsets": offsets });
        let mut header = header.to_string();
        while !header.len().is_multiple_of(8) {
            header.push(' ');
        }
        let length = (header.len() as u64).to_le_bytes();
        let more = vec![0; size];
        write_atomic(
            &path,
            &[&length[..], header.as_bytes(), data, &more].concat(),
        )
        .unwrap();
    };
    with("g_bn0.num_batches_tracked", "I64", 8);
    place.ran(FROM);
    assert_eq!(
        place.bytes("out/generator.safetensors"),
        place.bytes("model.safetensors")
    );
    with("g_bn0.gamma", "F16", 2);
    insta::assert_snapshot!(place.run(FROM).failure(), @r"
    exit code 3
    `generator-torch.safetensors` has changed: making the result again
    error: file `[DIR]/torch/generator-torch.safetensors` does not fit: expected `g_bn0.gamma` of type F32, got F16
    hint: give another file
    ");
}

#[test]
fn arrays_that_do_not_fit_are_named_as_pytorch_names_them() {
    let place = converted(Place::checkpoint(&labelled()));
    let bytes = place.bytes("torch/generator-torch.safetensors");
    let path = place.path("torch/generator-torch.safetensors");
    let refused = |changed: fn(&mut StateDict)| {
        write_atomic(&path, &bytes).unwrap();
        change(&place, changed);
        let failure = place.run(BOTH).failure();
        assert!(!place.path("out").exists());
        failure
    };
    insta::assert_snapshot!(refused(|state| {
        state.arrays.remove("g_h2.weight");
    }), @r"
    exit code 3
    error: `[DIR]/torch/generator-torch.safetensors`: `g_h2.weight`: expected shape [11, 8, 5, 5], got none
    hint: save a module of `dcgan_torch.py`, and its `network` in `config.json`; give each network once
    ");
    insta::assert_snapshot!(refused(|state| {
        let (shape, _) = state.arrays.get_mut("g_h1_lin.weight").unwrap();
        shape.reverse();
    }), @r"
    exit code 3
    error: `[DIR]/torch/generator-torch.safetensors`: `g_h1_lin.weight`: expected shape [32, 19], got shape [19, 32]
    hint: save a module of `dcgan_torch.py`, and its `network` in `config.json`; give each network once
    ");
    insta::assert_snapshot!(refused(|state| {
        state.arrays.insert("g_h9.weight".into(), (vec![1], vec![0.5]));
    }), @r"
    exit code 3
    error: `[DIR]/torch/generator-torch.safetensors`: `g_h9.weight`: expected no such array, got shape [1]
    hint: save a module of `dcgan_torch.py`, and its `network` in `config.json`; give each network once
    ");
    insta::assert_snapshot!(refused(|state| {
        state.arrays.insert("encoder.weight".into(), (vec![1], vec![0.5]));
    }), @r"
    exit code 3
    error: `[DIR]/torch/generator-torch.safetensors`: `encoder.weight`: expected a name of the modules of `dcgan_torch.py`, got another
    hint: save a module of `dcgan_torch.py`, and its `network` in `config.json`; give each network once
    ");
    insta::assert_snapshot!(refused(|state| state.arrays.clear()), @r"
    exit code 3
    error: `[DIR]/torch/generator-torch.safetensors`: `g_h0_lin.weight`: expected that array, got none
    hint: save a module of `dcgan_torch.py`, and its `network` in `config.json`; give each network once
    ");
    insta::assert_snapshot!(refused(|state| {
        state.arrays.insert("d_bn1.bias".into(), (vec![6], vec![0.5; 6]));
    }), @r"
    exit code 3
    error: `[DIR]/torch/discriminator-torch.safetensors`: `d_bn1.bias`: expected it in one file, got it in two
    hint: save a module of `dcgan_torch.py`, and its `network` in `config.json`; give each network once
    ");
}

#[test]
fn files_of_ours_damaged_files_and_lost_descriptions_are_refused() {
    let place = converted(Place::checkpoint(&labelled()));
    let ours = "--from torch --in [DIR]/model.safetensors --config [DIR]/torch/config.json --out [DIR]/out";
    insta::assert_snapshot!(place.run(ours).failure(), @r"
    exit code 3
    error: file `[DIR]/model.safetensors` does not fit: expected a state dict of PyTorch, got a file of this program
    hint: give another file
    ");
    place.put("torch/config.json", "{ \"network\": 3 }");
    insta::assert_snapshot!(place.run(FROM).failure(), @r#"
    exit code 3
    error: `[DIR]/torch/config.json` describes no network
    caused by: invalid type: integer `3`, expected struct NetworkInfo at line 1 column 14
    hint: write it in Python, `json.dump({"network": module.network}, file)`, or give another as `--config FILE`
    "#);
    let wide = json!({ "network": { "kind": "labelled" } }).to_string();
    place.put("torch/config.json", &wide);
    insta::assert_snapshot!(place.run(FROM).failure(), @r#"
    exit code 3
    error: `[DIR]/torch/config.json` describes no network
    caused by: missing field `height` at line 1 column 30
    hint: write it in Python, `json.dump({"network": module.network}, file)`, or give another as `--config FILE`
    "#);
    std::fs::remove_file(place.path("torch/config.json")).unwrap();
    insta::assert_snapshot!(place.run(FROM).failure(), @r#"
    exit code 3
    error: could not read `[DIR]/torch/config.json`, which describes the networks
    caused by: No such file or directory (os error 2)
    hint: write it in Python, `json.dump({"network": module.network}, file)`, or give another as `--config FILE`
    "#);

    place.ran(&format!("{TO} --force"));
    let bytes = place.bytes("torch/generator-torch.safetensors");
    for length in [0, 7, 100, bytes.len() - 1] {
        let path = place.path("torch/generator-torch.safetensors");
        write_atomic(&path, &bytes[..length]).unwrap();
        let failure = place.run(FROM).failure();
        assert!(
            failure.starts_with("exit code 3\nerror: file `[DIR]/torch/generator-torch"),
            "{failure}"
        );
    }
    assert!(!place.path("out").exists());
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let place = converted(Place::checkpoint(&labelled()));
    insta::assert_snapshot!(place.run(&format!("{TO} --half")).failure(), @r"
    exit code 2
    error: `--half` does not go with `--to torch`: the arrays of a state dict are float32
    hint: leave `--half` out
    ");
    insta::assert_snapshot!(place.run(&format!("{FROM} --size 8x8")).failure(), @r"
    exit code 2
    error: `--size` means nothing to `--from torch`
    hint: leave it out, or give `--from tensorflow`
    ");
    for options in [
        "--to torch --out [DIR]/other",
        "--from torch --out [DIR]/other",
    ] {
        let failure = place.run(options).failure();
        assert!(
            failure.starts_with("exit code 2\nerror: nothing to convert"),
            "{failure}"
        );
    }
}
