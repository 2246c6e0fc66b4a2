//! Conversion of a picture: crop, size, colour, transparency, orientation.

use crate::{Folder, encode, picture};
use dcgan_artifacts::{DatasetReader, Part};
use image::ImageFormat::{Jpeg, Png};
use image::{DynamicImage, Rgb, RgbImage, Rgba, RgbaImage};

/// The image from a picture with these settings of `prepare.pictures`.
#[track_caller]
fn image(bytes: &[u8], settings: &str) -> Vec<u8> {
    let folder = Folder::empty();
    folder.put("photos/a", bytes);
    let settings: Vec<String> = settings
        .split_whitespace()
        .map(|setting| format!("--set prepare.pictures.{setting}"))
        .collect();
    let settings = settings.join(" ");
    folder.succeed(&format!(
        "--out out --set prepare.source=folder --set prepare.folder=photos {settings}"
    ));
    let dataset = DatasetReader::open(&folder.path().join("out/dataset.safetensors")).unwrap();
    dataset.read_part(Part::Train).unwrap().images
}

/// Columns of one grey value each, `width` times `height`.
fn columns(values: &[u8], height: u32) -> Vec<u8> {
    let width = u32::try_from(values.len()).unwrap();
    let image = RgbImage::from_fn(width, height, |x, _| Rgb([values[x as usize]; 3]));
    encode(&DynamicImage::ImageRgb8(image), Png)
}

/// The first row of a grey image.
fn row(pixels: &[u8], width: usize) -> &[u8] {
    &pixels[..width]
}

#[test]
fn a_picture_of_the_right_size_is_left_as_it_is() {
    let bytes = picture(Png, 12, 20, 3);
    let whole = image::load_from_memory(&bytes).unwrap().into_rgb8();
    for crop in ["cover", "fit", "centre box=12"] {
        let got = image(&bytes, &format!("height=12 width=20 crop={crop}"));
        assert_eq!(got, whole.as_raw().as_slice(), "{crop}");
    }
}

#[test]
fn crops() {
    // 8 columns, 4 rows: the middle square has columns 2 to 5.
    let bytes = columns(&[0, 10, 20, 30, 40, 50, 60, 70], 4);
    let grey = |settings: &str| image(&bytes, &format!("channels=1 filter=box {settings}"));
    let covered = grey("height=4 width=4 crop=cover");
    assert_eq!(row(&covered, 4), [20, 30, 40, 50]);
    let boxed = grey("height=2 width=2 crop=centre box=2");
    assert_eq!(row(&boxed, 2), [30, 40]);
    // A box of 2 rows is 4 columns wide if images are twice as wide as high.
    let wide = grey("height=2 width=4 crop=centre box=2");
    assert_eq!(row(&wide, 4), [20, 30, 40, 50]);
    // A box larger than the picture is cut to it.
    let beyond = grey("height=4 width=4 crop=centre box=100");
    assert_eq!(beyond, covered);
    // The whole picture between bars: 8x4 in 4x4 leaves one row above and below.
    let fitted = grey("height=4 width=4 crop=fit background=[9,9,9]");
    assert_eq!(
        fitted,
        [[9; 4], [5, 25, 45, 65], [5, 25, 45, 65], [9; 4]].concat()
    );
}

#[test]
fn filters_differ_and_are_antialiased() {
    let stripes: Vec<u8> = (0..64).map(|x| if x % 2 == 0 { 0 } else { 255 }).collect();
    let bytes = columns(&stripes, 64);
    for filter in ["box", "bilinear", "bicubic", "lanczos"] {
        let shrunk = image(
            &bytes,
            &format!("height=8 width=8 channels=1 filter={filter}"),
        );
        // Sampling every eighth point would give all black or all white.
        assert!(
            shrunk.iter().all(|value| (110..=145).contains(value)),
            "{filter}: {shrunk:?}"
        );
    }
    let bytes = picture(Png, 50, 50, 1);
    let images: std::collections::BTreeSet<Vec<u8>> = ["box", "bilinear", "bicubic", "lanczos"]
        .iter()
        .map(|filter| image(&bytes, &format!("height=16 width=16 filter={filter}")))
        .collect();
    assert_eq!(images.len(), 4);
}

#[test]
fn grey_is_luma() {
    let pure = |rgb| {
        let flat = RgbImage::from_pixel(2, 2, Rgb(rgb));
        let bytes = encode(&DynamicImage::ImageRgb8(flat), Png);
        image(&bytes, "height=2 width=2 channels=1")[0]
    };
    // Rec. 709: 0.2126, 0.7152, 0.0722.
    assert_eq!(
        [pure([255, 0, 0]), pure([0, 255, 0]), pure([0, 0, 255])],
        [54, 182, 18]
    );
    // Grey pictures become three equal colours.
    let bytes = columns(&[7, 200], 2);
    let luma = image::load_from_memory(&bytes).unwrap().into_luma8();
    let bytes = encode(&DynamicImage::ImageLuma8(luma), Png);
    assert_eq!(
        image(&bytes, "height=2 width=2")[..6],
        [7, 7, 7, 200, 200, 200]
    );
}

#[test]
fn transparency() {
    let half = RgbaImage::from_fn(2, 1, |x, _| {
        Rgba([200, 100, 0, if x == 0 { 0 } else { 128 }])
    });
    let bytes = encode(&DynamicImage::ImageRgba8(half), Png);
    let of = |settings: &str| image(&bytes, &format!("height=1 width=2 {settings}"));
    assert_eq!(
        of("alpha=blend background=[10,20,30]"),
        [10, 20, 30, 105, 60, 15]
    );
    assert_eq!(of("alpha=ignore"), [200, 100, 0, 200, 100, 0]);
    assert_eq!(of("alpha=blend")[..3], [255; 3], "white by default");
}

/// A JPEG whose left half is dark, with an EXIF orientation of 6: the camera was turned, so that
/// the picture's top is at the right of what is stored.
#[test]
fn orientation() {
    let stored = RgbImage::from_fn(16, 16, |x, _| Rgb([if x < 8 { 10 } else { 240 }; 3]));
    let jpeg = encode(&DynamicImage::ImageRgb8(stored), Jpeg);
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    let corners = |settings: &str| {
        let pixels = image(&bytes, &format!("height=16 width=16 channels=1 {settings}"));
        [pixels[0], pixels[15], pixels[15 * 16], pixels[255]].map(|value| value > 128)
    };
    assert_eq!(corners("orientation=false"), [false, true, false, true]);
    assert_eq!(corners("orientation=true"), [false, false, true, true]);
}
