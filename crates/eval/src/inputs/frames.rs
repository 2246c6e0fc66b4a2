//! The grids of a training, as frames of the film.

use crate::Error;
use dcgan_artifacts::{list_grids, read_bounded};
use dcgan_figures::{Picture, decode_png};
use dcgan_stage::Failure;
use std::path::{Path, PathBuf};

/// Maximum number of frames, to keep the page small; more grids are thinned out evenly.
const FRAMES: usize = 30;
/// Maximum size of a grid's file.
pub(crate) const MAX_GRID_BYTES: u64 = 1 << 28;

/// The files `step-N.png` of a folder for the film, in the order of steps, including the first and
/// the last.
pub(crate) fn frames(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let grids = list_grids(folder).map_err(|source| {
        let path = folder.to_owned();
        Failure::input(Error::Grids { path, source })
    })?;
    if grids.is_empty() {
        let folder = folder.to_owned();
        return Err(Failure::input(Error::NoGrids { folder }));
    }
    let n = grids.len().min(FRAMES);
    let chosen = (0..n).map(|i| i * (grids.len() - 1) / (n - 1).max(1));
    Ok(chosen.map(|i| grids[i].clone()).collect())
}

/// Reads the frames.
pub(crate) fn read(frames: &[PathBuf]) -> Result<Vec<Picture>, Failure> {
    let read = |path: &PathBuf| {
        let bytes = read_bounded(path, MAX_GRID_BYTES).map_err(|source| {
            let path = path.clone();
            Failure::input(Error::Grids { path, source })
        })?;
        decode_png(&bytes).map_err(|source| {
            let path = path.clone();
            Failure::input(Error::Grid { path, source })
        })
    };
    let grids = frames.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    for (path, grid) in frames.iter().zip(&grids) {
        let size = |grid: &Picture| [grid.height(), grid.width()];
        if size(grid) != size(&grids[0]) {
            return Err(Failure::input(Error::OtherGrid {
                path: path.clone(),
                first: frames[0].clone(),
            }));
        }
    }
    Ok(grids)
}
