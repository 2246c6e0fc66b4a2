//! Recognises, by their first bytes, files that can't be read here but that people often give:
//! pictures in other formats, downloads and archives.

use std::path::Path;

/// A kind of file that can't be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// The name as it follows "is" in a message: `HEIC`, `a web page`.
    pub name: &'static str,
    /// Whether it is a picture.
    pub is_picture: bool,
    /// How to convert it to something readable: a clause in the imperative.
    pub remedy: &'static str,
}

/// Offset and bytes that identify a format, its name, and how to convert it.
type Signature = (usize, &'static [u8], &'static str, &'static str);

pub(crate) const MAGICK: &str = "convert it first, for example with `magick FILE FILE.png`";
const HEIF: &str = "convert it first, for example with `heif-convert FILE FILE.png`";
const AVIF: &str = "convert it first, for example with `avifdec FILE FILE.png`";
const JXL: &str = "convert it first, for example with `djxl FILE FILE.png`";
const JPEG_2000: &str = "convert it first, for example with `opj_decompress -i FILE -o FILE.png`";
const RAW: &str = "convert it first, for example with `darktable-cli FILE FILE.png`";
const CGBI: &str = "convert it first, with `pngcrush -revert-iphone-optimizations FILE FILE.png`";
const SVG: &str = "convert it first, for example with `rsvg-convert -o FILE.png FILE`";

/// Pictures. If one signature is a prefix of another, the longer one comes first.
const PICTURES: &[Signature] = &[
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL", JXL),
    (0, b"\xff\x0a", "JPEG XL", JXL),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", JPEG_2000),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000", JPEG_2000),
    (
        0,
        b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI",
        "a PNG for iPhone apps (CgBI)",
        CGBI,
    ),
    (0, b"FUJIFILMCCD-RAW", "a camera's RAW file", RAW),
    (0, b"IIRO", "a camera's RAW file", RAW),
    (0, b"IIRS", "a camera's RAW file", RAW),
    (0, b"IIU\0", "a camera's RAW file", RAW),
    (0, b"II*\0\x10\0\0\0CR", "a camera's RAW file", RAW),
    (0, b"\0MRM", "a camera's RAW file", RAW),
    (0, b"II*\0", "TIFF", MAGICK),
    (0, b"MM\0*", "TIFF", MAGICK),
    (0, b"II+\0", "TIFF", MAGICK),
    (0, b"MM\0+", "TIFF", MAGICK),
    (0, b"II\xbc", "JPEG XR", MAGICK),
    (0, b"8BPS", "PSD", MAGICK),
    (0, b"gimp xcf", "XCF", MAGICK),
    (0, b"\0\0\x01\0", "ICO", MAGICK),
    (0, b"\0\0\x02\0\0\0\0\0", "TGA", MAGICK),
    (0, b"\0\0\x03\0\0\0\0\0", "TGA", MAGICK),
    (0, b"\0\0\x0a\0\0\0\0\0", "TGA", MAGICK),
    (0, b"\0\0\x02\0", "a Windows cursor (CUR)", MAGICK),
    (0, b"DDS ", "DDS", MAGICK),
    (0, b"\x76\x2f\x31\x01", "OpenEXR", MAGICK),
    (0, b"#?RADIANCE", "Radiance HDR", MAGICK),
    (0, b"qoif", "QOI", MAGICK),
    (0, b"farbfeld", "farbfeld", MAGICK),
    (0, b"BPG\xfb", "BPG", MAGICK),
    (0, b"FLIF", "FLIF", MAGICK),
    (0, b"\x8aMNG\r\n\x1a\n", "MNG", MAGICK),
    (0, b"\x8bJNG\r\n\x1a\n", "JNG", MAGICK),
    (0, b"SIMPLE  =", "FITS", MAGICK),
    (128, b"DICM", "DICOM", MAGICK),
    (0, b"/* XPM */", "XPM", MAGICK),
    (0, b"\xd7\xcd\xc6\x9a", "WMF", MAGICK),
    (40, b" EMF", "EMF", MAGICK),
];

const UNPACK: &str = "unpack it and give the file inside";
const BUNZIP2: &str = "unpack it first, with `bunzip2`";
const UNXZ: &str = "unpack it first, with `unxz`";
const UNZSTD: &str = "unpack it first, with `unzstd`";
const GUNZIP: &str = "unpack it first, with `gunzip`";
const UNLZ4: &str = "unpack it first, with `unlz4`";
const CONVERT: &str = "write what it holds in a format that is read";
const PULL: &str = "fetch the file that it points to, with `git lfs pull`";
const AGAIN: &str = "the download went wrong: its first lines say why; get the file again";
const FRAMES: &str =
    "take pictures out of it first, for example with `ffmpeg -i FILE FRAME-%04d.png`";

/// Files that are not pictures.
const OTHERS: &[Signature] = &[
    (0, b"PK\x03\x04", "a ZIP archive", UNPACK),
    (0, b"PK\x05\x06", "an empty ZIP archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"BZh", "a bzip2 file", BUNZIP2),
    (0, b"\xfd7zXZ\0", "an xz file", UNXZ),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard file", UNZSTD),
    (0, b"\x04\x22\x4d\x18", "an LZ4 file", UNLZ4),
    (0, b"\x1f\x8b", "a gzip file", GUNZIP),
    (0, b"\x1f\x9d", "a compress (.Z) file", GUNZIP),
    (0, b"\x93NUMPY", "a NumPy array (.npy)", CONVERT),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", CONVERT),
    (0, b"MATLAB 5.0", "a MATLAB file", CONVERT),
    (0, b"PAR1", "a Parquet table", CONVERT),
    (0, b"\x80\x02", "a Python pickle", CONVERT),
    (0, b"\x80\x03", "a Python pickle", CONVERT),
    (0, b"\x80\x04\x95", "a Python pickle", CONVERT),
    (0, b"\x80\x05\x95", "a Python pickle", CONVERT),
    (0, b"SQLite format 3\0", "an SQLite database", CONVERT),
    (0, b"%PDF-", "a PDF document", CONVERT),
    (0, b"%!PS", "a PostScript document", CONVERT),
    (0, b"version https://git-lfs", "a pointer of Git LFS", PULL),
    (0, b"\x1a\x45\xdf\xa3", "a film (Matroska)", FRAMES),
    (8, b"AVI LIST", "a film (AVI)", FRAMES),
];

/// Formats that are recognised only by name, because they have no signature.
const BY_NAME: [(&str, &str, &str); 3] = [
    ("tga", "TGA", MAGICK),
    ("pcx", "PCX", MAGICK),
    ("xbm", "XBM", MAGICK),
];

/// Extensions of cameras' RAW files, which are TIFF files with their own kind of picture.
const RAW_NAMES: [&str; 18] = [
    "3fr", "arw", "cr2", "dcr", "dng", "erf", "fff", "iiq", "kdc", "mef", "mos", "nef", "nrw",
    "pef", "raw", "rwl", "sr2", "srw",
];

/// Number of leading bytes that are inspected.
const HEAD: usize = 4096;

/// Recognises a file by its first `bytes`. The extension decides only if the content doesn't.
pub fn recognise(bytes: &[u8], path: &Path) -> Option<Content> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let fits =
        |(at, magic, ..): &&Signature| head.get(*at..).is_some_and(|rest| rest.starts_with(magic));
    let content = |is_picture, name, remedy| Content {
        name,
        is_picture,
        remedy,
    };
    let extension = path
        .extension()
        .and_then(|end| end.to_str())
        .unwrap_or_default();
    let is_named = |names: &[&str]| {
        names
            .iter()
            .any(|name| extension.eq_ignore_ascii_case(name))
    };
    if let Some(&(_, _, name, remedy)) = PICTURES.iter().find(fits) {
        return Some(match name {
            "TIFF" if is_named(&RAW_NAMES) => content(true, "a camera's RAW file", RAW),
            _ => content(true, name, remedy),
        });
    }
    if let Some(&(_, _, name, remedy)) = OTHERS.iter().find(fits) {
        return Some(match name {
            "a ZIP archive" if is_named(&["npz"]) => {
                content(false, "an archive of NumPy arrays (.npz)", CONVERT)
            }
            _ => content(false, name, remedy),
        });
    }
    if let Some((is_picture, name, remedy)) = boxes(head).or_else(|| text(head)) {
        return Some(content(is_picture, name, remedy));
    }
    let by_name = BY_NAME.iter().find(|(end, ..)| is_named(&[end]));
    by_name.map(|&(_, name, remedy)| content(true, name, remedy))
}

/// Recognises a file of boxes (ISO/IEC 14496-12) by its brands: the first box has the major brand
/// and the compatible ones.
fn boxes(head: &[u8]) -> Option<(bool, &'static str, &'static str)> {
    let first = head.get(4..8)?;
    if first != b"ftyp" {
        // QuickTime films may begin with another box.
        let is_film = head[0] == 0 && [&b"moov"[..], b"mdat", b"wide"].contains(&first);
        return is_film.then_some((false, "a film (MOV)", FRAMES));
    }
    let length = u32::from_be_bytes(*head.first_chunk()?) as usize;
    let brands = head.get(8..length.min(head.len())).unwrap_or_default();
    let has = |names: &[&[u8; 4]]| {
        let (brands, _) = brands.as_chunks::<4>();
        names.iter().any(|name| brands.contains(name))
    };
    Some(if has(&[b"avif", b"avis"]) {
        (true, "AVIF", AVIF)
    } else if has(&[
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
    ]) {
        (true, "HEIC", HEIF)
    } else if has(&[b"crx "]) {
        (true, "a camera's RAW file", RAW)
    } else if has(&[b"jp2 ", b"jpx "]) {
        (true, "JPEG 2000", JPEG_2000)
    } else {
        (false, "a film (MP4)", FRAMES)
    })
}

/// Recognises text formats: web pages, drawings, Netpbm's portable maps.
fn text(head: &[u8]) -> Option<(bool, &'static str, &'static str)> {
    if let Some(name) = portable_map(head) {
        return Some((true, name, MAGICK));
    }
    let head = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    let lower = head.to_ascii_lowercase();
    let holds = |word: &[u8]| lower.windows(word.len()).any(|part| part == word);
    let begins = |words: &[&[u8]]| words.iter().any(|word| lower.starts_with(word));
    if begins(&[b"<svg"]) || begins(&[b"<?xml", b"<!--", b"<!doctype svg"]) && holds(b"<svg") {
        return Some((true, "SVG", SVG));
    }
    if begins(&[
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<body",
        b"<script",
        b"<meta",
        b"<title",
    ]) || begins(&[b"<?xml", b"<!--"]) && holds(b"<html")
    {
        return Some((false, "a web page", AGAIN));
    }
    begins(&[b"<?xml", b"<error"]).then_some((false, "an XML document", AGAIN))
}

/// PBM, PGM, PPM, PAM or PFM: the letter P and a digit or letter, then white space and a number.
fn portable_map(head: &[u8]) -> Option<&'static str> {
    let (kind, rest) = head.strip_prefix(b"P")?.split_first()?;
    let name = match kind {
        b'1' | b'4' => "PBM",
        b'2' | b'5' => "PGM",
        b'3' | b'6' => "PPM",
        b'7' => return rest.starts_with(b"\nWIDTH ").then_some("PAM"),
        b'F' | b'f' => "PFM",
        _ => return None,
    };
    let mut rest = rest.trim_ascii_start();
    if rest.len() == head.len() - 2 {
        return None;
    }
    while let Some(comment) = rest.strip_prefix(b"#") {
        let end = comment.iter().position(|byte| *byte == b'\n')?;
        rest = comment[end..].trim_ascii_start();
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0 && rest.get(digits).is_some_and(u8::is_ascii_whitespace)).then_some(name)
}

/// Whether the first bytes are text, as in a table or a web page, and not binary.
pub fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(512)];
    let is_letter = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    let text = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The last character may be truncated.
        Err(error) => error.error_len().is_none(),
    };
    !head.is_empty() && text && head.iter().all(is_letter)
}
