//! The place of each image in a grid.

use dcgan_figures::{BACKGROUND, Error, Layout, Picture, grid, near_square, tile};
use proptest::prelude::*;

#[test]
fn three_images_in_two_columns_leave_one_cell_empty() {
    // Three images of 1x2 pixels, a gap of one.
    let picture = grid(&[1, 2, 3, 4, 5, 6], 3, 1, 2, 1, 2, 1).unwrap();
    let b = BACKGROUND;
    let expected = vec![
        1, 2, b, 3, 4, //
        b, b, b, b, b, //
        5, 6, b, b, b,
    ];
    assert_eq!(picture, Picture::new(3, 5, 1, expected).unwrap());
}

#[test]
fn a_grid_is_no_wider_than_its_images() {
    let picture = grid(&[7, 8], 2, 1, 1, 1, 10, 0).unwrap();
    assert_eq!((picture.height(), picture.width()), (1, 2));
}

#[test]
fn near_square_is_the_smallest_that_holds_all() {
    let columns: Vec<usize> = [0, 1, 2, 3, 4, 5, 9, 10, 63, 64, 65]
        .map(near_square)
        .to_vec();
    assert_eq!(columns, [1, 1, 2, 2, 2, 3, 3, 4, 8, 8, 9]);
}

#[test]
fn what_cannot_be_drawn_is_named() {
    let message = |result: Result<Picture, Error>| result.unwrap_err().to_string();
    assert_eq!(
        message(grid(&[], 0, 2, 2, 1, 1, 0)),
        "nothing to draw: 0 images of 2x2 pixels"
    );
    assert_eq!(
        message(grid(&[0; 8], 1, 2, 2, 2, 1, 0)),
        "pictures have 1 or 3 channels, got 2"
    );
    assert_eq!(
        message(grid(&[0; 7], 2, 2, 2, 1, 1, 0)),
        "a shape of [2, 2, 2, 1] needs 8 bytes of pixels, got 7"
    );
    assert_eq!(
        message(grid(&[0; 4], 1, 2, 2, 1, 0, 0)),
        "a grid needs at least 1 column, got 0"
    );
    assert!(matches!(
        grid(&[0; 2], 2, 1, 1, 1, 1, usize::MAX),
        Err(Error::Size { .. })
    ));
}

proptest! {
    /// Every image can be read back from its cell, and everything else is background.
    #[test]
    fn images_lie_in_their_cells_and_the_rest_is_background(
        n in 1usize..30, h in 1usize..5, w in 1usize..5, colour in any::<bool>(),
        columns in 1usize..9, gap in 0usize..4, background in any::<u8>(),
    ) {
        let c = if colour { 3 } else { 1 };
        let images: Vec<u8> = (0..251u8).cycle().step_by(31).take(n * h * w * c).collect();
        let picture = tile(&images, [n, h, w, c], Layout { columns, gap, background }).unwrap();
        let columns = columns.min(n);
        prop_assert_eq!(picture.width(), columns * (w + gap) - gap);
        prop_assert_eq!(picture.height(), n.div_ceil(columns) * (h + gap) - gap);
        for y in 0..picture.height() {
            for x in 0..picture.width() {
                let (row, column) = (y / (h + gap), x / (w + gap));
                let (inner_y, inner_x) = (y % (h + gap), x % (w + gap));
                let image_idx = row * columns + column;
                for channel in 0..c {
                    let expected = if image_idx < n && inner_y < h && inner_x < w {
                        images[((image_idx * h + inner_y) * w + inner_x) * c + channel]
                    } else {
                        background
                    };
                    let got = picture.pixels()[(y * picture.width() + x) * c + channel];
                    prop_assert_eq!(got, expected);
                }
            }
        }
    }

    /// A grid of `near_square` columns has room for n images; with one column fewer it would be
    /// taller than wide.
    #[test]
    fn near_square_is_near(n in 1usize..1_000_000) {
        let columns = near_square(n);
        prop_assert!(columns * columns >= n);
        prop_assert!((columns - 1) * (columns - 1) < n);
    }
}
