//! Unusable files in a folder of pictures are listed, skipped and counted; `strict` makes them
//! errors.

use crate::{Folder, encode, picture};
use dcgan_artifacts::{DatasetReader, Part};
use image::ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageBuffer, Luma, Rgba, RgbaImage};
use insta::assert_snapshot;

const ARGUMENTS: &str = "--out out --set prepare.source=folder --set prepare.folder=photos \
    --set prepare.pictures.height=8 --set prepare.pictures.width=8";

/// A folder with one valid picture, and the file `name` with `bytes`.
fn with(name: &str, bytes: &[u8]) -> Folder {
    let folder = Folder::empty();
    folder.put("photos/sound.png", &picture(Png, 16, 16, 1));
    folder.put(&format!("photos/{name}"), bytes);
    folder
}

/// The rows of the audit after a run that must succeed with `n` images.
#[track_caller]
fn rows(folder: &Folder, n: usize) -> String {
    folder.succeed(ARGUMENTS);
    let dataset = DatasetReader::open(&folder.path().join("out/dataset.safetensors")).unwrap();
    assert_eq!(dataset.len(Part::Train), Some(n));
    let table = String::from_utf8(folder.get("out/audit.csv")).unwrap();
    table.lines().skip(1).collect::<Vec<_>>().join("\n")
}

fn train(folder: &Folder) -> Vec<u8> {
    let dataset = DatasetReader::open(&folder.path().join("out/dataset.safetensors")).unwrap();
    dataset.read_part(Part::Train).unwrap().images
}

#[test]
fn truncated_pictures_of_every_format() {
    for (format, name) in [
        (Png, "png"),
        (Jpeg, "jpg"),
        (Gif, "gif"),
        (Bmp, "bmp"),
        (WebP, "webp"),
    ] {
        let whole = picture(format, 40, 40, 2);
        for length in [whole.len() / 2, whole.len() * 9 / 10, 12] {
            let folder = with(&format!("a.{name}"), &whole[..length]);
            let rows = rows(&folder, 1);
            assert!(
                rows.starts_with(&format!("train,a.{name},,damaged,")),
                "{length}: {rows}"
            );
        }
    }
    let whole = picture(Jpeg, 40, 40, 2);
    let folder = with("a.jpg", &whole[..whole.len() - 10]);
    assert_snapshot!(rows(&folder, 1), @"train,a.jpg,,damaged,cut short: its end-of-image marker is missing");
}

/// Cameras put a small picture into the header, and a film or another picture after the end.
#[test]
fn where_a_jpeg_ends_its_own_markers_tell() {
    let whole = picture(Jpeg, 40, 40, 2);
    // A start of scan without an end.
    let film = [whole.as_slice(), b"\xff\xda and more"].concat();
    let folder = with("a.jpg", &film);
    assert_snapshot!(rows(&folder, 2), @"train,a.jpg,,odd_end,11 bytes after its end");
    // Half a picture whose header contains a complete one.
    let small = picture(Jpeg, 8, 8, 3);
    let length = u16::try_from(small.len() + 2).unwrap().to_be_bytes();
    let mut half = whole[..2].to_vec();
    half.extend([0xff, 0xed]);
    half.extend(length);
    half.extend(&small);
    half.extend(&whole[2..whole.len() - 10]);
    let folder = with("a.jpg", &half);
    assert_snapshot!(rows(&folder, 1), @"train,a.jpg,,damaged,cut short: its end-of-image marker is missing");
}

#[test]
fn a_file_too_long_to_be_a_picture() {
    let folder = with("a.png", b"");
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("photos/a.png"));
    // A sparse file: no disk space is used.
    file.unwrap().set_len((1 << 28) + 1).unwrap();
    assert_snapshot!(rows(&folder, 1), @"train,a.png,,too_large,more than 268435456 bytes");
}

#[test]
fn strict_makes_the_first_one_fatal() {
    let whole = picture(Png, 40, 40, 2);
    let folder = with("a.png", &whole[..whole.len() / 2]);
    let strict = format!("{ARGUMENTS} --set prepare.pictures.strict=true");
    let run = folder.run(&strict);
    assert_eq!(run.code, 3);
    assert!(
        run.stderr.starts_with(
            "error: `a.png` can't be used, as `prepare.pictures.strict` asks: damaged, "
        ),
        "{}",
        run.stderr
    );
    assert!(!folder.path().join("out/dataset.safetensors").exists());

    let folder = with("a.png", b"");
    assert_snapshot!(folder.fail(&strict), @r"
    exit code 3
    error: `a.png` can't be used, as `prepare.pictures.strict` asks: damaged, an empty file
    hint: remove or replace the file; without `strict` it is skipped and counted
    ");
    // Files without a picture's name don't stop it.
    folder.put("photos/a.png", &whole);
    folder.put("photos/README.md", b"about these pictures");
    folder.succeed(&strict);
}

#[test]
fn nothing_but_damage() {
    let folder = Folder::empty();
    folder.put("photos/a.png", b"");
    folder.put("photos/b.txt", b"words");
    assert_snapshot!(folder.fail(ARGUMENTS), @r"
    exit code 3
    error: `photos` has no picture to train on: expected at least one, got 2 files that can't be used
    hint: the first that can't be used is `a.png`: damaged, an empty file
    ");
    // Damage that only decoding finds.
    let whole = picture(Png, 40, 40, 2);
    folder.put("photos/a.png", &whole[..whole.len() - 30]);
    assert_eq!(folder.run(ARGUMENTS).code, 3);
    assert_eq!(folder.names("out"), [".lock"]);
}

#[test]
fn the_content_decides_and_not_the_name() {
    let folder = with("a.jpg", &picture(Png, 16, 16, 2));
    folder.put("photos/b", &picture(WebP, 16, 16, 3));
    folder.put("photos/c.png", b"no picture at all");
    folder.put("photos/d.txt", b"nor this");
    folder.put("photos/e.tiff", b"II*\0\x08\0\0\0\0\0");
    assert_snapshot!(rows(&folder, 3), @r#"
    train,a.jpg,,wrong_extension,"JPEG by its name, PNG by its content"
    train,d.txt,,not_a_picture,neither by its name nor by its content
    train,e.tiff,,unsupported,"TIFF: convert it first, for example with `magick FILE FILE.png`"
    train,c.png,,damaged,no picture by its content
    "#);
    assert_eq!(folder.json("out/audit.json")["skipped"], 2);
}

#[test]
fn a_png_of_16_bits() {
    let wide = ImageBuffer::from_fn(8, 8, |x, y| Luma([u16::try_from(x * 8000 + y).unwrap()]));
    let folder = with("a.png", &encode(&DynamicImage::ImageLuma16(wide), Png));
    assert_eq!(rows(&folder, 2), "");
    let first: Vec<u8> = train(&folder)[..12].to_vec();
    // 8000 / 257 = 31.1, 16000 / 257 = 62.3, 24000 / 257 = 93.4.
    assert_eq!(first, [0, 0, 0, 31, 31, 31, 62, 62, 62, 93, 93, 93]);
}

#[test]
fn of_an_animation_the_first_frame() {
    let mut bytes = Vec::new();
    let frame = |value| {
        Frame::new(RgbaImage::from_pixel(
            8,
            8,
            Rgba([value, value, value, 255]),
        ))
    };
    let mut encoder = GifEncoder::new(&mut bytes);
    encoder.encode_frames([frame(255), frame(0)]).unwrap();
    drop(encoder);
    let folder = with("a.gif", &bytes);
    assert_snapshot!(rows(&folder, 2), @"train,a.gif,,blank,every value is 255");
}

/// A grey JPEG has one component, one of CMYK four, which Adobe stores inverted.
#[test]
fn a_jpeg_in_cmyk() {
    // Inverted: cyan 255 means none. So 255, 0, 0, 255 is full magenta and yellow: red.
    let folder = with("a.jpg", &flat_jpeg([255, 0, 0, 255]));
    assert_snapshot!(rows(&folder, 2), @"");
    let pixels = train(&folder);
    let pixel: [u8; 3] = pixels[..3].try_into().unwrap();
    assert!(pixel[0] > 250 && pixel[1] < 5 && pixel[2] < 5, "{pixel:?}");
}

/// A baseline JPEG of 8x8 pixels and one value a component, marked as Adobe's CMYK.
fn flat_jpeg(values: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let mut segment = |marker: u8, content: &[u8]| {
        bytes.extend([0xff, marker]);
        bytes.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
        bytes.extend(content);
    };
    segment(0xee, b"Adobe\0\x64\0\0\0\0\0");
    // Every step of quantisation is 8: a block's mean is then its first coefficient.
    segment(0xdb, &[vec![0], vec![8; 64]].concat());
    let components = |of: &dyn Fn(u8) -> Vec<u8>| (1..=4).flat_map(of).collect::<Vec<u8>>();
    let frame = components(&|id| vec![id, 0x11, 0]);
    segment(0xc0, &[vec![8, 0, 8, 0, 8, 4], frame].concat());
    // First coefficients: 8 bits, code 0; the others: end of block, code 0.
    let one_code = |class: u8, symbol: u8| [vec![class, 1], vec![0; 15], vec![symbol]].concat();
    segment(0xc4, &one_code(0x00, 8));
    segment(0xc4, &one_code(0x10, 0));
    let scan = components(&|id| vec![id, 0]);
    segment(0xda, &[vec![4], scan, vec![0, 63, 0]].concat());
    let mut bits: Vec<u8> = Vec::new();
    for value in values {
        // In 8 bits: 128 to 255 unchanged; -255 to -128 minus one, as their complement.
        let mean = (i32::from(value) - 128).clamp(-128, 127);
        let coded = if mean < 0 {
            mean * 2 + 1 + 255
        } else {
            (mean * 2 + 1).max(128)
        };
        bits.push(0);
        bits.extend((0..8).rev().map(|at| u8::from(coded >> at & 1 == 1)));
        bits.push(0);
    }
    while !bits.len().is_multiple_of(8) {
        bits.push(1);
    }
    for byte in bits.chunks(8) {
        let byte = byte.iter().fold(0u8, |byte, bit| byte << 1 | bit);
        bytes.push(byte);
        if byte == 0xff {
            bytes.push(0);
        }
    }
    bytes.extend([0xff, 0xd9]);
    bytes
}

#[test]
fn a_small_file_that_claims_to_be_huge() {
    // Sides and depth in a PNG's header, with its checksum corrected.
    let bomb = |side: u16, bits: u8, colour: u8| {
        let mut bomb = picture(Png, 8, 8, 2);
        let [high, low] = side.to_be_bytes();
        bomb[16..26].copy_from_slice(&[0, 0, high, low, 0, 0, high, low, bits, colour]);
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        rows(&with("a.png", &bomb), 1)
    };
    assert_snapshot!(bomb(65535, 8, 2), @"train,a.png,,too_large,65535x65535 pixels: expected at most 134217728 in all");
    // A GIF of 5x4 pixels with a frame of 1024x16448 beyond them.
    let mut gif = b"GIF87a\x05\0\x04\0\x80\0\0\0\0\0\0\0\0,".to_vec();
    gif.extend([
        0, 0, 0, 5, 0, 4, 0x40, 0x40, 0, 8, 1, 4, 0x10, 0x30, 0x80, 0x80, 0, 59,
    ]);
    assert_snapshot!(rows(&with("a.gif", &gif), 1), @"train,a.gif,,too_large,it takes more memory to decode than a picture may");
    // Few enough pixels, of 8 bytes each.
    assert_snapshot!(bomb(11585, 16, 6), @"train,a.png,,too_large,11585x11585 pixels of 1073697800 bytes: expected at most 536870912");
}

#[test]
fn equal_and_nearly_equal_pictures() {
    let folder = with("again.png", &picture(Png, 16, 16, 1));
    let large = image::load_from_memory(&picture(Png, 16, 16, 1)).unwrap();
    let larger = large.resize_exact(64, 64, image::imageops::FilterType::Triangle);
    folder.put("photos/larger.jpg", &encode(&larger, Jpeg));
    folder.put("photos/other.png", &picture(Png, 16, 16, 9));
    let rows = rows(&folder, 4);
    assert!(
        rows.contains("train,sound.png,,duplicate,same pixels as `again.png` in train"),
        "{rows}"
    );
    assert!(rows.contains("train,larger.jpg,,near_duplicate,"), "{rows}");
    assert!(
        rows.contains(" of 64 bits differ from `again.png` in train"),
        "{rows}"
    );
    assert_eq!(rows.lines().count(), 2, "{rows}");
    assert_eq!(
        folder.json("out/audit.json")["parts"]["train"]["near_duplicates"],
        1
    );
}

#[cfg(unix)]
mod unix {
    use super::{ARGUMENTS, picture, rows, with};
    use dcgan_testkit::{Missing, untested};
    use image::ImageFormat::Png;
    use insta::assert_snapshot;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::process::Command;

    #[test]
    fn links_that_lead_in_circles_or_nowhere() {
        let folder = with("cats/1.png", &picture(Png, 16, 16, 2));
        let photos = folder.path().join("photos");
        symlink(&photos, photos.join("cats/all")).unwrap();
        symlink("nowhere.png", photos.join("gone.png")).unwrap();
        // A link to a picture elsewhere is a picture.
        folder.put("elsewhere.png", &picture(Png, 16, 16, 3));
        symlink(folder.path().join("elsewhere.png"), photos.join("link.png")).unwrap();
        assert_snapshot!(rows(&folder, 3), @r"
        train,gone.png,,unreadable,no such file or directory
        train,cats/all,,link_loop,a link back to the folder itself
        ");
    }

    #[test]
    fn a_name_that_is_no_text() {
        let folder = with("a.png", &picture(Png, 16, 16, 2));
        let name = OsStr::from_bytes(b"photos/\xff\xfe.png");
        let name = folder.path().join(name);
        if std::fs::copy(folder.path().join("photos/a.png"), &name).is_err() {
            let missing = Missing::System("the file system takes no names that are no text");
            untested("a picture whose name is no text", missing);
            return;
        }
        let twin = folder
            .path()
            .join(OsStr::from_bytes(b"photos/\xff\xfd.png"));
        std::fs::copy(folder.path().join("photos/sound.png"), twin).unwrap();
        let rows = rows(&folder, 4);
        assert_eq!(rows.matches(",duplicate,").count(), 2, "{rows}");
        // They have different names.
        for name in [r"train,\xff\xfe.png,", r"train,\xff\xfd.png,"] {
            assert!(rows.contains(name), "{rows}");
        }
        // The output folder's name need not be UTF-8 either.
        let out = OsStr::from_bytes(b"out\xff");
        for options in [&["--json"][..], &["--json", "--dry-run"]] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_dcgan-prepare"));
            command
                .args(ARGUMENTS.split_whitespace().skip(2))
                .args(options);
            command.arg("--out").arg(out).current_dir(folder.path());
            let said = dcgan_testkit::run(&mut command).succeeded().stdout;
            assert!(said.contains(r#""out": "out\\xff""#), "{said}");
        }
    }

    /// A name can contain characters that clear a terminal or forge a line of a table.
    #[test]
    fn control_characters_of_names_are_escaped() {
        let name = "a\u{1b}[2J\u{9b}1m\u{202e}\r\ntrain,b.png.png";
        let folder = with(name, b"");
        let escaped = r"a\u{1b}[2J\u{9b}1m\u{202e}\r\ntrain,b.png.png";
        assert_eq!(
            rows(&folder, 1),
            format!("train,\"{escaped}\",,damaged,an empty file")
        );
        let said = folder.fail(&format!(
            "{ARGUMENTS} --force --set prepare.pictures.strict=true"
        ));
        assert!(
            said.contains(&format!("error: `{escaped}` can't be used")),
            "{said}"
        );
    }

    #[test]
    fn classes_that_were_found_have_names_as_those_that_were_set() {
        for (class, shown) in [("a\u{1b}[2J", r"a\u{1b}[2J"), ("a\nb", r"a\nb"), (" ", " ")] {
            let folder = with(&format!("{class}/1.png"), &picture(Png, 16, 16, 2));
            let said = folder.fail(&format!("{ARGUMENTS} --set prepare.pictures.labels=folder"));
            assert_eq!(
                said,
                format!(
                    "exit code 3\nerror: `{shown}` can't name a class: expected text on one line, \
                     not blank\nhint: rename its folder, or the label in the table\n"
                )
            );
        }
        // A name that is not UTF-8 gives a class with its escape.
        let folder = with("a.png", &picture(Png, 16, 16, 2));
        let class = folder.path().join(OsStr::from_bytes(b"photos/caf\xe9"));
        if std::fs::create_dir(&class).is_err() {
            return; // This file system takes no such names.
        }
        std::fs::copy(folder.path().join("photos/a.png"), class.join("1.png")).unwrap();
        folder.succeed(&format!("{ARGUMENTS} --set prepare.pictures.labels=folder"));
        let classes = &folder.json("out/audit.json")["class_names"];
        assert_eq!(classes, &serde_json::json!([r"caf\xe9"]));
    }

    /// No source makes the program wait or fills the memory: a pipe without a writer, an endless
    /// device, an oversized table or picture.
    #[test]
    fn sources_are_files_of_a_bounded_length() {
        let labelled = format!("{ARGUMENTS} --set prepare.pictures.labels=csv --set");
        let idx = "--out out --set prepare.idx.train_images";
        let folder = with("a.png", &picture(Png, 16, 16, 2));
        let made = Command::new("mkfifo")
            .arg(folder.path().join("pipe"))
            .status();
        assert!(made.unwrap().success());
        folder.put("long", b"");
        let long = std::fs::OpenOptions::new()
            .write(true)
            .open(folder.path().join("long"));
        long.unwrap().set_len((1 << 28) + 1).unwrap();
        for name in ["long", "photos", "pipe", "/dev/zero"] {
            let said = folder.fail(&format!("{labelled} prepare.pictures.labels_file={name}"));
            let cause = if name == "long" {
                "expected at most 268435456 bytes, got more"
            } else {
                "expected a file, got a folder, device or pipe"
            };
            assert_eq!(
                said,
                format!(
                    "exit code 3\nerror: could not read `{name}`\ncaused by: {cause}\n\
                     hint: check the file and its permissions\n"
                )
            );
            if name != "long" {
                let said = folder.fail(&format!("{idx}={name}"));
                let expected =
                    format!("error: `{name}` should be a file, got a folder or device\n");
                assert!(said.contains(&expected), "{said}");
            }
        }
    }

    #[test]
    fn names_that_a_spreadsheet_would_compute_are_text() {
        let folder = with("=HYPERLINK(\"x\").png", b"");
        folder.put("photos/-1.png", b"");
        folder.put("photos/@a.png", b"");
        assert_snapshot!(rows(&folder, 1), @r#"
        train,'-1.png,,damaged,an empty file
        train,"'=HYPERLINK(""x"").png",,damaged,an empty file
        train,'@a.png,,damaged,an empty file
        "#);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = with("a.png", &picture(Png, 16, 16, 2));
        let made = Command::new("mkfifo")
            .arg(folder.path().join("photos/pipe.png"))
            .status();
        assert!(made.unwrap().success());
        assert_snapshot!(rows(&folder, 2), @"train,pipe.png,,unreadable,a device or pipe instead of a file");
    }

    #[test]
    fn what_may_not_be_read() {
        let folder = with("secret.png", &picture(Png, 16, 16, 2));
        folder.put("photos/vault/1.png", &picture(Png, 16, 16, 3));
        let forbid = |name: &str, mode| {
            let path = folder.path().join(name);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        forbid("photos/secret.png", 0);
        forbid("photos/vault", 0);
        let is_root = std::fs::File::open(folder.path().join("photos/secret.png")).is_ok();
        if is_root {
            // root may read everything, so the test runs as another user.
            use std::os::unix::process::CommandExt as _;
            forbid(".", 0o777);
            let program = folder.path().join("program");
            std::fs::copy(env!("CARGO_BIN_EXE_dcgan-prepare"), &program).unwrap();
            let output = Command::new(&program)
                .args(ARGUMENTS.split_whitespace())
                .current_dir(folder.path())
                .uid(65534)
                .gid(65534)
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
        } else {
            folder.succeed(ARGUMENTS);
        }
        forbid("photos/vault", 0o755);
        let table = String::from_utf8(folder.get("out/audit.csv")).unwrap();
        assert_snapshot!(table, @r"
        part,source,index,finding,detail
        train,secret.png,,unreadable,permission denied
        train,vault,,unreadable,permission denied
        ");
    }
}
