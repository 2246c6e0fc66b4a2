//! Checks ARCHITECTURE.md's invariants about the workspace against the manifests and sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Allowed dependencies, except in tests and benches. Justify a new one in ARCHITECTURE.md first.
const ALLOWED: &[(&str, &[&str])] = &[
    ("hints", &[]),
    ("artifacts", &["hints"]),
    ("settings", &["hints"]),
    ("random", &[]),
    ("figures", &["hints"]),
    ("pictures", &["hints"]),
    ("stage", &["hints", "artifacts", "settings"]),
    ("kernels", &[]),
    ("dcgan", &["hints", "kernels", "random"]),
    ("checkpoints", &["hints", "artifacts", "dcgan", "random"]),
    ("metrics", &["hints", "kernels", "dcgan", "random"]),
    ("tensorflow", &["hints", "artifacts", "dcgan"]),
    ("prepare", STAGE),
    ("train", NEURAL_STAGE),
    ("sample", NEURAL_STAGE),
    ("eval", NEURAL_STAGE),
    ("convert", CONVERTER),
    ("testkit", &["random"]),
];
const STAGE: &[&str] = &[
    "hints",
    "artifacts",
    "settings",
    "random",
    "figures",
    "pictures",
    "stage",
];
const NEURAL_STAGE: &[&str] = &[
    "hints",
    "artifacts",
    "settings",
    "random",
    "figures",
    "pictures",
    "stage",
    "kernels",
    "dcgan",
    "checkpoints",
    "metrics",
];

/// A neural stage that reads other programs' files too.
const CONVERTER: &[&str] = &[
    "hints",
    "artifacts",
    "settings",
    "stage",
    "kernels",
    "dcgan",
    "checkpoints",
    "tensorflow",
];

/// Crates that must not depend on candle.
const WITHOUT_CANDLE: &[&str] = &[
    "hints",
    "artifacts",
    "settings",
    "random",
    "figures",
    "pictures",
    "stage",
    "prepare",
];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Folder name to the names in its `[dependencies]` section.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("crates")).expect("crates/ is there") {
        let folder = entry.expect("a readable folder").path();
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let names = manifest
            .lines()
            .skip_while(|line| *line != "[dependencies]")
            .skip(1)
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .filter(|name| !name.is_empty() && !name.starts_with('#'))
            .map(str::to_owned)
            .collect();
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        found.insert(name, names);
    }
    found
}

#[test]
fn only_allowed_arrows_exist() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    for (name, uses) in dependencies() {
        if name == "bench" {
            continue;
        }
        let may = allowed.get(name.as_str()).unwrap_or_else(|| {
            panic!("crate `{name}` is new: give it a line in ALLOWED and in ARCHITECTURE.md")
        });
        for ours in uses
            .iter()
            .filter_map(|dependency| match dependency.as_str() {
                "dcgan" => Some("dcgan"),
                other => other.strip_prefix("dcgan-"),
            })
        {
            assert!(may.contains(&ours), "`{name}` must not depend on `{ours}`");
        }
    }
}

/// The only places in product code that open files for reading themselves, each with the reason.
/// All others use `dcgan_artifacts`, which accepts only plain files of bounded length, so that an
/// endless device or a pipe without a writer can't block a stage.
const OPENERS: &[(&str, usize)] = &[
    // The readers themselves, and syncing what was written.
    ("artifacts/src/atomic.rs", 4),
    // Reads as much as the header says, from a plain file.
    ("prepare/src/idx.rs", 1),
    // Bounded by `MAX_FILE_BYTES`, plain files only.
    ("pictures/src/decode.rs", 1),
    // A pipeline may be a pipe; its length is bounded.
    ("settings/src/load.rs", 1),
    // The kernel's own record of this process.
    ("stage/src/signals.rs", 1),
    // Tests alone: the files that a test has had written.
    ("testkit/src/contents.rs", 1),
];

#[test]
fn files_are_opened_where_plainness_and_length_are_checked() {
    const CALLS: [&str; 4] = [
        "File::open(",
        "fs::read(",
        "fs::read_to_string(",
        "from_path(",
    ];
    let crates = root().join("crates");
    let mut found = BTreeMap::new();
    for path in sources(&crates) {
        let text = std::fs::read_to_string(&path).expect("our own source");
        // Tests within a file are at its end.
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = product
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let calls = lines.filter(|line| {
            let is_of_formats = line.contains("ImageFormat::from_path");
            !is_of_formats && CALLS.iter().any(|call| line.contains(call))
        });
        let name = path
            .strip_prefix(&crates)
            .expect("below it")
            .display()
            .to_string();
        if let n @ 1.. = calls.count() {
            found.insert(name, n);
        }
    }
    let allowed = OPENERS
        .iter()
        .map(|(name, n)| ((*name).to_owned(), *n))
        .collect();
    assert_eq!(found, allowed);
}

/// The sources of all crates except benchmarks.
pub(crate) fn sources(crates: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![crates.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of ours") {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().unwrap_or_default();
            let is_product = name != "bench" && name != "tests" && name != "examples";
            if path.is_dir() && is_product && name != "benches" && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn formats_and_manners_know_nothing_of_tensors() {
    let all = dependencies();
    for name in WITHOUT_CANDLE {
        let uses = &all[*name];
        assert!(
            !uses
                .iter()
                .any(|dependency| dependency.starts_with("candle")),
            "`{name}` must not depend on candle"
        );
    }
}

#[test]
fn every_crate_takes_the_workspace_lints_and_says_what_it_is_for() {
    for name in dependencies().keys() {
        let folder = root().join("crates").join(name);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "`{name}` without lints"
        );
        let library = std::fs::read_to_string(folder.join("src/lib.rs")).expect("a lib.rs");
        assert!(
            library.starts_with("//! "),
            "`{name}` without a module header"
        );
    }
}

#[test]
fn no_test_is_ignored_and_nothing_is_left_unfinished() {
    let banned = ["#[ig", "nore"].concat();
    let banned = [
        banned,
        ["#[should_", "panic"].concat(),
        ["todo", "!("].concat(),
        // A test that leaves something out must call `dcgan_testkit::untested`, which the gate
        // counts.
        ["(\"ski", "pped"].concat(),
    ];
    let mut folders = vec![root().join("crates"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("readable source");
                for word in &banned {
                    assert!(!text.contains(word), "`{word}` in {}", path.display());
                }
            }
        }
    }
}

/// What a library must leave to the program that uses it, and the files that may have it for
/// another purpose.
const FOR_PROGRAMS: &[(&str, &[&str])] = &[
    // Behind a feature, for `main`.
    ("set_var", &["kernels/src/process.rs"]),
    ("env::var", &["kernels/src/process.rs"]),
    ("build_global", &[]),
    ("global_allocator", &[]),
    ("static mut", &[]),
    // The operations and the weights' gradients of a graph, which candle keeps to itself.
    (
        "thread_local!",
        &["kernels/src/record.rs", "kernels/src/real.rs"],
    ),
    // Whether the pool is kept hot at the moment.
    ("Atomic", &["kernels/src/threads.rs"]),
];

#[test]
fn libraries_switch_nothing_for_a_thread_or_a_process() {
    let crates = root().join("crates");
    for folder in ["kernels/src", "dcgan/src"].map(|name| crates.join(name)) {
        for path in sources(&folder) {
            let name = path.strip_prefix(&crates).expect("below it");
            let text = std::fs::read_to_string(&path).expect("our own source");
            for (word, files) in FOR_PROGRAMS {
                let is_allowed = files.iter().any(|file| name == Path::new(file));
                let name = name.display();
                assert!(is_allowed || !text.contains(word), "`{word}` in {name}");
            }
        }
    }
    let root_of_kernels = std::fs::read_to_string(crates.join("kernels/src/lib.rs"));
    assert!(
        root_of_kernels
            .is_ok_and(|text| { text.contains("#[cfg(feature = \"programs\")]\nmod process;\n") }),
        "what is for programs is behind a feature"
    );
    let kernels = manifest_of("kernels");
    assert!(
        kernels.contains("programs = [\"dep:libmimalloc-sys\"]")
            && kernels.contains("libmimalloc-sys = { workspace = true, optional = true }"),
        "what is for programs is behind a feature"
    );
    assert!(!kernels.contains("\ndefault ="), "no feature by default");
    for library in ["dcgan", "metrics", "checkpoints"] {
        let manifest = manifest_of(library);
        assert!(
            !manifest.contains("programs"),
            "the feature for programs in `{library}`"
        );
    }
}

/// The text of a crate's manifest.
fn manifest_of(name: &str) -> String {
    let path = root().join("crates").join(name).join("Cargo.toml");
    std::fs::read_to_string(path).expect("a manifest")
}

#[test]
fn unsafe_code_lives_in_kernels_alone() {
    for name in dependencies().keys().filter(|name| *name != "kernels") {
        let mut folders = vec![root().join("crates").join(name).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a readable folder") {
                let path = entry.expect("a readable entry").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let lifted =
                    text.contains("allow(unsafe_code") || text.contains("expect(unsafe_code");
                assert!(!lifted, "`unsafe` allowed in {}", path.display());
            }
        }
    }
}
