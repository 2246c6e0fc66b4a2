//! `generator.safetensors` and `discriminator.safetensors`: one network each, with its description.
//!
//! Arrays: f32, weights, `moving_mean` and `moving_variance` under the original's names
//! (`generator/g_h0_lin/Matrix` ...). Metadata: [`NetworkInfo`], step, dataset hash.

use crate::container::{Container, Data};
use crate::container_writer::{self, Entries, Values};
use crate::digest::FileDigest;
use crate::error::{Artifact, Error};
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The newest version that this program reads, and the one that it writes, for these files and for
/// checkpoints, which name arrays and networks in the same way.
pub const FORMAT_VERSION: u32 = 1;

/// Named f32 arrays: name to shape and elements, row-major.
pub type Arrays = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// The description of the networks in a file: everything needed to rebuild them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkInfo {
    /// `labelled` or `unlabelled`.
    pub kind: String,
    /// Height of an image in pixels.
    pub height: usize,
    /// Width of an image in pixels.
    pub width: usize,
    /// Colours of an image, 1 or 3.
    pub channels: usize,
    /// Names of the classes in the order of their numbers; empty for an unlabelled network.
    pub class_names: Vec<String>,
    /// Coordinates of z.
    pub z_dim: usize,
    /// Distribution of z, as in the settings: `uniform`, `uniform_0_1` or `normal`.
    pub z_distribution: String,
    /// Generator filters in its last hidden layer.
    pub gf_dim: usize,
    /// Discriminator filters in its first layer.
    pub df_dim: usize,
    /// Width of the generator's fully connected layer (labelled network).
    pub gfc_dim: usize,
    /// Width of the discriminator's fully connected layer (labelled network).
    pub dfc_dim: usize,
    /// Levels of the unlabelled network if not the original's four. The labelled network has no
    /// choice, and older files have four.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    /// Numbers of the classes without training pictures, which the network never learned. Only
    /// files of trainings with such classes have this key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untrained_classes: Vec<u8>,
}

impl NetworkInfo {
    /// Numbers of the classes that the network was trained on, ascending; empty without labels.
    pub fn trained_classes(&self) -> Vec<u8> {
        (0..=u8::MAX)
            .take(self.class_names.len())
            .filter(|class| !self.untrained_classes.contains(class))
            .collect()
    }

    /// The name of a class, or its number if it has none.
    pub fn class_name(&self, class: u8) -> String {
        let name = self.class_names.get(usize::from(class));
        name.cloned().unwrap_or_else(|| class.to_string())
    }
}

/// Which of the two networks a file contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// z (and class) to image.
    Generator,
    /// Image (and class) to logit.
    Discriminator,
}

impl Role {
    /// Prefix of its arrays' names: `generator/` or `discriminator/`.
    pub fn prefix(self) -> &'static str {
        match self {
            Role::Generator => "generator/",
            Role::Discriminator => "discriminator/",
        }
    }

    fn artifact(self) -> Artifact {
        match self {
            Role::Generator => Artifact::Generator,
            Role::Discriminator => Artifact::Discriminator,
        }
    }
}

/// One network from its own file or a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    /// The networks' sizes and kinds.
    pub network: NetworkInfo,
    /// Which of the two this is.
    pub role: Role,
    /// Number of training steps.
    pub step: u64,
    /// Content hash of the dataset that it was trained on.
    pub dataset_sha256: String,
    /// Weights and moving averages, all beginning with [`Role::prefix`].
    pub weights: Arrays,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelInfo {
    network: NetworkInfo,
    step: u64,
    dataset_sha256: String,
}

impl ModelFile {
    /// Writes the network to its own file.
    ///
    /// # Errors
    /// [`Error::Contradiction`] if an array belongs to the other network or its length doesn't
    /// match its shape; else as [`write_atomic`](crate::write_atomic).
    pub fn write(&self, path: &Path) -> Result<FileDigest, Error> {
        let artifact = self.role.artifact();
        let prefix = self.role.prefix();
        if let Some(name) = self.weights.keys().find(|name| !name.starts_with(prefix)) {
            let expected = format!("names that begin with `{prefix}`");
            return Err(Error::contradiction(
                path,
                artifact,
                expected,
                format!("`{name}`"),
            ));
        }
        let info = ModelInfo {
            network: self.network.clone(),
            step: self.step,
            dataset_sha256: self.dataset_sha256.clone(),
        };
        let mut entries = Entries::new();
        add_entries(&mut entries, "", &self.weights);
        container_writer::write(path, artifact, FORMAT_VERSION, &info, &entries)
    }

    /// Reads a file of one network, which must have the given `role`.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader.
    pub fn read(path: &Path, role: Role) -> Result<Self, Error> {
        let file = Container::open(path, role.artifact(), FORMAT_VERSION)?;
        Self::from_container(&file, role)
    }

    pub(crate) fn from_container(file: &Container, role: Role) -> Result<Self, Error> {
        file.require_kind(role.artifact())?;
        let info: ModelInfo = file.own_info()?;
        let prefix = role.prefix();
        require_f32(file, |name| name.starts_with(prefix))?;
        let weights = floats(file.read(|_| true)?);
        let (network, step, dataset_sha256) = (info.network, info.step, info.dataset_sha256);
        Ok(Self {
            network,
            role,
            step,
            dataset_sha256,
            weights,
        })
    }
}

/// Adds arrays under `prefix` + name.
pub(crate) fn add_entries<'a>(entries: &mut Entries<'a>, prefix: &str, arrays: &'a Arrays) {
    for (name, (shape, values)) in arrays {
        entries.insert(
            format!("{prefix}{name}"),
            (shape.clone(), Values::F32(values)),
        );
    }
}

/// Refuses arrays of another type or of an unknown name.
pub(crate) fn require_f32(file: &Container, known: impl Fn(&str) -> bool) -> Result<(), Error> {
    for (name, place) in &file.places {
        if place.dtype != Dtype::F32 {
            let got = format!("{:?}", place.dtype);
            return Err(file.unfit(format!("`{name}` of type F32"), got));
        }
        if !known(name) {
            return Err(file.unfit("names of this format", format!("`{name}`")));
        }
    }
    Ok(())
}

/// The f32 arrays among those read.
pub(crate) fn floats(arrays: BTreeMap<String, (Vec<usize>, Data)>) -> Arrays {
    arrays
        .into_iter()
        .filter_map(|(name, (shape, data))| match data {
            Data::F32(values) => Some((name, (shape, values))),
            Data::U8(_) => None,
        })
        .collect()
}
