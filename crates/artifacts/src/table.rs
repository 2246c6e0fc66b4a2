//! CSV tables that grow while a run goes on: `metrics.csv`, `histograms.csv`, `timing.csv`,
//! `scores.csv`, `events.csv`.
//!
//! Rows are appended; before a checkpoint the table is flushed and synced, and its length and
//! SHA-256 at that moment go into the checkpoint. Resuming verifies that prefix and cuts what
//! follows, so that a resumed run's table equals an undisturbed one's.

use crate::atomic::{self, require_plain, write_atomic};
use crate::cell::csv_rows;
use crate::change::DiskFile;
use crate::digest::{BLOCK, HashingWriter, copy_blocks};
use crate::error::{Artifact, Error};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The longest table that is read into memory: some million rows.
pub(crate) const MOST_BYTES: u64 = 1 << 30;

/// How far a table had grown, and the hash of that much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePosition {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of those bytes.
    pub sha256: String,
}

/// A CSV table open for appending. Its running hash is never read back from the disk.
#[derive(Debug)]
pub struct GrowingTable {
    path: PathBuf,
    columns: usize,
    rows: HashingWriter<BufWriter<DiskFile>>,
}

impl GrowingTable {
    /// Starts a table with `header`, replacing what stands there.
    ///
    /// # Errors
    /// [`Error::Write`] or [`Error::NotOurs`].
    pub fn create(path: &Path, header: &[&str]) -> Result<Self, Error> {
        let line = record(path, header)?;
        write_atomic(path, &line)?;
        let mut table = Self::open(path)?;
        table.keep(line.len() as u64)?;
        table.columns = header.len();
        Ok(table)
    }

    /// Goes on after `position`: verifies what stands before it and cuts what follows.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Read`] or [`Error::Damaged`] when the table is not the one that
    /// the checkpoint saw; else [`Error::Write`] or [`Error::NotOurs`].
    pub fn resume(path: &Path, position: &TablePosition) -> Result<Self, Error> {
        require_plain(path)?;
        let (_, size) = atomic::open(path, Artifact::Table)?;
        if size < position.bytes {
            let expected = format!("at least {} bytes", position.bytes);
            return Err(Error::damaged(
                path,
                Artifact::Table,
                expected,
                format!("{size} bytes"),
            ));
        }
        let mut table = Self::open(path)?;
        table.hash(position.bytes)?;
        let found = table.rows.digest();
        if found.sha256 != position.sha256 {
            return Err(Error::damaged(
                path,
                Artifact::Table,
                format!("{} bytes of SHA-256 `{}`", position.bytes, position.sha256),
                format!("`{}`", found.sha256),
            ));
        }
        table.columns = columns(path)?;
        table.cut(position.bytes)?;
        Ok(table)
    }

    /// Goes on with a table that no checkpoint vouches for (`timing.csv`): keeps the whole rows
    /// whose first field is a number up to `last_step`, and cuts from the first other one. Starts
    /// anew where there is no table or its header is another.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Write`] or [`Error::NotOurs`].
    pub fn resume_until(path: &Path, header: &[&str], last_step: u64) -> Result<Self, Error> {
        require_plain(path)?;
        let line = record(path, header)?;
        let text = match atomic::read_whole(path, Artifact::Table, MOST_BYTES) {
            Err(Error::Missing { .. }) => return Self::create(path, header),
            text => text?,
        };
        if !text.starts_with(&line) {
            return Self::create(path, header);
        }
        let kept = line.len() + rows_until(&text[line.len()..], last_step);
        let mut table = Self::open(path)?;
        table.keep(kept as u64)?;
        table.columns = header.len();
        Ok(table)
    }

    /// Whether the columns of the table at `path` are those of `names`, in their order; reads no further.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Read`].
    pub fn has_header(path: &Path, names: &[String]) -> Result<bool, Error> {
        let names = names.iter().map(String::as_bytes);
        header(path).map(|header| header.iter().eq(names))
    }

    /// The number that the last row on the disk begins with: the step that the table has come to. `None` where
    /// there is no row, or no number.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub fn last_step(&self) -> Result<Option<u64>, Error> {
        let failed = |e: csv::Error| Error::read(&self.path, Artifact::Table, e.into());
        let (file, _) = atomic::open(&self.path, Artifact::Table)?;
        let mut reader = csv::Reader::from_reader(file);
        let last = reader.records().last().transpose().map_err(failed)?;
        Ok(last.and_then(|row| row.get(0)?.parse().ok()))
    }

    /// Appends one record, as [`csv_rows`] writes it.
    ///
    /// # Errors
    /// [`Error::Contradiction`] when it has not as many fields as the header; [`Error::Write`].
    pub fn append<S: AsRef<str>>(&mut self, fields: &[S]) -> Result<(), Error> {
        if fields.len() != self.columns {
            return Err(Error::contradiction(
                &self.path,
                Artifact::Table,
                format!("{} fields", self.columns),
                format!("{} fields", fields.len()),
            ));
        }
        let line = record(&self.path, fields)?;
        self.rows
            .write_all(&line)
            .map_err(|e| Error::write(&self.path, "append to", e).needing(line.len() as u64))
    }

    /// Brings all rows to the disk and tells how far the table has grown.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn flush(&mut self) -> Result<TablePosition, Error> {
        let need = self.rows.inner_mut().buffer().len() as u64;
        self.rows
            .flush()
            .and_then(|()| self.rows.inner_mut().get_ref().sync())
            .and_then(|()| self.rows.inner_mut().get_ref().require_name())
            .map_err(|e| Error::write(&self.path, "sync", e).needing(need))?;
        let digest = self.rows.digest();
        Ok(TablePosition {
            bytes: digest.bytes,
            sha256: digest.sha256,
        })
    }

    fn open(path: &Path) -> Result<Self, Error> {
        require_plain(path)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|e| Error::write(path, "open", e))?;
        let file = DiskFile::new(file, path.to_owned());
        let rows = HashingWriter::new(BufWriter::with_capacity(BLOCK, file));
        Ok(Self {
            path: path.to_owned(),
            columns: 0,
            rows,
        })
    }

    /// Hashes and keeps the first `bytes` bytes, cuts the others.
    fn keep(&mut self, bytes: u64) -> Result<(), Error> {
        self.hash(bytes)?;
        self.cut(bytes)
    }

    /// Feeds the first `bytes` bytes to the running hash.
    fn hash(&mut self, bytes: u64) -> Result<(), Error> {
        let path = &self.path;
        let (mut file, _) = atomic::open(path, Artifact::Table)?;
        let mut prefix = HashingWriter::new(io::sink());
        copy_blocks(&mut file, bytes, |block| prefix.write_all(block))
            .map_err(|e| Error::read(path, Artifact::Table, e))?;
        self.rows.adopt(&prefix);
        Ok(())
    }

    /// Cuts the file after `bytes` bytes and stands at its end.
    fn cut(&mut self, bytes: u64) -> Result<(), Error> {
        let file = self.rows.inner_mut().get_mut();
        file.set_len(bytes)
            .and_then(|()| file.seek(SeekFrom::Start(bytes)))
            .map(|_| ())
            .map_err(|e| Error::write(&self.path, "cut", e))
    }
}

/// One line of CSV.
fn record<S: AsRef<str>>(path: &Path, fields: &[S]) -> Result<Vec<u8>, Error> {
    csv_rows([fields]).map_err(|e| Error::write(path, "append to", e.into()))
}

/// Fields in the header of the table at `path`.
fn columns(path: &Path) -> Result<usize, Error> {
    header(path).map(|header| header.len())
}

/// The names of a table's columns, which need not be text.
fn header(path: &Path) -> Result<csv::ByteRecord, Error> {
    let failed = |e: csv::Error| Error::read(path, Artifact::Table, e.into());
    let (file, _) = atomic::open(path, Artifact::Table)?;
    let mut reader = csv::Reader::from_reader(file);
    reader.byte_headers().cloned().map_err(failed)
}

/// Bytes of the whole rows that begin with a number up to `last_step`.
fn rows_until(rows: &[u8], last_step: u64) -> usize {
    rows.split_inclusive(|&byte| byte == b'\n')
        .take_while(|row| {
            let step = row.split(|&byte| byte == b',').next().unwrap_or_default();
            let step = std::str::from_utf8(step)
                .ok()
                .and_then(|step| step.trim_end().parse().ok());
            row.ends_with(b"\n") && step.is_some_and(|step: u64| step <= last_step)
        })
        .map(<[u8]>::len)
        .sum()
}
