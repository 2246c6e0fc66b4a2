//! State dicts of PyTorch: safetensors files of named arrays, without metadata of ours.

use crate::atomic::write_atomic;
use crate::container::Container;
use crate::digest::{FileDigest, sha256_bytes};
use crate::error::{Artifact, Error};
use crate::network::{Arrays, FORMAT_VERSION};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError};
use std::path::Path;

/// The end of the names of PyTorch's counters, which say nothing about a network.
const COUNTER: &str = "num_batches_tracked";

/// The arrays of a module, by the names that `module.state_dict()` gives them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StateDict {
    /// Weights and moving averages.
    pub arrays: Arrays,
}

impl StateDict {
    /// Reads what `safetensors.torch.save_file(module.state_dict(), path)` wrote. Counters of
    /// batches are passed over.
    ///
    /// # Errors
    /// As the crate's documentation lists for every reader; [`Error::Unfit`] for a file of ours and
    /// for arrays that are not float32.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = Container::open_any(path, Artifact::Other, FORMAT_VERSION)?;
        if file.is_ours() {
            let got = "a file of this program";
            return Err(file.unfit("a state dict of PyTorch", got));
        }
        let mut arrays = Arrays::new();
        for (name, place) in &file.places {
            if name.ends_with(COUNTER) {
                continue;
            }
            if place.dtype != Dtype::F32 {
                let got = format!("{:?}", place.dtype);
                return Err(file.unfit(format!("`{name}` of type F32"), got));
            }
            let values = file.read_f32(place)?;
            arrays.insert(name.clone(), (place.shape.clone(), values));
        }
        Ok(Self { arrays })
    }

    /// Writes the file, which `safetensors.torch.load_file` reads.
    ///
    /// # Errors
    /// [`Error::Contradiction`] if an array's length doesn't match its shape; else as
    /// [`write_atomic`].
    pub fn write(&self, path: &Path) -> Result<FileDigest, Error> {
        let bytes = self.bytes().map_err(|error| {
            let expected = "arrays as long as their shapes say";
            Error::contradiction(path, Artifact::Other, expected, error.to_string())
        })?;
        write_atomic(path, &bytes)?;
        Ok(FileDigest {
            bytes: bytes.len() as u64,
            sha256: sha256_bytes(&bytes),
        })
    }

    fn bytes(&self) -> Result<Vec<u8>, SafeTensorError> {
        let little_endian = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let arrays: Vec<(&str, &[usize], Vec<u8>)> = self
            .arrays
            .iter()
            .map(|(name, (shape, values))| (name.as_str(), shape.as_slice(), little_endian(values)))
            .collect();
        let views = arrays.iter().map(|(name, shape, bytes)| {
            Ok((*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?))
        });
        let views: Vec<(&str, TensorView<'_>)> = views.collect::<Result<_, SafeTensorError>>()?;
        // By this, programs of Hugging Face know that the arrays are PyTorch's.
        let metadata = [("format".to_owned(), "pt".to_owned())];
        safetensors::serialize(views, Some(metadata.into_iter().collect()))
    }
}
