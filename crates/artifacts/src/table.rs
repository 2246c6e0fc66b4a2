//! CSV tables that grow during a run: `metrics.csv`, `histograms.csv`, `timing.csv`, `scores.csv`,
//! `events.csv`.
//!
//! Rows are appended; before a checkpoint the table is flushed and synced, and the checkpoint
//! records its length and SHA-256 at that moment. Resuming verifies that prefix and cuts what
//! follows, so that a resumed run's table equals that of an uninterrupted run.

use crate::atomic::{self, require_plain, write_atomic};
use crate::cell::csv_rows;
use crate::change::DiskFile;
use crate::digest::{BLOCK, HashingWriter, copy_blocks};
use crate::error::{Artifact, Error};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Maximum length of a table read into memory: some million rows.
pub(crate) const MOST_BYTES: u64 = 1 << 30;

/// A table's length at a checkpoint, and the hash of that prefix.
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
    /// Starts a table with `header` and replaces an existing one.
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

    /// Continues after `position`: verifies what precedes it and cuts what follows.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Read`] or [`Error::Damaged`] if the table is not the one of the
    /// checkpoint; else [`Error::Write`] or [`Error::NotOurs`].
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

    /// Continues a table that checkpoints don't record (`timing.csv`): keeps the complete rows
    /// whose first field is a number up to `last_step`, and cuts the table at the first other one.
    /// Starts a new table if there is none or its header differs.
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

    /// Whether the table at `path` has the columns `names`, in that order; reads only the header.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Read`].
    pub fn has_header(path: &Path, names: &[String]) -> Result<bool, Error> {
        let names = names.iter().map(String::as_bytes);
        header(path).map(|header| header.iter().eq(names))
    }

    /// The step of the last row on disk, its first field. `None` if there is no row or it is not a
    /// number.
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
    /// [`Error::Contradiction`] if the number of fields differs from the header; [`Error::Write`].
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

    /// Flushes and syncs all rows; returns the table's position.
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

    /// Hashes and keeps the first `bytes` bytes and cuts the rest.
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

    /// Cuts the file after `bytes` bytes and seeks to its end.
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

/// Number of fields in the header of the table at `path`.
fn columns(path: &Path) -> Result<usize, Error> {
    header(path).map(|header| header.len())
}

/// The names of a table's columns, which may not be UTF-8.
fn header(path: &Path) -> Result<csv::ByteRecord, Error> {
    let failed = |e: csv::Error| Error::read(path, Artifact::Table, e.into());
    let (file, _) = atomic::open(path, Artifact::Table)?;
    let mut reader = csv::Reader::from_reader(file);
    reader.byte_headers().cloned().map_err(failed)
}

/// Number of bytes of complete rows that begin with a number up to `last_step`.
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
