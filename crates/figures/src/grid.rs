//! Many images side by side in one picture.

use crate::picture::check;
use crate::{Error, Picture};

/// The grey of gaps and of cells without an image: it stands apart from black and from white ones.
pub const BACKGROUND: u8 = 128;

/// How a grid is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Images in a row.
    pub columns: usize,
    /// Pixels between two neighbours; none around the whole.
    pub gap: usize,
    /// Value of every channel in gaps and in cells without an image.
    pub background: u8,
}

/// Lays `n` images of `[h, w, c]` out row by row, `columns` to a row, on [`BACKGROUND`].
///
/// A labelled grid is the same thing with one column per class, images sorted so that row r holds
/// the r-th image of each class; or one row per class with as many columns as images of each.
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

/// Lays images of shape `[n, height, width, channels]` out row by row; the last row may be short.
///
/// The picture is as wide as its columns, or as its images when they are fewer than the columns.
///
/// # Errors
/// [`Error::Empty`], [`Error::Channels`] and [`Error::Pixels`] for images unlike their shape,
/// [`Error::Columns`] without columns, [`Error::Size`] when the picture can't be addressed.
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

/// Columns of the grid of `n` images that is nearest to a square, never taller than wide: the
/// smallest k with k * k >= n.
pub fn near_square(n: usize) -> usize {
    let root = n.isqrt();
    if root * root < n {
        root + 1
    } else {
        root.max(1)
    }
}

/// Pixels of `count` cells of `side` with gaps between them, saturated.
fn extent(count: usize, side: usize, gap: usize) -> usize {
    count
        .saturating_mul(side)
        .saturating_add((count - 1).saturating_mul(gap))
}
