//! The first pass: finds, hashes and inspects every file, and assigns its part and class.

use super::beside::{self, Beside};
use super::picture::{Picture, Refused, Sound, nothing_left, refuse_if_strict, refused_by};
use super::walk::{self, Entry, Root, file_finding};
use super::work::Work;
use super::{labels, layout};
use crate::Error;
use crate::audit::{Finding, Kind};
use crate::names::slashed;
use crate::validation::{self, is_held_out};
use dcgan_artifacts::{DatasetInfo, FileRecord, FolderDigest, Part, SourceRecord, digest_file};
use dcgan_pictures::{Header, LabelTable, MAX_FILE_BYTES, inspect, wrong_extension};
use dcgan_settings::{Labels, Prepare};
use dcgan_stage::Failure;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The result of the first pass.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) info: DatasetInfo,
    /// The pictures of each part, sorted by name.
    pub(crate) pictures: BTreeMap<Part, Vec<Picture>>,
    pub(crate) findings: Vec<Finding>,
    /// Files below the folders of the training part, of whatever kind.
    pub(crate) n_files: usize,
    /// The folders, archives or tables.
    pub(crate) roots: Vec<Root>,
    /// Their names, and that of the table of labels.
    pub(crate) names: BTreeMap<&'static str, Vec<String>>,
}

impl Scan {
    /// Number of pictures of each part.
    pub(crate) fn counts(&self) -> BTreeMap<Part, usize> {
        let parts = self.pictures.iter();
        parts
            .map(|(part, pictures)| (*part, pictures.len()))
            .collect()
    }
}

/// Finds, hashes and inspects every file, and assigns its part and class.
///
/// # Errors
/// [`Failure::Usage`] for settings; [`Failure::Input`] if no picture is left to train on, for
/// classes that don't fit, and with `strict` for the first unusable picture.
pub(crate) fn scan(settings: &Prepare, work: &Work<'_>) -> Result<Scan, Failure> {
    let roots = walk::roots(settings)?;
    let named = with_class_names(settings, &roots);
    let settings = named.as_ref().unwrap_or(settings);
    let (mut entries, mut findings) = walk::files(&roots)?;
    let table = settings.pictures.labels_file.as_deref();
    let labels = table.map(LabelTable::read).transpose();
    let labels = labels.map_err(|error| Failure::input(Error::from(error)))?;
    if let Some(table) = table {
        leave_out(&mut entries, table);
    }
    let beside = beside::take(settings, &mut entries, &roots, work)?;
    let entries = thin_out(entries, &roots, settings.pictures.max_images);
    let read = work.each("read", &entries, |entry| Ok(read(entry, &roots, work)))?;
    let sources = records(&roots, &entries, &read, table)?;
    let n_files = files_of_train(&entries, &findings, &roots);
    let used = rows_of(labels.as_ref(), table, &entries).map_err(Failure::input)?;

    let sound = sort_out(entries, read, &roots, &mut findings);
    let classes = classes(
        settings,
        &sound,
        &roots,
        (labels.as_ref(), &beside),
        &mut findings,
    );
    // With a limited number of pictures most rows have none.
    if settings.pictures.max_images == 0 {
        findings.extend(rows_without_picture(labels.as_ref(), &used));
    }
    let found: BTreeSet<&str> = classes.iter().flatten().map(String::as_str).collect();
    let class_names = match settings.pictures.labels {
        Labels::None => Vec::new(),
        _ => labels::class_names(settings, &found).map_err(Failure::input)?,
    };
    layout::warn(settings, &sound, &found);
    findings.sort();
    refuse_if_strict(settings, &findings)?;
    let mut pictures = share_out(settings, sound, &classes, &class_names, &roots);
    if !pictures.contains_key(&Part::Train) {
        let test = pictures.values().flatten();
        return Err(nothing_left(settings, &roots, n_files, test, &findings));
    }
    draw_validation(settings, &class_names, &mut pictures)?;
    Ok(Scan {
        info: DatasetInfo {
            name: settings.name.clone(),
            class_names,
            height: settings.pictures.height,
            width: settings.pictures.width,
            channels: settings.pictures.channels,
            sources,
        },
        pictures,
        findings,
        n_files,
        names: names(&roots, table),
        roots,
    })
}

/// Number of files below the folders of the training part, with those that could not be searched.
fn files_of_train(entries: &[Entry], findings: &[Finding], roots: &[Root]) -> usize {
    let is_of_train = |entry: &&Entry| roots[entry.root].part == Part::Train;
    let unsearched = findings.iter().filter(|found| found.part == Part::Train);
    entries.iter().filter(is_of_train).count() + unsearched.count()
}

/// The settings with the classes that the first collection names, if they name none themselves.
fn with_class_names(settings: &Prepare, roots: &[Root]) -> Option<Prepare> {
    let mut collections = roots.iter().filter_map(|root| root.container.as_ref());
    let class_names = collections.next()?.class_names();
    let is_used = settings.class_names.is_empty() && !class_names.is_empty();
    is_used.then(|| Prepare {
        class_names: class_names.to_vec(),
        ..settings.clone()
    })
}

/// Separates the files with valid picture headers from the rest; adds findings.
fn sort_out(
    entries: Vec<Entry>,
    read: Vec<ReadFile>,
    roots: &[Root],
    findings: &mut Vec<Finding>,
) -> Vec<Sound> {
    let mut sound = Vec::new();
    for (entry, read) in entries.into_iter().zip(read) {
        let part = roots[entry.root].part;
        match (read.header, read.sha256) {
            (Ok(header), Some(sha256)) => {
                let wrong = wrong_extension(&header, &entry.path);
                findings.extend(wrong.map(|detail| {
                    file_finding(part, Kind::WrongExtension, entry.name.clone(), detail)
                }));
                sound.push(Sound {
                    entry,
                    header,
                    sha256,
                });
            }
            (Err((kind, detail)), _) => {
                findings.push(file_finding(part, kind, entry.name, detail));
            }
            (Ok(_), None) => {}
        }
    }
    sound
}

/// Names of the folders searched, by the keys of the settings.
fn names(roots: &[Root], table: Option<&Path>) -> BTreeMap<&'static str, Vec<String>> {
    let of_part = |part| {
        let roots = roots.iter().filter(|root| root.part == part);
        roots.map(|root| root.name.clone()).collect()
    };
    BTreeMap::from([
        ("folder", of_part(Part::Train)),
        ("test_folder", of_part(Part::Test)),
        ("labels_file", table.map(file_name).into_iter().collect()),
    ])
}

fn file_name(path: &Path) -> String {
    slashed(Path::new(path.file_name().unwrap_or_default()))
}

/// Removes the table of labels, which may be among the pictures.
fn leave_out(entries: &mut Vec<Entry>, table: &Path) {
    let Ok(place) = table.canonicalize() else {
        return;
    };
    entries.retain(|entry| {
        entry.path.file_name() != table.file_name()
            || entry.path.canonicalize().ok().as_ref() != Some(&place)
    });
}

/// The pictures of each part, without those that need a class but have none.
fn share_out(
    settings: &Prepare,
    sound: Vec<Sound>,
    classes: &[Option<String>],
    class_names: &[String],
    roots: &[Root],
) -> BTreeMap<Part, Vec<Picture>> {
    let mut pictures: BTreeMap<Part, Vec<Picture>> = BTreeMap::new();
    for (sound, class) in sound.into_iter().zip(classes) {
        let number = |class: &String| class_names.iter().position(|name| name == class);
        let class = class.as_ref().and_then(number);
        if class.is_none() && settings.pictures.labels != Labels::None {
            continue;
        }
        let part = match roots[sound.entry.root].part {
            Part::Train if is_held_out(&sound.sha256, settings.pictures.test_share) => Part::Test,
            part => part,
        };
        pictures.entry(part).or_default().push(Picture {
            name: sound.entry.name,
            root: sound.entry.root,
            member: sound.entry.member,
            path: sound.entry.path,
            sha256: sound.sha256,
            header: sound.header,
            class: class.and_then(|class| u8::try_from(class).ok()),
        });
    }
    pictures
}

/// Keeps at most `max` entries of each part, evenly spaced.
fn thin_out(entries: Vec<Entry>, roots: &[Root], max: usize) -> Vec<Entry> {
    let mut kept = Vec::new();
    let mut by_part: BTreeMap<Part, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        by_part
            .entry(roots[entry.root].part)
            .or_default()
            .push(entry);
    }
    for entries in by_part.into_values() {
        let n = entries.len();
        // The indices i of n where i * max / n has a new value.
        let is_kept = |idx: usize| max == 0 || n <= max || (idx * max) % n < max;
        kept.extend(
            entries
                .into_iter()
                .enumerate()
                .filter(|(idx, _)| is_kept(*idx))
                .map(|(_, entry)| entry),
        );
    }
    kept
}

/// A file read in the first pass.
struct ReadFile {
    bytes: u64,
    /// `None` if the file could not be read.
    sha256: Option<[u8; 32]>,
    header: Result<Header, Refused>,
}

fn read(entry: &Entry, roots: &[Root], work: &Work<'_>) -> ReadFile {
    let refused = |refusal| ReadFile {
        bytes: 0,
        sha256: None,
        header: Err(refusal),
    };
    let _share = work.take(entry.bytes.min(MAX_FILE_BYTES));
    match roots[entry.root].read(entry.member, &entry.path) {
        Ok(Some(content)) => ReadFile {
            bytes: content.len() as u64,
            sha256: Some(Sha256::digest(&content).into()),
            header: inspect(&content, &entry.path).map_err(refused_by),
        },
        Ok(None) => refused((Kind::TooLarge, format!("more than {MAX_FILE_BYTES} bytes"))),
        Err(error) if entry.member.is_some() => refused((Kind::Damaged, error.to_string())),
        Err(error) => refused((Kind::Unreadable, walk::describe_io(&error))),
    }
}

/// A record per root, a folder's files sorted by name, and one for the table of labels.
fn records(
    roots: &[Root],
    entries: &[Entry],
    read: &[ReadFile],
    table: Option<&Path>,
) -> Result<Vec<SourceRecord>, Failure> {
    let mut records = Vec::with_capacity(roots.len() + 1);
    for (root_idx, root) in roots.iter().enumerate() {
        if root.container.is_some() {
            let n = entries
                .iter()
                .filter(|entry| entry.root == root_idx)
                .count();
            records.push(FileRecord {
                count: Some(n as u64),
                ..FileRecord::new(root.name.clone(), digest_file(&root.folder)?)
            });
            continue;
        }
        let mut digest = FolderDigest::default();
        let files = entries
            .iter()
            .zip(read)
            .filter(|(entry, _)| entry.root == root_idx);
        for (entry, read) in files {
            if let Some(sha256) = &read.sha256 {
                digest.add(&entry.below, read.bytes, sha256);
            }
        }
        records.push(digest.record(root.name.clone()));
    }
    if let Some(path) = table {
        records.push(FileRecord::at(path).map_err(Failure::input)?);
    }
    Ok(records)
}

/// The files of the rows that match an entry, whether it is a usable picture or not.
///
/// # Errors
/// [`Error::Labels`].
fn rows_of(
    labels: Option<&LabelTable>,
    path: Option<&Path>,
    entries: &[Entry],
) -> Result<BTreeSet<String>, Error> {
    let (Some(labels), Some(path)) = (labels, path) else {
        return Ok(BTreeSet::new());
    };
    let rows = entries.iter().filter_map(|entry| row_of(labels, entry));
    let used: BTreeSet<String> = rows.map(|(file, _)| file.to_owned()).collect();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    if used.is_empty()
        && let Some(error) = labels.matches_nothing(path, &names)
    {
        return Err(error.into());
    }
    Ok(used)
}

/// File and label of an entry's row: by its name in the audit, or its path below its folder.
fn row_of<'a>(labels: &'a LabelTable, entry: &Entry) -> Option<(&'a str, &'a str)> {
    labels.row_of([&entry.name, &slashed(&entry.below)])
}

fn rows_without_picture(labels: Option<&LabelTable>, used: &BTreeSet<String>) -> Vec<Finding> {
    let files = labels.into_iter().flat_map(LabelTable::files);
    let unused = files.filter(|file| !used.contains(*file));
    let finding = |file: &str| {
        let detail = "a row in the table of labels without a picture".into();
        file_finding(Part::Train, Kind::NoPicture, file.to_owned(), detail)
    };
    unused.map(finding).collect()
}

/// The class name of each picture; a picture that needs a class but has none is a finding.
fn classes(
    settings: &Prepare,
    sound: &[Sound],
    roots: &[Root],
    (table, beside): (Option<&LabelTable>, &Beside),
    findings: &mut Vec<Finding>,
) -> Vec<Option<String>> {
    let kind = settings.pictures.labels;
    let mut classes = Vec::with_capacity(sound.len());
    for Sound { entry, .. } in sound {
        let part = roots[entry.root].part;
        let label_beside = || {
            let label = beside.get(&(entry.root, beside::key(entry, kind)));
            label.map(|label| labels::of_number(settings, label))
        };
        let (class, why) = match (kind, table) {
            (Labels::Folder, _) => (labels::folder_of(&entry.below), "in no sub-folder"),
            (Labels::Csv, Some(table)) => {
                let label = row_of(table, entry).map(|(_, label)| label.to_owned());
                (label, "no row in the table of labels")
            }
            (Labels::DatasetJson, _) => (label_beside(), "no row in `dataset.json`"),
            (Labels::Cls, _) => (label_beside(), "no `.cls` file"),
            (Labels::Column, _) => (label_beside(), "no label in its row"),
            _ => (None, ""),
        };
        if class.is_none() && kind != Labels::None {
            findings.push(file_finding(
                part,
                Kind::NoClass,
                entry.name.clone(),
                why.into(),
            ));
        }
        classes.push(class);
    }
    classes
}

fn draw_validation(
    settings: &Prepare,
    class_names: &[String],
    pictures: &mut BTreeMap<Part, Vec<Picture>>,
) -> Result<(), Failure> {
    let Some(train) = pictures
        .get_mut(&Part::Train)
        .filter(|_| settings.validation > 0)
    else {
        return Ok(());
    };
    let labels: Option<Vec<u8>> = train.iter().map(|picture| picture.class).collect();
    let drawn = validation::draw(
        train.len(),
        labels.as_deref(),
        class_names,
        settings.validation,
        settings.seed,
    )
    .map_err(|error| match error {
        Error::ValidationShare { .. } => Failure::usage(error),
        _ => Failure::input(error),
    })?;
    let mut validation = Vec::with_capacity(drawn.len());
    let mut next = drawn.iter().peekable();
    let mut kept = Vec::with_capacity(train.len() - drawn.len());
    for (number, picture) in (0u32..).zip(std::mem::take(train)) {
        match next.next_if_eq(&&number) {
            Some(_) => validation.push(picture),
            None => kept.push(picture),
        }
    }
    *train = kept;
    pictures.insert(Part::Validation, validation);
    Ok(())
}
