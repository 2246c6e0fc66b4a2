//! `preview.png`: images of the training part.

use crate::contents::Contents;
use dcgan_artifacts::Part;
use dcgan_figures::{BACKGROUND, encode_png, grid};
use dcgan_stage::Failure;

/// Images in a row.
const COLUMNS: usize = 10;
/// Pixels between images.
const GAP: usize = 2;
/// Rows without labels.
const UNLABELLED_ROWS: usize = 10;

/// The first ten training images of each class, a row per class; without labels a hundred evenly
/// spaced ones, because adjacent pictures in a folder are often similar. As PNG.
///
/// `read` fetches the pixels of one training image.
///
/// # Errors
/// If `read` fails, or drawing.
pub(crate) fn preview(
    contents: &Contents,
    read: impl Fn(usize, &mut [u8]) -> Result<(), Failure>,
) -> Result<Vec<u8>, Failure> {
    let info = &contents.info;
    let train = &contents.parts[&Part::Train];
    let chosen: Vec<Option<usize>> = match &train.labels {
        None => {
            let n = train.n.min(COLUMNS * UNLABELLED_ROWS);
            (0..n).map(|at| Some(at * train.n / n)).collect()
        }
        Some(labels) => {
            let mut rows = vec![Vec::with_capacity(COLUMNS); info.class_names.len()];
            for (image_idx, label) in labels.iter().enumerate() {
                let row = &mut rows[usize::from(*label)];
                if row.len() < COLUMNS {
                    row.push(Some(image_idx));
                }
            }
            for row in &mut rows {
                row.resize(COLUMNS, None);
            }
            rows.concat()
        }
    };
    let mut images = vec![BACKGROUND; chosen.len() * info.image_len()];
    for (image_idx, pixels) in chosen.iter().zip(images.chunks_exact_mut(info.image_len())) {
        if let Some(image_idx) = image_idx {
            read(*image_idx, pixels)?;
        }
    }
    let (h, w, c) = (info.height, info.width, info.channels);
    grid(&images, chosen.len(), h, w, c, COLUMNS, GAP)
        .and_then(|picture| encode_png(&picture))
        .map_err(Failure::output)
}
