//! The messages in a checkpoint, with the fields that are read. A message's other fields are
//! skipped.
//!
//! Source: `tensor_bundle.proto`, `saved_tensor_slice.proto`, `tensor_slice.proto`, `tensor.proto`,
//! `tensor_shape.proto` and `types.proto` of TensorFlow.

use prost::Message;

/// Type number of float32.
pub(crate) const FLOAT: i32 = 1;

/// The name of a type number.
pub(crate) fn type_name(number: i32) -> String {
    const NAMES: [(i32, &str); 11] = [
        (FLOAT, "float32"),
        (2, "float64"),
        (3, "int32"),
        (4, "uint8"),
        (5, "int16"),
        (6, "int8"),
        (7, "string"),
        (9, "int64"),
        (10, "bool"),
        (14, "bfloat16"),
        (19, "float16"),
    ];
    let known = NAMES.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| format!("type {number}"), |(_, name)| (*name).into())
}

#[derive(Message)]
pub(crate) struct TensorShape {
    #[prost(message, repeated, tag = "2")]
    pub(crate) dim: Vec<Dim>,
}

#[derive(Message)]
pub(crate) struct Dim {
    #[prost(int64, tag = "1")]
    pub(crate) size: i64,
}

impl TensorShape {
    /// The sizes and the number of values; `None` if a size is negative, or the number too large.
    pub(crate) fn sizes(&self) -> Option<(Vec<usize>, usize)> {
        let sizes: Option<Vec<usize>> = self
            .dim
            .iter()
            .map(|dim| usize::try_from(dim.size).ok())
            .collect();
        let sizes = sizes?;
        let n = sizes
            .iter()
            .try_fold(1_usize, |n, &size| n.checked_mul(size))?;
        Some((sizes, n))
    }
}

/// A part of a tensor. A tensor that is whole has no start and no length on any axis.
#[derive(Message)]
pub(crate) struct TensorSlice {
    #[prost(message, repeated, tag = "1")]
    pub(crate) extent: Vec<Extent>,
}

#[derive(Message)]
pub(crate) struct Extent {
    #[prost(int64, tag = "1")]
    pub(crate) start: i64,
    #[prost(int64, optional, tag = "2")]
    pub(crate) length: Option<i64>,
}

impl TensorSlice {
    pub(crate) fn is_whole(&self) -> bool {
        self.extent
            .iter()
            .all(|extent| extent.start == 0 && extent.length.is_none())
    }
}

/// The value of V2's key "".
#[derive(Message)]
pub(crate) struct BundleHeader {
    #[prost(int32, tag = "1")]
    pub(crate) num_shards: i32,
    /// 0: little, 1: big.
    #[prost(int32, tag = "2")]
    pub(crate) endianness: i32,
}

/// The value of a variable's name in V2.
#[derive(Message)]
pub(crate) struct BundleEntry {
    #[prost(int32, tag = "1")]
    pub(crate) dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub(crate) shape: Option<TensorShape>,
    #[prost(int32, tag = "3")]
    pub(crate) shard_id: i32,
    #[prost(int64, tag = "4")]
    pub(crate) offset: i64,
    #[prost(int64, tag = "5")]
    pub(crate) size: i64,
    /// Masked CRC-32C of the variable's bytes.
    #[prost(fixed32, tag = "6")]
    pub(crate) crc32c: u32,
    #[prost(message, repeated, tag = "7")]
    pub(crate) slices: Vec<TensorSlice>,
}

/// A value in V1: the list of variables under the key "", one variable under any other.
#[derive(Message)]
pub(crate) struct SavedTensorSlices {
    #[prost(message, optional, tag = "1")]
    pub(crate) meta: Option<SavedTensorSliceMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) data: Option<SavedSlice>,
}

#[derive(Message)]
pub(crate) struct SavedTensorSliceMeta {
    #[prost(message, repeated, tag = "1")]
    pub(crate) tensor: Vec<SavedSliceMeta>,
}

#[derive(Message)]
pub(crate) struct SavedSliceMeta {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) shape: Option<TensorShape>,
    #[prost(int32, tag = "3")]
    pub(crate) dtype: i32,
    #[prost(message, repeated, tag = "4")]
    pub(crate) slice: Vec<TensorSlice>,
}

#[derive(Message)]
pub(crate) struct SavedSlice {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "3")]
    pub(crate) data: Option<Tensor>,
}

#[derive(Message)]
pub(crate) struct Tensor {
    #[prost(float, repeated, tag = "5")]
    pub(crate) float_val: Vec<f32>,
}
