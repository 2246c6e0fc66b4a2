//! Replays the seeds and findings of the fuzz targets: no reader panics on any of them.

use crate::programs::{files, root};
use dcgan_tests::readers::READERS;

#[test]
fn seeds_and_findings_are_read_or_refused() {
    for reader in READERS {
        let seeds = files(&root().join("fuzz/corpus").join(reader.name));
        let mut accepted = 0;
        for (name, bytes) in &seeds {
            eprintln!("{}/{name}", reader.name);
            accepted += usize::from((reader.read)(bytes));
            // A typical mutation.
            (reader.read)(&bytes[..bytes.len() / 2]);
        }
        // If all seeds were refused, a fuzzer would not get far.
        assert!(
            2 * accepted > seeds.len(),
            "{}: {accepted} of {}",
            reader.name,
            seeds.len()
        );
        let findings = root().join("fuzz/findings").join(reader.name);
        if findings.exists() {
            for (name, bytes) in files(&findings) {
                eprintln!("{}/{name}", reader.name);
                (reader.read)(&bytes);
            }
        }
    }
}

#[test]
fn every_reader_has_a_target_and_a_corpus() {
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("a manifest");
    for reader in READERS {
        let name = reader.name;
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name}"
        );
        let target = root().join(format!("fuzz/fuzz_targets/{name}.rs"));
        let target = std::fs::read_to_string(target).expect("a target");
        assert!(
            target.contains(&format!("readers::{name}(bytes)")),
            "{target}"
        );
        assert!(
            !files(&root().join("fuzz/corpus").join(name)).is_empty(),
            "{name}"
        );
    }
    assert_eq!(manifest.matches("[[bin]]").count(), READERS.len());
}
