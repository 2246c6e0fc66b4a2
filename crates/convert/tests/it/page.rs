//! The page's files. `make check-bridges` opens it in Chromium and compares its pixels.

use crate::support::{Place, labelled, unlabelled};
use serde_json::{Value, json};
use std::path::Path;

const PARTS: [&str; 5] = [
    "style.css",
    "weights.js",
    "random.js",
    "network.js",
    "page.js",
];

/// The object that `weights.js` assigns.
fn model(script: &str) -> Value {
    let text = script.strip_prefix("window.dcganModel = ").unwrap();
    serde_json::from_str(text.trim_end().strip_suffix(';').unwrap()).unwrap()
}

#[test]
fn a_page_is_a_folder_whose_files_name_each_other() {
    let place = Place::checkpoint(&labelled());
    let outcome = place.converted_to("page", "out", &["--json", "--name", "Mine"]);
    let result: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(result["networks"], json!(["generator"]));
    let mut expected = vec!["README.md", "index.html", "manifest.json"];
    expected.extend(PARTS);
    expected.sort_unstable();
    assert_eq!(place.names("out"), expected);
    let index = place.text("out/index.html");
    for part in PARTS {
        assert!(index.contains(&format!("\"{part}\"")), "{part}");
    }
    assert!(place.text("out/README.md").contains("Open `index.html`"));
    let model = model(&place.text("out/weights.js"));
    assert_eq!(model["title"], "Mine");
    assert_eq!(model["network"]["class_names"], json!(["zero", "one", "2"]));
    let again = place.converted_to("page", "out", &["--name", "Mine"]);
    assert!(again.stdout.contains("up to date"), "{}", again.stdout);
}

#[test]
fn a_single_page_loads_nothing() {
    let place = Place::generator(&unlabelled());
    place.converted_to("page", "folder", &[]);
    place.converted_to("page", "out", &["--single"]);
    assert_eq!(
        place.names("out"),
        ["README.md", "index.html", "manifest.json"]
    );
    let index = place.text("out/index.html");
    assert!(!index.contains(" src=") && !index.contains("stylesheet"));
    for part in PARTS {
        assert!(
            index.contains(&place.text(&format!("folder/{part}"))),
            "{part}"
        );
    }
}

#[test]
fn layers_are_laid_out_one_behind_the_other() {
    for config in [labelled(), unlabelled()] {
        let place = Place::generator(&config);
        place.converted_to("page", "out", &[]);
        let model = model(&place.text("out/weights.js"));
        let layers = model["layers"].as_array().unwrap();
        let number = |layer: &Value, key: &str| layer[key].as_u64().unwrap();
        let biases: u64 = layers
            .iter()
            .map(|layer| 4 * number(layer, "outputs"))
            .sum();
        let (mut bias, mut weights) = (0, biases);
        for layer in layers {
            assert_eq!(number(layer, "bias"), bias);
            assert_eq!(number(layer, "weights"), weights);
            let taps = if layer["kind"] == "up" { 25 } else { 1 };
            bias += 4 * number(layer, "outputs");
            weights += 2 * taps * number(layer, "inputs") * number(layer, "outputs");
        }
        let data = model["data"].as_str().unwrap();
        let padding = data.len() - data.trim_end_matches('=').len();
        assert_eq!((data.len() / 4 * 3 - padding) as u64, weights);
        let last = &layers[layers.len() - 1];
        assert_eq!(last["size"], json!([config.height, config.width]));
        assert_eq!(number(last, "outputs"), config.channels as u64);
    }
}

#[test]
fn no_name_ends_the_script_that_it_is_in() {
    let place = Place::generator(&labelled());
    let name = "</script><script>alert(1)</script>";
    place.change(|model| model.network.class_names[1] = name.into());
    place.converted_to("page", "out", &["--single", "--name", name]);
    let index = place.text("out/index.html");
    assert!(!index.contains("alert(1)</script>"));
    assert_eq!(index.matches("<script").count(), PARTS.len() - 1);
}

#[test]
fn options_of_other_formats_are_refused() {
    let place = Place::generator(&labelled());
    insta::assert_snapshot!(place.convert_to("page", "out", &["--half"]).failure(), @r"
    exit code 2
    error: `--half` does not go with `--to page`: the weights of a page are always in half precision
    hint: leave `--half` out
    ");
    insta::assert_snapshot!(place.convert_to("onnx", "out", &["--single"]).failure(), @r"
    exit code 2
    error: `--single` does not go with `--to onnx`: it is for `--to page`
    hint: leave `--single` out
    ");
}

/// `wat2wasm gemm.wat` assembles it; `wat` adds a section with the names behind.
#[test]
fn the_wasm_is_the_assembled_source() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    let assembled = wat::parse_file(folder.join("gemm.wat")).unwrap();
    let wasm = std::fs::read(folder.join("gemm.wasm")).unwrap();
    assert!(assembled.starts_with(&wasm), "assemble gemm.wat anew");
    let names = &assembled[wasm.len()..];
    assert!(names.is_empty() || names[0] == 0, "not a custom section");
}
