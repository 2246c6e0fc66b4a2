//! PNG round trips.

use crate::picture;
use dcgan_figures::{Error, Picture, decode_png, encode_png};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_picture_comes_back_and_its_bytes_are_the_same_twice(picture in picture()) {
        let bytes = encode_png(&picture).unwrap();
        prop_assert_eq!(&bytes, &encode_png(&picture.clone()).unwrap());
        prop_assert_eq!(decode_png(&bytes).unwrap(), picture);
    }

    /// Decoding damaged bytes returns a picture or an error and never panics.
    #[test]
    fn damage_is_an_error_or_another_picture(picture in picture(), at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = encode_png(&picture).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = value;
        let _ = decode_png(&bytes);
        prop_assert!(decode_png(&bytes[..at.min(30)]).is_err());
    }
}

#[test]
fn the_bytes_bear_no_metadata() {
    let bytes = encode_png(&Picture::new(1, 1, 1, vec![0]).unwrap()).unwrap();
    let mut chunks = Vec::new();
    let mut at = 8;
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        chunks.push(String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned());
        at += 12 + length;
    }
    assert_eq!(chunks, ["IHDR", "IDAT", "IEND"]);
}

#[test]
fn alpha_and_other_files_are_refused() {
    let mut alpha = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut alpha);
    image::ImageEncoder::write_image(encoder, &[1, 2], 1, 1, image::ExtendedColorType::La8)
        .unwrap();
    assert_eq!(
        decode_png(&alpha).unwrap_err().to_string(),
        "the PNG should be 8-bit grey or RGB, got La8"
    );
    assert!(matches!(
        decode_png(b"GIF89a"),
        Err(Error::PngDecode { .. })
    ));
}
