//! Numbers that must never change, computed by `reference.py` next to this file, an independent
//! implementation of the algorithm.

use dcgan_random::{Purpose, Stream};
use sha2::{Digest, Sha256};

/// The 24-bit integer behind a draw.
fn bits(value: f32) -> u32 {
    let scaled = value * 16_777_216.0;
    assert_eq!(
        scaled.fract().to_bits(),
        0,
        "`{value}` is no multiple of 2^-24"
    );
    format!("{scaled}")
        .parse()
        .expect("a whole number below 2^24")
}

fn uniforms(mut stream: Stream) -> [u32; 4] {
    std::array::from_fn(|_| bits(stream.uniform()))
}

#[test]
fn uniform_follows_seed_purpose_index_and_attempt() {
    let first = uniforms(Stream::new(7, Purpose::Latent, 3));
    assert_eq!(first, [0x5c_de4e, 0xed_371f, 0xff_621c, 0x60_11b2]);
    let rolled_back = uniforms(Stream::with_attempt(7, Purpose::Latent, 3, 1));
    assert_eq!(rolled_back, [0x41_1198, 0x8f_f0a5, 0x63_b962, 0x7d_d1c4]);
    let extreme = uniforms(Stream::new(u64::MAX, Purpose::BatchOrder, u64::MAX));
    assert_eq!(extreme, [0x45_d55b, 0x2f_4260, 0xf1_8d23, 0x6c_d1d6]);
    assert_eq!(
        first,
        uniforms(Stream::with_attempt(7, Purpose::Latent, 3, 0))
    );
}

#[test]
fn every_purpose_has_a_stream_of_its_own() {
    let first = Purpose::ALL.map(|purpose| bits(Stream::new(0, purpose, 0).uniform()));
    let expected = [
        0x8e_684c, 0xb1_ae5c, 0xc8_8071, 0x1d_29c8, 0xe5_4799, 0xb1_1aa0, 0x94_3208, 0xf2_fe1c,
        0x81_a1d6, 0x27_69d0, 0x7c_ebc1, 0xf3_9fd4, 0x2e_ccb4,
    ];
    assert_eq!(first, expected);
}

#[test]
fn uniform_in_is_exact_for_the_latent_range() {
    let mut stream = Stream::new(7, Purpose::Latent, 3);
    for expected in [
        -0.274_465_799_331_665_04,
        0.853_244_662_284_851_1,
        0.995_181_560_516_357_4_f64,
    ] {
        let got = f64::from(stream.uniform_in(-1.0, 1.0));
        assert_eq!(got.to_bits(), expected.to_bits());
    }
}

#[test]
fn normal_is_box_muller_rounded_once() {
    let mut stream = Stream::new(0, Purpose::GeneratorWeights, 1);
    let got: [u32; 6] = std::array::from_fn(|_| stream.normal().to_bits());
    let expected = [
        0x3eb0_3845,
        0xbf44_f5cd,
        0x3f41_908f,
        0x3faf_a53f,
        0x3f30_c15f,
        0x3e0b_3ac3,
    ];
    assert_eq!(got, expected);
}

#[test]
fn truncated_normal_is_normal_without_the_tails() {
    let mut all = Stream::new(0, Purpose::GeneratorWeights, 1);
    let mut cut = all.clone();
    let kept = std::iter::repeat_with(|| all.normal()).filter(|value| value.abs() <= 2.0);
    for expected in kept.take(1000) {
        assert_eq!(cut.truncated_normal().to_bits(), expected.to_bits());
    }
}

#[test]
fn below_draws_without_bias() {
    let mut stream = Stream::new(0, Purpose::Bootstrap, 0);
    let got: [u32; 12] = std::array::from_fn(|_| stream.below(10));
    assert_eq!(got, [1, 0, 8, 0, 9, 9, 0, 8, 5, 9, 7, 3]);
    // Here three of ten draws are rejected and repeated.
    let mut stream = Stream::new(1, Purpose::Bootstrap, 0);
    let got: [u32; 4] = std::array::from_fn(|_| stream.below(3_000_000_000));
    assert_eq!(
        got,
        [978_411_975, 2_265_992_112, 949_638_076, 1_087_290_282]
    );
}

#[test]
fn permutation_is_fisher_yates_from_the_end() {
    let ten = Stream::new(0, Purpose::BatchOrder, 1).permutation(10);
    assert_eq!(ten, [3, 5, 0, 9, 2, 7, 4, 1, 8, 6]);
    for (epoch, n, expected) in [
        (2, 60_000, [0x7f, 0x5b, 0x98, 0xf6, 0xda, 0xe2, 0x71, 0xce]),
        // So many that about 70 draws are repeated.
        (
            1,
            1_100_000,
            [0x00, 0x66, 0x56, 0xc8, 0xc3, 0xc2, 0x49, 0x01],
        ),
    ] {
        let mut hasher = Sha256::new();
        for index in Stream::new(0, Purpose::BatchOrder, epoch).permutation(n) {
            hasher.update(index.to_le_bytes());
        }
        assert_eq!(hasher.finalize()[..8], expected, "{n} pictures");
    }
}
