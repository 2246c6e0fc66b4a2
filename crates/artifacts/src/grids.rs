//! The folder of grids that a training draws on the way.

use std::io;
use std::path::{Path, PathBuf};

/// The files `step-N.png` in `folder`, ascending by step; other files are ignored.
///
/// # Errors
/// If the folder can't be read.
pub fn list_grids(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut grids: Vec<(u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let step = name.and_then(|name| {
            let digits = name.strip_prefix("step-")?.strip_suffix(".png")?;
            digits.parse().ok()
        });
        grids.extend(step.map(|step| (step, path)));
    }
    grids.sort_unstable();
    Ok(grids.into_iter().map(|(_, path)| path).collect())
}
