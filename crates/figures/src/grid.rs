//! Arranges many images in one picture.

use crate::picture::check;
use crate::{Error, Picture};

/// The grey of gaps and of cells without an image: visible next to black and white images.
pub const BACKGROUND: u8 = 128;

/// How a grid is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Images per row.
    pub columns: usize,
    /// Pixels between neighbouring images; there is no outer border.
    pub gap: usize,
    /// Value of every channel in gaps and in cells without an image.
    pub background: u8,
}

/// Arranges `n` images `[h, w, c]` row by row, `columns` per row, on [`BACKGROUND`].
///
/// For a grid by class, use one column per class and sort the images so that row r has the r-th
/// image of each class, or use one row per class with one column per image of a class.
///
/// # Errors
/// As [`tile`].
pub fn grid(
    images: &[u8],
    n: usize,
    h: usize,
    w: usize,
    c: usize,
    columns: usize,
    gap: usize,
) -> Result<Picture, Error> {
    tile(
        images,
        [n, h, w, c],
        Layout {
            columns,
            gap,
            background: BACKGROUND,
        },
    )
}

/// Arranges images of shape `[n, height, width, channels]` row by row; the last row may be short.
///
/// If there are fewer images than columns, the picture is only as wide as the images.
///
/// # Errors
/// [`Error::Empty`], [`Error::Channels`] and [`Error::Pixels`] if the images don't match the shape,
/// [`Error::Columns`] for 0 columns, [`Error::Size`] if the picture is too large to address.
pub fn tile(images: &[u8], shape: [usize; 4], layout: Layout) -> Result<Picture, Error> {
    check(images.len(), shape)?;
    let [n, height, width, channels] = shape;
    if layout.columns == 0 {
        return Err(Error::Columns);
    }
    let columns = layout.columns.min(n);
    let whole_height = extent(n.div_ceil(columns), height, layout.gap);
    let whole_width = extent(columns, width, layout.gap);
    let row_bytes = whole_width.saturating_mul(channels);
    let bytes = whole_height.saturating_mul(row_bytes);
    if bytes > isize::MAX.unsigned_abs() {
        let limit = isize::MAX.unsigned_abs();
        return Err(Error::Size {
            height: whole_height,
            width: whole_width,
            limit,
        });
    }

    let mut pixels = vec![layout.background; bytes];
    let line = width * channels;
    for (image_idx, image) in images.chunks_exact(height * line).enumerate() {
        let top = image_idx / columns * (height + layout.gap);
        let left = image_idx % columns * (width + layout.gap) * channels;
        for (y, row) in image.chunks_exact(line).enumerate() {
            let start = (top + y) * row_bytes + left;
            pixels[start..start + line].copy_from_slice(row);
        }
    }
    Picture::new(whole_height, whole_width, channels, pixels)
}

/// Number of columns for a nearly square grid of `n` images, never taller than wide: the smallest k
/// with k * k >= n.
pub fn near_square(n: usize) -> usize {
    let root = n.isqrt();
    if root * root < n {
        root + 1
    } else {
        root.max(1)
    }
}

/// Length in pixels of `count` cells of `side` with gaps between them, saturated.
fn extent(count: usize, side: usize, gap: usize) -> usize {
    count
        .saturating_mul(side)
        .saturating_add((count - 1).saturating_mul(gap))
}
