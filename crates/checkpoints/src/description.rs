//! Converts between the description of a network in a file and its configuration.

use crate::Error;
use dcgan::{Config, ZDistribution};
use dcgan_artifacts::NetworkInfo;

/// The configuration of a network described in a file; the number of classes is the number of class
/// names.
///
/// # Errors
/// [`Error::Network`] names the unknown or invalid field.
pub fn network_config(info: &NetworkInfo) -> Result<Config, Error> {
    let kind = info.kind.parse()?;
    let config = Config {
        kind,
        height: info.height,
        width: info.width,
        channels: info.channels,
        classes: info.class_names.len(),
        z_dim: info.z_dim,
        gf_dim: info.gf_dim,
        df_dim: info.df_dim,
        gfc_dim: info.gfc_dim,
        dfc_dim: info.dfc_dim,
        depth: info.depth.unwrap_or(Config::usual_depth(kind)),
    };
    config.validate()?;
    let untrained = &info.untrained_classes;
    let is_class = |class: &u8| usize::from(*class) < config.classes;
    if !untrained.iter().all(is_class) || (config.classes > 0 && info.trained_classes().is_empty())
    {
        return Err(Error::Network(dcgan::Error::Config {
            key: "untrained_classes",
            expected: format!("some of the numbers below {}", config.classes),
            got: format!("{untrained:?}"),
        }));
    }
    Ok(config)
}

/// The description of a network for a file: the inverse of [`network_config`]. `class_names` are in
/// the order of their numbers, empty for the unlabelled network; all count as trained.
pub fn network_info(
    config: &Config,
    class_names: &[String],
    z_distribution: ZDistribution,
) -> NetworkInfo {
    NetworkInfo {
        kind: config.kind.name().into(),
        height: config.height,
        width: config.width,
        channels: config.channels,
        class_names: class_names.to_vec(),
        z_dim: config.z_dim,
        z_distribution: z_distribution.name().into(),
        gf_dim: config.gf_dim,
        df_dim: config.df_dim,
        gfc_dim: config.gfc_dim,
        dfc_dim: config.dfc_dim,
        depth: Some(config.depth).filter(|&depth| depth != Config::usual_depth(config.kind)),
        untrained_classes: Vec::new(),
    }
}

/// The distribution of z named in a file, with the values of the setting `train.z_distribution`.
///
/// # Errors
/// [`Error::Network`] for an unknown name.
pub fn z_distribution(info: &NetworkInfo) -> Result<ZDistribution, Error> {
    Ok(info.z_distribution.parse()?)
}
