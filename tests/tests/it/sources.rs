//! The shape of the sources: which files use each other, how long files and functions are, and
//! that a name means one thing.

use crate::architecture::{root, sources};
use crate::rust_tokens::{Token, tokens};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Most lines of a file of product code.
const FILE_LINES: usize = 450;
/// Most lines of a function of product code.
const FUNCTION_LINES: usize = 60;

/// Files that may be longer: lists, which are read line by line.
const LONG_FILES: &[(&str, &str)] = &[
    (
        "prepare/src/error.rs",
        "a list: every error, its text and its hint",
    ),
    (
        "settings/src/sections.rs",
        "a list: every setting and its default",
    ),
];

/// Functions that may be longer: lists and tables.
const LONG_FUNCTIONS: &[(&str, &str, &str)] = &[
    (
        "artifacts/src/hint.rs",
        "hint",
        "a list: the hint of every error",
    ),
    (
        "eval/src/error.rs",
        "hint",
        "a list: the hint of every error",
    ),
    (
        "eval/src/report/summary.rs",
        "table",
        "a table: every figure with its explanation",
    ),
    (
        "eval/src/report/tables.rs",
        "discriminator_rows",
        "a table: every row with its name",
    ),
    (
        "prepare/src/error.rs",
        "hint",
        "a list: the hint of every error",
    ),
    (
        "sample/src/args.rs",
        "check",
        "a table: every option with its modes",
    ),
    (
        "settings/src/error.rs",
        "hint",
        "a list: the hint of every error",
    ),
    (
        "settings/src/ranges.rs",
        "train",
        "a list: the range of every setting",
    ),
    (
        "train/src/error.rs",
        "hint",
        "a list: the hint of every error",
    ),
];

/// Public types that every crate or stage may have, and the trait that seals others.
const COMMON_NAMES: &[&str] = &["Args", "Error", "Result", "Sealed"];

/// Names from the crate's root, such as `["layers", "conv2d"]`.
type Names = Vec<String>;

/// The imports of one file.
#[derive(Default)]
struct File {
    /// What it uses of its own crate.
    uses: Vec<Names>,
    /// What it passes on under a name of its own (`pub use`). Passing on is no use.
    exports: BTreeMap<String, Names>,
}

/// The files of a crate by the path of their module; the root's is empty. Programs are left out.
fn files(krate: &str) -> BTreeMap<Names, Vec<Token>> {
    let folder = root().join("crates").join(krate).join("src");
    let mut found = BTreeMap::new();
    for path in sources(&folder) {
        let name = path
            .strip_prefix(&folder)
            .expect("below it")
            .with_extension("");
        let mut names: Names = name
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if names[0] == "bin" || names == ["main"] {
            continue;
        }
        if names == ["lib"] || names.last().is_some_and(|name| name == "mod") {
            names.pop();
        }
        let text = std::fs::read_to_string(&path).expect("our own source");
        found.insert(names, tokens(&text));
    }
    found
}

/// `written` from the crate's root, if it is a path into this crate.
fn absolute(written: &[String], module: &Names, modules: &BTreeSet<Names>) -> Option<Names> {
    let child = |name: &String| [module.as_slice(), std::slice::from_ref(name)].concat();
    match written.first()?.as_str() {
        "crate" => Some(written[1..].to_vec()),
        "self" => Some([module.as_slice(), &written[1..]].concat()),
        "super" => {
            let ups = written.iter().take_while(|name| *name == "super").count();
            let base = &module[..module.len().checked_sub(ups)?];
            Some([base, &written[ups..]].concat())
        }
        _ if modules.contains(&child(&written[0])) => Some([module.as_slice(), written].concat()),
        _ => None,
    }
}

/// The paths of a `use` tree that starts at `*at`, each with the name that it goes by.
fn use_tree(tokens: &[Token], at: &mut usize, prefix: &[String], found: &mut Vec<(Names, String)>) {
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match token.text.as_str() {
            "::" => {}
            "{" => {
                while tokens
                    .get(*at)
                    .is_some_and(|token| !["}", ";"].contains(&token.text.as_str()))
                {
                    use_tree(tokens, at, &path, found);
                    *at += usize::from(tokens.get(*at).is_some_and(|token| token.text == ","));
                }
                *at += 1;
                return;
            }
            "as" => {
                found.push((path, tokens[*at].text.clone()));
                *at += 1;
                return;
            }
            "," | "}" | ";" => {
                *at -= 1;
                break;
            }
            name => path.push(name.to_owned()),
        }
    }
    // `a::{self}` means `a`.
    if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
        path.pop();
    }
    let name = path.last().cloned().unwrap_or_default();
    found.push((path, name));
}

/// What a file imports of its crate, by `use` or in full where it is needed.
fn imports(tokens: &[Token], module: &Names, modules: &BTreeSet<Names>) -> File {
    let mut file = File::default();
    let mut at = 0;
    let mut is_public = false;
    while at < tokens.len() {
        let text = tokens[at].text.as_str();
        at += 1;
        match text {
            // In a type, `use<'a>` names what it captures.
            "use" if tokens.get(at).is_some_and(|token| token.text != "<") => {
                let mut found = Vec::new();
                use_tree(tokens, &mut at, &[], &mut found);
                for (path, name) in found {
                    let Some(path) = absolute(&path, module, modules) else {
                        continue;
                    };
                    if is_public {
                        file.exports.insert(name, path);
                    } else {
                        file.uses.push(path);
                    }
                }
            }
            "crate" | "super" if tokens.get(at).is_some_and(|token| token.text == "::") => {
                let mut path = vec![text.to_owned()];
                while tokens.get(at).is_some_and(|token| token.text == "::") {
                    path.extend(tokens.get(at + 1).map(|token| token.text.clone()));
                    at += 2;
                }
                file.uses.extend(absolute(&path, module, modules));
            }
            _ => {}
        }
        // `pub`, or `pub(crate)`, or any other word in front of `use`.
        is_public = match text {
            "pub" => true,
            "(" | ")" | "crate" | "super" | "in" => is_public,
            _ => false,
        };
    }
    file
}

/// The file in which the item of that path is defined, through any number of `pub use`.
fn definition(path: &[String], files: &BTreeMap<Names, File>) -> Option<Names> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let length = (0..=path.len())
            .rev()
            .find(|&n| files.contains_key(&path[..n]))?;
        let (module, rest) = path.split_at(length);
        let file = &files[module];
        match rest.first().and_then(|name| file.exports.get(name)) {
            Some(exported) => path = [exported.as_slice(), &rest[1..]].concat(),
            None => return Some(module.to_vec()),
        }
    }
    None
}

/// The files of a crate that can reach themselves by their imports.
fn files_in_circles(krate: &str) -> BTreeSet<String> {
    let tokens = files(krate);
    let modules: BTreeSet<Names> = tokens.keys().cloned().collect();
    let files: BTreeMap<Names, File> = tokens
        .iter()
        .map(|(module, tokens)| (module.clone(), imports(tokens, module, &modules)))
        .collect();
    let edges: BTreeMap<&Names, BTreeSet<Names>> = files
        .iter()
        .map(|(module, file)| {
            let used = file.uses.iter().filter_map(|path| definition(path, &files));
            (module, used.filter(|used| used != module).collect())
        })
        .collect();
    let reaches_itself = |start: &Names| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&Names> = edges[start].iter().collect();
        while let Some(module) = next.pop() {
            if seen.insert(module) {
                next.extend(&edges[module]);
            }
        }
        seen.contains(start)
    };
    let found = edges.keys().filter(|module| reaches_itself(module));
    found.map(|module| module.join("::")).collect()
}

/// The folders of `crates/`, benchmarks aside.
fn crates() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("crates")).expect("crates/ is there");
    let names = entries.map(|entry| entry.expect("a readable entry").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "bench").collect()
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    for krate in crates() {
        let found = files_in_circles(&krate);
        assert!(found.is_empty(), "`{krate}` has circles: {found:?}");
    }
}

/// Every source of product code by its path from `crates/`.
fn product() -> BTreeMap<String, String> {
    let crates = root().join("crates");
    let named = |path: &Path| {
        let name = path.strip_prefix(&crates).expect("below it");
        let text = std::fs::read_to_string(path).expect("our own source");
        (name.display().to_string(), text)
    };
    sources(&crates).iter().map(|path| named(path)).collect()
}

#[test]
fn no_file_is_too_long() {
    let long: BTreeSet<String> = product()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > FILE_LINES)
        .map(|(name, _)| name)
        .collect();
    let allowed = LONG_FILES
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(
        long, allowed,
        "files of more than {FILE_LINES} lines, and LONG_FILES"
    );
}

/// The names and lengths in lines of all functions with a body.
fn functions(tokens: &[Token]) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.text != "fn" || tokens.get(at + 1).is_none_or(|next| next.text == "(") {
            continue;
        }
        // Braces in a signature are in brackets, as in `[(); { N }]`.
        let (mut nesting, mut braces) = (0_i32, 0_i32);
        for next in &tokens[at..] {
            match next.text.as_str() {
                "(" | "[" => nesting += 1,
                ")" | "]" => nesting -= 1,
                ";" if nesting == 0 && braces == 0 => break,
                "{" => braces += i32::from(nesting == 0 || braces > 0),
                "}" if braces > 0 => {
                    braces -= 1;
                    if braces == 0 {
                        found.push((tokens[at + 1].text.as_str(), next.line - token.line + 1));
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn no_function_is_too_long() {
    let mut long = BTreeSet::new();
    for (file, text) in product() {
        let tokens = tokens(&text);
        for (function, lines) in functions(&tokens) {
            if lines > FUNCTION_LINES {
                long.insert((file.clone(), function.to_owned()));
            }
        }
    }
    let allowed = LONG_FUNCTIONS
        .iter()
        .map(|(file, function, _)| ((*file).to_owned(), (*function).to_owned()))
        .collect();
    assert_eq!(
        long, allowed,
        "functions of more than {FUNCTION_LINES} lines, and LONG_FUNCTIONS"
    );
}

#[test]
fn no_two_public_types_share_a_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in product() {
        let tokens = tokens(&text);
        for three in tokens.windows(3) {
            let is_type = ["struct", "enum", "trait", "union"].contains(&three[1].text.as_str());
            if three[0].text == "pub" && is_type {
                let name = three[2].text.clone();
                places.entry(name).or_default().push(file.clone());
            }
        }
    }
    assert!(places.len() > 100, "types are not found");
    places.retain(|name, files| files.len() > 1 && !COMMON_NAMES.contains(&name.as_str()));
    assert!(places.is_empty(), "one name for several types: {places:?}");
}
