//! Narrow networks and their files.

use dcgan::{Config, Discriminator, Generator, ZDistribution};
use dcgan_artifacts::{Arrays, Checkpoint, CheckpointInfo, ModelFile, NetworkInfo, Role};
use dcgan_checkpoints::network_info;

/// 8x12x1, 3 classes.
pub(crate) fn labelled() -> Config {
    Config {
        z_dim: 5,
        gf_dim: 4,
        df_dim: 3,
        gfc_dim: 16,
        dfc_dim: 8,
        ..Config::labelled(8, 12, 1, 3)
    }
}

/// 17x16x3.
pub(crate) fn unlabelled() -> Config {
    Config {
        z_dim: 6,
        gf_dim: 3,
        df_dim: 2,
        ..Config::unlabelled(17, 16, 3)
    }
}

pub(crate) fn info(config: &Config) -> NetworkInfo {
    let names: Vec<String> = (0..config.classes)
        .map(|class| format!("class {class}"))
        .collect();
    network_info(config, &names, ZDistribution::Uniform)
}

/// The arrays of a fresh generator, scaled up: otherwise its images are almost a single grey.
pub(crate) fn generator_arrays(config: &Config) -> Arrays {
    let mut arrays = Generator::init(config, 3).unwrap().arrays().unwrap();
    enlarge(&mut arrays);
    arrays
}

/// The same for a discriminator.
pub(crate) fn discriminator_arrays(config: &Config) -> Arrays {
    let mut arrays = Discriminator::init(config, 3).unwrap().arrays().unwrap();
    enlarge(&mut arrays);
    arrays
}

fn enlarge(arrays: &mut Arrays) {
    for (name, (_, values)) in arrays {
        if name.ends_with("/Matrix") || name.ends_with("/w") {
            for value in values {
                *value *= 20.0;
            }
        }
    }
}

pub(crate) fn model_file(config: &Config, role: Role, weights: Arrays) -> ModelFile {
    ModelFile {
        network: info(config),
        role,
        step: 7,
        dataset_sha256: "0".repeat(64),
        weights,
    }
}

/// A checkpoint of both networks at step 7.
pub(crate) fn checkpoint(config: &Config) -> Checkpoint {
    let mut weights = generator_arrays(config);
    weights.extend(discriminator_arrays(config));
    Checkpoint {
        info: CheckpointInfo {
            network: info(config),
            step: 7,
            epoch: 1,
            seed: 0,
            adam_steps_d: 7,
            adam_steps_g: 14,
            attempt: 0,
            best: None,
            dataset_sha256: "0".repeat(64),
            tables: std::collections::BTreeMap::new(),
            on_signal: false,
        },
        weights,
        adam_m: Arrays::new(),
        adam_v: Arrays::new(),
        ema: Arrays::new(),
    }
}
