//! What a pass and a configuration refuse.

use crate::fixtures::{batch, labelled, networks, unlabelled};
use dcgan::{Config, Error, Generator, Weights};

/// The batch norm that a pass over a batch of one names.
fn too_small<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::BatchTooSmall { layer }) => layer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn batch_of_one_names_the_batch_norm_that_cannot_work() {
    let config = labelled();
    let (g, d) = networks(&config);
    let one = batch(&config, 1);
    let y = one.y.as_ref();
    assert_eq!(
        too_small(g.forward(&one.z, y, Weights::Tracked)),
        "generator/g_bn0"
    );
    // The first batch norm still has the positions of its map.
    assert_eq!(
        too_small(d.forward(&one.x, y, Weights::Tracked)),
        "discriminator/d_bn2"
    );
    assert_eq!(g.infer(&one.z, y).unwrap().dims(), [1, 8, 12, 1]);
    assert_eq!(d.infer(&one.x, y).unwrap().dims(), [1, 1]);
}

#[test]
fn unlabelled_batch_of_one_depends_on_the_size() {
    let config = unlabelled(16, 16, 1);
    let (g, d) = networks(&config);
    let one = batch(&config, 1);
    assert_eq!(
        too_small(g.forward(&one.z, None, Weights::Tracked)),
        "generator/g_bn0"
    );
    assert_eq!(
        too_small(d.forward(&one.x, None, Weights::Tracked)),
        "discriminator/d_bn3"
    );
    let config = unlabelled(17, 16, 1);
    let (g, d) = networks(&config);
    let one = batch(&config, 1);
    g.forward(&one.z, None, Weights::Tracked).unwrap();
    d.forward(&one.x, None, Weights::Tracked).unwrap();
}

#[test]
fn misfitting_inputs_are_named() {
    let config = labelled();
    let (g, d) = networks(&config);
    let good = batch(&config, 2);
    let y = good.y.as_ref();
    let other = batch(&config, 3);
    let input = |error: Error| match error {
        Error::Input { what, .. } => what,
        other => panic!("{other:?}"),
    };
    let narrow = good.z.narrow(1, 0, 3).unwrap();
    assert_eq!(input(g.infer(&narrow, y).unwrap_err()), "z");
    assert_eq!(input(g.infer(&good.z, None).unwrap_err()), "y");
    assert_eq!(input(g.infer(&good.z, other.y.as_ref()).unwrap_err()), "y");
    let turned = good.x.transpose(1, 2).unwrap().contiguous().unwrap();
    assert_eq!(input(d.infer(&turned, y).unwrap_err()), "x");
    let none = good.x.narrow(0, 0, 0).unwrap();
    assert_eq!(input(d.infer(&none, y).unwrap_err()), "x");

    let config = unlabelled(16, 16, 1);
    let (g, _) = networks(&config);
    assert_eq!(input(g.infer(&batch(&config, 2).z, y).unwrap_err()), "y");
}

#[test]
fn impossible_configurations_name_their_field() {
    let (l, u) = (labelled(), unlabelled(16, 16, 1));
    let cases: [(&str, Config); 14] = [
        (
            "height",
            Config {
                height: 30,
                ..l.clone()
            },
        ),
        (
            "width",
            Config {
                width: 0,
                ..l.clone()
            },
        ),
        (
            "classes",
            Config {
                classes: 0,
                ..l.clone()
            },
        ),
        (
            "classes",
            Config {
                classes: 257,
                ..l.clone()
            },
        ),
        (
            "gfc_dim",
            Config {
                gfc_dim: 0,
                ..l.clone()
            },
        ),
        (
            "dfc_dim",
            Config {
                dfc_dim: 1 << 17,
                ..l.clone()
            },
        ),
        (
            "height",
            Config {
                height: 15,
                ..u.clone()
            },
        ),
        (
            "width",
            Config {
                width: usize::MAX,
                ..u.clone()
            },
        ),
        (
            "channels",
            Config {
                channels: 2,
                ..u.clone()
            },
        ),
        (
            "depth",
            Config {
                depth: 0,
                ..u.clone()
            },
        ),
        (
            "depth",
            Config {
                depth: 9,
                ..u.clone()
            },
        ),
        (
            "height",
            Config {
                depth: 5,
                ..u.clone()
            },
        ),
        ("depth", Config { depth: 4, ..l }),
        ("classes", Config { classes: 1, ..u }),
    ];
    for (field, config) in cases {
        let error = Generator::init(&config, 1).unwrap_err();
        assert!(
            matches!(&error, Error::Config { key, .. } if *key == field),
            "{field}: {error:?}"
        );
    }
}
