//! Finds files: searches folders and patterns recursively, and lists archives and tables; in a fixed
//! order.

use super::archive::{self, ArchiveError};
use super::container::Collection;
use super::parquet::{self, ParquetColumns, ParquetError};
use crate::Error;
use crate::audit::{Finding, Kind};
use crate::names::{name_below, shared_folder, slashed};
use dcgan_artifacts::Part;
use dcgan_hints::text_of;
use dcgan_pictures::read_file;
use dcgan_settings::{Labels, Prepare, SourceKind};
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

/// A folder or a file of files to search.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) part: Part,
    /// The folder, or the file of files.
    pub(crate) folder: PathBuf,
    /// The file of files; `None` for a folder.
    pub(crate) container: Option<Box<dyn Collection>>,
    /// What the path of a file below `folder`, or of a folder on the way to it, has to look like.
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
    /// Number in the root's container.
    pub(crate) member: Option<usize>,
    /// Length in bytes, where the container knows.
    pub(crate) bytes: u64,
    pub(crate) path: PathBuf,
    /// The path below the root's folder.
    pub(crate) below: PathBuf,
    /// The path below the common folder of all roots.
    pub(crate) name: String,
}

/// What the settings name for their source.
///
/// # Errors
/// [`Failure::Usage`] where nothing is named, or a pattern can't be read; [`Failure::Input`] for an
/// archive that can't be read.
pub(crate) fn roots(settings: &Prepare) -> Result<Vec<Root>, Failure> {
    match settings.source {
        SourceKind::Archive => {
            let archives = &settings.archive;
            if archives.train.is_empty() {
                return Err(Failure::usage(ArchiveError::NoFile));
            }
            collections(&archives.train, &archives.test, |path| {
                archive::open(path).map_err(Failure::input)
            })
        }
        SourceKind::Parquet => {
            let tables = &settings.parquet;
            if tables.train.is_empty() {
                return Err(Failure::usage(ParquetError::NoFile));
            }
            let is_labelled = settings.pictures.labels == Labels::Column;
            let columns = ParquetColumns {
                image: &tables.image,
                label: is_labelled.then_some(tables.label.as_str()),
            };
            collections(&tables.train, &tables.test, |path| {
                parquet::open(path, &columns).map_err(Failure::input)
            })
        }
        _ => folders(settings),
    }
}

/// The collections of the settings, where a path with a wildcard means every file of such a name.
fn collections(
    train: &[PathBuf],
    test: &[PathBuf],
    open: impl Fn(&Path) -> Result<Box<dyn Collection>, Failure>,
) -> Result<Vec<Root>, Failure> {
    let mut paths = Vec::new();
    for (part, given) in [(Part::Train, train), (Part::Test, test)] {
        for path in given {
            paths.extend(matching(path)?.into_iter().map(|path| (part, path)));
        }
    }
    let several = paths.len() > 1;
    let shared = shared_folder(paths.iter().filter_map(|(_, path)| path.parent()));
    let root = |(part, path): (Part, PathBuf)| {
        let name = name_below(&shared, &path);
        let container = open(&path)?;
        Ok(Root {
            part,
            container: Some(container),
            folder: path,
            pattern: None,
            prefix: if several {
                format!("{name}/")
            } else {
                String::new()
            },
            name,
        })
    };
    paths.into_iter().map(root).collect()
}

/// The files that a path with a wildcard means, in order of their names; or the path itself.
fn matching(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let pattern = path.display().to_string();
    if path.exists() || !pattern.contains(['*', '?', '[']) {
        return Ok(vec![path.to_owned()]);
    }
    let found = glob::glob(&pattern).map_err(|source| {
        let pattern = pattern.clone();
        Failure::usage(Error::Pattern { pattern, source })
    })?;
    let paths: Vec<PathBuf> = found.filter_map(Result::ok).collect();
    if paths.is_empty() {
        return Err(Failure::input(ArchiveError::NoMatch { pattern }));
    }
    Ok(paths)
}

/// The folders of the settings.
fn folders(settings: &Prepare) -> Result<Vec<Root>, Failure> {
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
                container: None,
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
        if let Some(container) = &root.container {
            let members = container.members().into_iter().enumerate();
            entries.extend(members.filter_map(|member| inside(root, root_idx, member)));
            continue;
        }
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
        member: None,
        bytes: found.metadata().map_or(0, |found| found.len()),
        path,
        below,
        name,
    })
}

impl Root {
    /// The path or pattern as the settings have it.
    pub(crate) fn given(&self) -> String {
        match &self.pattern {
            Some(pattern) if self.folder == Path::new(".") => pattern.as_str().to_owned(),
            Some(pattern) => self.folder.join(pattern.as_str()).display().to_string(),
            None => self.folder.display().to_string(),
        }
    }

    /// The bytes of one of its files; `None` for more than `dcgan_pictures::MAX_FILE_BYTES`.
    ///
    /// # Errors
    /// The system's, and the container's.
    pub(crate) fn read(&self, member: Option<usize>, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match (&self.container, member) {
            (Some(container), Some(place)) => container.read(place),
            _ => read_file(path),
        }
    }
}

/// A file in a container; `None` for a folder and for a hidden file.
fn inside(root: &Root, root_idx: usize, member: (usize, (String, u64))) -> Option<Entry> {
    let (place, (name, bytes)) = member;
    let name = name.replace('\\', "/");
    let name = name.trim_start_matches("./");
    let is_hidden = |part: &str| part.starts_with('.') && part != "..";
    if name.ends_with('/') || name.split('/').any(is_hidden) {
        return None;
    }
    Some(Entry {
        root: root_idx,
        member: Some(place),
        bytes,
        path: PathBuf::from(format!("{}/{name}", text_of(&root.folder))),
        below: PathBuf::from(name),
        name: format!("{}{name}", root.prefix),
    })
}

/// What could not be searched: fatal for the root itself.
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
