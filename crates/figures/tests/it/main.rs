//! Pictures, grids, PNG and GIF through the crate's public functions.
#![expect(
    clippy::unwrap_used,
    reason = "helper functions of tests fail by panicking"
)]

mod animation;
mod grid;
mod png;

use dcgan_figures::Picture;
use proptest::prelude::*;

/// Any small picture, grey or RGB.
fn picture() -> impl Strategy<Value = Picture> {
    (1usize..12, 1usize..12, prop_oneof![Just(1usize), Just(3)]).prop_flat_map(|(h, w, c)| {
        prop::collection::vec(any::<u8>(), h * w * c)
            .prop_map(move |pixels| Picture::new(h, w, c, pixels).unwrap())
    })
}

/// A decoded animation: its delay and size, and every frame as RGB.
struct Film {
    delays: Vec<u16>,
    height: usize,
    width: usize,
    frames: Vec<Vec<u8>>,
}

/// Decodes a GIF with the library's reader and looks up colours in its palette.
fn decode_gif(bytes: &[u8]) -> Film {
    let mut decoder = gif::DecodeOptions::new().read_info(bytes).unwrap();
    let palette = decoder.global_palette().unwrap().to_vec();
    let (height, width) = (usize::from(decoder.height()), usize::from(decoder.width()));
    let mut film = Film {
        delays: Vec::new(),
        height,
        width,
        frames: Vec::new(),
    };
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        film.delays.push(frame.delay);
        let colour = |index: &u8| palette[usize::from(*index) * 3..][..3].to_vec();
        film.frames
            .push(frame.buffer.iter().flat_map(colour).collect());
    }
    film
}
