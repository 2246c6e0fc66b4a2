//! The nearest of many 8-bit images, by exact integers.
//!
//! `|q - r|^2 = |q'|^2 + |r'|^2 - 2 q'.r'` with pixels centred at 128, `q' = q - 128`: products of
//! two centred pixels are at most 2^14, so that their sums are exact integers, and AVX512-VNNI and
//! plain loops give the same numbers. No distance is kept beyond its tile.

use crate::isa::has_vnni;
use rayon::prelude::*;

/// Queries that a task takes through all references.
const QUERIES: usize = 96;
/// Bytes of references that are packed at a time.
const PACKED: usize = 8 << 20;
/// Most bytes of an image for which sums fit 32 bits in [`Integers::Vnni`].
const LONGEST: usize = 1 << 14;

/// The reference nearest to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NearestImage {
    /// The sum of the squared differences of all bytes.
    pub squared: u64,
    /// Position of the reference; among equally near ones the first.
    pub index: usize,
}

/// How the products of pixels are summed; the results are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integers {
    /// Plain loops over 16-bit integers.
    Portable,
    /// Sums of four products an instruction and lane, by AVX512-VNNI.
    Vnni,
}

impl Integers {
    /// The forms that this processor has for images of `d` bytes, the fastest last.
    pub fn available(d: usize) -> Vec<Self> {
        let mut all = vec![Self::Portable];
        if d <= LONGEST && has_vnni() {
            all.push(Self::Vnni);
        }
        all
    }

    /// The nearest of the images `references [m, d]` to each of the images `queries [n, d]`, m > 0.
    ///
    /// # Panics
    /// Unless d > 0, both lengths are multiples of it, and m > 0; or if the processor does not have
    /// this form ([`available`](Self::available)).
    pub fn nearest(self, queries: &[u8], references: &[u8], d: usize) -> Vec<NearestImage> {
        assert!(d > 0, "images have at least one byte");
        assert!(
            queries.len().is_multiple_of(d) && references.len().is_multiple_of(d),
            "images of {d} bytes, complete"
        );
        assert!(!references.is_empty(), "at least one reference");
        let at_once = (PACKED / d).max(1);
        let mut best = Vec::new();
        for (chunk, references) in references.chunks(at_once * d).enumerate() {
            let mut found = match self {
                Self::Portable => portable::nearest(queries, references, d),
                Self::Vnni => {
                    assert!(d <= LONGEST, "images of at most {LONGEST} bytes");
                    vnni(queries, references, d)
                }
            };
            for found in &mut found {
                found.index += chunk * at_once;
            }
            if chunk == 0 {
                best = found;
            } else {
                for (best, found) in best.iter_mut().zip(found) {
                    *best = found.min(*best);
                }
            }
        }
        best
    }
}

/// The nearest of `references [m, d]` to each of `queries [n, d]`, by the fastest [`Integers`] of
/// this processor.
///
/// # Panics
/// As [`Integers::nearest`].
pub fn nearest_images(queries: &[u8], references: &[u8], d: usize) -> Vec<NearestImage> {
    let fastest = Integers::available(d).pop().unwrap_or(Integers::Portable);
    fastest.nearest(queries, references, d)
}

#[cfg(target_arch = "x86_64")]
fn vnni(queries: &[u8], references: &[u8], d: usize) -> Vec<NearestImage> {
    assert!(has_vnni(), "this processor has no AVX512-VNNI");
    vnni::nearest(queries, references, d)
}

#[cfg(not(target_arch = "x86_64"))]
fn vnni(_: &[u8], _: &[u8], _: usize) -> Vec<NearestImage> {
    unreachable!("`Integers::available` names AVX512-VNNI on x86-64 alone")
}

/// Blocks of queries in parallel, in their order.
fn by_blocks(
    queries: &[u8],
    d: usize,
    block: impl Fn(&[u8]) -> Vec<NearestImage> + Send + Sync,
) -> Vec<NearestImage> {
    queries
        .par_chunks(QUERIES * d)
        .flat_map_iter(block)
        .collect()
}

mod portable {
    use super::{NearestImage, by_blocks};
    use crate::isa::Isa;
    use crate::wide::wide;
    use rayon::prelude::*;

    /// References that stay in the cache while all queries of a block pass.
    const REFERENCES: usize = 32;
    /// Coordinates whose products, 2^14 each at most, a 32-bit sum holds.
    const PIECE: usize = 1 << 16;

    pub(super) fn nearest(queries: &[u8], references: &[u8], d: usize) -> Vec<NearestImage> {
        let references = centred(references);
        let lengths: Vec<i64> = references
            .par_chunks(d)
            .map(|r| wide(Isa::Native, || product(r, r)))
            .collect();
        by_blocks(queries, d, |block| {
            let queries = centred(block);
            let mut best = vec![(i64::MAX, 0); block.len() / d];
            wide(Isa::Native, || {
                let tiles = references.chunks(REFERENCES * d);
                let lengths = lengths.chunks(REFERENCES);
                for (tile, (references, lengths)) in tiles.zip(lengths).enumerate() {
                    for (query, best) in queries.chunks_exact(d).zip(&mut best) {
                        let pairs = references.chunks_exact(d).zip(lengths);
                        for (i, (reference, length)) in pairs.enumerate() {
                            let value = length - 2 * product(query, reference);
                            if value < best.0 {
                                *best = (value, tile * REFERENCES + i);
                            }
                        }
                    }
                }
            });
            let images = queries.chunks_exact(d).zip(best);
            images
                .map(|(query, (value, index))| NearestImage {
                    squared: (product(query, query) + value).unsigned_abs(),
                    index,
                })
                .collect()
        })
    }

    fn centred(pixels: &[u8]) -> Vec<i16> {
        pixels.iter().map(|&pixel| i16::from(pixel) - 128).collect()
    }

    /// `a . b` of centred pixels.
    #[inline]
    fn product(a: &[i16], b: &[i16]) -> i64 {
        let pieces = a.chunks(PIECE).zip(b.chunks(PIECE));
        pieces
            .map(|(a, b)| {
                let products = a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b));
                i64::from(products.sum::<i32>())
            })
            .sum()
    }
}

#[cfg(target_arch = "x86_64")]
mod vnni {
    use super::{NearestImage, by_blocks};
    use rayon::prelude::*;
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi32, _mm512_cmplt_epi32_mask, _mm512_dpbusd_epi32,
        _mm512_loadu_si512, _mm512_mask_mov_epi32, _mm512_set1_epi32, _mm512_setr_epi32,
        _mm512_setzero_si512, _mm512_slli_epi32, _mm512_storeu_si512, _mm512_sub_epi32,
    };

    /// 32-bit lanes of a vector.
    const LANES: usize = 16;
    /// Queries of a tile: with two vectors of references each, 24 of the 32 registers.
    const ROWS: usize = 12;
    /// References of a tile.
    const COLUMNS: usize = 2 * LANES;
    /// Neighbouring pixels that one lane multiplies and adds at once.
    const QUAD: usize = 4;
    /// More than any value of a reference: `|r'|^2 - 2 q'.r` of images of 2^14 bytes is at most
    /// 2^14 (128^2 + 2 128 255) < 1.4e9.
    const BEYOND: i32 = 1_500_000_000;

    /// References as the tile reads them: `[tile][quad][column][QUAD]`, and `|r'|^2` of each.
    struct Packed {
        pixels: Vec<u8>,
        lengths: Vec<i32>,
    }

    /// The least value of each lane, and its position.
    #[derive(Clone)]
    struct Best {
        values: [i32; LANES],
        indices: [i32; LANES],
    }

    pub(super) fn nearest(queries: &[u8], references: &[u8], d: usize) -> Vec<NearestImage> {
        let quads = d.div_ceil(QUAD);
        let packed = pack(references, d, quads);
        by_blocks(queries, d, |block| {
            let n = block.len() / d;
            let rows = pack_queries(block, d, quads);
            let start = Best {
                values: [i32::MAX; LANES],
                indices: [0; LANES],
            };
            let mut best = vec![start; n.next_multiple_of(ROWS)];
            let tiles = packed.pixels.chunks_exact(quads * COLUMNS * QUAD);
            let tiles = tiles.zip(packed.lengths.as_chunks::<COLUMNS>().0);
            for (first, (pixels, lengths)) in (0..).step_by(COLUMNS).zip(tiles) {
                let tasks = rows.chunks_exact(quads * ROWS);
                for (rows, best) in tasks.zip(best.as_chunks_mut::<ROWS>().0) {
                    #[expect(
                        unsafe_code,
                        reason = "a processor without AVX512-VNNI would not know the instructions"
                    )]
                    // SAFETY: `Integers::nearest` asks for `has_vnni` before it comes here.
                    unsafe {
                        tile(rows, pixels, lengths, first, best);
                    }
                }
            }
            let images = block.chunks_exact(d).zip(best);
            images.map(|(query, best)| of_lanes(query, &best)).collect()
        })
    }

    /// The least value of all lanes as a distance; among equal ones the first reference.
    fn of_lanes(query: &[u8], best: &Best) -> NearestImage {
        let lanes = best.values.iter().zip(&best.indices);
        let (value, index) = lanes.min().expect("a vector has lanes");
        // q'.r' = q'.r - 128 sum q'; the second term, equal for all references, was left out.
        let own = query.iter().fold(0, |sum, &pixel| {
            let centred = i64::from(pixel) - 128;
            sum + centred * centred + 256 * centred
        });
        NearestImage {
            squared: (own + i64::from(*value)).unsigned_abs(),
            index: usize::try_from(*index).expect("positions are not negative"),
        }
    }

    fn pack(references: &[u8], d: usize, quads: usize) -> Packed {
        let m = (references.len() / d).next_multiple_of(COLUMNS);
        let mut pixels = vec![0; m * quads * QUAD];
        let mut lengths = vec![BEYOND; m];
        pixels
            .par_chunks_exact_mut(quads * QUAD * COLUMNS)
            .zip(lengths.par_chunks_exact_mut(COLUMNS))
            .zip(references.par_chunks(d * COLUMNS))
            .for_each(|((tile, lengths), references)| {
                let images = references.chunks_exact(d).zip(lengths);
                for (column, (image, length)) in images.enumerate() {
                    let centred = |&pixel: &u8| (i32::from(pixel) - 128).pow(2);
                    *length = image.iter().map(centred).sum();
                    let places = tile.as_chunks_mut::<{ QUAD * COLUMNS }>().0;
                    for (place, quad) in places.iter_mut().zip(image.chunks(QUAD)) {
                        place[column * QUAD..][..quad.len()].copy_from_slice(quad);
                    }
                }
            });
        Packed { pixels, lengths }
    }

    /// Centred queries as the tile reads them, `[tile][quad][row]`, four pixels an integer.
    fn pack_queries(block: &[u8], d: usize, quads: usize) -> Vec<i32> {
        let n = (block.len() / d).next_multiple_of(ROWS);
        let mut rows = vec![0; n * quads];
        let tiles = rows.chunks_exact_mut(quads * ROWS);
        for (tile, images) in tiles.zip(block.chunks(d * ROWS)) {
            for (row, image) in images.chunks_exact(d).enumerate() {
                for (place, quad) in tile
                    .as_chunks_mut::<ROWS>()
                    .0
                    .iter_mut()
                    .zip(image.chunks(QUAD))
                {
                    let mut centred = [0; QUAD];
                    for (centred, pixel) in centred.iter_mut().zip(quad) {
                        *centred = pixel ^ 0x80;
                    }
                    place[row] = i32::from_le_bytes(centred);
                }
            }
        }
        rows
    }

    /// Computes `|r'|^2 - 2 q'.r` of 12 queries and the 32 references from `first` on, and keeps
    /// the least values in `best`. `rows [quads, ROWS]`, `pixels [quads, COLUMNS, QUAD]`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn tile(
        rows: &[i32],
        pixels: &[u8],
        lengths: &[i32; COLUMNS],
        first: i32,
        best: &mut [Best; ROWS],
    ) {
        let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
        let rows = rows.as_chunks::<ROWS>().0;
        let quads = pixels.as_chunks::<{ COLUMNS * QUAD }>().0;
        for (row, quad) in rows.iter().zip(quads) {
            let (left, right) = quad.split_at(LANES * QUAD);
            let (left, right) = (load(left), load(right));
            for (sums, &centred) in sums.iter_mut().zip(row) {
                let centred = _mm512_set1_epi32(centred);
                sums[0] = _mm512_dpbusd_epi32(sums[0], left, centred);
                sums[1] = _mm512_dpbusd_epi32(sums[1], right, centred);
            }
        }
        let ascending = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let lengths = lengths.as_chunks::<LANES>().0;
        for (half, length) in lengths.iter().enumerate() {
            let length = load(length);
            let offset = if half == 0 { first } else { first + 16 };
            let indices = _mm512_add_epi32(_mm512_set1_epi32(offset), ascending);
            for (sums, best) in sums.iter().zip(best.iter_mut()) {
                let value = _mm512_sub_epi32(length, _mm512_slli_epi32::<1>(sums[half]));
                let least = load(&best.values);
                let is_less = _mm512_cmplt_epi32_mask(value, least);
                store(
                    &mut best.values,
                    _mm512_mask_mov_epi32(least, is_less, value),
                );
                let known = load(&best.indices);
                store(
                    &mut best.indices,
                    _mm512_mask_mov_epi32(known, is_less, indices),
                );
            }
        }
    }

    /// 64 bytes.
    #[target_feature(enable = "avx512f")]
    fn load<T>(values: &[T]) -> __m512i {
        assert_eq!(size_of_val(values), size_of::<__m512i>(), "a whole vector");
        #[expect(unsafe_code, reason = "vectors are read by address")]
        // SAFETY: `values` has the 64 initialised bytes that are read, as was just asserted;
        // callers pass integers, and any bits are a vector; the load needs no alignment.
        unsafe {
            _mm512_loadu_si512(values.as_ptr().cast())
        }
    }

    #[target_feature(enable = "avx512f")]
    fn store(values: &mut [i32; LANES], vector: __m512i) {
        #[expect(unsafe_code, reason = "vectors are written by address")]
        // SAFETY: 16 `i32` are the 64 bytes that are written; the store needs no alignment.
        unsafe {
            _mm512_storeu_si512(values.as_mut_ptr().cast(), vector);
        }
    }
}
