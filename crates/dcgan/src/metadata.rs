//! A network's description in its file: the JSON under the key `dcgan` of its safetensors metadata.

use crate::{Config, Error, Kind, Result, ZDistribution};
use serde::Deserialize;

/// The description of a file of one network, or of a checkpoint.
#[derive(Debug, Deserialize)]
struct Description {
    network: Network,
}

/// The fields that determine shapes and inputs; a file has more.
#[derive(Debug, Deserialize)]
struct Network {
    kind: String,
    height: usize,
    width: usize,
    channels: usize,
    class_names: Vec<String>,
    z_dim: usize,
    z_distribution: String,
    gf_dim: usize,
    df_dim: usize,
    gfc_dim: usize,
    dfc_dim: usize,
    /// Present if it is not the original's.
    depth: Option<usize>,
}

fn read(metadata: &str) -> Result<Network> {
    let description: Description =
        serde_json::from_str(metadata).map_err(|source| Error::Metadata { source })?;
    Ok(description.network)
}

impl Config {
    /// The network that a file describes: `metadata` is the JSON under the key `dcgan` of the
    /// safetensors metadata of a checkpoint, a generator or a discriminator.
    ///
    /// ```
    /// use dcgan::{Config, Kind};
    ///
    /// let metadata = r#"{"format": 1, "kind": "generator", "step": 4685, "network": {
    ///     "kind": "labelled", "height": 28, "width": 28, "channels": 1,
    ///     "class_names": ["0", "1", "2"], "z_dim": 100, "z_distribution": "uniform",
    ///     "gf_dim": 64, "df_dim": 64, "gfc_dim": 1024, "dfc_dim": 1024}}"#;
    /// assert_eq!(Config::from_metadata(metadata)?, Config::labelled(28, 28, 1, 3));
    /// # Ok::<(), dcgan::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Metadata`] if a field is missing or of another type, [`Error::Config`] if it makes
    /// no network.
    pub fn from_metadata(metadata: &str) -> Result<Self> {
        let network = read(metadata)?;
        let kind: Kind = network.kind.parse()?;
        let config = Self {
            kind,
            height: network.height,
            width: network.width,
            channels: network.channels,
            classes: network.class_names.len(),
            z_dim: network.z_dim,
            gf_dim: network.gf_dim,
            df_dim: network.df_dim,
            gfc_dim: network.gfc_dim,
            dfc_dim: network.dfc_dim,
            depth: network.depth.unwrap_or(Self::usual_depth(kind)),
        };
        config.validate()?;
        Ok(config)
    }
}

impl ZDistribution {
    /// The distribution of z that the network of a file was trained with: see
    /// [`Config::from_metadata`].
    ///
    /// # Errors
    /// [`Error::Metadata`] if a field is missing or of another type, [`Error::Config`] for an
    /// unknown distribution.
    pub fn from_metadata(metadata: &str) -> Result<Self> {
        read(metadata)?.z_distribution.parse()
    }
}
