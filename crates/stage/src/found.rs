//! What a stage finds in its folder, and what follows for its work.

use dcgan_artifacts::FileRecord;
use serde_json::Value;

/// The settings that fix a result, as its manifest has them, and their defaults: a setting that an
/// older manifest lacks counts as its default.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The settings of this call, by section.
    pub asked: Value,
    /// The same sections with every setting at its default.
    pub defaults: Value,
}

/// What there is to do in a stage's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The folder holds the result.
    Nothing,
    /// Make the result; files of an earlier one are replaced or removed.
    Make,
    /// Go on with what is in the folder; only its manifest is removed.
    Resume,
    /// Move the folder aside to `NAME.old-1`, `NAME.old-2` and so on, then make the result.
    MoveAside,
}

/// What [`Stage::inspect`](crate::Stage::inspect) found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What there is to do.
    pub work: Work,
    /// Files of an earlier result, as its manifest lists them.
    pub earlier: Vec<FileRecord>,
    /// Why a result that is there doesn't do.
    pub notes: Vec<Note>,
}

/// Why an earlier result doesn't do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Something is damaged or lost: logged as a warning.
    Damage(String),
    /// Something was asked for that differs: logged as information.
    Change(String),
}
