//! The grids of one z that were drawn on the way, as an animation.

use crate::Error;
use dcgan_figures::{Picture, encode_gif};
use dcgan_stage::Failure;

/// Name of the file.
pub(crate) const FILE: &str = "film.gif";
/// Hundredths of a second that a frame is shown.
const DELAY: u16 = 20;
/// The last frame is shown so many times as long.
const HOLD: usize = 6;

/// The animation. It starts with the last grid and rests there, so that paper, and whoever shows no
/// motion, has the result.
pub(crate) fn gif(mut grids: Vec<Picture>) -> Result<Vec<u8>, Failure> {
    let last = grids.pop().into_iter();
    let mut frames: Vec<Picture> = last
        .flat_map(|last| std::iter::repeat_n(last, HOLD))
        .collect();
    frames.append(&mut grids);
    encode_gif(&frames, DELAY)
        .map_err(|source| Failure::output(Error::Picture { name: FILE, source }))
}
