//! Archives of pictures as a source.

use crate::samples::{assert_part, dataset, folder_of, values};
use crate::{Folder, gzip, picture};
use dcgan_artifacts::Part;
use image::ImageFormat;
use insta::assert_snapshot;

const ARCHIVE: &str = "--out out --set prepare.source=archive --set prepare.pictures.height=8 \
                       --set prepare.pictures.width=8";
const IMAGE: usize = 8 * 8 * 3;

#[test]
fn a_zip_of_stylegan_with_its_table_of_labels() {
    let folder = folder_of(&["stylegan.zip"]);
    let arguments = format!(
        "{ARCHIVE} --set prepare.archive.train=stylegan.zip \
         --set prepare.pictures.labels=dataset_json"
    );
    let said = folder.succeed(&arguments);
    assert!(said.contains("audit: 1 near_duplicate\n"), "{said}");
    let found = dataset(&folder);
    assert_part(&found, Part::Train, 6, IMAGE, 0);
    assert_eq!(found.info().class_names, ["0", "1", "2"]);
    let sources = &found.info().sources;
    assert_eq!((sources.len(), sources[0].count), (1, Some(6)));
    assert_eq!(sources[0].name, "stylegan.zip");
    assert_eq!(
        sources[0].sha256,
        dcgan_artifacts::sha256_bytes(&folder.get("stylegan.zip"))
    );
    // The numbers mean the names of the settings.
    folder.succeed(&format!("{arguments} --set prepare.class_names=[a,b,c]"));
    let named = dataset(&folder);
    assert_part(&named, Part::Train, 6, IMAGE, 0);
    assert_eq!(named.info().class_names, ["a", "b", "c"]);
    // `zip` and `tar` are other names of the source.
    let again = arguments.replace("source=archive", "source=zip");
    assert!(
        folder
            .succeed(&format!("{again} --set prepare.class_names=[a,b,c]"))
            .contains("up to date")
    );
}

/// The same rules as for a folder: the first folder on the way is the class, and hidden files, such
/// as macOS adds, don't count.
#[test]
fn folders_in_a_deflated_zip_are_classes() {
    let folder = folder_of(&["folders.zip"]);
    folder.succeed(&format!(
        "{ARCHIVE} --set prepare.archive.train=folders.zip --set prepare.pictures.labels=folder"
    ));
    let found = dataset(&folder);
    assert_eq!(found.info().class_names, ["cats", "dogs"]);
    let train = found.read_part(Part::Train).unwrap();
    assert_eq!(train.labels.unwrap(), [0, 0, 0, 1, 1, 1]);
    let all = values(6 * IMAGE, 0);
    let image = |i: usize| &all[i * IMAGE..][..IMAGE];
    let expected = [0, 2, 4, 1, 3, 5].map(image).concat();
    assert_eq!(train.images, expected);
    // As the same files in a folder.
    for i in 0..6 {
        let class = ["cats", "dogs"][i % 2];
        let name = format!("{class}/{i}.png");
        let bytes = member(&folder.get("folders.zip"), &name);
        folder.put(&format!("plain/{name}"), &bytes);
    }
    folder.succeed(
        "--out out --set prepare.source=folder --set prepare.folder=plain \
         --set prepare.pictures.height=8 --set prepare.pictures.width=8 \
         --set prepare.pictures.labels=folder",
    );
    assert_eq!(dataset(&folder).content_sha256(), found.content_sha256());
}

/// A deflated member of a ZIP by its own header, which has its sizes.
fn member(zip: &[u8], name: &str) -> Vec<u8> {
    let at = zip
        .windows(name.len())
        .position(|part| part == name.as_bytes())
        .unwrap();
    let header = &zip[at - 30..at];
    let packed = u32::from_le_bytes(header[18..22].try_into().unwrap()) as usize;
    let mut bytes = Vec::new();
    let packed = &zip[at + name.len()..][..packed];
    let mut content = flate2::read::DeflateDecoder::new(packed);
    std::io::Read::read_to_end(&mut content, &mut bytes).unwrap();
    bytes
}

#[test]
fn shards_of_a_web_dataset_with_a_label_next_to_each_picture() {
    let folder = folder_of(&["shard-000000.tar", "shard-000001.tar"]);
    let said = folder.succeed(&format!(
        "{ARCHIVE} --set prepare.archive.train=shard-*.tar --set prepare.pictures.labels=cls"
    ));
    assert!(said.contains("audit: 1 near_duplicate\n"), "{said}");
    let found = dataset(&folder);
    assert_part(&found, Part::Train, 6, IMAGE, 0);
    let counts = found
        .info()
        .sources
        .iter()
        .map(|source| (source.name.clone(), source.count));
    assert_eq!(
        counts.collect::<Vec<_>>(),
        [
            ("shard-000000.tar".into(), Some(3)),
            ("shard-000001.tar".into(), Some(3))
        ]
    );
    folder.succeed(&format!(
        "{ARCHIVE} --set prepare.archive.train=shard-000000.tar \
         --set prepare.archive.test=shard-000001.tar --set prepare.pictures.labels=cls"
    ));
    let parted = dataset(&folder);
    assert_part(&parted, Part::Train, 3, IMAGE, 0);
    assert_eq!(
        parted.read_part(Part::Test).unwrap().images,
        values(6 * IMAGE, 0)[3 * IMAGE..]
    );
}

/// A tar of one file of this name.
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[257..263].copy_from_slice(b"ustar\0");
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut file = [&header[..], content].concat();
    file.resize(file.len().next_multiple_of(512) + 1024, 0);
    file
}

/// A name is text: it leads nowhere.
#[test]
fn names_that_lead_out_of_the_archive_are_names_only() {
    let folder = Folder::empty();
    let pixels = picture(ImageFormat::Png, 8, 8, 1);
    for name in ["../../out.png", "/tmp/out.png", "a/../../b/out.png"] {
        folder.put("pictures.tar", &tar(name, &pixels));
        let before = folder.names(".");
        folder.succeed(&format!(
            "{ARCHIVE} --set prepare.archive.train=pictures.tar --set prepare.pictures.max_images=1"
        ));
        assert_eq!(dataset(&folder).len(Part::Train), Some(1), "{name}");
        let mut after = folder.names(".");
        after.retain(|name| name != "out");
        assert_eq!(
            after,
            before
                .into_iter()
                .filter(|name| name != "out")
                .collect::<Vec<_>>()
        );
    }
    // No class can be read from such a name.
    let arguments = format!(
        "{ARCHIVE} --set prepare.archive.train=pictures.tar --set prepare.pictures.labels=folder"
    );
    folder.put("pictures.tar", &tar("../cats/1.png", &pixels));
    let failure = folder.run(&arguments).failure();
    assert!(failure.contains("no_class, in no sub-folder"), "{failure}");
}

#[test]
fn a_damaged_member_is_skipped_and_named() {
    let folder = folder_of(&["folders.zip"]);
    let mut bytes = folder.get("folders.zip");
    let at = bytes
        .windows(10)
        .position(|part| part == b"cats/2.png")
        .unwrap();
    bytes[at + 40] ^= 0x10;
    folder.put("folders.zip", &bytes);
    folder.succeed(&format!(
        "{ARCHIVE} --set prepare.archive.train=folders.zip"
    ));
    let table = String::from_utf8(folder.get("out/audit.csv")).unwrap();
    assert!(table.contains("train,cats/2.png,,damaged,"), "{table}");
    assert_eq!(dataset(&folder).len(Part::Train), Some(5));
}

#[test]
fn what_does_not_fit_is_refused_with_a_way_out() {
    let folder = folder_of(&["folders.zip", "kaggle.csv", "stylegan.zip"]);
    let fail = |path: &str, more: &str| {
        folder.fail(&format!(
            "{ARCHIVE} --set prepare.archive.train={path} {more}"
        ))
    };
    let json = "--set prepare.pictures.labels=dataset_json";
    assert_snapshot!(folder.fail(ARCHIVE), @r"
    exit code 2
    error: `prepare.archive.train` is not set: expected a file, as `prepare.source` is `archive`
    hint: give `--set prepare.archive.train=FILE`, a ZIP or tar archive
    ");
    assert_snapshot!(fail("none.zip", ""), @r"
    exit code 3
    error: file `none.zip` does not exist
    hint: check the path
    ");
    assert_snapshot!(fail("none-*.tar", ""), @r"
    exit code 3
    error: no file matches `none-*.tar`: expected at least one
    hint: `*` and `?` stand for letters of a name, `[0-9]` for a digit; paths count from the folder in which the program is started
    ");
    assert_snapshot!(fail("kaggle.csv", ""), @r"
    exit code 3
    error: `kaggle.csv` is no archive: expected a ZIP or tar archive
    hint: folders of pictures are read with `prepare.source=folder`, other files as docs/data.md lists them
    ");
    folder.put("packed.tar.gz", &gzip(&tar("1.png", b"x")));
    assert_snapshot!(fail("packed.tar.gz", ""), @r"
    exit code 3
    error: `packed.tar.gz` is a gzip file: expected a ZIP archive, or a tar archive as it is
    hint: unpack it, with `gunzip -k`
    ");
    let whole = folder.get("folders.zip");
    folder.put("cut.zip", &whole[..whole.len() / 2]);
    assert_snapshot!(fail("cut.zip", ""), @r"
    exit code 3
    error: file `cut.zip` is damaged: expected the record that ends an archive, got none: it is cut or no archive
    hint: the download may have been cut: get the file again
    ");
    folder.put("cut.tar", &tar("1.png", &[1; 5000])[..3000]);
    assert_snapshot!(fail("cut.tar", ""), @r"
    exit code 3
    error: `cut.tar` is damaged: expected a tar archive
    caused by: a file goes on after the archive's end
    hint: the download may have been cut: get the file again
    ");
    assert_snapshot!(fail("folders.zip", json), @r"
    exit code 3
    error: `folders.zip` has no `dataset.json`: expected one, as `prepare.pictures.labels` is `dataset_json`
    hint: StyleGAN's `dataset_tool.py` writes it; without labels set `prepare.pictures.labels` to `none`, or to `folder` for a folder per class
    ");
    folder.put("none.tar", &tar("dataset.json", b"{\"labels\": null}"));
    assert_snapshot!(fail("none.tar", json), @r"
    exit code 3
    error: `dataset.json` has no labels: expected a list `labels`, got none
    hint: StyleGAN's `dataset_tool.py` writes it; without labels set `prepare.pictures.labels` to `none`, or to `folder` for a folder per class
    ");
    folder.put("wrong.tar", &tar("dataset.json", b"{\"labels\": [[1, 2]]}"));
    assert_snapshot!(fail("wrong.tar", json), @r#"
    exit code 3
    error: `dataset.json` is no table of labels: expected `{"labels": [["FILE", NUMBER], ...]}`
    caused by: invalid type: integer `1`, expected a string at line 1 column 14
    hint: make it anew with StyleGAN's `dataset_tool.py`
    "#);
    folder.put("long.tar", &tar("a.cls", &[b'7'; 2000]));
    assert_snapshot!(fail("long.tar", "--set prepare.pictures.labels=cls"), @r"
    exit code 3
    error: `a.cls` is too long: expected at most 1024 bytes
    hint: without labels set `prepare.pictures.labels` to `none`
    ");
    folder.put("blank.tar", &tar("a.cls", b" \n"));
    assert_snapshot!(fail("blank.tar", "--set prepare.pictures.labels=cls"), @r"
    exit code 3
    error: `a.cls` is no label: expected a number or a name on one line
    hint: without labels set `prepare.pictures.labels` to `none`
    ");
    folder.put("other.tar", &tar("a.txt", b"x"));
    assert_snapshot!(fail("other.tar", ""), @r"
    exit code 3
    error: `other.tar` has no picture to train on: expected at least one, got 1 file that can't be used
    hint: the first that can't be used is `a.txt`: not_a_picture, neither by its name nor by its content
    ");
}

#[test]
fn members_that_share_bytes_as_in_an_archive_bomb_are_refused() {
    let folder = folder_of(&["folders.zip"]);
    let mut bomb = folder.get("folders.zip");
    let end = bomb.len() - 22;
    let start = u32::from_le_bytes(bomb[end + 16..end + 20].try_into().unwrap()) as usize;
    let directory = bomb[start..end].to_vec();
    bomb.splice(end..end, directory.repeat(60));
    let tail = bomb.len() - 22;
    for at in [tail + 8, tail + 10] {
        let n = u16::from_le_bytes(bomb[at..at + 2].try_into().unwrap()) * 61;
        bomb[at..at + 2].copy_from_slice(&n.to_le_bytes());
    }
    let length = u32::try_from(directory.len() * 61).unwrap();
    bomb[tail + 12..tail + 16].copy_from_slice(&length.to_le_bytes());
    folder.put("bomb.zip", &bomb);
    let said = folder.fail(&format!("{ARCHIVE} --set prepare.archive.train=bomb.zip"));
    assert!(
        said.contains("several of the same bytes, as in an archive bomb"),
        "{said}"
    );
}
