//! Descriptions of networks in files, and their configurations.

use crate::support::{info, labelled, unlabelled};
use dcgan::ZDistribution;
use dcgan_checkpoints::{network_config, network_info, z_distribution};

#[test]
fn a_description_is_the_configuration() {
    for config in [labelled(), unlabelled()] {
        assert_eq!(network_config(&info(&config)).unwrap(), config);
    }
}

/// Older files don't record levels, and files of networks with the original's depth keep their
/// bytes.
#[test]
fn levels_are_told_where_they_are_not_the_originals() {
    for config in [labelled(), unlabelled()] {
        assert_eq!(info(&config).depth, None);
    }
    let deeper = dcgan::Config {
        depth: 5,
        height: 128,
        width: 128,
        ..unlabelled()
    };
    assert_eq!(info(&deeper).depth, Some(5));
    assert_eq!(network_config(&info(&deeper)).unwrap(), deeper);
}

#[test]
fn every_distribution_has_a_name() {
    use ZDistribution::{Normal, Uniform, Uniform01};
    for (distribution, name) in [
        (Uniform, "uniform"),
        (Uniform01, "uniform_0_1"),
        (Normal, "normal"),
    ] {
        let info = network_info(&unlabelled(), &[], distribution);
        assert_eq!(info.z_distribution, name);
        assert_eq!(z_distribution(&info).unwrap(), distribution);
    }
}

#[test]
fn what_makes_no_network_is_named_by_its_field() {
    let of = |change: &dyn Fn(&mut dcgan_artifacts::NetworkInfo)| {
        let mut info = info(&labelled());
        change(&mut info);
        let error = network_config(&info)
            .err()
            .or_else(|| z_distribution(&info).err());
        error.unwrap().to_string()
    };
    insta::assert_snapshot!(of(&|info| info.kind = "other".into()), @"network setting `kind` is `other`, expected `labelled` or `unlabelled`");
    insta::assert_snapshot!(of(&|info| info.z_distribution = "cauchy".into()), @"network setting `z_distribution` is `cauchy`, expected `uniform`, `uniform_0_1` or `normal`");
    insta::assert_snapshot!(of(&|info| info.height = 9), @"network setting `height` is `9`, expected a multiple of 4, at most 4096, for the labelled network");
    insta::assert_snapshot!(of(&|info| info.channels = 2), @"network setting `channels` is `2`, expected 1 or 3");
    insta::assert_snapshot!(of(&|info| info.class_names.clear()), @"network setting `classes` is `0`, expected 1 to 256");
    insta::assert_snapshot!(of(&|info| info.class_names = vec!["a".into(); 257]), @"network setting `classes` is `257`, expected 1 to 256");
    insta::assert_snapshot!(of(&|info| info.untrained_classes = vec![3]), @"network setting `untrained_classes` is `[3]`, expected some of the numbers below 3");
    insta::assert_snapshot!(of(&|info| info.untrained_classes = vec![2, 0, 1]), @"network setting `untrained_classes` is `[2, 0, 1]`, expected some of the numbers below 3");
    insta::assert_snapshot!(of(&|info| info.z_dim = 0), @"network setting `z_dim` is `0`, expected 1 to 65536");
    insta::assert_snapshot!(of(&|info| info.gfc_dim = usize::MAX), @"network setting `gfc_dim` is `18446744073709551615`, expected 1 to 65536");
}
