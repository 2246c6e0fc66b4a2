//! Pictures drawn by the program, for tests and for trying the programs without data.
//!
//! Each picture shows the shape of its class at a random position, in a random size and brightness,
//! on black. Picture i is a function of (seed, part, i) only, by `Purpose::Synthetic`.

use crate::Error;
use crate::contents::Origin;
use crate::memory::Loaded;
use crate::source::{Outline, Source, Written};
use dcgan_artifacts::{FileRecord, Part, PartData};
use dcgan_random::{Purpose, Stream};
use dcgan_settings::{Prepare, Synthetic};
use dcgan_stage::Failure;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Number of shapes; further classes are the same shapes with stripes of increasing width.
const SHAPES: usize = 10;
/// First stream of the test part; lower ones are for the training part, so that neither depends on
/// the size of the other.
const FIRST_OF_TEST: u64 = 1 << 40;

/// The synthetic pictures of the settings.
#[derive(Debug)]
pub(crate) struct SyntheticSource<'a> {
    pub(crate) settings: &'a Prepare,
    pub(crate) threads: usize,
}

impl Source for SyntheticSource<'_> {
    type Scanned = Loaded;

    fn settings(&self) -> Map<String, Value> {
        Map::from_iter([("synthetic".to_owned(), json!(self.settings.synthetic))])
    }

    fn inputs(&self) -> Result<Vec<FileRecord>, Failure> {
        Ok(Vec::new())
    }

    fn scan(&self) -> Result<(Outline, Loaded), Failure> {
        let mut loaded = draw_all(self.settings).map_err(Failure::usage)?;
        loaded.draw_validation(self.settings)?;
        Ok((loaded.outline(&self.settings.name), loaded))
    }

    fn write(&self, loaded: Loaded, path: &Path) -> Result<Written, Failure> {
        loaded.write(&self.settings.name, self.threads, path)
    }
}

fn draw_all(settings: &Prepare) -> Result<Loaded, Error> {
    let synthetic = &settings.synthetic;
    let (expected, got) = (synthetic.classes, settings.class_names.len());
    if got != 0 && got != expected {
        return Err(Error::ClassNames { expected, got });
    }
    let mut parts = BTreeMap::from([(Part::Train, train(synthetic, settings.seed))]);
    if let Some(test) = test(synthetic, settings.seed) {
        parts.insert(Part::Test, test);
    }
    let origins = parts.keys().map(|part| (*part, Origin::one("synthetic")));
    let origins = origins.collect();
    let class_names = if settings.class_names.is_empty() {
        (0..synthetic.classes)
            .map(|class| class.to_string())
            .collect()
    } else {
        settings.class_names.clone()
    };
    Ok(Loaded {
        class_names,
        height: synthetic.height,
        width: synthetic.width,
        channels: synthetic.channels,
        sources: Vec::new(),
        parts,
        origins,
    })
}

/// Draws the training part.
fn train(settings: &Synthetic, seed: u64) -> PartData {
    part(settings, seed, 0, settings.train)
}

/// Draws the test part; `None` if it has no pictures.
fn test(settings: &Synthetic, seed: u64) -> Option<PartData> {
    (settings.test > 0).then(|| part(settings, seed, FIRST_OF_TEST, settings.test))
}

/// Image i of a part has class i mod classes.
fn part(settings: &Synthetic, seed: u64, first: u64, n: usize) -> PartData {
    let mut images = Vec::with_capacity(n * settings.height * settings.width * settings.channels);
    let mut labels = Vec::with_capacity(n);
    for image_idx in 0..n {
        let class = image_idx % settings.classes.max(1);
        let mut stream = Stream::new(seed, Purpose::Synthetic, first + image_idx as u64);
        draw(settings, class, &mut stream, &mut images);
        labels.push(u8::try_from(class).unwrap_or(u8::MAX));
    }
    PartData {
        images,
        labels: (settings.classes > 0).then_some(labels),
        n,
    }
}

/// Appends one picture `[height, width, channels]`.
fn draw(settings: &Synthetic, class: usize, stream: &mut Stream, images: &mut Vec<u8>) {
    let (height, width) = (settings.height as f32, settings.width as f32);
    let radius = (stream.uniform_in(0.2, 0.36) * height.min(width)).max(1.0);
    // `uniform_in` returns the lower end if a side is too short for a choice.
    let centre_y = stream.uniform_in(radius.min(height / 2.0), height - radius);
    let centre_x = stream.uniform_in(radius.min(width / 2.0), width - radius);
    let dimmest = if settings.channels == 1 { 160.0 } else { 64.0 };
    let colour: Vec<f32> = (0..settings.channels)
        .map(|_| stream.uniform_in(dimmest, 255.0))
        .collect();
    let stripe = class / SHAPES;
    for y in 0..settings.height {
        for x in 0..settings.width {
            let dy = (y as f32 + 0.5 - centre_y) / radius;
            let dx = (x as f32 + 0.5 - centre_x) / radius;
            // The edge is anti-aliased over one pixel.
            let mut cover = (0.5 - distance(class % SHAPES, dx, dy) * radius).clamp(0.0, 1.0);
            if stripe > 0 && y / stripe % 2 == 1 {
                cover *= 0.25;
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "both factors are bounded, the product is in 0..=255"
            )]
            images.extend(colour.iter().map(|value| (value * cover).round() as u8));
        }
    }
}

/// Signed distance to the edge of a shape of radius 1 around the origin, negative inside; only
/// sums, products and square roots, which are the same on every machine.
fn distance(shape: usize, dx: f32, dy: f32) -> f32 {
    let bar = |along: f32, across: f32| (along.abs() - 1.0).max(across.abs() - 0.25);
    let (falling, rising) = (
        (dx + dy) * std::f32::consts::FRAC_1_SQRT_2,
        (dx - dy) * std::f32::consts::FRAC_1_SQRT_2,
    );
    let from_centre = (dx * dx + dy * dy).sqrt();
    let square = dx.abs().max(dy.abs());
    match shape {
        0 => from_centre - 0.9,
        1 => (from_centre - 0.75).abs() - 0.2,
        2 => square - 0.8,
        3 => (square - 0.75).abs() - 0.2,
        4 => bar(dx, dy),
        5 => bar(dy, dx),
        6 => bar(falling, rising),
        7 => bar(rising, falling),
        8 => bar(dx, dy).min(bar(dy, dx)),
        _ => bar(falling, rising).min(bar(rising, falling)),
    }
}
