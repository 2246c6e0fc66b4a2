//! Folded networks, and pictures that a generator drew itself, found again.

use crate::fixtures::{batch, labelled, unlabelled};
use candle_core::{Device, Tensor, Var};
use dcgan::{
    Backend, Config, Discriminator, Generator, Kernels, Projection, Projector, Purpose,
    ZDistribution, gradients, one_hot, tensor_to_images, values,
};

const BACKENDS: [Backend; 2] = [Backend::Fused(Kernels::Auto), Backend::Portable];

/// A narrow network of each kind with batch norms that do something.
fn waved<N>(build: impl Fn(&Config) -> N) -> [N; 2] {
    [labelled(), unlabelled(17, 20, 3)].map(|config| build(&config))
}

fn waves(mut arrays: dcgan::Arrays) -> dcgan::Arrays {
    for (name, (_, values)) in &mut arrays {
        for (i, value) in values.iter_mut().enumerate() {
            let wave = 0.3 + (i % 7) as f32 / 10.0;
            match name.rsplit('/').next() {
                Some("gamma" | "moving_variance") => *value = wave,
                Some("beta" | "moving_mean" | "bias" | "biases") => *value = wave - 0.5,
                _ => *value *= 10.0,
            }
        }
    }
    arrays
}

fn generators() -> [Generator; 2] {
    waved(|config| {
        let arrays = Generator::init(config, 1).unwrap().arrays().unwrap();
        Generator::from_arrays(config, &waves(arrays)).unwrap()
    })
}

/// Narrow generators whose images are not one grey.
fn contrasting() -> [Generator; 2] {
    waved(|config| {
        let mut arrays = Generator::init(config, 3).unwrap().arrays().unwrap();
        for (name, (_, values)) in &mut arrays {
            if name.ends_with("/Matrix") || name.ends_with("/w") {
                for value in values.iter_mut() {
                    *value *= 20.0;
                }
            }
        }
        Generator::from_arrays(config, &arrays).unwrap()
    })
}

const Z: [f32; 8] = [0.5, -0.25, 0.75, -0.9, 0.1, 0.2, -0.3, 0.4];

fn y(config: &Config) -> Option<Tensor> {
    let y = |classes| one_hot(&[2, 0], classes, &Device::Cpu).unwrap();
    (config.classes > 0).then(|| y(config.classes))
}

#[track_caller]
fn assert_near([a, b]: [&Tensor; 2]) {
    let [a, b] = [a, b].map(|tensor| values(tensor).unwrap());
    let apart = a.iter().zip(&b).map(|(a, b)| (a - b).abs());
    let (worst, spread) = (
        apart.fold(0.0, f32::max),
        a.iter().copied().fold(0.0, f32::max),
    );
    assert!(worst < 1e-5 && spread > 0.05, "{worst} of {spread}");
}

#[test]
fn a_folded_network_infers_what_the_network_infers() {
    for backend in BACKENDS {
        for generator in generators() {
            let generator = generator.with_backend(backend);
            let z = Tensor::from_slice(&Z, (2, 4), &Device::Cpu).unwrap();
            let y = y(generator.config());
            let folded = generator.fold().unwrap();
            let images = [
                generator.infer(&z, y.as_ref()).unwrap(),
                folded.infer(&z, y.as_ref()).unwrap(),
            ];
            assert_near(images.each_ref());
        }
        let discriminators = waved(|config| {
            let arrays = Discriminator::init(config, 1).unwrap().arrays().unwrap();
            Discriminator::from_arrays(config, &waves(arrays)).unwrap()
        });
        for discriminator in discriminators {
            let discriminator = discriminator.with_backend(backend);
            let batch = batch(discriminator.config(), 3);
            let folded = discriminator.fold().unwrap();
            let logits = [
                discriminator.infer(&batch.x, batch.y.as_ref()).unwrap(),
                folded.infer(&batch.x, batch.y.as_ref()).unwrap(),
            ];
            assert_near(logits.each_ref());
        }
    }
}

#[test]
fn its_gradient_is_that_of_finite_differences() {
    for generator in generators() {
        let folded = generator.fold().unwrap();
        let y = y(generator.config());
        let sum = |z: &Tensor| folded.infer(z, y.as_ref()).unwrap().sum_all().unwrap();
        let z = Var::from_slice(&Z, (2, 4), &Device::Cpu).unwrap();
        let slopes = gradients(&sum(&z)).unwrap();
        let slopes = values(slopes.get(&z).unwrap()).unwrap();
        for (at, slope) in slopes.into_iter().enumerate() {
            let moved = |by: f32| {
                let mut z = Z;
                z[at] += by;
                let z = Tensor::from_slice(&z, (2, 4), &Device::Cpu).unwrap();
                sum(&z).to_scalar::<f32>().unwrap()
            };
            let expected = (moved(1e-3) - moved(-1e-3)) / 2e-3;
            assert!(
                (slope - expected).abs() < 0.02 * expected.abs() + 0.1,
                "{at}: {slope}, expected {expected}"
            );
        }
    }
}

fn draw(generator: &Generator, z: &[f32], class: Option<u8>) -> Vec<u8> {
    let config = generator.config();
    let z = Tensor::from_slice(z, (1, config.z_dim), &Device::Cpu).unwrap();
    let y = class.map(|class| one_hot(&[class], config.classes, &Device::Cpu).unwrap());
    tensor_to_images(&generator.infer(&z, y.as_ref()).unwrap(), config.kind).unwrap()
}

/// From the first four latent vectors of seed 0.
fn search(generator: &Generator, picture: &[u8], class: Option<u8>, steps: usize) -> Projection {
    let (uniform, z_dim) = (ZDistribution::Uniform, generator.config().z_dim);
    let starts = uniform.rows(z_dim, 0, Purpose::SampleLatent, 0, 4);
    let mut projector =
        Projector::new(generator, picture, class, &starts, uniform.range()).unwrap();
    for _ in 0..steps {
        let before = projector.error();
        projector.step().unwrap();
        assert!(projector.error() <= before && projector.error().is_finite());
    }
    let error = projector.error();
    let found = projector.best().unwrap();
    assert!(found.error <= error);
    found
}

#[test]
fn the_descent_nears_a_picture_within_the_range_of_z() {
    for backend in BACKENDS {
        for generator in contrasting() {
            let generator = generator.with_backend(backend);
            let class = (generator.config().classes > 0).then_some(1);
            let z = ZDistribution::Uniform.rows(4, 7, Purpose::SampleLatent, 0, 1);
            let picture = draw(&generator, &z, class);
            let start = search(&generator, &picture, class, 0);
            let end = search(&generator, &picture, class, 200);
            let errors = (start.error, end.error);
            assert!(end.error < start.error / 4.0, "{errors:?}");
            let within = |value: &f32| (-1.0..=1.0).contains(value);
            assert!(end.z.iter().all(within), "{end:?}");
            assert_eq!(end, search(&generator, &picture, class, 200));
        }
    }
}

#[test]
fn the_best_place_is_never_lost() {
    let [generator, _] = contrasting();
    // The first start of the search itself.
    let z = ZDistribution::Uniform.rows(4, 0, Purpose::SampleLatent, 0, 1);
    let picture = draw(&generator, &z, Some(2));
    let found = search(&generator, &picture, Some(2), 3);
    assert_eq!((found.restart, &found.z), (0, &z));
    let other = search(&generator, &picture, Some(0), 3);
    assert!(other.error > found.error);
}

#[test]
fn what_does_not_fit_is_named() {
    let [labelled, unlabelled] = contrasting();
    let error = |generator, picture: &[u8], class, starts: &[f32]| {
        let outcome = Projector::new(generator, picture, class, starts, (-1.0, 1.0));
        outcome.unwrap_err().to_string()
    };
    let z = [0.0; 4];
    insta::assert_snapshot!(error(&labelled, &[0; 9], Some(0), &z), @"input `images` has 9 bytes, expected 96 bytes for shape [1, 8, 12, 1]");
    insta::assert_snapshot!(error(&labelled, &[0; 96], Some(0), &[]), @"input `starts` has 0 values, expected one or more rows of 4 values");
    insta::assert_snapshot!(error(&labelled, &[0; 96], Some(0), &z[..3]), @"input `starts` has 3 values, expected one or more rows of 4 values");
    insta::assert_snapshot!(error(&labelled, &[0; 96], None, &z), @"input `class` has none, expected one for the labelled network");
    insta::assert_snapshot!(error(&labelled, &[0; 96], Some(3), &z), @"input `labels` has 3 at row 0, expected labels below 3");
    insta::assert_snapshot!(error(&unlabelled, &[0; 1020], Some(3), &z), @"input `class` has 3, expected none for the unlabelled network");
}
