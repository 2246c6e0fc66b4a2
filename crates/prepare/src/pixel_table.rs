//! Tables of pixels: a row per image, a column per pixel, and one of labels.
//!
//! Memory: the pixels as bytes, and a row. A row, the number of pixels and the number of different
//! labels are bounded, so that a small compressed file can't fill the memory.

pub use crate::table_error::TableError;
use crate::table_error::{MAX_LABELS, MAX_PIXELS};
use flate2::bufread::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Maximum bytes of a row.
const MAX_ROW: usize = 1 << 26;
/// Headings of a column of labels, in small letters.
const LABEL_HEADINGS: [&str; 5] = ["label", "labels", "class", "target", "y"];

/// Which column has the labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LabelColumn {
    /// The one with such a heading; without one, the first if the others are as many as pixels.
    #[default]
    Auto,
    /// The first.
    First,
    /// The last.
    Last,
    /// There is none.
    None,
}

/// What the caller knows of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableReading {
    /// Height and width; `None`: squares.
    pub size: Option<[usize; 2]>,
    /// Colours, 1 or 3; 0 means 1.
    pub channels: usize,
    /// Whether all values of a colour come before those of the next.
    pub planes: bool,
    /// Which column has the labels.
    pub label: LabelColumn,
}

/// The images of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelTable {
    /// Pixels `[n, height, width, channels]`.
    pub images: Vec<u8>,
    /// For each image the place of its label in `found`; `None` without labels.
    pub labels: Option<Vec<u8>>,
    /// The different labels in the order in which they were found.
    pub found: Vec<String>,
    /// Number of images.
    pub n: usize,
    /// Height, width, channels.
    pub size: [usize; 3],
}

impl PixelTable {
    /// Reads a table, plain or gzip, separated by commas, semicolons or tabs, with or without a
    /// heading. `path` is what errors call it.
    ///
    /// # Errors
    /// Any [`TableError`].
    pub fn read(path: &Path, file: impl Read, reading: &TableReading) -> Result<Self, TableError> {
        let mut file = BufReader::with_capacity(1 << 17, file);
        let start = file.fill_buf().map_err(|source| TableError::Read {
            path: path.to_owned(),
            source,
        })?;
        if start.starts_with(&[0x1f, 0x8b]) {
            let rows = BufReader::with_capacity(1 << 17, MultiGzDecoder::new(file));
            rows_of(path, rows, reading)
        } else {
            rows_of(path, file, reading)
        }
    }
}

fn rows_of(
    path: &Path,
    mut file: impl BufRead,
    reading: &TableReading,
) -> Result<PixelTable, TableError> {
    let read_error = |source| TableError::Read {
        path: path.to_owned(),
        source,
    };
    let start = file.fill_buf().map_err(read_error)?;
    let first_row = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let separators = [b',', b';', b'\t'];
    let separator = separators.into_iter().max_by_key(|separator| {
        let places = first_row.split(|byte| byte == separator);
        // A comma, if none is more frequent.
        (places.count(), separator.eq(&b','))
    });
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator.unwrap_or(b','))
        .from_reader(ShortRows::new(file));
    let mut row = csv::ByteRecord::new();
    let mut images = Images::new(path, reading);
    let failed = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(source) => read_error(source),
        kind => TableError::Csv {
            path: path.to_owned(),
            source: io::Error::other(format!("{kind:?}")).into(),
        },
    };
    while rows.read_byte_record(&mut row).map_err(failed)? {
        images.add(&row)?;
    }
    images.finish()
}

/// The images of the rows so far.
struct Images<'a> {
    path: &'a Path,
    reading: &'a TableReading,
    columns: Option<Columns>,
    pixels: Vec<u8>,
    labels: Vec<u8>,
    found: BTreeMap<String, u8>,
    n: usize,
}

/// What the first row tells.
#[derive(Clone, Copy)]
struct Columns {
    n: usize,
    label: Option<usize>,
    size: [usize; 3],
}

impl<'a> Images<'a> {
    fn new(path: &'a Path, reading: &'a TableReading) -> Self {
        Self {
            path,
            reading,
            columns: None,
            pixels: Vec::new(),
            labels: Vec::new(),
            found: BTreeMap::new(),
            n: 0,
        }
    }

    fn add(&mut self, row: &csv::ByteRecord) -> Result<(), TableError> {
        let line = row.position().map_or(0, csv::Position::line);
        let columns = if let Some(columns) = self.columns {
            columns
        } else {
            let is_heading = is_heading(row);
            let columns = self.columns_of(row, is_heading)?;
            self.columns = Some(columns);
            if is_heading {
                return Ok(());
            }
            columns
        };
        let path = || self.path.to_owned();
        if row.len() != columns.n {
            return Err(TableError::Row {
                path: path(),
                line,
                expected: columns.n,
                got: row.len(),
            });
        }
        let [height, width, channels] = columns.size;
        let n_pixels = height * width * channels;
        if self.pixels.len() + n_pixels > MAX_PIXELS {
            return Err(TableError::TooLarge { path: path() });
        }
        let start = self.pixels.len();
        if self.pixels.try_reserve(n_pixels).is_err() {
            return Err(TableError::Memory { path: path() });
        }
        for (at, cell) in row.iter().enumerate() {
            if Some(at) == columns.label {
                continue;
            }
            let pixel = pixel(cell).ok_or_else(|| TableError::Pixel {
                path: path(),
                line,
                column: at + 1,
                got: text(&cell[..cell.len().min(40)]),
            })?;
            self.pixels.push(pixel);
        }
        if self.reading.planes && channels > 1 {
            let planes = self.pixels.split_off(start);
            let pixels = 0..height * width;
            let of_pixel = |at: usize| planes.iter().skip(at).step_by(height * width);
            self.pixels.extend(pixels.flat_map(of_pixel));
        }
        if let Some(label) = columns.label {
            self.label(row.get(label).unwrap_or_default(), line, label + 1)?;
        }
        self.n += 1;
        Ok(())
    }

    fn label(&mut self, cell: &[u8], line: u64, column: usize) -> Result<(), TableError> {
        let path = || self.path.to_owned();
        let label = text(cell);
        if label.is_empty() {
            return Err(TableError::NoLabel {
                path: path(),
                line,
                column,
            });
        }
        let next = self.found.len();
        let place = match (self.found.get(&label), u8::try_from(next)) {
            (Some(place), _) => *place,
            (None, Ok(place)) if next < MAX_LABELS => {
                self.found.insert(label, place);
                place
            }
            _ => {
                return Err(TableError::TooManyLabels {
                    path: path(),
                    column,
                });
            }
        };
        self.labels.push(place);
        Ok(())
    }

    /// Which column has the label, and the size of the images.
    fn columns_of(&self, row: &csv::ByteRecord, is_heading: bool) -> Result<Columns, TableError> {
        let n = row.len();
        let channels = self.reading.channels.max(1);
        let size_of = |pixels: usize| {
            let side = (pixels / channels).isqrt();
            let [height, width] = self.reading.size.unwrap_or([side, side]);
            let is_fitting = pixels > 0 && height * width * channels == pixels;
            is_fitting.then_some([height, width, channels])
        };
        let named = || row.iter().position(is_label_heading).filter(|_| is_heading);
        let label = match self.reading.label {
            LabelColumn::None => None,
            LabelColumn::First => Some(0),
            LabelColumn::Last => n.checked_sub(1),
            LabelColumn::Auto => named().or_else(|| size_of(n).is_none().then_some(0)),
        };
        let pixels = n - usize::from(label.is_some());
        let size = size_of(pixels).ok_or_else(|| {
            let mut expected = match self.reading.size {
                Some([height, width]) => format!("{height} x {width}"),
                None => "the pixels of a square".into(),
            };
            if channels > 1 {
                expected = format!("{expected} x {channels}");
            }
            if label.is_some() {
                expected.push_str(" and a label");
            }
            TableError::Columns {
                path: self.path.to_owned(),
                expected,
                got: n,
            }
        })?;
        Ok(Columns { n, label, size })
    }

    fn finish(self) -> Result<PixelTable, TableError> {
        let Some(columns) = self.columns.filter(|_| self.n > 0) else {
            return Err(TableError::Empty {
                path: self.path.to_owned(),
            });
        };
        let mut found: Vec<(String, u8)> = self.found.into_iter().collect();
        found.sort_by_key(|(_, place)| *place);
        Ok(PixelTable {
            images: self.pixels,
            labels: columns.label.map(|_| self.labels),
            found: found.into_iter().map(|(label, _)| label).collect(),
            n: self.n,
            size: columns.size,
        })
    }
}

/// Whether the first row is a heading: it has the heading of a label, or words in more places than
/// a label, or it counts its columns, as pandas does.
fn is_heading(row: &csv::ByteRecord) -> bool {
    let words = row.iter().filter(|cell| number(cell).is_none()).count();
    let is_counting = |from: usize| {
        let mut places = row.iter().zip(from..);
        places.all(|(cell, place)| text(cell) == place.to_string())
    };
    row.iter().any(is_label_heading)
        || words > 1
        || words == 1 && row.len() <= 2
        || row.len() >= 16 && (is_counting(0) || is_counting(1))
}

fn is_label_heading(cell: &[u8]) -> bool {
    LABEL_HEADINGS.contains(&text(cell).to_lowercase().as_str())
}

fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell.trim_ascii()).into_owned()
}

fn number(cell: &[u8]) -> Option<f64> {
    std::str::from_utf8(cell.trim_ascii()).ok()?.parse().ok()
}

/// A byte, which may be written as a float, as in `12.0`.
fn pixel(cell: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(cell.trim_ascii()).ok()?;
    let whole = match text.split_once('.') {
        Some((whole, rest)) if rest.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    whole.parse().ok()
}

/// Passes bytes on as long as no row is longer than [`MAX_ROW`]. A newline in quotes ends no row.
struct ShortRows<R> {
    inner: R,
    in_quotes: bool,
    row: usize,
}

impl<R> ShortRows<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            in_quotes: false,
            row: 0,
        }
    }
}

impl<R: Read> Read for ShortRows<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        for byte in &out[..n] {
            self.in_quotes ^= *byte == b'"';
            let ends = *byte == b'\n' && !self.in_quotes;
            self.row = if ends { 0 } else { self.row + 1 };
            if self.row > MAX_ROW {
                let message = format!("expected rows of at most {MAX_ROW} bytes, got a longer one");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
        Ok(n)
    }
}
