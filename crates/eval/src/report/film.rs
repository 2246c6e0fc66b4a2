//! The grids of a training as an animation.

use crate::Error;
use dcgan_figures::{Picture, encode_gif};
use dcgan_stage::Failure;

/// Name of the file.
pub(crate) const FILE: &str = "film.gif";
/// Duration of a frame in hundredths of a second.
const DELAY: u16 = 20;
/// The last frame is shown this many times as long.
const HOLD: usize = 6;

/// The animation. It starts with the last grid and pauses there, so that paper and viewers without
/// animation show the result.
pub(crate) fn gif(mut grids: Vec<Picture>) -> Result<Vec<u8>, Failure> {
    let last = grids.pop().into_iter();
    let mut frames: Vec<Picture> = last
        .flat_map(|last| std::iter::repeat_n(last, HOLD))
        .collect();
    frames.append(&mut grids);
    encode_gif(&frames, DELAY)
        .map_err(|source| Failure::output(Error::Picture { name: FILE, source }))
}
