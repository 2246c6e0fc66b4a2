//! The nearest of many images: every form against the definition, and against each other.

use dcgan_kernels::{Integers, NearestImage, nearest_images};
use dcgan_testkit::Instructions;
use proptest::prelude::*;

/// Mostly black and white, the hardest for sums that must stay exact.
fn pixels(n: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [_, _, value, kind] = state.to_le_bytes();
            match kind % 4 {
                0 => 0,
                1 => 255,
                _ => value,
            }
        })
        .collect()
}

fn by_definition(queries: &[u8], references: &[u8], d: usize) -> Vec<NearestImage> {
    let squared = |q: &[u8], r: &[u8]| -> u64 {
        let pairs = q.iter().zip(r);
        pairs.map(|(&q, &r)| u64::from(q.abs_diff(r)).pow(2)).sum()
    };
    queries
        .chunks(d)
        .map(|query| {
            let all = references.chunks(d).enumerate();
            let all = all.map(|(index, reference)| NearestImage {
                squared: squared(query, reference),
                index,
            });
            all.min().unwrap()
        })
        .collect()
}

fn assert_all(queries: &[u8], references: &[u8], d: usize) {
    let expected = by_definition(queries, references, d);
    for integers in Integers::available(d) {
        let got = integers.nearest(queries, references, d);
        assert_eq!(got, expected, "{integers:?}, {d} bytes");
    }
    assert_eq!(nearest_images(queries, references, d), expected);
}

/// Without them there is one form, which the definition alone is held against.
fn dot_products_or_untested() {
    Instructions::Avx512Vnni.or_untested("distances by dot products of bytes");
}

#[test]
fn the_form_for_this_processor_is_among_those_compared() {
    dot_products_or_untested();
    assert_eq!(Integers::available(784)[0], Integers::Portable);
    #[cfg(target_arch = "x86_64")]
    assert_eq!(
        Integers::available(784).contains(&Integers::Vnni),
        std::arch::is_x86_feature_detected!("avx512vnni")
    );
    // Beyond these the sums of 32 bits would not do.
    assert!(!Integers::available((1 << 14) + 1).contains(&Integers::Vnni));
}

#[test]
fn all_forms_give_the_integers_of_the_definition() {
    dot_products_or_untested();
    // Whole and incomplete tiles of rows, columns and quads of pixels, and more than one block.
    for (n, m, d) in [
        (1, 1, 1),
        (13, 33, 784),
        (97, 65, 783),
        (200, 700, 30),
        (5, 9, 4100),
    ] {
        assert_all(&pixels(n * d, 1), &pixels(m * d, 2), d);
    }
}

#[test]
fn the_longest_images_do_not_overflow() {
    dot_products_or_untested();
    for d in [1 << 14, (1 << 14) + 1, 140_000] {
        for (query, reference) in [(0, 255), (255, 0), (255, 255), (0, 0)] {
            assert_all(&vec![query; 2 * d], &vec![reference; 3 * d], d);
        }
    }
}

#[test]
fn more_references_than_are_laid_out_at_once() {
    dot_products_or_untested();
    let d = 1 << 14;
    let m = 2 * (8 << 20) / d + 3;
    let references = pixels(m * d, 3);
    let last = &references[(m - 1) * d..];
    let queries = [last, &pixels(d, 4), &references[..d]].concat();
    assert_all(&queries, &references, d);
    let first_again = [&references[..], &references[..d]].concat();
    assert_eq!(
        nearest_images(&references[..d], &first_again, d)[0].index,
        0
    );
}

#[test]
fn of_equally_near_images_the_first_counts() {
    dot_products_or_untested();
    let references: Vec<u8> = [9, 1, 1, 9].repeat(40);
    assert_all(&[0, 200, 5], &references, 1);
    let found = nearest_images(&[1, 9], &references, 1);
    assert_eq!(found.iter().map(|n| n.index).collect::<Vec<_>>(), [1, 0]);
}

proptest! {
    #[test]
    fn any_sizes(
        d in 1_usize..70, n in 1_usize..30, m in 1_usize..80, seed in 0_u32..1000,
    ) {
        dot_products_or_untested();
        assert_all(&pixels(n * d, seed), &pixels(m * d, seed + 1), d);
    }
}
