//! The layout of grids.

use dcgan_artifacts::{NetworkInfo, read_bounded};
use dcgan_figures::{BACKGROUND, Error, Picture, decode_png, grid, near_square};
use dcgan_pictures::MAX_FILE_BYTES;
use dcgan_stage::Failure;
use std::path::Path;

/// Maximum number of images in one grid.
const MAX_IMAGES: usize = 1024;

/// Maximum number of pixels of images in one grid; a grid shows fewer large images.
const MAX_PIXELS: usize = 1 << 24;

/// Maximum number of images of a class in its row.
const MAX_IN_ROW: usize = 32;

/// Pixels between two images.
const GAP: usize = 2;

/// Images `[n, height, width, channels]` in a grid of `columns`; `shape` is without the n.
pub(crate) fn tiles(images: &[u8], shape: [usize; 3], columns: usize) -> Result<Picture, Failure> {
    let [height, width, channels] = shape;
    let n = images.len() / (height * width * channels);
    grid(images, n, height, width, channels, columns, GAP).map_err(Failure::output)
}

/// Reads a PNG file.
pub(crate) fn read_png(path: &Path) -> Result<Picture, crate::Error> {
    let path = path.to_owned();
    match read_bounded(&path, MAX_FILE_BYTES) {
        Err(source) => Err(crate::Error::Read { path, source }),
        Ok(bytes) => decode_png(&bytes).map_err(|source| crate::Error::Picture { path, source }),
    }
}

/// Height, width and channels of a model's images.
pub(crate) fn shape(info: &NetworkInfo) -> [usize; 3] {
    [info.height, info.width, info.channels]
}

/// The cells of a grid, row by row: the index of an image, or `None`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrangement {
    pub(crate) columns: usize,
    pub(crate) cells: Vec<Option<usize>>,
}

impl Arrangement {
    /// A row per class in `classes`, images in order, at most [`MAX_IN_ROW`] in a row.
    pub(crate) fn by_class(labels: &[u8], classes: &[u8]) -> Self {
        let row = |class: &u8| -> Vec<Option<usize>> {
            let of_class = labels
                .iter()
                .enumerate()
                .filter(|(_, label)| *label == class);
            of_class
                .take(MAX_IN_ROW)
                .map(|(image_idx, _)| Some(image_idx))
                .collect()
        };
        let mut rows: Vec<Vec<Option<usize>>> = classes.iter().map(row).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        for row in &mut rows {
            row.resize(columns, None);
        }
        Self {
            columns,
            cells: rows.concat(),
        }
    }

    /// Images in order, nearly square if `columns` is 0; at most [`MAX_IMAGES`] images and
    /// [`MAX_PIXELS`] pixels, but at least one row.
    pub(crate) fn in_order(n: usize, columns: usize, image_pixels: usize) -> Self {
        let most = MAX_IMAGES
            .min(MAX_PIXELS / image_pixels)
            .max(columns)
            .max(1);
        let shown = n.min(most);
        let columns = if columns == 0 {
            near_square(shown)
        } else {
            columns
        };
        Self {
            columns,
            cells: (0..shown).map(Some).collect(),
        }
    }

    /// Draws the grid. `shape` is height, width and channels of an image.
    pub(crate) fn picture(&self, images: &[u8], shape: [usize; 3]) -> Result<Picture, Error> {
        let [height, width, channels] = shape;
        let image_bytes = height * width * channels;
        let empty = vec![BACKGROUND; image_bytes];
        let mut pixels = Vec::with_capacity(self.cells.len() * image_bytes);
        for cell in &self.cells {
            pixels.extend_from_slice(match cell {
                Some(image_idx) => &images[image_idx * image_bytes..][..image_bytes],
                None => &empty,
            });
        }
        grid(
            &pixels,
            self.cells.len(),
            height,
            width,
            channels,
            self.columns,
            GAP,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_a_row_and_short_rows_end_empty() {
        let arrangement = Arrangement::by_class(&[0, 1, 2, 0], &[0, 1, 2]);
        assert_eq!(arrangement.columns, 2);
        assert_eq!(
            arrangement.cells,
            [Some(0), Some(3), Some(1), None, Some(2), None]
        );
    }

    #[test]
    fn a_class_that_is_not_drawn_has_no_row() {
        let arrangement = Arrangement::by_class(&[1, 3, 1, 3], &[1, 3]);
        assert_eq!(arrangement.cells, [Some(0), Some(2), Some(1), Some(3)]);
    }

    #[test]
    fn a_row_of_a_class_is_bounded() {
        let arrangement = Arrangement::by_class(&[0; 100], &[0]);
        assert_eq!(
            (arrangement.columns, arrangement.cells.len()),
            (MAX_IN_ROW, MAX_IN_ROW)
        );
    }

    #[test]
    fn a_grid_in_order_is_near_square_and_bounded() {
        for (n, image_pixels, columns, shown) in [
            (1, 784, 1, 1),
            (63, 784, 8, 63),
            (65, 784, 9, 65),
            (50_000, 784, 32, 1024),
            (50_000, 256 * 256, 16, 256),
            (5, 1 << 25, 1, 1),
        ] {
            let arrangement = Arrangement::in_order(n, 0, image_pixels);
            assert_eq!(
                (arrangement.columns, arrangement.cells.len()),
                (columns, shown),
                "{n}"
            );
        }
        assert_eq!(Arrangement::in_order(10, 4, 784).columns, 4);
    }

    #[test]
    fn cells_lie_where_the_arrangement_says() {
        let images = [10, 20, 30, 40];
        let arrangement = Arrangement::by_class(&[1, 0, 1, 1], &[0, 1]);
        let picture = arrangement.picture(&images, [1, 1, 1]).unwrap();
        assert_eq!((picture.height(), picture.width()), (2 + GAP, 3 + 2 * GAP));
        let at = |row: usize, column: usize| {
            picture.pixels()[row * (1 + GAP) * picture.width() + column * (1 + GAP)]
        };
        assert_eq!([at(0, 0), at(0, 1), at(0, 2)], [20, BACKGROUND, BACKGROUND]);
        assert_eq!([at(1, 0), at(1, 1), at(1, 2)], [10, 30, 40]);
    }
}
