//! Hashes of the smoke pipeline on the recorded kinds of processor.
//!
//! On a recorded kind of processor the bytes must not change unless `make hashes` records the new
//! ones. On any other kind the last bits are not promised, so there is nothing to compare.

use crate::programs::{Run, root};
use dcgan_artifacts::{Manifest, write_atomic};
use dcgan_testkit::{Missing, untested};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

/// The record.
const FILE: &str = "tests/golden/smoke-hashes.json";
const STAGES: [&str; 4] = ["prepare", "train", "sample", "eval"];

/// Hash by file, `STAGE/NAME`.
type Hashes = BTreeMap<String, String>;

/// Kinds of processor that give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kin {
    processors: BTreeSet<String>,
    hashes: Hashes,
}

/// Vendor, family and model of this processor, and the widest vectors that products would use;
/// `None` if the system doesn't say.
fn processor() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |key: &str| {
        info.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == key).then(|| value.trim())
        })
    };
    let flags: Vec<&str> = field("flags")?.split(' ').collect();
    let vectors = ["avx512f", "fma"];
    let vectors = vectors.into_iter().find(|name| flags.contains(name));
    Some(format!(
        "{} {} family {} model {} {}",
        std::env::consts::ARCH,
        field("vendor_id")?,
        field("cpu family")?,
        field("model")?,
        vectors.unwrap_or("without fma")
    ))
}

/// Records the hashes of a processor and of all that share its record: they gave the same bytes
/// before, and a change of the program is no reason to doubt that.
fn record(known: &mut Vec<Kin>, processor: &str, hashes: &Hashes) {
    if let Some(own) = known
        .iter_mut()
        .find(|kin| kin.processors.contains(processor))
    {
        own.hashes.clone_from(hashes);
    } else if let Some(same) = known.iter_mut().find(|kin| kin.hashes == *hashes) {
        same.processors.insert(processor.into());
    } else {
        known.push(Kin {
            processors: BTreeSet::from([processor.into()]),
            hashes: hashes.clone(),
        });
    }
}

/// The error message if these are not the recorded bytes.
fn complaint(here: &str, kin: &Kin, ours: &Hashes) -> Option<String> {
    let names: BTreeSet<&String> = kin.hashes.keys().chain(ours.keys()).collect();
    let differ: Vec<&String> = names
        .into_iter()
        .filter(|name| kin.hashes.get(*name) != ours.get(*name))
        .collect();
    let others = kin.processors.iter().filter(|other| *other != here);
    let others: Vec<&str> = others.map(String::as_str).collect();
    let mut text = format!(
        "`{here}` gives other bytes than are on record for {} files: {differ:?}.\n\
         If that is intended, say so in CHANGELOG.md and run `make hashes`.",
        differ.len()
    );
    if !others.is_empty() {
        let _ = write!(
            text,
            "\nThe record is shared with `{}`. If only this processor differs, first remove it from \
             the list in {FILE}.",
            others.join("`, `")
        );
    }
    (!differ.is_empty()).then_some(text)
}

fn path() -> PathBuf {
    root().join(FILE)
}

fn on_record() -> Vec<Kin> {
    let text = std::fs::read(path()).expect("the hashes on record");
    serde_json::from_slice(&text).expect("hashes by kinds of processor")
}

#[test]
fn the_smoke_pipeline_gives_the_bytes_that_are_on_record() {
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

    let mut known = on_record();
    let untested = |reason: &str| untested("the bytes on record", Missing::System(reason));
    let Some(here) = processor() else {
        return untested("the system does not tell which kind of processor this is");
    };
    if std::env::var_os("DCGAN_WRITE_HASHES").is_some() {
        record(&mut known, &here, &ours);
        let text = serde_json::to_string_pretty(&known).expect("JSON") + "\n";
        write_atomic(&path(), text.as_bytes()).expect("a file of ours");
    }
    let Some(kin) = known.iter().find(|kin| kin.processors.contains(&here)) else {
        return untested(&format!(
            "`{here}` is not on record: `make hashes` records it"
        ));
    };
    if let Some(text) = complaint(&here, kin, &ours) {
        panic!("{text}");
    }
}

#[test]
fn recorded_hashes_are_complete() {
    let known = on_record();
    let processors: Vec<&String> = known.iter().flat_map(|kin| &kin.processors).collect();
    assert!(!processors.is_empty(), "no processor is on record");
    let distinct: BTreeSet<&&String> = processors.iter().collect();
    assert_eq!(distinct.len(), processors.len(), "{processors:?}");
    for Kin { processors, hashes } in &known {
        for stage in STAGES {
            let of_stage = hashes.keys().filter(|name| name.starts_with(stage));
            assert!(
                of_stage.count() > 1,
                "{processors:?} have nothing of {stage}"
            );
        }
        let hex = |hash: &String| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(
            hashes.values().all(hex),
            "{processors:?} have what is no hash"
        );
    }
}

#[test]
fn a_processor_with_equal_hashes_shares_a_record() {
    let hashes = |hash: &str| Hashes::from([("train/a".to_owned(), hash.to_owned())]);
    let processors = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let kin = |names: &[&str], hash| Kin {
        processors: processors(names),
        hashes: hashes(hash),
    };
    let mut known = Vec::new();
    for (processor, hash) in [("four", "1"), ("five", "1"), ("other", "2"), ("five", "3")] {
        record(&mut known, processor, &hashes(hash));
    }
    assert_eq!(known, [kin(&["five", "four"], "3"), kin(&["other"], "2")]);

    assert_eq!(complaint("four", &known[0], &hashes("3")), None);
    let said = complaint("four", &known[0], &hashes("4")).expect("other bytes");
    assert!(said.contains("on record for 1 files"), "{said}");
    assert!(
        said.contains("[\"train/a\"]") && said.contains("`five`"),
        "{said}"
    );
    let lost = complaint("other", &known[1], &Hashes::new()).expect("a file less");
    assert!(
        lost.contains("train/a") && !lost.contains("shared"),
        "{lost}"
    );
    let mut more = hashes("2");
    more.insert("train/b".into(), "2".into());
    assert!(
        complaint("other", &known[1], &more)
            .expect("a file more")
            .contains("train/b")
    );
}
