//! Sample grids: always the same latent vectors, so that a run's grids make a film.

use crate::Error;
use crate::files::{self, REALS, SAMPLES};
use dcgan::{Config, Generator, ZDistribution};
use dcgan_artifacts::{DatasetReader, Part, remove_file, write_atomic};
use dcgan_random::Purpose;
use std::path::{Path, PathBuf};

/// Rows and columns of a labelled grid.
const LABELLED_SIDE: usize = 10;
/// Rows and columns of an unlabelled grid, as in the original.
const UNLABELLED_SIDE: usize = 8;
/// Pixels between two images.
const GAP: usize = 2;

/// Draws the grids of one run. It only reads the generator, so a grid never changes a run's state.
#[derive(Debug)]
pub(crate) struct Grids {
    folder: PathBuf,
    side: usize,
    /// The fixed latent vectors, `[side * side, z_dim]`.
    z: Vec<f32>,
    /// The class of each image; `None` for the unlabelled network.
    classes: Option<Vec<u8>>,
}

impl Grids {
    /// The grids of a run with this seed, written to `folder`. They show the trained classes, of
    /// which the unlabelled network has none.
    pub(crate) fn new(
        folder: &Path,
        config: &Config,
        trained_classes: &[u8],
        distribution: ZDistribution,
        seed: u64,
    ) -> Self {
        let side = if config.classes > 0 {
            LABELLED_SIDE
        } else {
            UNLABELLED_SIDE
        };
        let n = side * side;
        let z = distribution.rows(config.z_dim, seed, Purpose::GridLatent, 0, n);
        Self {
            folder: folder.to_owned(),
            side,
            z,
            classes: classes(trained_classes, side),
        }
    }

    /// Removes the grids of steps for which `draws` is false, such as the last one of a shorter
    /// run, so that a continued run leaves the same files as an uninterrupted one.
    pub(crate) fn tidy(&self, draws: impl Fn(u64) -> bool) -> Result<(), Error> {
        let folder = self.folder.join(SAMPLES);
        let failed = |source| Error::Folder {
            path: folder.clone(),
            action: "list",
            source,
        };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let step = path
                .file_name()
                .and_then(|name| name.to_str())
                .and_then(|name| {
                    name.strip_prefix("step-")?
                        .strip_suffix(".png")?
                        .parse()
                        .ok()
                });
            if step.is_some_and(|step| !draws(step)) {
                remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Draws the generator's images of the fixed latent vectors after `step`, in inference mode.
    pub(crate) fn draw(&self, generator: &Generator, step: u64) -> Result<(), Error> {
        let classes = self.classes.as_deref();
        let images = dcgan_checkpoints::images_from_latents(generator, &self.z, classes)?;
        let config = generator.config();
        self.write(
            &images,
            [config.height, config.width, config.channels],
            &files::grid(step),
        )
    }

    /// Draws training images in the layout of the grids, `samples/reals.png`, for comparison. Each
    /// class shows its first images, repeated if there are too few.
    pub(crate) fn draw_reals(&self, dataset: &DatasetReader) -> Result<(), Error> {
        let info = dataset.info();
        let indices = self.pick_reals(dataset);
        let mut images = Vec::new();
        dataset.read_images(Part::Train, &indices, &mut images)?;
        self.write(&images, [info.height, info.width, info.channels], REALS)
    }

    fn pick_reals(&self, dataset: &DatasetReader) -> Vec<u32> {
        let n = self.side * self.side;
        let n_images = dataset.len(Part::Train).unwrap_or(0);
        let (Some(classes), Some(labels)) = (&self.classes, dataset.labels(Part::Train)) else {
            return (0..n_images).cycle().take(n).map(image_index).collect();
        };
        let mut seen = [0; 256];
        let mut members = vec![Vec::new(); 256];
        for (image_idx, &label) in labels.iter().enumerate() {
            members[usize::from(label)].push(image_index(image_idx));
        }
        let next = |&class: &u8| {
            let class = usize::from(class);
            let members = &members[class];
            seen[class] += 1;
            members
                .get((seen[class] - 1) % members.len().max(1))
                .copied()
        };
        classes.iter().filter_map(next).collect()
    }

    fn write(&self, images: &[u8], [h, w, c]: [usize; 3], name: &str) -> Result<(), Error> {
        let n = images.len() / (h * w * c).max(1);
        let picture = dcgan_figures::grid(images, n, h, w, c, self.side, GAP)?;
        let path = self.folder.join(name);
        Ok(write_atomic(&path, &dcgan_figures::encode_png(&picture)?)?)
    }
}

/// The class of each image, from the trained classes: up to ten get rows of their own, more
/// alternate.
fn classes(trained: &[u8], side: usize) -> Option<Vec<u8>> {
    let n = trained.len();
    let place = |image_idx: usize| match n {
        1..=LABELLED_SIDE => image_idx / side % n,
        _ => image_idx % n,
    };
    (n > 0).then(|| (0..side * side).map(|i| trained[place(i)]).collect())
}

fn image_index(image_idx: usize) -> u32 {
    u32::try_from(image_idx).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::classes;

    #[test]
    fn ten_classes_have_a_row_each_and_more_take_turns() {
        let all: Vec<u8> = (0..26).collect();
        let ten = classes(&all[..10], 10).unwrap();
        assert_eq!(ten[..20], [[0; 10], [1; 10]].concat());
        let two = classes(&all[..2], 10).unwrap();
        assert_eq!([two[0], two[10], two[20], two[99]], [0, 1, 0, 1]);
        let many = classes(&all, 10).unwrap();
        assert_eq!([many[0], many[25], many[26], many[99]], [0, 25, 0, 99 % 26]);
        assert_eq!(classes(&[], 8), None);
    }

    #[test]
    fn a_class_that_is_not_trained_has_no_row() {
        let three = classes(&[1, 2, 4], 10).unwrap();
        assert_eq!([three[0], three[10], three[20], three[30]], [1, 2, 4, 1]);
        let many: Vec<u8> = (1..=12).collect();
        let many = classes(&many, 10).unwrap();
        assert_eq!([many[0], many[11], many[12]], [1, 12, 1]);
    }
}
