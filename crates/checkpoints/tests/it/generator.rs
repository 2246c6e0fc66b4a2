//! Loaded generators and their images.

use crate::support::{checkpoint, generator_arrays, labelled, model_file, unlabelled};
use dcgan::{Config, Generator, ZDistribution};
use dcgan_artifacts::{Role, digest_file};
use dcgan_checkpoints::{BLOCK, ClassChoice, LoadedGenerator, images_from_latents};
use dcgan_random::Purpose;

fn loaded(config: &Config) -> LoadedGenerator {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.safetensors");
    model_file(config, Role::Generator, generator_arrays(config))
        .write(&path)
        .unwrap();
    LoadedGenerator::load(&path).unwrap()
}

fn choice(config: &Config) -> ClassChoice {
    match config.classes {
        0 => ClassChoice::Unlabelled,
        classes => ClassChoice::Cycle((0..=u8::MAX).take(classes).collect()),
    }
}

#[test]
fn a_checkpoint_and_its_generator_file_draw_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for config in [labelled(), unlabelled()] {
        let of_file = loaded(&config);
        let path = folder.path().join("step-00000007.safetensors");
        checkpoint(&config).write(&path).unwrap();
        let (of_checkpoint, digest) = LoadedGenerator::load_and_digest(&path).unwrap();
        assert_eq!(digest, digest_file(&path).unwrap());
        assert_eq!((of_checkpoint.step(), of_file.step()), (7, 7));
        assert_eq!(of_checkpoint.info(), of_file.info());
        assert_eq!(
            of_checkpoint.images(1, 0, 5, &choice(&config)).unwrap(),
            of_file.images(1, 0, 5, &choice(&config)).unwrap()
        );
    }
}

#[test]
fn the_averaged_generator_of_a_checkpoint_is_drawn_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step-00000007.safetensors");
    for config in [labelled(), unlabelled()] {
        let mut file = checkpoint(&config);
        file.write(&path).unwrap();
        let missing = LoadedGenerator::load_either(&path, true)
            .unwrap_err()
            .to_string();
        assert!(
            missing.contains("averaged weights `ema/generator/"),
            "{missing}"
        );
        assert!(missing.contains("step-00000007.safetensors"), "{missing}");

        let mut averaged = generator_arrays(&config);
        for (name, (_, values)) in &mut averaged {
            if name.ends_with("/Matrix") {
                for value in values {
                    *value *= 0.5;
                }
            }
        }
        file.ema = averaged.clone();
        file.write(&path).unwrap();
        let expected = Generator::from_arrays(&config, &averaged).unwrap();
        let expected = LoadedGenerator::new(expected, file.info.network.clone(), 7).unwrap();
        let draw =
            |generator: &LoadedGenerator| generator.images(1, 0, 5, &choice(&config)).unwrap();
        let of_average = draw(&LoadedGenerator::load_either(&path, true).unwrap());
        let of_last = draw(&LoadedGenerator::load_either(&path, false).unwrap());
        assert_eq!(of_average, draw(&expected));
        assert_eq!(of_last, draw(&loaded(&config)));
        assert_ne!(of_average, of_last);
    }
}

#[test]
fn an_image_is_the_same_wherever_its_range_begins() {
    for config in [labelled(), unlabelled()] {
        let generator = loaded(&config);
        let size = generator.image_bytes();
        let all = generator
            .images(9, 0, 2 * BLOCK + 3, &choice(&config))
            .unwrap();
        for (first, n) in [(0, 1), (1, 1), (BLOCK - 1, 2), (BLOCK, 1), (37, BLOCK + 5)] {
            let some = generator
                .images(9, first as u64, n, &choice(&config))
                .unwrap();
            assert_eq!(
                some,
                all[first * size..(first + n) * size],
                "{n} from {first}"
            );
        }
    }
}

#[test]
fn at_the_original_widths_neighbours_never_show() {
    // Narrow networks never reach the wide paths of the kernels.
    let config = Config::labelled(28, 28, 1, 10);
    let generator = Generator::from_arrays(&config, &generator_arrays(&config)).unwrap();
    let z = ZDistribution::Uniform.rows(config.z_dim, 0, Purpose::SampleLatent, 0, 65);
    let classes: Vec<u8> = (0..65).map(|i| i % 10).collect();
    let draw = |n: usize| {
        images_from_latents(&generator, &z[..n * config.z_dim], Some(&classes[..n])).unwrap()
    };
    let all = draw(65);
    assert_ne!(
        all[..784],
        all[10 * 784..11 * 784],
        "two images of one class"
    );
    for n in [1, 63, 64] {
        assert_eq!(draw(n), all[..n * 784], "{n} images");
    }
}

#[test]
fn inference_uses_the_moving_averages() {
    let config = labelled();
    let z = ZDistribution::Uniform.rows(config.z_dim, 0, Purpose::SampleLatent, 0, 2);
    let draw = |variance: f32| {
        let mut arrays = generator_arrays(&config);
        let name = "generator/g_bn2/moving_variance";
        arrays.get_mut(name).unwrap().1.fill(variance);
        let generator = Generator::from_arrays(&config, &arrays).unwrap();
        images_from_latents(&generator, &z, Some(&[0, 1])).unwrap()
    };
    assert_ne!(draw(1.0), draw(9.0));
}

#[test]
fn a_mixture_of_one_class_is_that_class_and_of_two_lies_between() {
    let generator = loaded(&labelled());
    let (n, size) = (BLOCK + 2, generator.image_bytes());
    let z = generator.latents(4, 0, n);
    let labels: Vec<u8> = (0..n).map(|i| u8::from(i % 2 == 1)).collect();
    let pure: Vec<f32> = labels
        .iter()
        .flat_map(|&label| [1.0 - f32::from(label), f32::from(label), 0.0])
        .collect();
    let plain = generator.images_from_latents(&z, Some(&labels)).unwrap();
    assert_eq!(generator.images_from_mixtures(&z, &pure).unwrap(), plain);
    let half = generator
        .images_from_mixtures(&z, &[0.5, 0.5, 0.0].repeat(n))
        .unwrap();
    for (row, (half, plain)) in half.chunks(size).zip(plain.chunks(size)).enumerate() {
        assert_ne!(half, plain, "image {row}");
    }

    let error = |y: &[f32]| generator.images_from_mixtures(&z, y).unwrap_err();
    insta::assert_snapshot!(error(&[1.0]), @"mixtures of classes: expected 198 values, got 1");
    let unlabelled = loaded(&unlabelled());
    let error = unlabelled
        .images_from_mixtures(&z[..6], &[1.0])
        .unwrap_err();
    insta::assert_snapshot!(error, @"classes: expected none, got one per row");
}

#[test]
fn arrays_that_do_not_fit_are_named() {
    let labelled = Generator::init(&labelled(), 1).unwrap();
    let unlabelled = Generator::init(&unlabelled(), 1).unwrap();
    let error = |generator, z: &[f32], classes| {
        images_from_latents(generator, z, classes)
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(error(&labelled, &[0.0; 11], Some(&[0, 0])), @"latent vectors: expected 10 values, got 11");
    insta::assert_snapshot!(error(&labelled, &[0.0; 10], Some(&[0])), @"classes: expected 2 values, got 1");
    insta::assert_snapshot!(error(&labelled, &[0.0; 10], None), @"classes: expected one per row, got none");
    insta::assert_snapshot!(error(&labelled, &[0.0; 10], Some(&[0, 3])), @"input `labels` has 3 at row 1, expected labels below 3");
    insta::assert_snapshot!(error(&unlabelled, &[0.0; 12], Some(&[0, 0])), @"classes: expected none, got one per row");
    assert_eq!(
        images_from_latents(&unlabelled, &[], None).unwrap(),
        [0_u8; 0]
    );
}
