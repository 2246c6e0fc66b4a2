//! Grids of generated images.

use crate::images::Images;
use crate::measure::copying::Pairs;
use dcgan_figures::{BACKGROUND, Error, Picture, grid};

/// Rows and columns of `grid.png`, as in the original's sample grids.
const SIDE: usize = 8;
/// Columns of the other grids.
const COLUMNS: usize = 12;
/// Images of each class in `grid-classes.png`.
const PER_CLASS: usize = 10;

/// The first 64 images, eight by eight without gaps, like the original's samples; fewer images make
/// fewer rows.
///
/// # Errors
/// As [`grid`].
pub(crate) fn first(images: &Images) -> Result<Picture, Error> {
    let n = images.n.min(SIDE * SIDE);
    let [h, w, c] = images.shape;
    grid(&images.pixels[..n * images.size()], n, h, w, c, SIDE, 0)
}

/// Chosen images, twelve to a row.
///
/// # Errors
/// As [`grid`].
pub(crate) fn of(images: &Images, chosen: &[usize]) -> Result<Picture, Error> {
    let size = images.size();
    let pixels: Vec<u8> = chosen
        .iter()
        .flat_map(|i| &images.pixels[i * size..(i + 1) * size])
        .copied()
        .collect();
    let [h, w, c] = images.shape;
    grid(&pixels, chosen.len(), h, w, c, COLUMNS, 0)
}

/// Each generated image next to its nearest training image, six pairs per row.
///
/// # Errors
/// As [`grid`].
pub(crate) fn pairs(pairs: &Pairs, [h, w, c]: [usize; 3]) -> Result<Picture, Error> {
    let n = 2 * pairs.found.len();
    grid(&pairs.pixels, n, h, w, c, COLUMNS, 0)
}

/// A row for each class with its first ten images, and grey cells if there are fewer; `None`
/// without labels.
///
/// # Errors
/// As [`grid`].
pub(crate) fn by_class(images: &Images, classes: &[u8]) -> Result<Option<Picture>, Error> {
    let Some(labels) = &images.labels else {
        return Ok(None);
    };
    let size = images.size();
    let mut cells = vec![BACKGROUND; classes.len() * PER_CLASS * size];
    let rows = cells.chunks_exact_mut(PER_CLASS * size);
    for (class, row) in classes.iter().zip(rows) {
        let of_class = images.pixels.chunks_exact(size).zip(labels);
        let of_class = of_class.filter(|(_, label)| *label == class);
        for ((image, _), cell) in of_class.zip(row.chunks_exact_mut(size)) {
            cell.copy_from_slice(image);
        }
    }
    let [h, w, c] = images.shape;
    let n = classes.len() * PER_CLASS;
    grid(&cells, n, h, w, c, PER_CLASS, 0).map(Some)
}
