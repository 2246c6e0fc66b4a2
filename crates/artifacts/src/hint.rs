//! What to do about an error with a file.

use crate::error::{Artifact, Error, LINK, NOT_A_FILE};
use dcgan_hints::Hint;
use std::io;
use std::path::Path;

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            // Don't suggest removing it: without it `dcgan-train` can't identify the run.
            Error::Missing { artifact, .. } | Error::Json { artifact, .. }
                if *artifact == Artifact::Run =>
            {
                "leave `--run` out, or give the `run.json` that the training wrote".into()
            }
            Error::Missing { artifact, .. } => missing(*artifact),
            Error::Read { source, .. } if source.kind() == io::ErrorKind::OutOfMemory => {
                "use a machine with more memory, or fewer images".into()
            }
            Error::Read { source, .. } if source.kind() == io::ErrorKind::NotADirectory => {
                "give a folder: the checkpoints of a run are in `train/checkpoints`".into()
            }
            Error::Read { .. } => "check the path and its permissions".into(),
            Error::Damaged { artifact, .. }
            | Error::Header { artifact, .. }
            | Error::Json { artifact, .. } => damaged(*artifact),
            Error::NewerFormat { .. } => {
                "use the version of this program that wrote it, or a later one".into()
            }
            Error::Unfit { path, got, .. } if got == NOT_A_FILE => not_a_file(path),
            Error::Unfit { artifact, .. } => match made(*artifact) {
                Some(made) => format!("give another file; {made}"),
                None => "give another file".into(),
            },
            Error::NoBest { .. } => {
                "train with `train.best` and `train.score_every`, as pipelines/mnist-best.yaml \
                 does; or take the checkpoint itself, by `best: false`"
                    .into()
            }
            Error::Contradiction { .. } => return None,
            Error::Write {
                path,
                action,
                source,
            } => unwritten(path, action, source.kind()),
            Error::BrokenChain { .. } => {
                "run that stage again, or give back the file that it was run on".into()
            }
            Error::NotARun { run: Some(run), .. } => {
                format!(
                    "this is the folder of a stage: give its run's, `{}`",
                    run.display()
                )
            }
            Error::NotARun { run: None, .. } => {
                "give a run's folder, such as `runs/mnist`: `make prepare` and `make train` \
                 write its stages' folders"
                    .into()
            }
            Error::NoSpace { source, .. } => match source.kind() {
                io::ErrorKind::FileTooLarge => {
                    "raise the limit on file sizes (`ulimit -f`) and run the same command again"
                        .into()
                }
                _ => "free space on that disk and run the same command again".into(),
            },
            Error::Locked { .. } => "wait for it to end, or choose another `--out`".into(),
            Error::OtherStage { .. } => "choose another `--out`".into(),
            Error::NotOurs { path, got, .. } if *got == LINK => format!(
                "replace the links in `{}` by copies of what they point to (`dvc unprotect` does \
                 so for a cache of DVC) and run the same command again, or choose another `--out`",
                path.parent().unwrap_or(path).display()
            ),
            Error::NotOurs { path, .. } => {
                format!("move `{}` away, or choose another `--out`", path.display())
            }
        })
    }
}

/// What makes such a file, in a run's folder and elsewhere, as a clause.
fn made(artifact: Artifact) -> Option<String> {
    let command = artifact.made_by()?;
    Some(match artifact.program() {
        Some(program) => {
            format!("`{command}` makes that of a run, `{program} --out FOLDER` one elsewhere")
        }
        None => format!("`{command}` makes one"),
    })
}

fn missing(artifact: Artifact) -> String {
    match (artifact, made(artifact)) {
        (Artifact::Source, _) => {
            "give the folder that the sources' names are relative to as `--source`, make's \
             SOURCE: for `photos/1.png` the folder that holds `photos`"
                .into()
        }
        (Artifact::Listed, _) => "put it back, or run that stage again".into(),
        (Artifact::Record, _) => {
            "put it back; or move the training's folder away and train again".into()
        }
        (_, Some(made)) => format!("{made}; or give another path"),
        (_, None) => "check the path".into(),
    }
}

fn damaged(artifact: Artifact) -> String {
    match (artifact, artifact.made_by(), artifact.program()) {
        // A finished training doesn't write them again.
        (Artifact::Table | Artifact::Record, ..) => {
            "copy it again; or move the training's folder away and train again".into()
        }
        // The stage ignores a damaged one.
        (Artifact::Manifest, ..) => "copy it again, or run that stage again".into(),
        (Artifact::Listed, ..) => "copy it again, or remove it and run that stage again".into(),
        (_, Some(command), Some(program)) => format!(
            "copy it again, or remove it and run `{command}` (for a file outside a run \
             `{program} --out FOLDER`)"
        ),
        (_, Some(command), None) => format!("copy it again, or remove it and run `{command}`"),
        (_, None, _) => "copy it again, or remove it and make it again".into(),
    }
}

/// A folder under the name of a checkpoint was listed, not named by the user.
fn not_a_file(path: &Path) -> String {
    let path = path.display();
    format!("give the path of a file; if you did not name `{path}` yourself, move it away")
}

/// What to do about a failed write to `path`, a file or a folder.
fn unwritten(path: &Path, action: &str, kind: io::ErrorKind) -> String {
    use io::ErrorKind::{
        IsADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    match kind {
        StorageFull | QuotaExceeded => {
            "free space on that disk and run the same command again".into()
        }
        IsADirectory => format!("move the folder `{}` away", path.display()),
        // Names in a folder are changed by right of the folder, bytes by that of the file.
        PermissionDenied if !matches!(action, "rename" | "remove") && path.is_file() => {
            format!(
                "make `{}` writable, or choose another `--out`",
                path.display()
            )
        }
        PermissionDenied | ReadOnlyFilesystem => format!(
            "make the folder `{}` writable, or choose another `--out`",
            folder_at(path).display()
        ),
        _ => "check the disk, or choose another `--out`".into(),
    }
}

/// The folder that there is of a path and those above it: the path itself only if it is a folder.
fn folder_at(path: &Path) -> &Path {
    let mut folders = path.ancestors();
    folders
        .find(|folder| folder.is_dir())
        .unwrap_or(Path::new("."))
}
