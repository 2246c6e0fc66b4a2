//! Element types of images and labels.

use half::{bf16, f16};
use safetensors::Dtype;

/// Kind of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Unsigned integers.
    Unsigned,
    /// Signed integers.
    Signed,
    /// IEEE 754 floats.
    Float,
    /// bfloat16.
    Brain,
}

/// The type of an array's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) kind: Kind,
    /// 1, 2, 4 or 8.
    pub(super) bytes: usize,
    pub(super) big_endian: bool,
}

impl Element {
    /// The type of a safetensors dtype; `None` for those that are not plain numbers.
    pub(super) fn of_safetensors(dtype: Dtype) -> Option<Self> {
        let (kind, bytes) = match dtype {
            Dtype::U8 => (Kind::Unsigned, 1),
            Dtype::U16 => (Kind::Unsigned, 2),
            Dtype::U32 => (Kind::Unsigned, 4),
            Dtype::U64 => (Kind::Unsigned, 8),
            Dtype::I8 => (Kind::Signed, 1),
            Dtype::I16 => (Kind::Signed, 2),
            Dtype::I32 => (Kind::Signed, 4),
            Dtype::I64 => (Kind::Signed, 8),
            Dtype::F16 => (Kind::Float, 2),
            Dtype::F32 => (Kind::Float, 4),
            Dtype::F64 => (Kind::Float, 8),
            Dtype::BF16 => (Kind::Brain, 2),
            _ => return None,
        };
        Some(Self {
            kind,
            bytes,
            big_endian: false,
        })
    }

    /// Passes on each number of a block of complete elements; large ones lose digits, which bytes
    /// don't need.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of more digits than a double are far from 0 to 255"
    )]
    pub(super) fn each(self, block: &[u8], take: &mut impl FnMut(f64)) {
        match (self.kind, self.bytes) {
            (Kind::Unsigned, 1) => block.iter().for_each(|&value| take(value.into())),
            (Kind::Signed, 1) => self.of(block, |b| i8::from_le_bytes(b).into(), take),
            (Kind::Unsigned, 2) => self.of(block, |b| u16::from_le_bytes(b).into(), take),
            (Kind::Signed, 2) => self.of(block, |b| i16::from_le_bytes(b).into(), take),
            (Kind::Unsigned, 4) => self.of(block, |b| u32::from_le_bytes(b).into(), take),
            (Kind::Signed, 4) => self.of(block, |b| i32::from_le_bytes(b).into(), take),
            (Kind::Unsigned, _) => self.of(block, |b| u64::from_le_bytes(b) as f64, take),
            (Kind::Signed, _) => self.of(block, |b| i64::from_le_bytes(b) as f64, take),
            (Kind::Float, 2) => self.of(block, |b| f16::from_le_bytes(b).to_f64(), take),
            (Kind::Float, 4) => self.of(block, |b| f32::from_le_bytes(b).into(), take),
            (Kind::Float, _) => self.of(block, f64::from_le_bytes, take),
            (Kind::Brain, _) => self.of(block, |b| bf16::from_le_bytes(b).to_f64(), take),
        }
    }

    fn of<const N: usize>(
        self,
        block: &[u8],
        number: impl Fn([u8; N]) -> f64,
        take: &mut impl FnMut(f64),
    ) {
        let (elements, _) = block.as_chunks::<N>();
        for element in elements {
            let mut element = *element;
            if self.big_endian {
                element.reverse();
            }
            take(number(element));
        }
    }
}
