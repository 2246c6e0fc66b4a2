//! Finds files: searches folders and patterns recursively, in a fixed order.

use crate::Error;
use crate::audit::{Finding, Kind};
use crate::names::{shared_folder, slashed};
use dcgan_artifacts::Part;
use dcgan_hints::text_of;
use dcgan_settings::Prepare;
use dcgan_stage::Failure;
use glob::{MatchOptions, Pattern};
use std::io;
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// `*` and `?` do not match `/`; `**` does.
const MATCHING: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A folder to search.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) part: Part,
    pub(crate) folder: PathBuf,
    /// Pattern for the path below `folder` of a file or one of its parent folders.
    pattern: Option<Pattern>,
    /// Its name in outputs, without an absolute path.
    pub(crate) name: String,
    /// Prefix of names below `folder`; empty if there is only one folder.
    prefix: String,
}

/// A file.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Index of its root.
    pub(crate) root: usize,
    pub(crate) path: PathBuf,
    /// The path below the root's folder.
    pub(crate) below: PathBuf,
    /// The path below the common folder of all roots.
    pub(crate) name: String,
}

/// The folders of the settings.
///
/// # Errors
/// [`Failure::Usage`] if none is set or a pattern is invalid.
pub(crate) fn roots(settings: &Prepare) -> Result<Vec<Root>, Failure> {
    if settings.folder.is_empty() {
        return Err(Failure::usage(Error::NoFolder));
    }
    let mut roots = Vec::new();
    let parts = [
        (Part::Train, &settings.folder),
        (Part::Test, &settings.test_folder),
    ];
    for (part, paths) in parts {
        for path in paths {
            let (folder, pattern) = split_pattern(path);
            let pattern = pattern
                .map(|text| {
                    Pattern::new(&text).map_err(|source| Error::Pattern {
                        pattern: path.display().to_string(),
                        source,
                    })
                })
                .transpose()
                .map_err(Failure::usage)?;
            roots.push(Root {
                part,
                folder,
                pattern,
                name: String::new(),
                prefix: String::new(),
            });
        }
    }
    let shared = shared_folder(roots.iter().map(|root| root.folder.as_path()));
    let several = roots.len() > 1;
    for root in &mut roots {
        let below = root.folder.strip_prefix(&shared).unwrap_or(&root.folder);
        let inside = below
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let last = root.folder.file_name().map_or("pictures".into(), text_of);
        let folder = if inside && several {
            slashed(below)
        } else {
            last
        };
        if several && !folder.is_empty() {
            root.prefix = format!("{folder}/");
        }
        root.name = match &root.pattern {
            Some(pattern) if folder.is_empty() => pattern.as_str().to_owned(),
            Some(pattern) => format!("{folder}/{pattern}"),
            None if folder.is_empty() => "pictures".into(),
            None => folder,
        };
    }
    Ok(roots)
}

/// Splits a path with wildcards, unless a file of this name exists, into the folder before the
/// first wildcard and a pattern.
fn split_pattern(path: &Path) -> (PathBuf, Option<String>) {
    let has_wildcard =
        |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    if path.exists() || !path.components().any(|part| has_wildcard(&part)) {
        return (path.to_owned(), None);
    }
    let folder: PathBuf = path
        .components()
        .take_while(|part| !has_wildcard(part))
        .collect();
    let pattern: PathBuf = path.components().skip_while(|p| !has_wildcard(p)).collect();
    let folder = if folder.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        folder
    };
    (folder, Some(slashed(&pattern)))
}

/// Every file below the roots, by part and sorted by name, and findings for those that could not be
/// searched. Links are followed; names beginning with a dot are ignored.
///
/// # Errors
/// [`Failure::Input`] for a root that is not a folder or can't be read.
pub(crate) fn files(roots: &[Root]) -> Result<(Vec<Entry>, Vec<Finding>), Failure> {
    let (mut entries, mut findings) = (Vec::new(), Vec::new());
    for (root_idx, root) in roots.iter().enumerate() {
        let found = std::fs::metadata(&root.folder).map_err(|source| {
            let path = root.folder.clone();
            Failure::input(Error::Read { path, source })
        })?;
        if !found.is_dir() {
            let path = root.folder.clone();
            return Err(Failure::input(Error::NotAFolder { path }));
        }
        let walk = WalkDir::new(&root.folder).follow_links(true).into_iter();
        let is_hidden = |entry: &walkdir::DirEntry| {
            entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
        };
        for found in walk.filter_entry(|entry| !is_hidden(entry)) {
            match found {
                Ok(found) if found.file_type().is_dir() => {}
                Ok(found) => entries.extend(entry(root, root_idx, &found, &mut findings)),
                Err(error) => findings.push(unsearched(root, &error)?),
            }
        }
    }
    // Sorts by name, where bytes that are not UTF-8 count as U+FFFD.
    entries.sort_by_cached_key(|entry: &Entry| {
        let root = &roots[entry.root];
        let below = entry.below.components();
        let below = below.map(|part| part.as_os_str().to_string_lossy().into_owned());
        let name = format!("{}{}", root.prefix, below.collect::<Vec<_>>().join("/"));
        (root.part, name, entry.below.clone(), entry.root)
    });
    // A file below two roots of a part counts once.
    entries.dedup_by(|a, b| a.path == b.path && roots[a.root].part == roots[b.root].part);
    Ok((entries, findings))
}

fn entry(
    root: &Root,
    root_idx: usize,
    found: &walkdir::DirEntry,
    findings: &mut Vec<Finding>,
) -> Option<Entry> {
    let path = found.path().to_owned();
    let below = path.strip_prefix(&root.folder).unwrap_or(&path).to_owned();
    if let Some(pattern) = &root.pattern
        && !below
            .ancestors()
            .any(|path| pattern.matches_with(&slashed(path), MATCHING))
    {
        return None;
    }
    let name = format!("{}{}", root.prefix, slashed(&below));
    if !found.file_type().is_file() {
        // Opening a pipe would wait for its other end.
        let detail = "a device or pipe instead of a file".into();
        findings.push(file_finding(root.part, Kind::Unreadable, name, detail));
        return None;
    }
    Some(Entry {
        root: root_idx,
        path,
        below,
        name,
    })
}

/// The finding for a path that could not be searched; an error for the root itself.
fn unsearched(root: &Root, error: &walkdir::Error) -> Result<Finding, Failure> {
    let path = error.path().unwrap_or(&root.folder);
    let below = path.strip_prefix(&root.folder).unwrap_or(path);
    let name = format!("{}{}", root.prefix, slashed(below));
    if let Some(ancestor) = error.loop_ancestor() {
        let above = ancestor.strip_prefix(&root.folder).unwrap_or(ancestor);
        let detail = if above.as_os_str().is_empty() {
            "a link back to the folder itself".into()
        } else {
            format!("a link back to `{}`", slashed(above))
        };
        return Ok(file_finding(root.part, Kind::LinkLoop, name, detail));
    }
    let reason = error
        .io_error()
        .map_or_else(|| "unknown".into(), describe_io);
    if error.depth() == 0 {
        let source = io::Error::other(reason);
        let path = path.to_owned();
        return Err(Failure::input(Error::Read { path, source }));
    }
    Ok(file_finding(root.part, Kind::Unreadable, name, reason))
}

/// The system's error message, without its number.
pub(crate) fn describe_io(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}

/// A finding about a file that is not an image of the dataset.
pub(crate) fn file_finding(part: Part, kind: Kind, source: String, detail: String) -> Finding {
    Finding {
        part,
        index: None,
        kind,
        source,
        detail,
    }
}
