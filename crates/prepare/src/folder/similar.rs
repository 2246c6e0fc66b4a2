//! Near duplicates: the same photograph in another size or quality.
//!
//! Each image is shrunk to 8 rows of 9 grey values. Whether each value is darker than its right
//! neighbour gives 64 bits, the "difference hash" (N. Krawetz, "Kind of Like That", 2013). Two
//! images are near duplicates if at most 3 of these bits differ and the values differ by at most 6
//! of 255 in the mean: the bits find candidates fast, the values distinguish flat pictures.

use dcgan_pictures::{Area, Filter, Plane, resample};
use std::collections::BTreeMap;

const ROWS: usize = 8;
const COLUMNS: usize = 9;
/// Maximum number of different bits. At least one of 4 bands of 16 bits is then equal.
const MAX_BITS: u32 = 3;
const BANDS: u32 = 4;
/// Maximum mean difference of the grey values.
const MAX_MEAN: usize = 6;

/// An image as 72 grey values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Thumbnail {
    values: [u8; ROWS * COLUMNS],
    hash: u64,
}

impl Thumbnail {
    /// Shrinks `pixels` `[height, width, channels]`.
    pub(crate) fn of(pixels: &[u8], height: usize, width: usize, channels: usize) -> Self {
        let grey = match channels {
            1 => pixels.to_vec(),
            _ => pixels
                .as_chunks::<3>()
                .0
                .iter()
                .copied()
                .map(grey)
                .collect(),
        };
        let plane = Plane {
            pixels: grey,
            height,
            width,
            channels: 1,
        };
        let whole = Area {
            top: 0.0,
            left: 0.0,
            height: height as f64,
            width: width as f64,
        };
        let mut values = [0; ROWS * COLUMNS];
        values.copy_from_slice(&resample(&plane, whole, ROWS, COLUMNS, Filter::Bilinear));
        let pairs = values
            .chunks_exact(COLUMNS)
            .flat_map(|row| row.windows(2).map(|pair| pair[0] < pair[1]));
        let hash = pairs.fold(0, |hash, is_darker| hash << 1 | u64::from(is_darker));
        Self { values, hash }
    }

    /// The number of different bits, if the two are near duplicates.
    fn near(&self, other: &Self) -> Option<u32> {
        let bits = (self.hash ^ other.hash).count_ones();
        let sum = || -> usize {
            let pairs = self.values.iter().zip(&other.values);
            pairs.map(|(a, b)| usize::from(a.abs_diff(*b))).sum()
        };
        (bits <= MAX_BITS && sum() <= MAX_MEAN * self.values.len()).then_some(bits)
    }
}

/// Luma by Rec. 709, as everywhere in this stage.
fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 54 * u32::from(red) + 183 * u32::from(green) + 19 * u32::from(blue);
    u8::try_from(sum >> 8).unwrap_or(u8::MAX)
}

/// Near duplicates as (image, earlier image, different bits). An image that is a near duplicate is
/// not compared with later ones, so a thousand frames of a film need only a thousand comparisons.
pub(crate) fn near_duplicates(thumbnails: &[Thumbnail]) -> Vec<(usize, usize, u32)> {
    let mut found = Vec::new();
    let mut bands: BTreeMap<(u32, u16), Vec<usize>> = BTreeMap::new();
    for (image_idx, thumbnail) in thumbnails.iter().enumerate() {
        let keys = (0..BANDS).map(|band| {
            let bits = u16::try_from(thumbnail.hash >> (16 * band) & 0xffff).unwrap_or_default();
            (band, bits)
        });
        let mut candidates = keys
            .clone()
            .flat_map(|key| bands.get(&key).into_iter().flatten());
        let forerunner = candidates.find_map(|&earlier| {
            let bits = thumbnail.near(&thumbnails[earlier])?;
            Some((image_idx, earlier, bits))
        });
        match forerunner {
            Some(forerunner) => found.push(forerunner),
            None => keys.for_each(|key| bands.entry(key).or_default().push(image_idx)),
        }
    }
    found
}
