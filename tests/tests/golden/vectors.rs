//! Reads the golden files, compares with them, and checks that nothing was left out.

use candle_core::{Device, Tensor};
use dcgan::{Arrays, values};
use safetensors::SafeTensors;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// A golden file, the names read so far, and the differences found.
pub(crate) struct Vectors {
    file: String,
    tensors: Arrays,
    tolerances: serde_json::Value,
    consumed: BTreeSet<String>,
    failures: Vec<String>,
    /// The file's metadata: `config`, and `iterations` and `states` of the train files.
    pub(crate) info: serde_json::Value,
}

/// The folder named by `DCGAN_GOLDEN_DIR`, by default the one in the repository.
fn folder() -> PathBuf {
    match std::env::var_os("DCGAN_GOLDEN_DIR") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden"),
    }
}

fn read(name: &str) -> Vec<u8> {
    let path = folder().join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Vectors {
    /// Reads `file`.safetensors and its part of `tolerances.json`.
    pub(crate) fn open(file: &str) -> Self {
        let bytes = read(&format!("{file}.safetensors"));
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let info = metadata.metadata().as_ref().unwrap()["info"].clone();
        let array = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
            assert_eq!(view.dtype(), safetensors::Dtype::F32, "{file}: {name}");
            let (words, rest) = view.data().as_chunks::<4>();
            assert!(rest.is_empty(), "{file}: {name}");
            let values = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
            (name, (view.shape().to_vec(), values))
        };
        let tensors = SafeTensors::deserialize(&bytes).unwrap().tensors();
        let mut tolerances: serde_json::Value =
            serde_json::from_slice(&read("tolerances.json")).unwrap();
        Self {
            file: file.into(),
            tensors: tensors.into_iter().map(array).collect(),
            tolerances: tolerances[file].take(),
            consumed: BTreeSet::new(),
            failures: Vec::new(),
            info: serde_json::from_str(&info).unwrap(),
        }
    }

    /// All names that start with `prefix`.
    pub(crate) fn names(&self, prefix: &str) -> Vec<String> {
        self.tensors
            .keys()
            .filter(|name| name.starts_with(prefix))
            .cloned()
            .collect()
    }

    /// Shape and values of the tensor `name`, which counts as consumed.
    pub(crate) fn array(&mut self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let Some(array) = self.tensors.get(name) else {
            panic!("{}: no `{name}`", self.file)
        };
        self.consumed.insert(name.into());
        array.clone()
    }

    /// The values of `name`.
    pub(crate) fn values(&mut self, name: &str) -> Vec<f32> {
        self.array(name).1
    }

    /// The tensor `name`.
    pub(crate) fn tensor(&mut self, name: &str) -> Tensor {
        let (shape, values) = self.array(name);
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// The tensor `name`, or `None` if the file lacks it, like `in/y` without labels.
    pub(crate) fn optional(&mut self, name: &str) -> Option<Tensor> {
        self.tensors.contains_key(name).then(|| self.tensor(name))
    }

    /// All tensors under `prefix`, by the rest of their names.
    pub(crate) fn arrays(&mut self, prefix: &str) -> Arrays {
        let names = self.names(prefix);
        names
            .iter()
            .map(|name| (name[prefix.len()..].to_owned(), self.array(name)))
            .collect()
    }

    /// The suggested tolerance of `name`.
    pub(crate) fn tolerance(&self, name: &str) -> f64 {
        self.tolerances[name]["tol"]
            .as_f64()
            .unwrap_or_else(|| panic!("{}: no tolerance for `{name}`", self.file))
    }

    /// Compares with the tensor `name` within its suggested tolerance.
    pub(crate) fn check(&mut self, name: &str, shape: &[usize], got: &[f32]) {
        self.check_within(name, shape, got, self.tolerance(name));
    }

    /// Compares with the tensor `name`: every value within `tolerance`, absolute.
    pub(crate) fn check_within(
        &mut self,
        name: &str,
        shape: &[usize],
        got: &[f32],
        tolerance: f64,
    ) {
        let (expected_shape, expected) = self.array(name);
        if let Some(failure) = compare((shape, got), (&expected_shape, &expected), tolerance) {
            self.failures.push(format!("{name}: {failure}"));
        }
    }

    /// [`Self::check`] of a tensor.
    pub(crate) fn check_tensor(&mut self, name: &str, got: &Tensor) {
        self.check(name, got.dims(), &values(got).unwrap());
    }

    /// [`Self::check`] of a scalar, which the files store as shape [1].
    pub(crate) fn check_scalar(&mut self, name: &str, got: f32) {
        self.check(name, &[1], &[got]);
    }

    /// Checks every array of `got` as `prefix` + its name.
    pub(crate) fn check_arrays(&mut self, prefix: &str, got: &Arrays) {
        for (name, (shape, values)) in got {
            self.check(&format!("{prefix}{name}"), shape, values);
        }
    }

    /// Fails if a comparison failed.
    pub(crate) fn finish_partial(self) {
        assert!(
            self.failures.is_empty(),
            "{}: {} tensors differ\n{}",
            self.file,
            self.failures.len(),
            self.failures.join("\n")
        );
    }

    /// Fails if a comparison failed or a tensor of the file was never read.
    pub(crate) fn finish(self) {
        let left: Vec<&String> = self
            .tensors
            .keys()
            .filter(|name| !self.consumed.contains(*name))
            .collect();
        assert!(left.is_empty(), "{}: no check consumed {left:?}", self.file);
        self.finish_partial();
    }
}

/// Describes a difference above `tolerance` between two arrays: the shapes, or the worst value's
/// index, both values, their difference and the tolerance. A NaN always differs.
pub(crate) fn compare(
    (shape, got): (&[usize], &[f32]),
    (expected_shape, expected): (&[usize], &[f32]),
    tolerance: f64,
) -> Option<String> {
    if shape != expected_shape || got.len() != expected.len() {
        return Some(format!("shape {shape:?}, expected {expected_shape:?}"));
    }
    let difference = |idx: usize| {
        let difference = (f64::from(got[idx]) - f64::from(expected[idx])).abs();
        if difference.is_nan() {
            f64::INFINITY
        } else {
            difference
        }
    };
    let worst = (0..got.len()).max_by(|&a, &b| difference(a).total_cmp(&difference(b)))?;
    if difference(worst) <= tolerance {
        return None;
    }
    let n_over = (0..got.len())
        .filter(|&idx| difference(idx) > tolerance)
        .count();
    let mut text = format!("worst at {:?}", position(worst, shape));
    let _ = write!(
        text,
        ": got {:e}, expected {:e}, difference {:.3e}, tolerance {tolerance:.3e}; {n_over} of {} \
         values differ",
        got[worst],
        expected[worst],
        difference(worst),
        got.len(),
    );
    Some(text)
}

/// The index on each axis of row-major index `flat`.
fn position(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut position: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&side| {
            let idx = flat % side;
            flat /= side;
            idx
        })
        .collect();
    position.reverse();
    position
}

/// The comparison can fail: for a shape, a single value, and a NaN.
#[test]
fn comparison_finds_what_differs() {
    let shape: &[usize] = &[2, 2];
    let expected: (&[usize], &[f32]) = (shape, &[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(compare((shape, &[1.0, 2.0, 3.0, 4.1]), expected, 0.2), None);
    let found = compare((shape, &[1.0, 2.0, 3.5, 4.1]), expected, 0.2).unwrap();
    assert!(found.contains("[1, 0]") && found.contains("3.5"), "{found}");
    assert!(found.contains("1 of 4"), "{found}");
    assert!(compare((shape, &[1.0, f32::NAN, 3.0, 4.0]), expected, 1e9).is_some());
    assert!(compare((&[4], &[1.0, 2.0, 3.0, 4.0]), expected, 0.2).is_some());
}

/// An unread tensor fails its file.
#[test]
fn unconsumed_tensor_fails() {
    let mut vectors = Vectors::open("ops");
    vectors.array("adam/w0");
    let outcome = std::panic::catch_unwind(move || vectors.finish());
    let message = *outcome.unwrap_err().downcast::<String>().unwrap();
    assert!(
        message.contains("bce0/logits") && !message.contains("adam/w0"),
        "{message}"
    );
}

/// Every file of vectors is opened by a test.
#[test]
fn every_file_is_covered() {
    let covered = BTreeSet::from(
        [
            "cond_forward",
            "cond_train",
            "ops",
            "uncond_forward",
            "uncond_train",
            "uncond_odd_forward",
        ]
        .map(|file| format!("{file}.safetensors")),
    );
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".safetensors") {
            assert!(covered.contains(&name), "no test reads {name}");
        }
    }
}
