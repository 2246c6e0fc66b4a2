//! One picture file of any format and size to an image of one size.
//!
//! The bytes are PNG, JPEG, GIF, BMP or WebP; what comes out is `[height, width, channels]` in 8 bits,
//! cropped and resized as the section `prepare.pictures` of the settings says. Equal bytes give equal
//! images on every machine, and a file that lies about its size costs no more memory than
//! [`MAX_FILE_BYTES`] and the bounds of [`inspect`] allow. [`LabelTable`] has the classes of pictures.

mod content;
mod decode;
mod jpeg;
mod labels;
mod png;
mod refusal;
mod resample;

pub use content::{Content, is_text, recognise};
pub use decode::{
    Decoded, Header, MAX_FILE_BYTES, decode, format_of, inspect, read_file, wrong_extension,
};
pub use labels::{LabelTable, LabelsError, Mismatch};
pub use refusal::{Reason, Refusal};
pub use resample::{Area, Plane, resample};
