//! Archives and tables with a changed byte: an error that names the file, or contents.

use crate::Folder;
use crate::samples::folder_of;
use dcgan_prepare::{Collection, ParquetColumns, open_archive, open_parquet};
use std::path::Path;

type Opened = Result<Box<dyn Collection>, String>;

/// Changes each byte of a sample, some bits at a time, and passes what can be opened to `check`.
/// Returns how many could be opened.
fn each_flip(name: &str, open: impl Fn(&Path) -> Opened, check: impl Fn(&dyn Collection)) -> usize {
    let folder = folder_of(&[name]);
    let bytes = folder.get(name);
    let mut opened = 0;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= [0x01, 0x80, 0xff, 0x24][at % 4];
        opened += usize::from(opens(&folder, &changed, &open, &check));
    }
    opened
}

fn opens(
    folder: &Folder,
    bytes: &[u8],
    open: impl Fn(&Path) -> Opened,
    check: impl Fn(&dyn Collection),
) -> bool {
    folder.put("changed", bytes);
    match open(&folder.path().join("changed")) {
        Err(message) => {
            assert!(message.contains("changed"), "{message}");
            false
        }
        Ok(collection) => {
            check(&*collection);
            true
        }
    }
}

/// What a ZIP archive returns has the checksum that it should.
#[test]
fn a_changed_byte_of_a_zip_changes_no_picture_unseen() {
    let open = |path: &Path| open_archive(path).map_err(|error| error.to_string());
    let sound = folder_of(&["folders.zip"]);
    let sound = open(&sound.path().join("folders.zip")).unwrap();
    let contents = |collection: &dyn Collection| -> Vec<Vec<u8>> {
        let places = 0..collection.members().len();
        places
            .filter_map(|place| collection.read(place).ok().flatten())
            .collect()
    };
    let expected = contents(&*sound);
    let opened = each_flip("folders.zip", open, |collection| {
        for content in contents(collection) {
            assert!(content.is_empty() || expected.contains(&content));
        }
    });
    assert!(opened > 500, "{opened}");
}

/// A table has no checksums: only its shape can be told.
#[test]
fn a_changed_byte_of_a_table_is_no_panic() {
    for (name, image, label) in [
        ("huggingface.parquet", "image", "label"),
        ("words.parquet", "picture", "kind"),
    ] {
        let label = Some(label);
        let columns = ParquetColumns { image, label };
        let open = |path: &Path| open_parquet(path, &columns).map_err(|error| error.to_string());
        let opened = each_flip(name, open, |table| {
            let n = table.members().len();
            assert!(n < 10_000, "{n}");
            for place in 0..n {
                let _ = table.read(place);
            }
        });
        assert!(opened > 500, "{opened}");
    }
}
