//! The hashes of the smoke pipeline on the kinds of processor that we have seen.
//!
//! Information, not a gate: the last bits on another kind of processor are not promised, and a change
//! of the arithmetic changes them. The test says which kind's bytes came out; `make hashes` records
//! those of this processor.

use crate::programs::{Run, root};
use dcgan_artifacts::{Manifest, write_atomic};
use std::collections::BTreeMap;

const STAGES: [&str; 4] = ["prepare", "train", "sample", "eval"];

/// Hash by file, `STAGE/NAME`.
type Hashes = BTreeMap<String, String>;

/// Vendor, family and model of this processor, and the widest vectors that products would use.
fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |key: &str| {
        let line = info.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == key).then(|| value.trim())
        });
        line.unwrap_or("unknown")
    };
    let flags: Vec<&str> = field("flags").split(' ').collect();
    let vectors = ["avx512f", "fma"];
    let vectors = vectors.into_iter().find(|name| flags.contains(name));
    format!(
        "{} {} family {} model {} {}",
        std::env::consts::ARCH,
        field("vendor_id"),
        field("cpu family"),
        field("model"),
        vectors.unwrap_or("without fma")
    )
}

#[test]
fn the_smoke_pipeline_tells_whose_bytes_it_gives() {
    let path = root().join("tests/golden/smoke-hashes.json");
    let text = std::fs::read(&path).expect("the hashes on record");
    let mut known: BTreeMap<String, Hashes> = serde_json::from_slice(&text).expect("hashes");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = Run::new(folder.path(), &[]);
    let mut ours = Hashes::new();
    for stage in STAGES {
        run.stage(stage, &[]);
        let manifest = Manifest::read(&folder.path().join(stage)).expect("a sound manifest");
        for output in manifest.expect("a finished stage").outputs {
            ours.insert(format!("{stage}/{}", output.name), output.sha256);
        }
    }

    let here = processor();
    if std::env::var_os("DCGAN_WRITE_HASHES").is_some() {
        known.insert(here.clone(), ours.clone());
        let text = serde_json::to_string_pretty(&known).expect("JSON") + "\n";
        write_atomic(&path, text.as_bytes()).expect("a file of ours");
    }
    assert!(!known.is_empty(), "no processor is on record");
    for (processor, hashes) in &known {
        for stage in STAGES {
            let of_stage = hashes.keys().filter(|name| name.starts_with(stage));
            assert!(of_stage.count() > 1, "`{processor}` has nothing of {stage}");
        }
        let hex = |hash: &String| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(
            hashes.values().all(hex),
            "`{processor}` has what is no hash"
        );
        let differ = ours
            .iter()
            .filter(|(name, hash)| hashes.get(*name) != Some(hash));
        let differ: Vec<&str> = differ.map(|(name, _)| name.as_str()).collect();
        match differ.len() {
            0 => eprintln!("`{here}` gives the bytes of `{processor}`"),
            n => eprintln!("`{here}` gives {n} other files than `{processor}`: {differ:?}"),
        }
    }
    if !known.contains_key(&here) {
        eprintln!("`{here}` is not on record: `make hashes` records it");
    }
}
