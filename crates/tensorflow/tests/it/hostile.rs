//! Tables with correct checksums and contents that no one means well with.

use crate::support::{
    Message, block_of, bundle, finish, full_text, put_block, put_varint, shape_message, table_of,
    values_of, write, write_bundle,
};
use dcgan::Arrays;
use dcgan_artifacts::masked_crc32c;
use dcgan_tensorflow::SavedVariables;

/// Reads a V1 checkpoint of these bytes; the error.
fn refused_table(table: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model-7");
    write(&path, table);
    full_text(&SavedVariables::open(&path).unwrap_err())
}

/// Reads a V2 checkpoint with these entries and 16 bytes of data.
fn read_bundle(entries: &[(&[u8], &[u8])]) -> Result<SavedVariables, String> {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("model-7");
    write(
        &prefix.with_file_name("model-7.index"),
        &table_of(&[(block_of(entries), 0)]),
    );
    write(&prefix.with_file_name("model-7.data-00000-of-00001"), &DATA);
    SavedVariables::open(&prefix).map_err(|error| full_text(&error))
}

const DATA: [u8; 16] = [0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64];

fn header() -> Vec<u8> {
    Message::default().number(1, 1).0
}

/// Two floats at `offset`.
fn entry(offset: u64) -> Message {
    let start = usize::try_from(offset).unwrap();
    Message::default()
        .number(1, 1)
        .bytes(2, &shape_message(&[2]).0)
        .number(4, offset)
        .number(5, 8)
        .fixed(6, masked_crc32c(&DATA[start..start + 8]))
}

#[test]
fn the_writer_of_these_tests_is_read() {
    let (first, second) = (entry(0).0, entry(8).0);
    let saved = read_bundle(&[(b"", &header()), (b"a", &first), (b"b", &second)]).unwrap();
    let expected = Arrays::from([
        ("a".to_owned(), (vec![2], vec![1.0, 2.0])),
        ("b".to_owned(), (vec![2], vec![3.0, 4.0])),
    ]);
    assert_eq!(*saved.floats(), expected);
}

/// A few bytes repeat a long key, so without a bound a small file fills the memory.
#[test]
fn long_keys_are_refused() {
    let offset = entry(0).0;
    for (length, is_read) in [(4096, true), (4097, false)] {
        let key = vec![b'a'; length];
        let result = read_bundle(&[(b"", &header()), (&key, &offset)]);
        assert_eq!(result.is_ok(), is_read, "{length}");
    }
}

#[test]
fn compressed_blocks_are_read() {
    let array = |name: &str, n: usize| (name.to_owned(), (vec![n], values_of(name, n)));
    let arrays = Arrays::from([array("a", 40), array("b", 3), array("cc", 0)]);
    let folder = tempfile::tempdir().unwrap();
    let prefix = write_bundle(folder.path(), &arrays);
    assert_eq!(*SavedVariables::open(&prefix).unwrap().floats(), arrays);
    // The block with all entries is the first one.
    let (index, _) = bundle(&arrays);
    let start = index.windows(4).position(|bytes| bytes == [0, 0, 0, 0]);
    let content = &index[..start.unwrap() + 8];
    let packed = snap::raw::Encoder::new().compress_vec(content).unwrap();
    assert!(packed.len() < content.len());
    write(
        &folder.path().join("made-3.index"),
        &table_of(&[(packed, 1)]),
    );
    assert_eq!(*SavedVariables::open(&prefix).unwrap().floats(), arrays);
}

#[test]
fn a_bomb_in_snappy_is_refused_by_its_length() {
    let mut bomb = Vec::new();
    put_varint(&mut bomb, 1 << 31);
    bomb.extend([0xfe; 30]);
    let text = refused_table(&table_of(&[(bomb, 1)]));
    assert!(
        text.contains("expected a block in snappy that grows 22 times at most"),
        "{text}"
    );
    let text = refused_table(&table_of(&[(vec![4, 0], 1)]));
    assert!(text.contains("expected a block in snappy, got "), "{text}");
    let text = refused_table(&table_of(&[(vec![4, 0], 2)]));
    assert!(
        text.contains("expected a block that is plain or in snappy, got [2]"),
        "{text}"
    );
}

#[test]
fn a_block_is_read_once_however_often_the_index_names_it() {
    let mut table = Vec::new();
    let handle = put_block(&mut table, &block_of(&[(b"", b"")]), 0);
    let index = block_of(&[(b"a", &handle), (b"b", &handle)]);
    let text = refused_table(&finish(table, &index));
    // The first entry is no list of variables, so that the second handle is not reached.
    assert!(
        text.contains("expected a list of the variables first"),
        "{text}"
    );

    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("model-7");
    let mut table = Vec::new();
    let handle = put_block(&mut table, &block_of(&[(b"", &header())]), 0);
    let index = block_of(&[(b"a", &handle), (b"b", &handle)]);
    write(&folder.path().join("model-7.index"), &finish(table, &index));
    let text = full_text(&SavedVariables::open(&prefix).unwrap_err());
    assert!(
        text.contains("expected a block at 18 or after it, got one at 0"),
        "{text}"
    );
}

#[test]
fn lengths_within_a_block_are_bounded_by_it() {
    for (what, lengths) in [
        ("shared", [1, 0, 0]),
        ("key", [0, 1 << 40, 0]),
        ("value", [0, 0, 9]),
    ] {
        let mut block = Vec::new();
        for length in lengths {
            put_varint(&mut block, length);
        }
        block.extend([0_u32, 1].map(u32::to_le_bytes).concat());
        let text = refused_table(&table_of(&[(block, 0)]));
        assert!(
            text.contains("expected a complete entry in a block"),
            "{what}: {text}"
        );
    }
    let text = refused_table(&table_of(&[(u32::MAX.to_le_bytes().to_vec(), 0)]));
    assert!(
        text.contains("expected a block with its restart points"),
        "{text}"
    );
    let text = refused_table(&table_of(&[(block_of(&[(b"", b"\xff")]), 0)]));
    assert!(
        text.contains("expected a message with a variable"),
        "{text}"
    );
}

#[test]
fn an_index_that_contradicts_itself_is_refused() {
    let big = [1 << 20; 4];
    let huge = entry(0).bytes(2, &shape_message(&big).0).0;
    let long = entry(0).number(5, 12).0;
    let negative = entry(0).number(4, u64::MAX).0;
    let beyond = entry(0).number(4, 12).0;
    let shard = entry(0).number(3, 1).0;
    let other = entry(0).fixed(6, 1).0;
    let overlapping = entry(4).0;
    for (entries, expected) in [
        (
            &[(&b"a"[..], &huge[..])][..],
            "expected a shape of `a`, got no sizes",
        ),
        (
            &[(b"a", &long)],
            "expected the bytes for [2] of `a`, got 12",
        ),
        (&[(b"a", &negative)], "expected an offset of `a`"),
        (
            &[(b"a", &beyond)],
            "expected 8 bytes of `a` at 12, got a file of 16 bytes",
        ),
        (&[(b"a", &shard)], "expected a file in 0..1 of `a`, got 1"),
        (&[(b"a", &other)], "expected `a` with its checksum"),
        (
            &[(b"a", &entry(0).0), (b"b", &overlapping)],
            "expected `b` at 8 or after it, got 4",
        ),
        (
            &[(b"a", &entry(0).0), (b"b", &entry(0).0)],
            "expected a place of `b`, got that of `a`",
        ),
        (
            &[(b"b", &entry(0).0), (b"a", &entry(8).0)],
            "expected keys in ascending order",
        ),
        (&[(b"\xff", &entry(0).0)], "expected the name of a variable"),
    ] {
        let header = header();
        let mut all: Vec<(&[u8], &[u8])> = vec![(b"", &header)];
        all.extend(entries);
        let text = read_bundle(&all).unwrap_err();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn headers_that_cannot_be_are_refused() {
    for (header, expected) in [
        (
            Message::default(),
            "expected 1 to 99999 files of values, got 0",
        ),
        (Message::default().number(1, 1 << 30), "got 1073741824"),
        (
            Message::default().number(1, 1).number(2, 1),
            "its numbers have their highest byte first",
        ),
    ] {
        let text = read_bundle(&[(b"", &header.0)]).unwrap_err();
        assert!(text.contains(expected), "{text}");
    }
    let text = read_bundle(&[(b"a", &entry(0).0)]).unwrap_err();
    assert!(text.contains("expected a header first, got `a`"), "{text}");
    let text = read_bundle(&[]).unwrap_err();
    assert!(
        text.contains("expected a header, got an empty table"),
        "{text}"
    );
}

/// A V1 table with a list of one variable and this value of it.
fn v1_table(shape: &[usize], data: &[u8]) -> Vec<u8> {
    v1_table_of_parts(shape, 1, data)
}

/// The same, with a list that has so many parts of the variable, each of them the whole.
fn v1_table_of_parts(shape: &[usize], parts: usize, data: &[u8]) -> Vec<u8> {
    let whole = Message::default().bytes(1, &[]);
    let mut listed = Message::default()
        .bytes(1, b"a")
        .bytes(2, &shape_message(shape).0)
        .number(3, 1);
    for _ in 0..parts {
        listed = listed.bytes(4, &whole.0);
    }
    let list = Message::default().bytes(1, &Message::default().bytes(1, &listed.0).0);
    table_of(&[(block_of(&[(b"", &list.0), (b"a", data)]), 0)])
}

#[test]
fn values_that_do_not_fit_the_list_are_refused() {
    let floats = Message::default().bytes(5, &DATA);
    let of = |name: &[u8], tensor: &Message| {
        let slice = Message::default().bytes(1, name).bytes(3, &tensor.0);
        Message::default().bytes(2, &slice.0).0
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model-7");
    write(&path, &v1_table(&[4, 1], &of(b"a", &floats)));
    let saved = SavedVariables::open(&path).unwrap();
    assert_eq!(saved.floats()["a"], (vec![4, 1], vec![1.0, 2.0, 3.0, 4.0]));

    let text = refused_table(&v1_table(&[5], &of(b"a", &floats)));
    assert!(
        text.contains("expected 5 values of `a` [5], got 4"),
        "{text}"
    );
    let text = refused_table(&v1_table(&[1 << 40, 1 << 40], &of(b"a", &floats)));
    assert!(
        text.contains("expected a shape of `a`, got no sizes"),
        "{text}"
    );
    let text = refused_table(&v1_table(&[4], &of(b"b", &floats)));
    assert!(
        text.contains("expected the values of `a`, got none"),
        "{text}"
    );
    let text = refused_table(&v1_table(&[4], b""));
    assert!(
        text.contains("expected a variable, got a message without one"),
        "{text}"
    );
    for parts in [0, 2] {
        let text = refused_table(&v1_table_of_parts(&[4], parts, &of(b"a", &floats)));
        assert!(text.contains("`a` is saved in parts"), "{parts}: {text}");
    }
    let text = refused_table(&table_of(&[]));
    assert!(
        text.contains("expected a list of the variables, got an empty table"),
        "{text}"
    );
}
