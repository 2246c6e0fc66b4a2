//! The layouts of packed operands: units of 32 bits, each a pair of bfloat16 or one `f32`, as two
//! halves.

#[cfg(target_arch = "x86_64")]
use crate::isa::has_bf16;

/// What a unit of 32 bits holds.
pub(crate) trait Unit: Send + Sync + 'static {
    /// Numbers in a unit, which are adjacent along the inner dimension of a product.
    const NUMBERS: usize;
    /// Halves of a number.
    const HALVES: usize = 2 / Self::NUMBERS;
    /// The vectors that products run on where the processor has them; `None` means plain loops.
    const VECTORS: Option<Vectors>;
    /// Writes numbers in their order, as [`Self::HALVES`] halves each.
    fn row(from: &[f32], to: &mut [u16]);
    /// Writes the units of one or two rows: number i of each makes unit i. Without a second row its
    /// numbers are zero. `to` may be longer: the rest becomes zero.
    fn units(even: &[f32], odd: Option<&[f32]>, to: &mut [u16]);
    /// `sum += l r`, number by number.
    fn add(sum: f32, l: [u16; 2], r: [u16; 2]) -> f32;
}

/// Vectors of sixteen units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vectors {
    /// Of one `f32` each.
    Avx512,
    /// Of two bfloat16 each.
    Avx512Bf16,
}

/// Pairs of bfloat16, to which numbers are rounded: by the processor's instructions where it has
/// them if `NATIVE`, else by plain loops, with the same bits.
#[derive(Debug)]
pub(crate) enum Pairs<const NATIVE: bool> {}

pub(crate) type Halves = Pairs<true>;
pub(crate) type PlainHalves = Pairs<false>;

/// Numbers as they are.
#[derive(Debug)]
pub(crate) enum Single {}

impl<const NATIVE: bool> Unit for Pairs<NATIVE> {
    const NUMBERS: usize = 2;
    const VECTORS: Option<Vectors> = if NATIVE {
        Some(Vectors::Avx512Bf16)
    } else {
        None
    };

    fn row(from: &[f32], to: &mut [u16]) {
        narrow(NATIVE, from, to);
    }

    fn units(even: &[f32], odd: Option<&[f32]>, to: &mut [u16]) {
        pair(NATIVE, even, odd, to);
    }

    fn add(sum: f32, l: [u16; 2], r: [u16; 2]) -> f32 {
        let wide = |half: u16| f32::from_bits(u32::from(half) << 16);
        // The second number first, and numbers below the normal ones count as zero: as in the
        // processor.
        [1, 0].into_iter().fold(sum, |sum, i| {
            flush(flush(wide(l[i])).mul_add(flush(wide(r[i])), sum))
        })
    }
}

impl Unit for Single {
    const NUMBERS: usize = 1;
    const VECTORS: Option<Vectors> = Some(Vectors::Avx512);

    fn row(from: &[f32], to: &mut [u16]) {
        assert_eq!(2 * from.len(), to.len(), "rows of one length");
        let (units, _) = to.as_chunks_mut::<2>();
        for (to, from) in units.iter_mut().zip(from) {
            *to = halves(*from);
        }
    }

    fn units(row: &[f32], _: Option<&[f32]>, to: &mut [u16]) {
        let (units, rest) = to.split_at_mut(2 * row.len());
        Self::row(row, units);
        rest.fill(0);
    }

    fn add(sum: f32, l: [u16; 2], r: [u16; 2]) -> f32 {
        single(l).mul_add(single(r), sum)
    }
}

/// A number as two halves, and back.
fn halves(x: f32) -> [u16; 2] {
    let [a, b, c, d] = x.to_ne_bytes();
    [u16::from_ne_bytes([a, b]), u16::from_ne_bytes([c, d])]
}

fn single([first, second]: [u16; 2]) -> f32 {
    let ([a, b], [c, d]) = (first.to_ne_bytes(), second.to_ne_bytes());
    f32::from_ne_bytes([a, b, c, d])
}

fn flush(x: f32) -> f32 {
    if x.abs() < f32::MIN_POSITIVE {
        x * 0.0
    } else {
        x
    }
}

/// The nearest bfloat16, ties to even; numbers below the normal ones become zero, as in the
/// processor.
fn round(x: f32) -> u16 {
    let bits = x.to_bits();
    let upper = (bits >> 16) as u16;
    if x.is_nan() {
        return upper | 0x40;
    }
    if bits & 0x7f80_0000 == 0 {
        return upper & 0x8000;
    }
    // A carry into the exponent is what rounding up needs; the largest become infinity.
    ((bits + 0x7fff + u32::from(upper & 1)) >> 16) as u16
}

/// Rounds a row, by the processor's instructions if `native`.
fn narrow(native: bool, from: &[f32], to: &mut [u16]) {
    assert_eq!(from.len(), to.len(), "rows of one length");
    #[cfg(target_arch = "x86_64")]
    if native && has_bf16() {
        #[expect(unsafe_code, reason = "needs instructions beyond the baseline")]
        // SAFETY: the processor has them, as was just detected.
        return unsafe { with_avx512::narrow(from, to) };
    }
    for (to, &from) in to.iter_mut().zip(from) {
        *to = round(from);
    }
}

/// Rounds two rows and pairs them element by element; without a second row its elements are zero.
/// `to` may be longer than the pairs: the rest becomes zero.
fn pair(native: bool, even: &[f32], odd: Option<&[f32]>, to: &mut [u16]) {
    let n = even.len();
    assert!(to.len() >= 2 * n, "no room for the pairs");
    let (pairs, rest) = to.split_at_mut(2 * n);
    rest.fill(0);
    let Some(odd) = odd else {
        for (to, &even) in pairs.chunks_exact_mut(2).zip(even) {
            to.copy_from_slice(&[round(even), 0]);
        }
        return;
    };
    assert_eq!(odd.len(), n, "rows of one length");
    #[cfg(target_arch = "x86_64")]
    if native && has_bf16() {
        #[expect(unsafe_code, reason = "needs instructions beyond the baseline")]
        // SAFETY: the processor has them, as was just detected.
        return unsafe { with_avx512::pair(even, odd, pairs) };
    }
    pair_plain(even, odd, pairs);
}

fn pair_plain(even: &[f32], odd: &[f32], pairs: &mut [u16]) {
    for ((to, &even), &odd) in pairs.chunks_exact_mut(2).zip(even).zip(odd) {
        to.copy_from_slice(&[round(even), round(odd)]);
    }
}

#[cfg(target_arch = "x86_64")]
mod with_avx512 {
    use std::arch::x86_64::{
        __m512bh, __m512i, _mm512_cvtne2ps_pbh, _mm512_loadu_ps, _mm512_loadu_si512,
        _mm512_permutexvar_epi16, _mm512_storeu_si512,
    };

    /// Sixteen of the first row and sixteen of the second, in turn.
    static IN_TURN: [u16; 32] = {
        let mut order = [0; 32];
        let mut i = 0;
        while i < 16 {
            order[2 * i as usize] = i;
            order[2 * i as usize + 1] = 16 + i;
            i += 1;
        }
        order
    };

    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    pub(super) fn narrow(from: &[f32], to: &mut [u16]) {
        let (halves, _) = from.as_chunks::<16>();
        let (rows, _) = halves.as_chunks::<2>();
        let (to_rows, to_rest) = to.as_chunks_mut::<32>();
        for ([low, high], to) in rows.iter().zip(to_rows) {
            store(rounded(low, high), to);
        }
        for (to, &from) in to_rest.iter_mut().zip(&from[32 * rows.len()..]) {
            *to = super::round(from);
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    pub(super) fn pair(even: &[f32], odd: &[f32], pairs: &mut [u16]) {
        let (evens, even_rest) = even.as_chunks::<16>();
        let (odds, odd_rest) = odd.as_chunks::<16>();
        let (to, to_rest) = pairs.as_chunks_mut::<32>();
        #[expect(unsafe_code, reason = "vectors are loaded by pointers")]
        // SAFETY: the array has 64 bytes.
        let order = unsafe { _mm512_loadu_si512(IN_TURN.as_ptr().cast()) };
        for ((even, odd), to) in evens.iter().zip(odds).zip(to) {
            let both = rounded(even, odd);
            store(_mm512_permutexvar_epi16(order, both), to);
        }
        super::pair_plain(even_rest, odd_rest, to_rest);
    }

    /// Sixteen numbers of `low` and sixteen of `high`, rounded.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    fn rounded(low: &[f32; 16], high: &[f32; 16]) -> __m512i {
        #[expect(unsafe_code, reason = "vectors are loaded by pointers")]
        // SAFETY: both have sixteen elements, and 32 bfloat16 are 64 bytes of any bits.
        unsafe {
            let both = _mm512_cvtne2ps_pbh(
                _mm512_loadu_ps(high.as_ptr()),
                _mm512_loadu_ps(low.as_ptr()),
            );
            std::mem::transmute::<__m512bh, __m512i>(both)
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store(vector: __m512i, to: &mut [u16; 32]) {
        #[expect(unsafe_code, reason = "vectors are stored by pointers")]
        // SAFETY: the array has 64 bytes, borrowed mutably.
        unsafe {
            _mm512_storeu_si512(to.as_mut_ptr().cast(), vector);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;
    use dcgan_testkit::{Missing, untested};

    /// Every kind of number, and many of no kind.
    fn numbers() -> Vec<f32> {
        let mut numbers = vec![
            0.0,
            -0.0,
            1.0,
            -1.0,
            f32::NAN,
            -f32::NAN,
            f32::from_bits(0x7f80_0001),
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MAX,
            f32::MIN,
            f32::MIN_POSITIVE,
            f32::from_bits(0x007f_ffff),
            f32::from_bits(0x8000_0001),
        ];
        // Halfway between neighbours of either parity, and next to it.
        for upper in [0x3f80_u32, 0x3f81, 0xbf80, 0xbf81, 0x0080, 0x7f7f] {
            for lower in [0x7fff, 0x8000, 0x8001] {
                numbers.push(f32::from_bits(upper << 16 | lower));
            }
        }
        let mut state = 1_u32;
        for _ in 0..5000 {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            numbers.push(f32::from_bits(state));
        }
        numbers
    }

    fn same(got: u16, number: f32) {
        let wanted = reference::bf16(number);
        let got = f32::from_bits(u32::from(got) << 16);
        let both_nan = got.is_nan() && wanted.is_nan();
        assert!(
            both_nan || got.to_bits() == wanted.to_bits(),
            "{number:e}: got {got:e}, wanted {wanted:e}"
        );
    }

    #[test]
    fn rounding_equals_its_twin() {
        for number in numbers() {
            same(round(number), number);
        }
    }

    #[test]
    fn rows_and_pairs_are_rounded_number_by_number() {
        if !has_bf16() {
            untested(
                "rounding by the processor",
                Missing::Instructions("AVX512_BF16"),
            );
        }
        let numbers = numbers();
        for n in [0, 1, 15, 16, 31, 32, 33, numbers.len() / 2] {
            let (even, odd) = numbers.split_at(numbers.len() / 2);
            let (even, odd) = (&even[..n], &odd[..n]);
            let mut row = vec![1; n];
            for native in [true, false] {
                narrow(native, even, &mut row);
                let (mut pairs, mut halves) = (vec![1; 2 * n + 5], vec![1; 2 * n]);
                pair(native, even, Some(odd), &mut pairs);
                pair(native, even, None, &mut halves);
                for i in 0..n {
                    same(row[i], even[i]);
                    same(pairs[2 * i], even[i]);
                    same(pairs[2 * i + 1], odd[i]);
                    same(halves[2 * i], even[i]);
                    assert_eq!(halves[2 * i + 1], 0);
                }
                assert_eq!(pairs[2 * n..], [0; 5]);
            }
        }
    }
}
