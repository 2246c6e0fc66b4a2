//! Latent vectors: streams of their own, and what lies between two.

use dcgan::{Purpose, Stream, ZDistribution, between};

#[test]
fn a_latent_vector_is_a_stream_of_its_own() {
    let z = ZDistribution::Uniform.rows(3, 5, Purpose::SampleLatent, 0, 4);
    assert_eq!(
        z[6..],
        ZDistribution::Uniform.rows(3, 5, Purpose::SampleLatent, 2, 2)[..]
    );
    let mut stream = Stream::new(5, Purpose::SampleLatent, 2);
    assert_eq!(z[6].to_bits(), stream.uniform_in(-1.0, 1.0).to_bits());
    let grid = ZDistribution::Uniform.rows(3, 5, Purpose::GridLatent, 0, 4);
    assert!(z != grid && z.iter().all(|value| (-1.0..1.0).contains(value)));
    let positive = ZDistribution::Uniform01.rows(3, 5, Purpose::SampleLatent, 0, 99);
    assert!(positive.iter().all(|value| (0.0..1.0).contains(value)));
    let normal = ZDistribution::Normal.rows(3, 5, Purpose::SampleLatent, 0, 99);
    assert!(normal.iter().any(|value| value.abs() > 1.0));
}

#[test]
fn between_two_latent_vectors_lie_a_line_and_an_arc() {
    let close = |got: Vec<f32>, expected: [f32; 2]| {
        let near = got
            .iter()
            .zip(expected)
            .all(|(got, expected)| (got - expected).abs() < 1e-6);
        assert!(near, "{got:?}, expected {expected:?}");
    };
    let (from, to) = ([2.0, 0.0], [0.0, 4.0]);
    for spherical in [false, true] {
        close(between(&from, &to, 0.0, spherical), from);
        close(between(&from, &to, 1.0, spherical), to);
    }
    close(between(&from, &to, 0.5, false), [1.0, 2.0]);
    let half = 3.0 * std::f32::consts::FRAC_1_SQRT_2;
    close(between(&from, &to, 0.5, true), [half, half]);
    close(between(&from, &[0.0, 0.0], 0.5, true), [1.0, 0.0]);
    close(between(&from, &[-2.0, 0.0], 0.25, true), [1.0, 0.0]);
}
