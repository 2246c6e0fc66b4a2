//! Datasets in memory: all images are read before anything is written.

use crate::audit::{self, Audit, PixelStats};
use crate::contents::{Contents, Members, Origin};
use crate::source::{Outline, Written};
use crate::validation::{self, hash_share};
use crate::{Error, preview};
use dcgan_artifacts::{DatasetInfo, Part, PartData, SourceRecord, write_dataset};
use dcgan_settings::Prepare;
use dcgan_stage::Failure;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// All images of a dataset, checked.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) class_names: Vec<String>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
    pub(crate) sources: Vec<SourceRecord>,
    pub(crate) parts: BTreeMap<Part, PartData>,
    pub(crate) origins: BTreeMap<Part, Origin>,
}

impl Loaded {
    /// Everything except the pixels, with the dataset's `name`.
    fn contents(&self, name: &str) -> Contents {
        let members = |(part, data): (&Part, &PartData)| {
            let members = Members {
                n: data.n,
                labels: data.labels.clone(),
                origin: self.origins[part].clone(),
            };
            (*part, members)
        };
        Contents {
            info: DatasetInfo {
                name: name.into(),
                class_names: self.class_names.clone(),
                height: self.height,
                width: self.width,
                channels: self.channels,
                sources: self.sources.clone(),
            },
            parts: self.parts.iter().map(members).collect(),
        }
    }

    /// The description of the dataset, with its `name`.
    pub(crate) fn outline(&self, name: &str) -> Outline {
        Outline {
            info: self.contents(name).info,
            counts: self
                .parts
                .iter()
                .map(|(part, data)| (*part, data.n))
                .collect(),
        }
    }

    /// Holds out the test part and draws the validation part; `share` is the setting `key`.
    ///
    /// # Errors
    /// Like [`hold_out`](Self::hold_out) and [`draw_validation`](Self::draw_validation).
    pub(crate) fn split(
        mut self,
        settings: &Prepare,
        key: &'static str,
        share: f64,
    ) -> Result<(Outline, Self), Failure> {
        self.hold_out(key, share).map_err(Failure::input)?;
        self.draw_validation(settings)?;
        Ok((self.outline(&settings.name), self))
    }

    /// Draws the validation part of the settings from the training part.
    ///
    /// # Errors
    /// [`Failure::Usage`] for an invalid size, [`Failure::Input`] for too few pictures.
    pub(crate) fn draw_validation(&mut self, settings: &Prepare) -> Result<(), Failure> {
        if settings.validation == 0 {
            return Ok(());
        }
        draw_validation(settings, self).map_err(|error| match error {
            Error::ValidationShare { .. } => Failure::usage(error),
            _ => Failure::input(error),
        })
    }

    /// Moves training images whose hash as a fraction is below `share`, the setting `key`, to the
    /// test part.
    ///
    /// # Errors
    /// [`Error::AllToTest`] if no image is left to train on.
    fn hold_out(&mut self, key: &'static str, share: f64) -> Result<(), Error> {
        if share <= 0.0 {
            return Ok(());
        }
        let image_len = self.height * self.width * self.channels;
        let images = self.parts[&Part::Train].images.chunks_exact(image_len);
        let shares: Vec<f64> = images
            .map(|pixels| hash_share(&Sha256::digest(pixels).into()))
            .collect();
        let numbered = shares.iter().zip(0u32..);
        let held = numbered.filter(|&(&of_image, _)| of_image < share);
        let held: Vec<u32> = held.map(|(_, number)| number).collect();
        if held.len() == shares.len() {
            let names: Vec<&str> = self.sources.iter().map(|file| file.name.as_str()).collect();
            return Err(Error::all_to_test(names.join("`, `"), key, &shares));
        }
        self.move_to(Part::Test, &held);
        Ok(())
    }

    /// Moves the training images `drawn` (ascending) to another part; an empty list makes no part.
    fn move_to(&mut self, part: Part, drawn: &[u32]) {
        let image_len = self.height * self.width * self.channels;
        let (Some(train), Some(origin)) = (
            self.parts.get_mut(&Part::Train),
            self.origins.get_mut(&Part::Train),
        ) else {
            return;
        };
        if drawn.is_empty() {
            return;
        }
        let (moved, kept) = validation::split(train, drawn, image_len);
        let of_moved = origin.of(drawn);
        *origin = origin.of(&kept);
        self.parts.insert(part, moved);
        self.origins.insert(part, of_moved);
    }

    /// Writes the dataset while another thread audits every image.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub(crate) fn write(
        &self,
        name: &str,
        threads: usize,
        path: &Path,
    ) -> Result<Written, Failure> {
        let contents = self.contents(name);
        let write = || write_dataset(path, &contents.info, &self.parts);
        let (dataset, (audit, preview)) = if threads > 1 {
            std::thread::scope(|scope| {
                let inspecting = scope.spawn(|| self.inspect(&contents));
                let dataset = write();
                let inspected = inspecting
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                (dataset, inspected)
            })
        } else {
            (write(), self.inspect(&contents))
        };
        Ok(Written {
            digest: dataset?,
            audit,
            preview: preview?,
            contents,
        })
    }

    /// Makes the audit and the preview.
    fn inspect(&self, contents: &Contents) -> (Audit, Result<Vec<u8>, Failure>) {
        let image_len = contents.info.image_len();
        let of_part = |(part, data): (&Part, &PartData)| {
            let stats = data.images.chunks_exact(image_len).map(PixelStats::of);
            (*part, stats.collect())
        };
        let stats = self.parts.iter().map(of_part).collect();
        let train = &self.parts[&Part::Train].images;
        let preview = preview::preview(contents, |image_idx, pixels| {
            pixels.copy_from_slice(&train[image_idx * image_len..][..image_len]);
            Ok(())
        });
        (audit::audit(contents, &stats, Vec::new()), preview)
    }
}

fn draw_validation(settings: &Prepare, loaded: &mut Loaded) -> Result<(), Error> {
    let Some(train) = loaded.parts.get(&Part::Train) else {
        return Ok(());
    };
    let drawn = validation::draw(
        train.n,
        train.labels.as_deref(),
        &loaded.class_names,
        settings.validation,
        settings.seed,
    )?;
    loaded.move_to(Part::Validation, &drawn);
    Ok(())
}
