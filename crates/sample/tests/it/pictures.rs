//! Decodes the pictures that were written.

use crate::support::Place;
use dcgan_figures::{Picture, decode_png};
use std::fs;

/// Both networks, each with the height and width of its images.
pub(crate) fn places() -> [(Place, usize, usize); 2] {
    [(Place::labelled(), 8, 8), (Place::unlabelled(), 18, 16)]
}

/// Height, width and the colour indices of each frame.
pub(crate) fn gif(place: &Place, name: &str) -> (usize, usize, Vec<Vec<u8>>) {
    let bytes = fs::read(place.path(name)).unwrap();
    let mut decoder = gif::DecodeOptions::new().read_info(&bytes[..]).unwrap();
    let (height, width) = (usize::from(decoder.height()), usize::from(decoder.width()));
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        frames.push(frame.buffer.to_vec());
    }
    (height, width, frames)
}

/// A PNG of the folder.
pub(crate) fn png(place: &Place, name: &str) -> Picture {
    decode_png(&fs::read(place.path(name)).unwrap()).unwrap()
}

/// The image in a cell of a grid with gaps of 2.
pub(crate) fn cell(
    picture: &Picture,
    [height, width]: [usize; 2],
    row: usize,
    column: usize,
) -> Vec<u8> {
    let c = picture.channels();
    (0..height)
        .flat_map(|y| {
            let start = ((row * (height + 2) + y) * picture.width() + column * (width + 2)) * c;
            picture.pixels()[start..start + width * c].to_vec()
        })
        .collect()
}
