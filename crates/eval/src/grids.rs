//! Grids of generated images.

use crate::images::Images;
use dcgan_figures::{BACKGROUND, Error, Picture, grid};

/// Rows and columns of `grid.png`, as the original's sample grids.
const SIDE: usize = 8;
/// Images of each class in `grid-classes.png`.
const PER_CLASS: usize = 10;

/// The first 64 images, eight by eight without gaps, as the original lays out its samples; fewer
/// images make fewer rows.
///
/// # Errors
/// As [`grid`].
pub(crate) fn first(images: &Images) -> Result<Picture, Error> {
    let n = images.n.min(SIDE * SIDE);
    let [h, w, c] = images.shape;
    grid(&images.pixels[..n * images.size()], n, h, w, c, SIDE, 0)
}

/// A row per class with its first ten images, a class without so many leaving grey cells; `None`
/// without labels.
///
/// # Errors
/// As [`grid`].
pub(crate) fn by_class(images: &Images, classes: usize) -> Result<Option<Picture>, Error> {
    let Some(labels) = &images.labels else {
        return Ok(None);
    };
    let size = images.size();
    let mut cells = vec![BACKGROUND; classes * PER_CLASS * size];
    let mut filled = vec![0; classes];
    for (image, &label) in images.pixels.chunks_exact(size).zip(labels) {
        let class = usize::from(label);
        if filled[class] < PER_CLASS {
            let start = (class * PER_CLASS + filled[class]) * size;
            cells[start..start + size].copy_from_slice(image);
            filled[class] += 1;
        }
    }
    let [h, w, c] = images.shape;
    grid(&cells, classes * PER_CLASS, h, w, c, PER_CLASS, 0).map(Some)
}
