//! GIF round trips.

use crate::{decode_gif, picture};
use dcgan_figures::{Error, Picture, encode_gif};
use proptest::prelude::*;

fn rgb(picture: &Picture) -> Vec<u8> {
    let times = if picture.channels() == 1 { 3 } else { 1 };
    picture
        .pixels()
        .iter()
        .flat_map(|value| std::iter::repeat_n(*value, times))
        .collect()
}

proptest! {
    /// Frames with few colours are decoded exactly, with their size and delay.
    #[test]
    fn few_colours_are_exact(picture in picture(), delay in any::<u16>()) {
        // At most 121 pixels per frame: two frames have fewer than 256 colours.
        let (h, w, c) = (picture.height(), picture.width(), picture.channels());
        let inverse = picture.pixels().iter().map(|value| !value).collect();
        let frames = [picture, Picture::new(h, w, c, inverse).unwrap()];
        let bytes = encode_gif(&frames, delay).unwrap();
        prop_assert_eq!(&bytes, &encode_gif(&frames, delay).unwrap());
        let film = decode_gif(&bytes);
        prop_assert_eq!((film.height, film.width), (h, w));
        prop_assert_eq!(film.delays, vec![delay; 2]);
        prop_assert_eq!(film.frames, vec![rgb(&frames[0]), rgb(&frames[1])]);
    }
}

#[test]
fn all_greys_at_once_are_exact() {
    let ramp = Picture::new(16, 16, 1, (0..=255).collect()).unwrap();
    let film = decode_gif(&encode_gif(std::slice::from_ref(&ramp), 4).unwrap());
    assert_eq!(film.frames, [rgb(&ramp)]);
}

#[test]
fn many_colours_are_close_and_the_same_twice() {
    // A smooth field of 64x64 = 4096 colours.
    let pixels = (0..64u8)
        .flat_map(|y| (0..64u8).flat_map(move |x| [4 * x, 4 * y, 255 - 2 * x - 2 * y]))
        .collect();
    let field = Picture::new(64, 64, 3, pixels).unwrap();
    let bytes = encode_gif(std::slice::from_ref(&field), 4).unwrap();
    assert_eq!(bytes, encode_gif(std::slice::from_ref(&field), 4).unwrap());
    let film = decode_gif(&bytes);
    let error = |(got, expected): (&u8, &u8)| u32::from(got.abs_diff(*expected));
    let errors: Vec<u32> = film.frames[0]
        .iter()
        .zip(field.pixels())
        .map(error)
        .collect();
    let mean = errors.iter().sum::<u32>() as f32 / errors.len() as f32;
    assert!(mean < 6.0, "mean error {mean}");
    assert!(*errors.iter().max().unwrap() <= 24);
}

#[test]
fn frames_must_agree_and_exist() {
    assert!(matches!(encode_gif(&[], 4), Err(Error::Empty { .. })));
    let small = Picture::new(1, 1, 1, vec![0]).unwrap();
    let large = Picture::new(1, 2, 1, vec![0, 0]).unwrap();
    assert_eq!(
        encode_gif(&[small, large], 4).unwrap_err().to_string(),
        "frame 1 is [1, 2], the first frame is [1, 1] (height, width); all must agree"
    );
    let wide = Picture::new(1, 70_000, 1, vec![0; 70_000]).unwrap();
    assert!(matches!(
        encode_gif(&[wide], 4),
        Err(Error::Size { limit: 65_535, .. })
    ));
}
