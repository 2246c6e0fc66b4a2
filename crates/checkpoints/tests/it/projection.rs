//! Pictures that the generator drew itself, found again.

use crate::support::{generator_arrays, info, labelled, unlabelled};
use dcgan::{Generator, NetworkConfig};
use dcgan_checkpoints::{BLOCK, LoadedGenerator, Projection, Projector};

fn generator(config: &NetworkConfig) -> LoadedGenerator {
    let generator = Generator::from_arrays(config, &generator_arrays(config)).unwrap();
    LoadedGenerator::new(generator, info(config), 0).unwrap()
}

fn search(
    generator: &LoadedGenerator,
    picture: &[u8],
    class: Option<u8>,
    steps: usize,
) -> Projection {
    let mut projector = Projector::new(generator, picture, class, 0, 4).unwrap();
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
    for (config, class) in [(labelled(), Some(1)), (unlabelled(), None)] {
        let generator = generator(&config);
        let classes = class.map(|class| vec![class]);
        let z = generator.latents(7, 0, 1);
        let picture = generator
            .images_from_latents(&z, classes.as_deref())
            .unwrap();
        let start = search(&generator, &picture, class, 0);
        let end = search(&generator, &picture, class, 200);
        assert!(
            end.error < start.error / 4.0,
            "{} to {}",
            start.error,
            end.error
        );
        assert!(
            end.z.iter().all(|value| (-1.0..=1.0).contains(value)),
            "{end:?}"
        );
        assert_eq!(end, search(&generator, &picture, class, 200));
    }
}

#[test]
fn the_best_place_is_never_lost() {
    let generator = generator(&labelled());
    // The first start of the search itself.
    let z = generator.latents(0, 0, 1);
    let picture = generator.images_from_latents(&z, Some(&[2])).unwrap();
    let found = search(&generator, &picture, Some(2), 3);
    assert_eq!((found.restart, &found.z), (0, &z));
    let other = search(&generator, &picture, Some(0), 3);
    assert!(other.error > found.error);
}

#[test]
fn what_does_not_fit_is_named() {
    let generator = generator(&labelled());
    let error = |picture: &[u8], class, restarts| {
        Projector::new(&generator, picture, class, 0, restarts)
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(error(&[0; 9], Some(0), 1), @"picture: expected 96 values, got 9");
    insta::assert_snapshot!(error(&[0; 96], Some(0), 0), @"restarts: expected 1 values, got 0");
    insta::assert_snapshot!(error(&[0; 96], Some(0), BLOCK + 1), @"restarts: expected 64 values, got 65");
    insta::assert_snapshot!(error(&[0; 96], None, 1), @"classes: expected one per row, got none");
    insta::assert_snapshot!(error(&[0; 96], Some(3), 1), @"input `labels` has 3 at row 0, expected labels below 3");
}
