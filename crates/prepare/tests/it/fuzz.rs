//! The IDX decoder on random bytes: no panic, and no memory beyond the content.

use crate::{gzip, idx};
use dcgan_prepare::idx::{Idx, decode};
use proptest::prelude::*;
use std::path::Path;

fn decode_bytes<const D: usize>(bytes: &[u8]) -> Result<Idx<D>, dcgan_prepare::Error> {
    decode(Path::new("file"), bytes, bytes.len() as u64)
}

/// Sizes, mostly small, some wrong.
fn size() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0u32..6, 1 => any::<u32>(), 1 => Just(u32::MAX)]
}

/// Checks that decoding `bytes` uses no more memory than their content needs.
fn check_memory<const D: usize>(bytes: &[u8], content: usize) -> Result<(), TestCaseError> {
    if let Ok(decoded) = decode_bytes::<D>(bytes) {
        let product: usize = decoded.sizes.iter().product();
        prop_assert_eq!(decoded.values.len(), product);
        prop_assert_eq!(product + 4 + 4 * D, content);
        prop_assert!(decoded.values.capacity() <= content.max(16 * bytes.len()));
        prop_assert_eq!(decoded.file.bytes, bytes.len() as u64);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_memory::<3>(&bytes, bytes.len())?;
        check_memory::<1>(&bytes, bytes.len())?;
    }

    #[test]
    fn any_sizes_over_any_content(
        sizes in prop::array::uniform3(size()), content in prop::collection::vec(any::<u8>(), 0..150),
    ) {
        let bytes = idx([0, 0, 8, 3], &sizes, &content);
        check_memory::<3>(&bytes, bytes.len())?;
        check_memory::<3>(&gzip(&bytes), bytes.len())?;
        let product = sizes.iter().map(|n| u128::from(*n)).product::<u128>();
        let fits = product == content.len() as u128 && product > 0;
        prop_assert_eq!(decode_bytes::<3>(&bytes).is_ok(), fits);
        prop_assert_eq!(decode_bytes::<3>(&gzip(&bytes)).is_ok(), fits);
    }

    #[test]
    fn sound_files_come_back(n in 1u32..6, h in 1u32..6, w in 1u32..6, first in any::<u8>()) {
        let content: Vec<u8> = (first..=255).cycle().take((n * h * w) as usize).collect();
        let bytes = idx([0, 0, 8, 3], &[n, h, w], &content);
        for bytes in [gzip(&bytes), bytes] {
            let decoded = decode_bytes::<3>(&bytes).unwrap();
            prop_assert_eq!(decoded.sizes, [n as usize, h as usize, w as usize]);
            prop_assert_eq!(&decoded.values, &content);
            prop_assert_eq!(decoded.file.sha256, dcgan_artifacts::sha256_bytes(&bytes));
        }
    }

    /// A changed byte of a gzip file is found by its checksum, or is in a part that gzip does not
    /// check (time, system and flags of its header; padding between blocks), and the content is the
    /// same.
    #[test]
    fn one_changed_byte_of_a_gzip_file(at in any::<prop::sample::Index>(), change in 1u8..) {
        let content: Vec<u8> = (0..60).collect();
        let mut bytes = gzip(&idx([0, 0, 8, 3], &[5, 3, 4], &content));
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(decoded) = decode_bytes::<3>(&bytes) {
            prop_assert_eq!(decoded.values, content);
        }
    }

    #[test]
    fn any_cut_of_a_file_is_an_error(at in any::<prop::sample::Index>(), compressed in any::<bool>()) {
        let mut bytes = idx([0, 0, 8, 3], &[5, 3, 4], &[9; 60]);
        if compressed {
            bytes = gzip(&bytes);
        }
        prop_assert!(decode_bytes::<3>(&bytes[..at.index(bytes.len())]).is_err());
    }
}

#[test]
fn a_header_of_terabytes_takes_no_memory() {
    // The product fits an address; the content is 24 bytes. The reservation follows the file.
    let bytes = gzip(&idx([0, 0, 8, 3], &[1 << 20, 1 << 10, 1 << 10], &[0; 24]));
    let message = decode_bytes::<3>(&bytes).unwrap_err().to_string();
    assert!(
        message.contains("expected 1048576 x 1024 x 1024 = 1099511627776"),
        "{message}"
    );
}
