//! `preview.png`: a first look at the training part.

use crate::source::Loaded;
use dcgan_artifacts::Part;
use dcgan_figures::{BACKGROUND, Error, encode_png, grid};

/// Images in a row.
const COLUMNS: usize = 10;
/// Pixels between images.
const GAP: usize = 2;
/// Rows without labels.
const UNLABELLED_ROWS: usize = 10;

/// The first ten training images of each class, a row each in order of the classes; without labels
/// the first hundred. As PNG.
///
/// # Errors
/// As the figures' own.
pub(crate) fn preview(loaded: &Loaded) -> Result<Vec<u8>, Error> {
    let image_bytes = loaded.image_bytes();
    let train = &loaded.parts[&Part::Train];
    let chosen: Vec<Option<usize>> = match &train.labels {
        None => (0..train.n.min(COLUMNS * UNLABELLED_ROWS))
            .map(Some)
            .collect(),
        Some(labels) => {
            let mut rows = vec![Vec::with_capacity(COLUMNS); loaded.class_names.len()];
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
    let empty = vec![BACKGROUND; image_bytes];
    let images: Vec<u8> = chosen
        .iter()
        .flat_map(|image_idx| match image_idx {
            Some(image_idx) => &train.images[image_idx * image_bytes..][..image_bytes],
            None => &empty,
        })
        .copied()
        .collect();
    let (h, w, c) = (loaded.height, loaded.width, loaded.channels);
    encode_png(&grid(&images, chosen.len(), h, w, c, COLUMNS, GAP)?)
}
