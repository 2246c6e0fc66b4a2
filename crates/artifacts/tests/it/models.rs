//! Checkpoints and single networks: which part is read, and inconsistent data.

use crate::examples::{arrays, checkpoint, model};
use dcgan_artifacts::{
    Checkpoint, Error, Role, read_checkpoint_info, read_discriminator, read_generator,
    verify_checkpoint,
};

#[test]
fn either_network_is_read_out_of_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step-00000005.safetensors");
    let written = checkpoint(5);
    written.write(&path).unwrap();
    let generator = read_generator(&path).unwrap();
    assert_eq!((generator.role, generator.step), (Role::Generator, 5));
    assert_eq!(generator.weights, arrays(&["generator/g_h0_lin/Matrix"]));
    let discriminator = read_discriminator(&path).unwrap();
    assert_eq!(
        discriminator.weights,
        arrays(&["discriminator/d_h3_lin/Matrix"])
    );
    assert_eq!(discriminator.network, written.info.network);
    assert_eq!(read_checkpoint_info(&path).unwrap(), written.info);
    assert_eq!(verify_checkpoint(&path).unwrap(), written.info);
}

/// Files of networks whose classes all have training pictures keep their bytes.
#[test]
fn a_file_speaks_of_untrained_classes_only_where_there_are_any() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.safetensors");
    let mut written = model(Role::Generator);
    for (untrained, speaks) in [(vec![], false), (vec![0], true)] {
        written.network.untrained_classes = untrained;
        written.write(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let found = String::from_utf8_lossy(&bytes).contains("untrained_classes");
        assert_eq!(found, speaks);
        assert_eq!(read_generator(&path).unwrap(), written);
    }
    assert_eq!(written.network.trained_classes(), [1]);
}

#[track_caller]
fn check_contradiction(change: impl FnOnce(&mut Checkpoint)) {
    let folder = tempfile::tempdir().unwrap();
    let mut changed = checkpoint(5);
    change(&mut changed);
    let error = changed.write(&folder.path().join("file")).unwrap_err();
    assert!(matches!(error, Error::Contradiction { .. }), "{error:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn contradictions_are_refused_and_nothing_is_written() {
    check_contradiction(|changed| changed.weights = arrays(&["critic/w"]));
    check_contradiction(|changed| changed.adam_m = arrays(&["generator/other"]));
    check_contradiction(|changed| {
        for (shape, _) in changed.ema.values_mut() {
            shape.reverse();
        }
    });
    check_contradiction(|changed| {
        for (_, values) in changed.adam_v.values_mut() {
            values.pop();
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = model(Role::Generator);
    wrong.role = Role::Discriminator;
    let error = wrong.write(&folder.path().join("file")).unwrap_err();
    assert!(matches!(error, Error::Contradiction { .. }), "{error:?}");
}

#[test]
fn arrays_longer_than_a_block_survive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.safetensors");
    let mut large = model(Role::Generator);
    let values: Vec<f32> = (0..200_003_u32).map(f32::from_bits).collect();
    large
        .weights
        .insert("generator/large".into(), (vec![200_003], values));
    large
        .weights
        .insert("generator/empty".into(), (vec![0, 7], Vec::new()));
    large
        .weights
        .insert("generator/scalar".into(), (Vec::new(), vec![1.5]));
    large.write(&path).unwrap();
    assert_eq!(read_generator(&path).unwrap(), large);
}
