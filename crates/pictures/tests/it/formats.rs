//! Unreadable formats are recognised by content, whatever the file's name.

use crate::{picture, read, refused};
use dcgan_pictures::{Reason, is_text, recognise};
use image::ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};
use std::path::Path;

/// The first box of a file with the given brands.
fn brands(brands: &str) -> Vec<u8> {
    let length = u32::try_from(8 + brands.len()).unwrap().to_be_bytes();
    [&length, b"ftyp", brands.as_bytes(), &[0; 100]].concat()
}

fn padded(start: &[u8]) -> Vec<u8> {
    [start, &[0; 100]].concat()
}

/// The start of a file of each format, and the format's name.
fn unread() -> Vec<(Vec<u8>, &'static str)> {
    let svg = b"<?xml version=\"1.0\"?>\n<!-- drawn -->\n<svg width=\"9\"></svg>";
    vec![
        (brands("heic\0\0\0\0mif1heic"), "HEIC"),
        (brands("mif1\0\0\0\0mif1heic"), "HEIC"),
        (brands("mif1\0\0\0\0mif1miaf"), "HEIC"),
        (brands("avif\0\0\0\0avifmif1miaf"), "AVIF"),
        (brands("mif1\0\0\0\0mif1avif"), "AVIF"),
        (brands("crx \0\0\0\x01crx isom"), "a camera's RAW file"),
        (padded(b"\xff\x0a\xfa\x7f"), "JPEG XL"),
        (padded(b"\0\0\0\x0cJXL \r\n\x87\n"), "JPEG XL"),
        (padded(b"\0\0\0\x0cjP  \r\n\x87\n"), "JPEG 2000"),
        (padded(b"\xff\x4f\xff\x51"), "JPEG 2000"),
        (padded(b"II*\0\x08\0\0\0"), "TIFF"),
        (padded(b"MM\0*\0\0\0\x08"), "TIFF"),
        (padded(b"MM\0+\0\x08"), "TIFF"),
        (padded(b"II*\0\x10\0\0\0CR\x02\0"), "a camera's RAW file"),
        (padded(b"8BPS\0\x01"), "PSD"),
        (padded(b"P5\n# by hand\n24 7\n255\n"), "PGM"),
        (padded(b"P6 24 7 255\n"), "PPM"),
        (padded(b"P4\n24 7\n"), "PBM"),
        (padded(b"\0\0\x01\0\x01\0"), "ICO"),
        (padded(b"DDS |\0\0\0"), "DDS"),
        (padded(b"\x76\x2f\x31\x01\x02"), "OpenEXR"),
        (padded(b"#?RADIANCE\n"), "Radiance HDR"),
        (padded(b"qoif\0\0\0\x09"), "QOI"),
        (padded(b"gimp xcf v011\0"), "XCF"),
        (padded(b"\0\0\x02\0\0\0\0\0\0\0\0\0\x09\0\x09\0\x18"), "TGA"),
        (svg.to_vec(), "SVG"),
        (b"\xef\xbb\xbf <svg xmlns=\"x\"/>".to_vec(), "SVG"),
        (
            padded(b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI\x50\0\x20\x06\x2c\xb8\x77\x66"),
            "a PNG for iPhone apps (CgBI)",
        ),
    ]
}

#[test]
fn a_picture_that_is_not_read_is_named_and_never_damaged() {
    for (bytes, format) in unread() {
        for name in ["a.jpg", "a.png", "a.unknown", "a"] {
            let (reason, detail) = refused(&bytes, name);
            assert_eq!(reason, Reason::Unsupported, "{format}: {detail}");
            assert!(
                detail.starts_with(&format!("{format}: ")),
                "{format}: {detail}"
            );
            assert!(detail.contains("convert it first"), "{format}: {detail}");
        }
    }
    // A RAW file's extension tells it from other TIFF files; formats without a signature have only
    // their name.
    assert!(
        refused(&padded(b"MM\0*"), "a.NEF")
            .1
            .starts_with("a camera's RAW file: ")
    );
    assert!(
        refused(&padded(b"\0\x01\x01\0"), "a.TGA")
            .1
            .starts_with("TGA: ")
    );
}

#[test]
fn what_is_read_is_none_of_them() {
    for format in [Bmp, Gif, Jpeg, Png, WebP] {
        let bytes = picture(format);
        assert_eq!(recognise(&bytes, Path::new("a")), None, "{format:?}");
        assert!(read(&bytes, "a.heic").is_ok(), "{format:?}");
    }
}

#[test]
fn what_is_no_picture_is_named() {
    let of = |bytes: &[u8], name: &str| refused(bytes, name);
    let zip = padded(b"PK\x03\x04\x14\0");
    assert_eq!(
        of(&zip, "a.zip"),
        (Reason::NotAPicture, "a ZIP archive".into())
    );
    let damaged = |detail: &str| (Reason::Damaged, detail.to_owned());
    assert_eq!(of(&zip, "a.jpg"), damaged("a ZIP archive by its content"));
    let page = b"\n<!DOCTYPE html><html><head><title>403 Forbidden</title>";
    assert_eq!(of(page, "a.jpg"), damaged("a web page by its content"));
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    assert_eq!(
        of(pointer, "a.png"),
        damaged("a pointer of Git LFS by its content")
    );
    assert_eq!(
        of(&brands("isom\0\0\x02\0isommp41"), "a.mp4").1,
        "a film (MP4)"
    );
    assert_eq!(of(&[0; 900], "a.jpg"), damaged("nothing but zero bytes"));
    assert_eq!(of(b"", "a"), damaged("an empty file"));
    assert_eq!(
        of(b"\x01\x02\x03\x04", "a.png"),
        damaged("no picture by its content")
    );
    // Plain words are not a portable map, and neither is half a signature.
    for words in [
        "P5 is a picture",
        "P1",
        "P2\n",
        "P",
        "The moov",
        "II",
        "\0\0\0\x0cJXL",
    ] {
        assert_eq!(
            of(words.as_bytes(), "a.txt").0,
            Reason::NotAPicture,
            "{words}"
        );
    }
}

#[test]
fn letters_and_bytes() {
    assert!(is_text(b"label,pixel0\r\n5,0\n"));
    assert!(is_text("Gr\u{fc}n".as_bytes()));
    assert!(
        is_text(&"\u{fc}".repeat(400).as_bytes()[..511]),
        "a letter cut in two"
    );
    assert!(!is_text(b""));
    assert!(!is_text(b"\0\0\x08\x03"));
    assert!(!is_text(b"Gr\xfcn"));
}
