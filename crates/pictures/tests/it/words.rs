//! Descriptions of faults are in our words, not a library's.

use crate::{picture, refused};
use dcgan_pictures::Reason;
use flate2::Crc;
use image::ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};

/// Checks that a detail is part of a sentence, without a library's message.
#[track_caller]
fn check(detail: &str) {
    let debug = ["{", "}", "::", "Format error", "ChunkType", "0x"];
    assert!(!debug.iter().any(|mark| detail.contains(mark)), "{detail}");
    assert!(!detail.is_empty() && !detail.ends_with('.'), "{detail}");
}

/// The offset of a chunk's name in a PNG.
fn place(bytes: &[u8], chunk: [u8; 4]) -> usize {
    bytes.windows(4).position(|name| *name == chunk).unwrap()
}

/// Corrects the checksum of the chunk whose name is at `at`.
fn mend(bytes: &mut [u8], at: usize) {
    let length = u32::from_be_bytes(*bytes[at - 4..].first_chunk().unwrap()) as usize;
    let end = at + 4 + length;
    let mut crc = Crc::new();
    crc.update(&bytes[at..end]);
    bytes[end..end + 4].copy_from_slice(&crc.sum().to_be_bytes());
}

#[test]
fn a_png_names_the_chunk_at_fault() {
    let whole = picture(Png);
    let flipped = |chunk: [u8; 4]| {
        let mut bytes = whole.clone();
        let at = place(&whole, chunk);
        let length = u32::from_be_bytes(*whole[at - 4..].first_chunk().unwrap()) as usize;
        bytes[at + 4 + length] ^= 1;
        refused(&bytes, "a.png")
    };
    let damaged = |detail: &str| (Reason::Damaged, detail.to_owned());
    assert_eq!(
        flipped(*b"IDAT"),
        damaged("the checksum of its pixel data (chunk IDAT) is wrong")
    );
    assert_eq!(
        flipped(*b"IHDR"),
        damaged("the checksum of its header (chunk IHDR) is wrong")
    );
    // No pixels at all, and invalid pixel data with a correct checksum.
    let at = place(&whole, *b"IDAT");
    let without = [&whole[..at - 4], &whole[whole.len() - 12..]].concat();
    assert_eq!(
        refused(&without, "a.png"),
        damaged("it has no pixel data (chunk IDAT)")
    );
    let mut other = whole.clone();
    other[at + 8..at + 40].fill(0xa5);
    mend(&mut other, at);
    assert_eq!(
        refused(&other, "a.png"),
        damaged("its pixel data do not decode")
    );
}

#[test]
fn every_format_cut_short_says_so() {
    for format in [Bmp, Gif, Jpeg, Png, WebP] {
        let whole = picture(format);
        for length in [whole.len() / 2, whole.len() * 9 / 10] {
            let (reason, detail) = refused(&whole[..length], "a");
            assert_eq!(reason, Reason::Damaged, "{format:?}");
            assert!(
                detail.starts_with("cut short: "),
                "{format:?} {length}: {detail}"
            );
        }
    }
}

#[test]
fn a_jpeg_of_a_kind_that_is_not_read() {
    let whole = picture(Jpeg);
    let frame = whole
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    let of = |kind: u8| {
        let mut bytes = whole.clone();
        bytes[frame + 1] = kind;
        refused(&bytes, "a.jpg")
    };
    for (kind, name) in [
        (0xc3, "a lossless JPEG"),
        (0xc9, "a JPEG with arithmetic coding"),
    ] {
        let (reason, detail) = of(kind);
        assert_eq!(reason, Reason::Unsupported, "{detail}");
        assert!(
            detail.starts_with(&format!("{name}: convert it first")),
            "{detail}"
        );
    }
}

#[test]
fn whatever_is_flipped_the_words_are_ours() {
    for format in [Bmp, Gif, Jpeg, Png, WebP] {
        let whole = picture(format);
        for at in (0..whole.len().min(700)).chain((700..whole.len()).step_by(97)) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            if let Err(refusal) = crate::read(&bytes, "a.png") {
                check(&refusal.detail);
            }
        }
    }
}
