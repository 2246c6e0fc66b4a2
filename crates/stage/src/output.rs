//! The folder that a stage writes.

use crate::found::{Found, Work};
use crate::{Error, Failure, Options, Plan, Progress, Signals};
use dcgan_artifacts::{
    FileDigest, FileRecord, Manifest, RunLock, create_folder, create_folder_in, remove_file,
    require_plain, write_atomic,
};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A stage's locked folder. Nothing in it changes before [`begin`](Self::begin), which the first
/// write calls. It is complete again once the frame has written the manifest.
#[derive(Debug)]
pub struct Output {
    folder: PathBuf,
    plan: Plan,
    found: Found,
    inputs: Vec<FileRecord>,
    outputs: Vec<FileRecord>,
    /// Files that the manifest does not list.
    unlisted: Vec<String>,
    has_begun: bool,
    signals: Signals,
    quiet: bool,
    lock: RunLock,
}

/// Creates `folder` if it does not exist, and locks it.
pub(crate) fn lock(folder: &Path) -> Result<RunLock, Failure> {
    create_folder(folder)?;
    Ok(RunLock::acquire(folder)?)
}

impl Output {
    /// Opens the folder of `options`, with the earlier result `found`; moves the old folder aside
    /// if that is the work to do.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::NotOurs`] if the name of a planned file is not a plain file;
    /// [`Error::Find`] and [`Error::Move`].
    pub(crate) fn open(
        lock: RunLock,
        options: &Options<'_>,
        plan: Plan,
        found: Found,
        inputs: &[FileRecord],
        signals: Signals,
    ) -> Result<Self, Failure> {
        let mut output = Self {
            folder: options.out.to_owned(),
            plan,
            found,
            inputs: inputs.to_vec(),
            outputs: Vec::new(),
            unlisted: Vec::new(),
            has_begun: false,
            signals,
            quiet: options.quiet,
            lock,
        };
        if output.found.work == Work::MoveAside {
            let old = output.move_aside()?;
            log::info!("the old result is now in `{}`", old.display());
        }
        output.require_ours()?;
        Ok(output)
    }

    /// Its path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Name, size and hash of each input, sorted.
    pub fn inputs(&self) -> &[FileRecord] {
        &self.inputs
    }

    /// Records of the files written so far that will be in the manifest, in the order of writing.
    pub fn written(&self) -> &[FileRecord] {
        &self.outputs
    }

    /// The signals that may stop the stage.
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Returns an error if a signal came; every loop calls it once per iteration.
    ///
    /// # Errors
    /// [`Failure::Interrupted`].
    pub fn check_signal(&self) -> Result<(), Failure> {
        self.signals.check()
    }

    /// Starts a progress display of `total` steps, called `label`.
    pub fn progress(&self, label: &str, total: usize) -> Progress {
        Progress::new(label, total as u64, self.quiet)
    }

    /// Removes an earlier result: first its manifest, so that a partly removed result never counts
    /// as complete, then its files, except those that the plan certainly replaces or
    /// [keeps](Plan::kept). Does nothing when called again.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::Write`].
    pub fn begin(&mut self) -> Result<(), Failure> {
        if self.has_begun {
            return Ok(());
        }
        Manifest::remove(&self.folder)?;
        if self.found.work == Work::Make {
            for record in &self.found.earlier {
                if !self.plan.keeps(&record.name) {
                    remove_file(&self.folder.join(&record.name))?;
                }
            }
        }
        self.has_begun = true;
        Ok(())
    }

    /// Refuses links, folders and devices with the names of planned files, and links in place of
    /// folders.
    fn require_ours(&self) -> Result<(), Failure> {
        for planned in self.plan.entries() {
            require_plain(&self.folder.join(&planned.name))?;
        }
        for folder in self.plan.folders() {
            if fs::symlink_metadata(self.folder.join(folder)).is_ok() {
                create_folder_in(&self.folder, folder)?;
            }
        }
        Ok(())
    }

    /// Creates the folders of all planned files. [`write`](Self::write) and [`place`](Self::place)
    /// also create those that they need.
    ///
    /// # Errors
    /// As [`create_folder_in`].
    pub fn make_folders(&self) -> Result<(), Failure> {
        for folder in self.plan.folders() {
            create_folder_in(&self.folder, folder)?;
        }
        Ok(())
    }

    /// Writes the file `name`, which may be in a sub-folder.
    ///
    /// # Errors
    /// As [`begin`](Self::begin), [`create_folder_in`] and [`write_atomic`].
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        write_atomic(&self.place(name)?, bytes)?;
        self.outputs.push(FileRecord::of_bytes(name, bytes));
        Ok(())
    }

    /// Writes `tree` as the file `name`, as indented JSON.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_json(&mut self, name: &str, tree: &Value) -> Result<(), Failure> {
        self.write(name, format!("{tree:#}\n").as_bytes())
    }

    /// Prepares to write the file `name` by other means, and returns its path.
    ///
    /// # Errors
    /// As [`begin`](Self::begin) and [`create_folder_in`].
    pub fn place(&mut self, name: &str) -> Result<PathBuf, Failure> {
        self.begin()?;
        if let Some((folder, _)) = name.rsplit_once('/') {
            create_folder_in(&self.folder, folder)?;
        }
        Ok(self.folder.join(name))
    }

    /// Lists a file that was written by other means, with known size and hash.
    pub fn record(&mut self, name: &str, digest: FileDigest) {
        self.outputs.push(FileRecord::new(name, digest));
    }

    /// Lists a file that was written by other means, reading it for its hash.
    ///
    /// # Errors
    /// As [`FileRecord::of_file`].
    pub fn add(&mut self, name: &str) -> Result<(), dcgan_artifacts::Error> {
        let record = FileRecord::of_file(&self.folder, name)?;
        self.outputs.push(record);
        Ok(())
    }

    /// Replaces the records of the inputs by more complete ones from loading the same files, with
    /// the number of items in each.
    pub fn set_inputs(&mut self, inputs: &[FileRecord]) {
        self.inputs = inputs.to_vec();
    }

    /// Writes a file that the manifest doesn't list, for example one with times.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_unlisted(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        write_atomic(&self.place(name)?, bytes)?;
        self.leave_unlisted(name);
        Ok(())
    }

    /// Registers a file that was written by other means and that the manifest doesn't list.
    pub fn leave_unlisted(&mut self, name: &str) {
        self.unlisted.push(name.to_owned());
    }

    /// Compares the written files with the plan, then writes the manifest, which completes the
    /// result. Returns the sorted names of all files except the manifest.
    pub(crate) fn finish(
        mut self,
        stage: &'static str,
        settings: Value,
    ) -> Result<Vec<String>, Failure> {
        self.outputs.sort();
        let listed = self.outputs.iter().map(|record| record.name.clone());
        let mut names: Vec<String> = listed.chain(self.unlisted).collect();
        names.sort();
        self.plan.check(names.iter().map(String::as_str))?;
        let manifest = Manifest {
            stage: stage.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings,
            inputs: self.inputs,
            outputs: self.outputs,
        };
        manifest.write(&self.folder)?;
        drop(self.lock);
        Ok(names)
    }

    /// Moves the folder to the first free name of `NAME.old-1`, `NAME.old-2` and so on, then
    /// creates and locks a new one. Returns the new path of the old one.
    fn move_aside(&mut self) -> Result<PathBuf, Failure> {
        let from = fs::canonicalize(&self.folder).map_err(|source| Error::Find {
            path: self.folder.clone(),
            source,
        })?;
        if std::env::current_dir().is_ok_and(|current| current.starts_with(&from)) {
            return Err(Error::Within { folder: from }.into());
        }
        let old = |n: u32| {
            let mut name = from.file_name().unwrap_or_default().to_owned();
            name.push(format!(".old-{n}"));
            from.with_file_name(name)
        };
        let is_free = |to: &PathBuf| fs::symlink_metadata(to).is_err();
        let to = (1..=u32::MAX)
            .map(old)
            .find(is_free)
            .unwrap_or_else(|| old(0));
        #[expect(
            clippy::disallowed_methods,
            reason = "moves a whole folder, within its parent"
        )]
        fs::rename(&from, &to).map_err(|source| Error::Move {
            from: self.folder.clone(),
            to: to.clone(),
            source,
        })?;
        self.lock = lock(&from)?;
        Ok(to)
    }
}
