//! Names in the documentation exist, and settings, variables and options are documented.

use crate::programs::{make_variables, program, root};
use dcgan_testkit::run;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every page of ours, by its path from the root.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).expect("a readable folder") {
            let name = entry.expect("a readable entry").file_name();
            let path = folder.join(&name);
            // Build output and runs are not our pages.
            let is_ours = !["target", "runs", ".git"].contains(&name.to_str().unwrap_or_default());
            if root().join(&path).is_dir() && is_ours {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = std::fs::read_to_string(root().join(&path)).expect("a page");
                pages.push((path, text));
            }
        }
    }
    assert!(pages.len() > 10, "{} pages", pages.len());
    pages
}

/// README and `docs/`: where users look for a name.
fn manual() -> String {
    let is_manual = |path: &Path| path.starts_with("docs") || path == Path::new("README.md");
    let pages = pages().into_iter().filter(|(path, _)| is_manual(path));
    pages.map(|(_, text)| code_of(&text)).collect()
}

/// The code in a page: in blocks and between backticks.
fn code_of(page: &str) -> String {
    let mut code = String::new();
    for (number, block) in page.split("```").enumerate() {
        if number % 2 == 1 {
            code.push_str(block);
            continue;
        }
        for (number, part) in block.split('`').enumerate() {
            if number % 2 == 1 {
                code.push_str(part);
                code.push('\n');
            }
        }
    }
    code
}

/// Whether `text` contains the whole word `word`; words consist of letters, digits, `_` and `-`.
fn has_word(text: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).any(|(start, _)| {
        let end = start + word.len();
        !text[..start].ends_with(is_name) && !text[end..].starts_with(is_name)
    })
}

/// Paths from the root in a piece of code, except below `data/` and `runs/`, where users put files.
fn paths_in(code: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._-/*{},".contains(c);
    let words = code.split(|c| !is_part(c));
    let words = words.map(|word| word.trim_end_matches(['.', ',']));
    let folders = [
        "crates/",
        "tests/",
        "docs/",
        "scripts/",
        "peers/",
        "python/",
        "examples/dvc",
        "fuzz/",
        "pipelines/",
        ".ci/",
    ];
    let is_ours = |word: &&str| folders.iter().any(|folder| word.starts_with(folder));
    words.filter(is_ours).collect()
}

fn exists(path: &str) -> bool {
    // For a pattern, check the fixed part.
    let sure = path.find(['*', '{']).map_or(path, |end| &path[..end]);
    let sure = match sure.rfind('/') {
        Some(end) if sure.len() < path.len() => &sure[..end],
        _ => sure,
    };
    root().join(sure).exists()
}

/// Files created by examples.
const EXAMPLES: [&str; 2] = ["pipelines/mine.yaml", "pipelines/fashion.yaml"];
/// Folders created by fuzzing.
const MADE: [&str; 3] = ["fuzz/artifacts", "fuzz/found", "fuzz/findings"];

#[test]
fn files_and_links_of_the_pages_exist() {
    let mut wrong = Vec::new();
    for (page, text) in pages() {
        // The changelog may name former files.
        let is_history = page == Path::new("CHANGELOG.md");
        for path in paths_in(&code_of(&text)) {
            let is_made = MADE.iter().any(|folder| path.starts_with(folder));
            if !is_history && !is_made && !EXAMPLES.contains(&path) && !exists(path) {
                wrong.push(format!("{}: `{path}`", page.display()));
            }
        }
        let folder = page.parent().expect("a folder");
        for rest in text.split("](").skip(1) {
            let link = rest.split([')', '#']).next().unwrap_or_default();
            let is_outside = link.contains("://") || link.is_empty();
            if !is_outside && !root().join(folder).join(link).exists() {
                wrong.push(format!("{}: link to {link}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every row of the table of invariants names a test, by a path from the root.
#[test]
fn every_invariant_names_a_test_that_exists() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("a page");
    let table = page
        .split("| invariant | test |")
        .nth(1)
        .expect("the table");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let rows: Vec<&str> = rows.collect();
    assert!(rows.len() > 20, "{} rows", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 2, "{row}");
        let code = code_of(cells[1]);
        let paths: Vec<&str> = code.lines().filter(|code| code.contains('/')).collect();
        assert!(!paths.is_empty(), "no test: {row}");
        for path in paths {
            assert!(root().join(path).exists(), "`{path}` does not exist: {row}");
            let is_test = path.starts_with("fuzz") || path.contains("/tests/");
            assert!(is_test, "`{path}` is no test: {row}");
        }
    }
}

#[test]
fn every_setting_is_in_the_manual() {
    let manual = manual();
    let sections = ["prepare", "train", "sample", "eval"];
    let keys = sections
        .into_iter()
        .flat_map(dcgan_settings::default_settings);
    let keys: Vec<String> = keys.map(|(key, _)| key).collect();
    assert!(keys.len() > 60, "{} settings", keys.len());
    let missing = keys.iter().filter(|key| {
        let name = key.rsplit('.').next().expect("a name");
        !has_word(&manual, name)
    });
    let missing: Vec<&String> = missing.collect();
    assert!(missing.is_empty(), "not in README.md or docs/: {missing:?}");
}

#[test]
fn every_variable_of_make_is_in_the_manual() {
    let page = std::fs::read_to_string(root().join("docs/commands.md")).expect("a page");
    let code = code_of(&page);
    let missing = make_variables().into_iter();
    let missing: Vec<String> = missing.filter(|name| !has_word(&code, name)).collect();
    assert!(missing.is_empty(), "not in docs/commands.md: {missing:?}");
}

/// Environment variables that the programs read.
#[test]
fn every_variable_of_the_environment_is_in_the_documentation() {
    let mut names = BTreeSet::new();
    let crates = std::fs::read_dir(root().join("crates")).expect("crates/ is there");
    let mut folders: Vec<PathBuf> = crates
        .map(|entry| entry.expect("a readable entry").path().join("src"))
        .filter(|folder| !folder.starts_with(root().join("crates/testkit")))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("readable source");
            let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
            let words = source.split(|c| !is_name(c));
            names.extend(words.filter(|w| w.starts_with("DCGAN_")).map(str::to_owned));
        }
    }
    assert!(names.contains("DCGAN_KERNELS"), "{names:?}");
    let pages: String = pages().iter().map(|(_, text)| code_of(text)).collect();
    names.retain(|name| !has_word(&pages, name));
    assert!(names.is_empty(), "not documented: {names:?}");
}

#[test]
fn every_option_of_every_program_is_in_the_manual() {
    let manual = manual();
    let mut missing = BTreeSet::new();
    let mut n_options = 0;
    for (stage, commands) in [
        ("prepare", &[""][..]),
        ("train", &[""]),
        ("sample", &[""]),
        ("eval", &["", "classifier", "compare", "verify"]),
        ("convert", &[""]),
    ] {
        for command in commands {
            let arguments = [*command, "--help"]
                .into_iter()
                .filter(|word| !word.is_empty());
            let help = run(Command::new(program(stage)).args(arguments));
            let help = help.succeeded().stdout;
            // One line per option: `-h, --help` or `--out <DIR>`.
            for line in help.lines().map(str::trim) {
                let long = line.trim_start_matches("-h, ").trim_start_matches("-V, ");
                if !long.starts_with("--") {
                    continue;
                }
                let option = long.split([' ', '=', '[', '.']).next().expect("a word");
                n_options += 1;
                if !has_word(&manual, option) {
                    missing.insert(format!("dcgan-{stage} {command} {option}"));
                }
            }
        }
    }
    assert!(n_options > 60, "{n_options} options");
    assert!(
        missing.is_empty(),
        "not in README.md or docs/: {missing:#?}"
    );
}
