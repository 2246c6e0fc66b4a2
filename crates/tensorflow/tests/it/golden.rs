//! Checkpoints of the golden files' networks.

use crate::support::{full_text, write, write_bundle};
use dcgan::Arrays;
use dcgan_tensorflow::{GoldenDifference, OriginalNetworks, SavedVariables, compare_with_golden};
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    folder.join(format!("{name}.safetensors"))
}

/// The networks of a golden file by way of a checkpoint; of a state such as `after10/`.
fn networks(name: &str, state: &str, size: [usize; 2]) -> OriginalNetworks {
    let bytes = std::fs::read(golden(name)).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut arrays = Arrays::new();
    for (full_name, view) in tensors.iter() {
        let groups = ["param/", "moving/"].map(|group| format!("{state}{group}"));
        let name = groups
            .iter()
            .find_map(|group| full_name.strip_prefix(group));
        if let Some(name) = name {
            let (floats, _) = view.data().as_chunks();
            let values = floats
                .iter()
                .map(|float| f32::from_le_bytes(*float))
                .collect();
            arrays.insert(name.into(), (view.shape().to_vec(), values));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let prefix = write_bundle(folder.path(), &arrays);
    let saved = SavedVariables::open(&prefix).unwrap();
    let networks = OriginalNetworks::find(&saved, Some(size)).unwrap();
    assert_eq!(networks.weights, arrays);
    networks
}

/// The tolerance of every tensor of a golden file.
fn tolerances(name: &str) -> BTreeMap<String, f64> {
    let path = golden(name).with_file_name("tolerances.json");
    let all: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let of_file = all[name].as_object().unwrap();
    let tolerance = |(name, entry): (&String, &serde_json::Value)| {
        (name.clone(), entry["tol"].as_f64().unwrap())
    };
    of_file.iter().map(tolerance).collect()
}

#[test]
fn a_converted_network_computes_what_tensorflow_does() {
    for (name, state, size) in [
        ("cond_forward", "", [28, 28]),
        ("uncond_forward", "", [32, 32]),
        ("uncond_odd_forward", "", [22, 30]),
        ("cond_train", "after10/", [28, 28]),
    ] {
        let networks = networks(name, state, size);
        let differences = compare_with_golden(&networks, &golden(name)).unwrap();
        let tolerances = tolerances(name);
        let mut computed = Vec::new();
        for GoldenDifference {
            name,
            largest,
            scale,
        } in &differences
        {
            if name.contains("param/") || name.contains("moving/") {
                assert!(*largest <= 0.0, "{name}: {largest}");
                assert!(*scale > 0.0, "{name}");
            } else {
                assert!(*largest <= tolerances[name], "{name}: {largest:e}");
                computed.push(name.as_str());
            }
        }
        assert_eq!(
            computed.last(),
            Some(&format!("{state}out/G_infer").as_str())
        );
        if state.is_empty() {
            assert!(computed.contains(&"act/g/g_h0/pre"), "{computed:?}");
            assert!(computed.contains(&"act/d_real/d_h1/bn"), "{computed:?}");
        }
        let n_arrays = differences.len() - computed.len();
        assert_eq!(n_arrays, networks.weights.len());
    }
}

#[test]
fn a_difference_is_reported_where_it_is() {
    let mut networks = networks("uncond_odd_forward", "", [22, 30]);
    let array = networks.weights.get_mut("generator/g_h2/biases").unwrap();
    array.1[1] += 0.5;
    let differences = compare_with_golden(&networks, &golden("uncond_odd_forward")).unwrap();
    let largest = |name: &str| {
        let found = differences
            .iter()
            .find(|difference| difference.name == name);
        found.unwrap().largest
    };
    assert!((largest("param/generator/g_h2/biases") - 0.5).abs() < 1e-6);
    assert!(largest("param/generator/g_h1/biases") <= 0.0);
    assert!(largest("act/g/g_h1/act") < 1e-5);
    assert!(largest("act/g/g_h2/pre") > 0.49);
    assert!(largest("out/G_infer") > 0.01);
    let array = networks.weights.get_mut("generator/g_h2/biases").unwrap();
    array.1[1] = f32::NAN;
    let differences = compare_with_golden(&networks, &golden("uncond_odd_forward")).unwrap();
    let of_bias = differences
        .iter()
        .find(|found| found.name.ends_with("g_h2/biases"));
    assert!(of_bias.unwrap().largest.is_infinite());
}

#[test]
fn a_file_that_is_no_golden_file_is_refused() {
    let networks = networks("uncond_odd_forward", "", [22, 30]);
    let refused = |path: &Path| full_text(&compare_with_golden(&networks, path).unwrap_err());
    let text = refused(&golden("ops"));
    assert!(
        text.contains("expected a tensor `param/discriminator/d_bn1/beta`, got none"),
        "{text}"
    );
    let text = refused(&golden("uncond_forward"));
    assert!(
        text.contains("of shape [8], as in the checkpoint, got [16]"),
        "{text}"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("golden");
    let text = refused(&path);
    assert!(text.contains("could not read `"), "{text}");
    write(&path, b"nothing");
    let text = refused(&path);
    assert!(text.contains("expected a safetensors file"), "{text}");
    assert!(
        text.contains("hint: leave `--report` out, or give a golden file of the same networks"),
        "{text}"
    );
}
