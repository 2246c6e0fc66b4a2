//! The checkpoint of networks from elsewhere.

use dcgan_artifacts::{Arrays, Checkpoint, CheckpointInfo, NetworkInfo};

/// A checkpoint of both networks to evaluate. A training can't go on from it, because it has no
/// moments of Adam.
pub(crate) fn without_moments(
    network: NetworkInfo,
    step: u64,
    dataset_sha256: String,
    weights: Arrays,
) -> Checkpoint {
    Checkpoint {
        info: CheckpointInfo {
            network,
            step,
            epoch: 0,
            seed: 0,
            adam_steps_d: 0,
            adam_steps_g: 0,
            attempt: 0,
            best: None,
            dataset_sha256,
            tables: [].into(),
            on_signal: false,
        },
        weights,
        adam_m: Arrays::new(),
        adam_v: Arrays::new(),
        ema: Arrays::new(),
    }
}
