//! Grids, PNG, GIF, charts: pixels and numbers in, bytes out.
//!
//! Every function is pure: the same pixels give the same bytes on every machine, and nothing is
//! read or written.

mod animation;
mod error;
mod grid;
mod palette;
mod picture;
mod png;

pub use animation::encode_gif;
pub use error::Error;
pub use grid::{BACKGROUND, Layout, grid, near_square, tile};
pub use picture::Picture;
pub use png::{decode_png, encode_png};
