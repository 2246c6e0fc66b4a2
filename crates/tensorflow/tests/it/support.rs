//! Fixtures, and a writer of checkpoints of format V2.

use dcgan::Arrays;
use dcgan_artifacts::masked_crc32c;
use dcgan_tensorflow::{Error, SavedVariables};
use std::path::{Path, PathBuf};

/// A checkpoint of `tests/fixtures`, all of them at step 7.
pub(crate) fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(format!("{name}.model-7"))
}

/// The values that `values` of `tensorflow_fixtures.py` gives a variable.
pub(crate) fn values_of(name: &str, n: usize) -> Vec<f32> {
    let offset: usize = name.bytes().map(usize::from).sum();
    let value = |i: usize| {
        let number = i16::try_from((i * 7 + offset) % 251).unwrap() - 125;
        f32::from(number) / 64.0
    };
    (0..n).map(value).collect()
}

pub(crate) fn open(name: &str) -> SavedVariables {
    SavedVariables::open(&fixture(name)).unwrap()
}

/// An error with all its causes, and its hint.
pub(crate) fn full_text(error: &Error) -> String {
    use dcgan_hints::Hint as _;
    let mut parts = vec![error.to_string()];
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        parts.push(source.to_string());
        cause = source.source();
    }
    let hint = error.hint().unwrap_or_default();
    format!("{}\nhint: {hint}", parts.join(": "))
}

/// A message in protobuf's encoding.
#[derive(Default)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    pub(crate) fn number(mut self, field: u8, number: u64) -> Self {
        self.0.push(field << 3);
        put_varint(&mut self.0, number);
        self
    }

    pub(crate) fn bytes(mut self, field: u8, bytes: &[u8]) -> Self {
        self.0.push(field << 3 | 2);
        put_varint(&mut self.0, bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    pub(crate) fn fixed(mut self, field: u8, number: u32) -> Self {
        self.0.push(field << 3 | 5);
        self.0.extend(number.to_le_bytes());
        self
    }
}

pub(crate) fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// The shape of a tensor.
pub(crate) fn shape_message(shape: &[usize]) -> Message {
    shape.iter().fold(Message::default(), |message, &size| {
        message.bytes(2, &Message::default().number(1, size as u64).0)
    })
}

/// Adds a block with its trailer to a table; its handle.
pub(crate) fn put_block(table: &mut Vec<u8>, content: &[u8], compression: u8) -> Vec<u8> {
    let mut handle = Vec::new();
    put_varint(&mut handle, table.len() as u64);
    put_varint(&mut handle, content.len() as u64);
    let mut block = content.to_vec();
    block.push(compression);
    let checksum = masked_crc32c(&block);
    table.extend(block);
    table.extend(checksum.to_le_bytes());
    handle
}

/// The content of a block of complete keys.
pub(crate) fn block_of(entries: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (key, value) in entries {
        for length in [0, key.len(), value.len()] {
            put_varint(&mut block, length as u64);
        }
        block.extend(*key);
        block.extend(*value);
    }
    block.extend([0_u32, 1].map(u32::to_le_bytes).concat());
    block
}

/// A table of blocks, each with its compression.
pub(crate) fn table_of(blocks: &[(Vec<u8>, u8)]) -> Vec<u8> {
    let mut table = Vec::new();
    let handles: Vec<Vec<u8>> = blocks
        .iter()
        .map(|(content, compression)| put_block(&mut table, content, *compression))
        .collect();
    let index: Vec<(&[u8], &[u8])> = handles
        .iter()
        .map(|handle| (b"key".as_slice(), handle.as_slice()))
        .collect();
    finish(table, &block_of(&index))
}

/// Adds the other blocks and the footer.
pub(crate) fn finish(mut table: Vec<u8>, index: &[u8]) -> Vec<u8> {
    let mut footer = put_block(&mut table, &block_of(&[]), 0);
    footer.extend(put_block(&mut table, index, 0));
    footer.resize(40, 0);
    footer.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
    table.extend(footer);
    table
}

/// Index and data of a V2 checkpoint.
pub(crate) fn bundle(arrays: &Arrays) -> (Vec<u8>, Vec<u8>) {
    let mut data = Vec::new();
    let header = Message::default().number(1, 1).0;
    let mut entries = vec![(String::new(), header)];
    for (name, (shape, values)) in arrays {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let entry = Message::default()
            .number(1, 1)
            .bytes(2, &shape_message(shape).0)
            .number(4, data.len() as u64)
            .number(5, bytes.len() as u64)
            .fixed(6, masked_crc32c(&bytes));
        entries.push((name.clone(), entry.0));
        data.extend(bytes);
    }
    let entries: Vec<(&[u8], &[u8])> = entries
        .iter()
        .map(|(name, entry)| (name.as_bytes(), entry.as_slice()))
        .collect();
    (table_of(&[(block_of(&entries), 0)]), data)
}

/// Writes a V2 checkpoint `folder/made-3`; its prefix.
pub(crate) fn write_bundle(folder: &Path, arrays: &Arrays) -> PathBuf {
    let (index, data) = bundle(arrays);
    write(&folder.join("made-3.index"), &index);
    write(&folder.join("made-3.data-00000-of-00001"), &data);
    folder.join("made-3")
}

/// Writes a file without syncing it, which would take these tests minutes.
pub(crate) fn write(path: &Path, bytes: &[u8]) {
    #[expect(clippy::disallowed_methods, reason = "a file of a test")]
    std::fs::write(path, bytes).unwrap();
}
