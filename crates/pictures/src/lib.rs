//! Decodes a picture file of any size to an image of a given size.
//!
//! The input is PNG, JPEG, GIF, BMP or WebP; the output is `[height, width, channels]` in 8 bits,
//! cropped and resized by a [`Conversion`]. Equal bytes give equal images on
//! every machine, and a file that lies about its size uses no more memory than [`MAX_FILE_BYTES`]
//! and the limits of [`inspect`] allow. [`LabelTable`] has the classes of pictures.

mod content;
mod conversion;
mod decode;
mod jpeg;
mod labels;
mod png;
mod refusal;
mod resample;

pub use content::{Content, is_text, recognise};
pub use conversion::{Alpha, Conversion, Crop, Filter};
pub use decode::{
    Decoded, Header, MAX_FILE_BYTES, decode, format_of, inspect, read_file, wrong_extension,
};
pub use labels::{LabelTable, LabelsError, Mismatch};
pub use refusal::{Reason, Refusal};
pub use resample::{Area, Plane, resample};
