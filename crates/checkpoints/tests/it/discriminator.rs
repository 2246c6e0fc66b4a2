//! Loaded discriminators and their logits.

use crate::support::{checkpoint, discriminator_arrays, labelled, model_file, unlabelled};
use dcgan::Config;
use dcgan_artifacts::Role;
use dcgan_checkpoints::{BLOCK, LoadedDiscriminator};

fn loaded(config: &Config) -> LoadedDiscriminator {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("discriminator.safetensors");
    model_file(config, Role::Discriminator, discriminator_arrays(config))
        .write(&path)
        .unwrap();
    LoadedDiscriminator::load(&path).unwrap()
}

/// Noise images, and labels if the network has classes.
fn noise(config: &Config, n: usize) -> (Vec<u8>, Option<Vec<u8>>) {
    let images = dcgan_testkit::noise(0, 0, n * config.height * config.width * config.channels);
    let labels = (0..n)
        .map(|i| u8::try_from(i % config.classes.max(1)).unwrap())
        .collect();
    (images, (config.classes > 0).then_some(labels))
}

#[test]
fn blocks_are_of_64_and_the_last_is_filled_from_the_beginning() {
    for config in [labelled(), unlabelled()] {
        let discriminator = loaded(&config);
        let (images, labels) = noise(&config, BLOCK + 6);
        let size = images.len() / (BLOCK + 6);
        let logits = discriminator.logits(&images, labels.as_deref()).unwrap();
        assert_eq!(logits.len(), BLOCK + 6);

        let first = labels.as_ref().map(|labels| &labels[..BLOCK]);
        assert_eq!(
            discriminator
                .logits(&images[..BLOCK * size], first)
                .unwrap(),
            logits[..BLOCK]
        );

        // The second block, written out.
        let wrap = |i: usize| (BLOCK + i) % (BLOCK + 6);
        let written: Vec<u8> = (0..BLOCK)
            .flat_map(|i| images[wrap(i) * size..(wrap(i) + 1) * size].to_vec())
            .collect();
        let classes: Option<Vec<u8>> = labels
            .as_ref()
            .map(|labels| (0..BLOCK).map(|i| labels[wrap(i)]).collect());
        let second = discriminator.logits(&written, classes.as_deref()).unwrap();
        assert_eq!(second[..6], logits[BLOCK..]);
    }
}

#[test]
fn a_logit_depends_on_its_block() {
    // There is no inference mode, as the documentation says.
    let config = unlabelled();
    let discriminator = loaded(&config);
    let (images, _) = noise(&config, 2);
    let together = discriminator.logits(&images, None).unwrap();
    let alone = discriminator
        .logits(&images[..images.len() / 2], None)
        .unwrap();
    assert_ne!(together[0].to_bits(), alone[0].to_bits());
}

#[test]
fn a_checkpoint_and_its_discriminator_file_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step-00000007.safetensors");
    let config = labelled();
    checkpoint(&config).write(&path).unwrap();
    let of_checkpoint = LoadedDiscriminator::load(&path).unwrap();
    let (images, labels) = noise(&config, 3);
    assert_eq!(
        of_checkpoint.logits(&images, labels.as_deref()).unwrap(),
        loaded(&config).logits(&images, labels.as_deref()).unwrap()
    );
    assert_eq!(of_checkpoint.step(), 7);
}

#[test]
fn what_does_not_fit_is_named() {
    let config = labelled();
    let discriminator = loaded(&config);
    let (images, labels) = noise(&config, 2);
    let labels = labels.unwrap();
    let error = |images: &[u8], labels: Option<&[u8]>| {
        discriminator
            .logits(images, labels)
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(error(&images[1..], Some(&labels)), @"images: expected 96 values, got 191");
    insta::assert_snapshot!(error(&images, Some(&labels[1..])), @"classes: expected 2 values, got 1");
    insta::assert_snapshot!(error(&images, None), @"classes: expected one per row, got none");
    assert!(discriminator.logits(&[], Some(&[])).unwrap().is_empty());
}

#[test]
fn a_generator_has_no_logits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.safetensors");
    let config = labelled();
    let weights = crate::support::generator_arrays(&config);
    model_file(&config, Role::Generator, weights)
        .write(&path)
        .unwrap();
    let error = LoadedDiscriminator::load(&path).unwrap_err().to_string();
    assert!(
        error.contains("expected kind `discriminator`, got kind `generator`"),
        "{error}"
    );
}
