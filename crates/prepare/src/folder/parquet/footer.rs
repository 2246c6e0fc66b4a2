//! The metadata at the end of a Parquet file: columns, and where the chunks of each are.

use super::thrift::Words;

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Physical {
    Int32,
    Int64,
    Bytes,
    Other,
}

/// How pages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Plain,
    Snappy,
    Gzip,
    /// By its name.
    Other(&'static str),
}

/// A column without repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name, and those of the groups that it is in, joined by dots.
    pub(super) name: String,
    /// Place among all columns.
    pub(super) place: usize,
    pub(super) physical: Physical,
    /// The level of values that are not null.
    pub(super) most_level: u32,
    /// Whether a row may have several values.
    pub(super) is_repeated: bool,
}

/// The values of a column in a group of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) codec: Codec,
    pub(super) start: u64,
    pub(super) bytes: u64,
    pub(super) unpacked: u64,
}

/// A group of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) rows: u64,
    /// A chunk for each column.
    pub(super) chunks: Vec<Chunk>,
}

/// The metadata of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) columns: Vec<Column>,
    pub(super) groups: Vec<Group>,
    /// Names of the classes of a column, as the library `datasets` records them.
    pub(super) features: Option<String>,
}

/// Maximum elements of a schema, and bytes of the name of one: a column's full name has those of
/// all groups that it is in.
const MOST_ELEMENTS: usize = 10_000;
const MOST_NAME: usize = 1 << 10;

/// An element of the schema, which lists a tree: a group before its children.
#[derive(Default)]
struct Element {
    name: String,
    physical: Option<u64>,
    repetition: u64,
    children: u64,
}

impl Footer {
    /// Parses the metadata; `None` if they are damaged.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut footer = Self::default();
        let mut schema = Vec::new();
        Words(bytes).fields(|words, field, _| {
            match field {
                2 => words.list(|words| {
                    schema.push(element(words)?);
                    (schema.len() <= MOST_ELEMENTS).then_some(())
                })?,
                4 => words.list(|words| {
                    footer.groups.push(group(words)?);
                    Some(())
                })?,
                5 => words.list(|words| {
                    let (key, value) = pair(words)?;
                    if key == "huggingface" {
                        footer.features = Some(value);
                    }
                    Some(())
                })?,
                _ => return Some(false),
            }
            Some(true)
        })?;
        let mut elements = schema.iter();
        let root = elements.next()?;
        for _ in 0..root.children {
            columns(&mut elements, "", (0, false), &mut footer.columns, 0)?;
        }
        let n = footer.columns.len();
        let is_whole = footer.groups.iter().all(|group| group.chunks.len() == n);
        is_whole.then_some(footer)
    }
}

/// Adds the columns of the next element; `level` and `is_repeated` are those of the groups that it
/// is in.
fn columns<'a>(
    elements: &mut impl Iterator<Item = &'a Element>,
    above: &str,
    (level, is_repeated): (u32, bool),
    found: &mut Vec<Column>,
    depth: usize,
) -> Option<()> {
    let element = elements
        .next()
        .filter(|element| depth < 32 && element.name.len() <= MOST_NAME)?;
    let name = if above.is_empty() {
        element.name.clone()
    } else {
        format!("{above}.{}", element.name)
    };
    let level = level + u32::from(element.repetition > 0);
    let is_repeated = is_repeated || element.repetition == 2;
    if element.children > 0 {
        for _ in 0..element.children {
            columns(elements, &name, (level, is_repeated), found, depth + 1)?;
        }
        return Some(());
    }
    found.push(Column {
        place: found.len(),
        name,
        physical: match element.physical {
            Some(1) => Physical::Int32,
            Some(2) => Physical::Int64,
            Some(6) => Physical::Bytes,
            _ => Physical::Other,
        },
        most_level: level,
        is_repeated,
    });
    Some(())
}

fn element(words: &mut Words<'_>) -> Option<Element> {
    let mut element = Element::default();
    words.fields(|words, field, _| {
        match field {
            1 => element.physical = Some(words.count()?),
            3 => element.repetition = words.count()?,
            4 => element.name = words.text()?,
            5 => element.children = words.count()?,
            _ => return Some(false),
        }
        Some(true)
    })?;
    Some(element)
}

fn pair(words: &mut Words<'_>) -> Option<(String, String)> {
    let (mut key, mut value) = (String::new(), String::new());
    words.fields(|words, field, _| {
        match field {
            1 => key = words.text()?,
            2 => value = words.text()?,
            _ => return Some(false),
        }
        Some(true)
    })?;
    Some((key, value))
}

fn group(words: &mut Words<'_>) -> Option<Group> {
    let mut group = Group::default();
    words.fields(|words, field, _| {
        match field {
            1 => words.list(|words| {
                let mut chunk = None;
                words.fields(|words, field, _| {
                    if field == 3 {
                        chunk = Some(column(words)?);
                    }
                    Some(field == 3)
                })?;
                group.chunks.push(chunk?);
                Some(())
            })?,
            3 => group.rows = words.count()?,
            _ => return Some(false),
        }
        Some(true)
    })?;
    Some(group)
}

fn column(words: &mut Words<'_>) -> Option<Chunk> {
    let (mut codec, mut unpacked, mut bytes) = (0, 0, 0);
    let (mut data, mut dictionary) = (0, None);
    words.fields(|words, field, _| {
        match field {
            4 => codec = words.count()?,
            6 => unpacked = words.count()?,
            7 => bytes = words.count()?,
            9 => data = words.count()?,
            11 => dictionary = Some(words.count()?),
            _ => return Some(false),
        }
        Some(true)
    })?;
    Some(Chunk {
        codec: match codec {
            0 => Codec::Plain,
            1 => Codec::Snappy,
            2 => Codec::Gzip,
            3 => Codec::Other("LZO"),
            4 => Codec::Other("Brotli"),
            5 | 7 => Codec::Other("LZ4"),
            6 => Codec::Other("Zstandard"),
            _ => Codec::Other("another compression"),
        },
        // Some writers record 0 for no dictionary.
        start: dictionary
            .filter(|start| *start > 0)
            .map_or(data, |start| start.min(data)),
        bytes,
        unpacked,
    })
}
