//! The folder that a stage writes, while it does.

use crate::found::{Found, Work};
use crate::{Error, Failure, Options, Plan, Progress, Signals};
use dcgan_artifacts::{
    FileDigest, FileRecord, Manifest, RunLock, create_folder, create_folder_in, remove_file,
    require_plain, write_atomic,
};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A stage's folder, locked. Nothing changes in it before [`begin`](Self::begin), which the first
/// write calls, and it counts as complete again when the frame has written the manifest.
#[derive(Debug)]
pub struct Output {
    folder: PathBuf,
    plan: Plan,
    found: Found,
    inputs: Vec<FileRecord>,
    outputs: Vec<FileRecord>,
    /// Files outside the manifest.
    unlisted: Vec<String>,
    has_begun: bool,
    signals: Signals,
    quiet: bool,
    lock: RunLock,
}

/// Makes `folder`, where there is none, and locks it.
pub(crate) fn lock(folder: &Path) -> Result<RunLock, Failure> {
    create_folder(folder)?;
    Ok(RunLock::acquire(folder)?)
}

impl Output {
    /// The folder of these options, in which `found` is, and which is moved aside where that is to
    /// be done.
    ///
    /// # Errors
    /// [`dcgan_artifacts::Error::NotOurs`] where something else than a plain file has the name of a
    /// planned one; [`Error::Find`] and [`Error::Move`].
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

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Name, size and hash of each input, sorted.
    pub fn inputs(&self) -> &[FileRecord] {
        &self.inputs
    }

    /// What was written so far and will be in the manifest, in the order of writing.
    pub fn written(&self) -> &[FileRecord] {
        &self.outputs
    }

    /// The signals that may stop the stage.
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Ends the stage if a signal came; every loop asks once a round.
    ///
    /// # Errors
    /// [`Failure::Interrupted`].
    pub fn check_signal(&self) -> Result<(), Failure> {
        self.signals.check()
    }

    /// The progress of `total` things to do, called `label`.
    pub fn progress(&self, label: &str, total: usize) -> Progress {
        Progress::new(label, total as u64, self.quiet)
    }

    /// Removes an earlier result: its manifest first, so that what is left of it is never taken for
    /// complete, then each of its files but those that will be replaced for certain and those of a
    /// [kept](Plan::kept) pattern. Does nothing when called again.
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

    /// Refuses links, folders and devices under the names of planned files, and links instead of
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

    /// Makes the folders of all planned files. [`write`](Self::write) and [`place`](Self::place)
    /// make those that they need.
    ///
    /// # Errors
    /// As [`create_folder_in`].
    pub fn make_folders(&self) -> Result<(), Failure> {
        for folder in self.plan.folders() {
            create_folder_in(&self.folder, folder)?;
        }
        Ok(())
    }

    /// Writes the file `name`, which may be in a folder of its own.
    ///
    /// # Errors
    /// As [`begin`](Self::begin), [`create_folder_in`] and [`write_atomic`].
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        write_atomic(&self.place(name)?, bytes)?;
        self.outputs.push(FileRecord::of_bytes(name, bytes));
        Ok(())
    }

    /// Writes a tree of numbers as the file `name`, indented.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_json(&mut self, name: &str, tree: &Value) -> Result<(), Failure> {
        self.write(name, format!("{tree:#}\n").as_bytes())
    }

    /// The path of the file `name`, which can be written by other means now.
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

    /// Lists a file that was written by other means, by its size and hash.
    pub fn record(&mut self, name: &str, digest: FileDigest) {
        self.outputs.push(FileRecord::new(name, digest));
    }

    /// Lists a file that was written by other means, which is read for its hash.
    ///
    /// # Errors
    /// As [`FileRecord::of_file`].
    pub fn add(&mut self, name: &str) -> Result<(), dcgan_artifacts::Error> {
        let record = FileRecord::of_file(&self.folder, name)?;
        self.outputs.push(record);
        Ok(())
    }

    /// Replaces the records of the inputs by those that loading them gave: of the same files, with
    /// the number of things in each.
    pub fn set_inputs(&mut self, inputs: &[FileRecord]) {
        self.inputs = inputs.to_vec();
    }

    /// Writes a file that the manifest doesn't list, as what a clock touches.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_unlisted(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        write_atomic(&self.place(name)?, bytes)?;
        self.leave_unlisted(name);
        Ok(())
    }

    /// Names a file that was written by other means and that the manifest doesn't list.
    pub fn leave_unlisted(&mut self, name: &str) {
        self.unlisted.push(name.to_owned());
    }

    /// Compares what was written with the plan, then writes the manifest: the result is complete.
    /// Returns the names of all files but the manifest, sorted.
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

    /// Moves the folder to the first free of `NAME.old-1`, `NAME.old-2` and so on, and makes and
    /// locks a new one. Returns the old one's new path.
    fn move_aside(&mut self) -> Result<PathBuf, Failure> {
        let from = fs::canonicalize(&self.folder).map_err(|source| Error::Find {
            path: self.folder.clone(),
            source,
        })?;
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
