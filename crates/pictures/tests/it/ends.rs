//! Files that end too early or too late. The JPEGs in `data` were generated for these tests from a
//! formula and written with Pillow.

use crate::{encode, picture, read};
use dcgan_pictures::{Decoded, Reason};
use image::ImageFormat::{Bmp, Png};
use image::{DynamicImage, Rgb, RgbImage, Rgba, RgbaImage};

const JPEGS: [(&str, &[u8]); 4] = [
    ("baseline", include_bytes!("data/baseline.jpg")),
    ("progressive", include_bytes!("data/progressive.jpg")),
    ("restarts", include_bytes!("data/restarts.jpg")),
    ("grey", include_bytes!("data/grey.jpg")),
];

#[test]
fn a_jpeg_without_an_end_is_taken_when_all_its_pixels_are_there() {
    for (name, bytes) in JPEGS {
        let whole = read(bytes, "a.jpg").unwrap();
        assert_eq!(whole.odd_end, None, "{name}");
        // One or both bytes of the marker are missing.
        for missing in 1..=2 {
            let taken = read(&bytes[..bytes.len() - missing], "a.jpg").unwrap();
            assert!(taken.pixels == whole.pixels, "{name}");
            let odd = "its end-of-image marker is missing; all its pixels are there";
            assert_eq!(taken.odd_end.as_deref(), Some(odd), "{name}");
        }
        // Zeros instead of the end, as in the last block of a disk.
        let zeros = [&bytes[..bytes.len() - 2], &[0; 300]].concat();
        assert_eq!(
            read(&zeros, "a.jpg").unwrap().pixels,
            whole.pixels,
            "{name}"
        );
    }
}

/// However much is cut off, an accepted picture is the complete one.
#[test]
fn a_jpeg_that_lacks_a_pixel_is_not_taken() {
    for (name, bytes) in JPEGS {
        let whole = read(bytes, "a.jpg").unwrap().pixels;
        let mut n_refused = 0;
        for length in 4..bytes.len() - 2 {
            match read(&bytes[..length], "a.jpg") {
                Ok(taken) => assert!(taken.pixels == whole, "{name}: {length}"),
                Err(refusal) => {
                    assert_eq!(refusal.reason, Reason::Damaged, "{name}: {length}");
                    n_refused += 1;
                }
            }
        }
        // All except those whose last bytes are only fill.
        assert!(
            n_refused > bytes.len() - 12,
            "{name}: {n_refused} of {}",
            bytes.len()
        );
    }
}

#[test]
fn bytes_after_the_end_are_told() {
    for bytes in [JPEGS[0].1, &picture(Png)] {
        let whole = read(bytes, "a").unwrap();
        let odd = |more: &[u8]| {
            let Decoded { pixels, odd_end } = read(&[bytes, more].concat(), "a").unwrap();
            assert!(pixels == whole.pixels);
            odd_end
        };
        assert_eq!(odd(b""), None);
        assert_eq!(odd(b"\n").as_deref(), Some("1 byte after its end"));
        assert_eq!(
            odd(b"\xff\xda and more").as_deref(),
            Some("11 bytes after its end")
        );
    }
}

#[test]
fn a_png_without_an_end_is_taken_when_all_its_pixels_are_there() {
    let whole = picture(Png);
    let pixels = read(&whole, "a.png").unwrap().pixels;
    // The end chunk has 12 bytes.
    for missing in 1..=12 {
        let taken = read(&whole[..whole.len() - missing], "a.png").unwrap();
        assert!(taken.pixels == pixels);
        let odd = "its end chunk (IEND) is missing; all its pixels are there";
        assert_eq!(taken.odd_end.as_deref(), Some(odd));
    }
    for missing in [13, 20, 100] {
        let refusal = read(&whole[..whole.len() - missing], "a.png").unwrap_err();
        assert_eq!(refusal.detail, "cut short: its end chunk (IEND) is missing");
    }
}

/// Writers that leave the fourth byte unused may still declare a mask for it.
#[test]
fn a_bmp_that_is_transparent_throughout_is_opaque() {
    let of = |alpha: &dyn Fn(u32) -> u8| {
        let image = RgbaImage::from_fn(40, 24, |x, y| {
            let [red, green] = [x * 6, y * 10].map(|value| u8::try_from(value).unwrap());
            Rgba([red, green, 9, alpha(x)])
        });
        encode(&DynamicImage::ImageRgba8(image), Bmp)
    };
    let opaque = RgbImage::from_fn(40, 24, |x, y| {
        Rgb([x * 6, y * 10, 9].map(|value| u8::try_from(value).unwrap()))
    });
    assert_eq!(
        read(&of(&|_| 0), "a.bmp").unwrap().pixels,
        opaque.as_raw().as_slice()
    );
    assert_eq!(
        read(&of(&|_| 255), "a.bmp").unwrap().pixels,
        opaque.as_raw().as_slice()
    );
    // If any pixel is visible, the transparency is meant: blend with white.
    let shown = read(&of(&|x| if x == 0 { 255 } else { 0 }), "a.bmp")
        .unwrap()
        .pixels;
    assert_eq!(shown[..6], [0, 0, 9, 255, 255, 255]);
}
