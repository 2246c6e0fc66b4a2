//! Image `i` depends on (model, seed, `i`, class) only.

use crate::support::Place;

/// Both networks.
fn places() -> [Place; 2] {
    [Place::labelled(), Place::unlabelled()]
}

#[test]
fn how_many_are_asked_for_never_shows() {
    for place in places() {
        let all = place.samples("out-130", &["--n", "130"]);
        assert_eq!(all.n, 130);
        let image_bytes = all.height * all.width * all.channels;
        for n in ["1", "63", "64", "65"] {
            let some = place.samples(&format!("out-{n}"), &["--n", n]);
            assert_eq!(n, some.n.to_string());
            assert_eq!(
                some.images,
                all.images[..some.n * image_bytes],
                "{n} images"
            );
            assert_eq!(
                some.labels,
                all.labels.as_ref().map(|labels| labels[..some.n].to_vec())
            );
        }
    }
}

#[test]
fn images_differ_and_are_no_flat_grey() {
    for place in places() {
        let samples = place.samples("out", &["--n", "66"]);
        let image_bytes = samples.height * samples.width * samples.channels;
        let mut images: Vec<&[u8]> = samples.images.chunks(image_bytes).collect();
        for image in &images {
            let (low, high) = (image.iter().min().unwrap(), image.iter().max().unwrap());
            assert!(high - low > 20, "{low} to {high}");
        }
        images.sort_unstable();
        images.dedup();
        assert_eq!(images.len(), 66);
    }
}

#[test]
fn threads_never_show() {
    for place in places() {
        let one = place.samples("out-1", &["--n", "70", "--threads", "1"]);
        for threads in ["2", "3"] {
            let more = place.samples(
                &format!("out-{threads}"),
                &["--n", "70", "--threads", threads],
            );
            assert_eq!(more, one, "{threads} threads");
        }
    }
}

#[test]
fn each_seed_has_its_own_images_whatever_is_asked_for_beside_it() {
    for place in places() {
        let list = place.samples("out-list", &["--n", "3", "--seeds", "5,0-1"]);
        assert_eq!((list.n, &list.seeds[..]), (9, &[5, 0, 1][..]));
        let size = list.images.len() / 3;
        for (position, seed) in ["5", "0", "1"].iter().enumerate() {
            let alone = place.samples(&format!("out-{seed}"), &["--n", "3", "--seeds", seed]);
            assert_eq!(
                alone.images,
                list.images[position * size..][..size],
                "seed {seed}"
            );
        }
        assert_ne!(list.images[..size], list.images[size..2 * size]);
    }
}

#[test]
fn a_class_is_named_or_numbered_and_keeps_the_latent_vectors() {
    let place = Place::labelled();
    let cycling = place.samples("out-all", &["--n", "66"]);
    assert_eq!(cycling.labels.as_ref().unwrap()[..7], [0, 1, 2, 0, 1, 2, 0]);
    let one = place.samples("out-name", &["--n", "66", "--class", "one"]);
    assert_eq!(one.labels, Some(vec![1; 66]));
    assert_eq!(
        one,
        place.samples("out-number", &["--n", "66", "--class", "1"])
    );
    for (i, (image, of_one)) in cycling
        .images
        .chunks(64)
        .zip(one.images.chunks(64))
        .enumerate()
    {
        assert_eq!(image == of_one, i % 3 == 1, "image {i}");
    }
}

#[test]
fn another_model_draws_other_images() {
    let place = Place::labelled();
    let first = place.samples("out", &["--n", "3"]);
    place.write_generator("model.safetensors", &crate::support::labelled_config(), 2);
    let second = place.samples("out", &["--n", "3"]);
    assert_ne!(first.images, second.images);
    assert_ne!(first.model_sha256, second.model_sha256);
}
