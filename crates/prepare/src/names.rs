//! Names of files in outputs, without absolute paths.

use dcgan_hints::text_of;
use std::path::{Component, Path, PathBuf};

/// The deepest common folder.
pub(crate) fn shared_folder<'a>(mut folders: impl Iterator<Item = &'a Path>) -> PathBuf {
    let first = folders.next().unwrap_or(Path::new("")).to_owned();
    folders.fold(first, |shared, folder| {
        let both = shared.components().zip(folder.components());
        both.take_while(|(a, b)| a == b)
            .map(|(component, _)| component)
            .collect()
    })
}

/// The path below `root` with `/` between its parts, or the file name if it is not below `root`.
pub(crate) fn name_below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let inside = below
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    if inside {
        slashed(below)
    } else {
        slashed(Path::new(path.file_name().unwrap_or_default()))
    }
}

/// A path with `/` between its parts; a byte that is not text becomes an escape such as `\xff`.
pub(crate) fn slashed(path: &Path) -> String {
    let parts = path.components().map(|part| text_of(part.as_os_str()));
    parts.collect::<Vec<_>>().join("/")
}
