//! The result of inspecting a stage's folder.

use dcgan_artifacts::FileRecord;
use serde_json::Value;

/// The settings that determine a result, as in its manifest, and their defaults, which apply to
/// settings that an older manifest lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The settings of this call, by section.
    pub asked: Value,
    /// The same sections with every setting at its default.
    pub defaults: Value,
}

/// The work to do in a stage's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The folder has the result already.
    Nothing,
    /// Make the result; files of an earlier one are replaced or removed.
    Make,
    /// Continue with the files in the folder; only its manifest is removed.
    Resume,
    /// Move the folder aside to `NAME.old-1`, `NAME.old-2` and so on, then make the result.
    MoveAside,
}

/// The return value of [`Stage::inspect`](crate::Stage::inspect).
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The work to do.
    pub work: Work,
    /// Files of an earlier result, from its manifest.
    pub earlier: Vec<FileRecord>,
    /// Why an existing result can't be used.
    pub notes: Vec<Note>,
}

/// Why an earlier result can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Something is damaged or missing: logged as a warning.
    Damage(String),
    /// Settings or inputs differ: logged as information.
    Change(String),
}
