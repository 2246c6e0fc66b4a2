//! A picture from the first pass, and the reasons for rejecting one.

use super::walk::{Entry, Root};
use crate::Error;
use crate::audit::{Finding, Kind};
use crate::validation::hash_share;
use dcgan_artifacts::Part;
use dcgan_pictures::{Header, Reason, Refusal};
use dcgan_settings::Prepare;
use dcgan_stage::Failure;
use std::path::PathBuf;

/// A file with a valid picture header.
pub(super) struct Sound {
    pub(super) entry: Entry,
    pub(super) header: Header,
    pub(super) sha256: [u8; 32],
}

/// A picture with a valid header.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) name: String,
    /// Which of the roots it was found under.
    pub(crate) root: usize,
    /// Number in the root's container.
    pub(crate) member: Option<usize>,
    pub(crate) path: PathBuf,
    pub(crate) sha256: [u8; 32],
    pub(crate) header: Header,
    pub(crate) class: Option<u8>,
}

/// Why a file is rejected: a kind of finding and a detail.
pub(super) type Refused = (Kind, String);

pub(super) fn refused_by(refusal: Refusal) -> Refused {
    let kind = match refusal.reason {
        Reason::NotAPicture => Kind::NotAPicture,
        Reason::Unsupported => Kind::Unsupported,
        Reason::TooLarge => Kind::TooLarge,
        Reason::Damaged => Kind::Damaged,
    };
    (kind, refusal.detail)
}

/// With `strict`, the first finding that loses an image is an error.
///
/// # Errors
/// [`Error::Unusable`].
pub(super) fn refuse_if_strict(settings: &Prepare, findings: &[Finding]) -> Result<(), Failure> {
    let first = findings.iter().find(|found| found.kind.is_skipped());
    match first.filter(|_| settings.pictures.strict) {
        Some(found) => Err(Failure::input(Error::Unusable {
            name: found.source.clone(),
            kind: found.kind.name(),
            detail: found.detail.clone(),
        })),
        None => Ok(()),
    }
}

/// The error for no image left to train on, of `files` below the folders of the training part.
/// `test` is what went to the test part.
pub(super) fn nothing_left<'a>(
    settings: &Prepare,
    roots: &[Root],
    files: usize,
    test: impl Iterator<Item = &'a Picture>,
    findings: &[Finding],
) -> Failure {
    let folders: Vec<String> = roots
        .iter()
        .filter(|root| root.part == Part::Train)
        .map(Root::given)
        .collect();
    let folders = folders.join("`, `");
    let shares: Vec<f64> = test.map(|picture| hash_share(&picture.sha256)).collect();
    if settings.pictures.test_share > 0.0 && !shares.is_empty() {
        let key = "prepare.pictures.test_share";
        return Failure::input(Error::all_to_test(folders, key, &shares));
    }
    let of_train = || findings.iter().filter(|found| found.part == Part::Train);
    let skipped = of_train().find(|found| found.kind.is_skipped());
    let first = skipped.or_else(|| of_train().find(|found| found.kind == Kind::NotAPicture));
    Failure::input(Error::NoPictures {
        folders,
        files,
        first: first.map(|found| {
            format!(
                "`{}`: {}, {}",
                found.source,
                found.kind.name(),
                found.detail
            )
        }),
    })
}
