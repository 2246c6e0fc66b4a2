//! The modes in which latent vectors move: sweeps of coordinates, ways between seeds.

use crate::error::model_failure;
use crate::produce::{Output, produce};
use crate::{Args, Error, Mode, Way, report};
use dcgan_figures::{Picture, encode_gif, encode_png, grid, near_square};
use dcgan_models::{ClassChoice, LoadedGenerator, between, latent_range};
use dcgan_settings::{Sample, parse_seeds};
use dcgan_terminal::{Failure, Progress};
use serde_json::{Value, json};

/// Images that move side by side if `--n` isn't given.
const IMAGES: usize = 8;

/// Pixels between two images.
const GAP: usize = 2;

/// The motions of one call, each with the name of its files.
struct Motions {
    named: Vec<(String, Motion)>,
    labels: Option<Vec<u8>>,
}

/// The latent vectors of each step, `[n, z_dim]`.
type Motion = Vec<Vec<f32>>;

/// Draws the motions of `args.mode`, unless the folder holds them already.
pub(crate) fn draw(args: &Args) -> Result<(), Failure> {
    let (sample, seeds) = args.settings()?;
    let n = args.n.unwrap_or(IMAGES);
    let settings = settings(args, &sample, n);
    let check = |model: &LoadedGenerator| motions(args, &sample, &seeds, n, model);
    if args.common.dry_run {
        let model = LoadedGenerator::load(&args.model).map_err(model_failure)?;
        let named = check(&model)?.named;
        let mut outputs: Vec<String> = named
            .iter()
            .flat_map(|(name, _)| [format!("{name}.png"), format!("{name}.gif")])
            .collect();
        outputs.extend((named.len() > 1).then(|| ALL.to_owned()));
        return report::dry_run(&args.common, &args.model, &settings, &outputs);
    }
    produce(args, settings, check, |model, motions, output| {
        output.folder.clear()?;
        write(args, &model.generator, motions, n, output)
    })
}

/// What fixes the result.
fn settings(args: &Args, sample: &Sample, n: usize) -> Value {
    let motion = &args.motion;
    let shared = json!({
        "seeds": sample.seeds, "class": sample.class, "n": n,
        "frames": motion.frames, "delay": motion.delay,
    });
    let own = match args.mode {
        Mode::Sweep => json!({
            "coordinates": motion.coordinates, "low": motion.low, "high": motion.high,
        }),
        _ => json!({ "way": format!("{:?}", motion.way).to_lowercase() }),
    };
    let mode = format!("{:?}", args.mode).to_lowercase();
    json!({ "mode": mode, "motion": shared, mode.as_str(): own })
}

/// Every step of every motion, checked against the model.
fn motions(
    args: &Args,
    sample: &Sample,
    seeds: &[u64],
    n: usize,
    model: &LoadedGenerator,
) -> Result<Motions, Failure> {
    let choice = ClassChoice::resolve(sample.class.as_deref(), &model.info().class_names)
        .map_err(model_failure)?;
    let named = match args.mode {
        Mode::Sweep => sweeps(args, seeds, n, model)?,
        _ => vec![("interpolation".to_owned(), ways(args, seeds, n, model)?)],
    };
    Ok(Motions {
        named,
        labels: choice.classes(0, n),
    })
}

/// A motion per coordinate, from images of the first seed.
fn sweeps(
    args: &Args,
    seeds: &[u64],
    n: usize,
    model: &LoadedGenerator,
) -> Result<Vec<(String, Motion)>, Failure> {
    let z_dim = model.info().z_dim;
    let coordinates = match &args.motion.coordinates {
        None => (0..z_dim).collect(),
        Some(text) => parse_seeds(text)
            .map_err(Failure::usage)?
            .into_iter()
            .map(|got| {
                let known = usize::try_from(got)
                    .ok()
                    .filter(|&coordinate| coordinate < z_dim);
                known.ok_or_else(|| Failure::usage(Error::Coordinate { got, z_dim }))
            })
            .collect::<Result<Vec<_>, _>>()?,
    };
    let (low, high) = latent_range(model.info()).map_err(model_failure)?;
    let (low, high) = (
        args.motion.low.unwrap_or(low),
        args.motion.high.unwrap_or(high),
    );
    let start = model.latents(seeds[0], 0, n);
    let sweep = |coordinate: usize| {
        let at = |share| {
            let mut z = start.clone();
            for value in z.iter_mut().skip(coordinate).step_by(z_dim) {
                *value = low + (high - low) * share;
            }
            z
        };
        (0..args.motion.frames)
            .map(|step| at(share(step, args.motion.frames - 1)))
            .collect()
    };
    Ok(coordinates
        .into_iter()
        .map(|c| (format!("sweep-{c:03}"), sweep(c)))
        .collect())
}

/// From each seed to the next, and from the last to the first: a closed way.
fn ways(args: &Args, seeds: &[u64], n: usize, model: &LoadedGenerator) -> Result<Motion, Failure> {
    if seeds.len() < 2 {
        return Err(Failure::usage(Error::OneSeed));
    }
    let z_dim = model.info().z_dim;
    let spherical = args.motion.way == Way::Spherical;
    let places: Vec<Vec<f32>> = seeds
        .iter()
        .map(|&seed| model.latents(seed, 0, n))
        .collect();
    let legs = places.iter().zip(places.iter().cycle().skip(1));
    let steps = legs.flat_map(|(from, to)| {
        (0..args.motion.frames).map(move |step| {
            let share = share(step, args.motion.frames);
            let rows = from.chunks_exact(z_dim).zip(to.chunks_exact(z_dim));
            rows.flat_map(|(from, to)| between(from, to, share, spherical))
                .collect()
        })
    });
    Ok(steps.collect())
}

fn share(step: usize, of: usize) -> f32 {
    step as f32 / of as f32
}

/// Name of the GIF that shows the first image of all sweeps side by side.
const ALL: &str = "sweep-all.gif";

/// A PNG (a row per image, a column per step) and a GIF of each motion, and one GIF of all.
fn write(
    args: &Args,
    model: &LoadedGenerator,
    motions: &Motions,
    n: usize,
    output: &mut Output,
) -> Result<usize, Failure> {
    let (info, size) = (model.info(), model.image_bytes());
    let tiles = |images: &[u8], columns: usize| {
        let n = images.len() / size;
        grid(
            images,
            n,
            info.height,
            info.width,
            info.channels,
            columns,
            GAP,
        )
        .map_err(Failure::output)
    };
    // A sweep goes back as it came; an interpolation ends where it began.
    let returns = args.mode == Mode::Sweep;
    let gif = |mut frames: Vec<Picture>| {
        if returns {
            let back: Vec<Picture> = frames[1..].iter().rev().skip(1).cloned().collect();
            frames.extend(back);
        }
        encode_gif(&frames, args.motion.delay).map_err(Failure::output)
    };
    let mut firsts: Vec<Vec<u8>> = Vec::new();
    let mut n_images = 0;
    let progress = Progress::new("sample", motions.named.len() as u64, args.common.quiet);
    for (done, (name, motion)) in motions.named.iter().enumerate() {
        if let Some(signal) = output.signals.received() {
            return Err(Failure::Interrupted(signal));
        }
        let labels = motions
            .labels
            .as_ref()
            .map(|labels| labels.repeat(motion.len()));
        let images = model
            .images_from_latents(&motion.concat(), labels.as_deref())
            .map_err(model_failure)?;
        n_images += images.len() / size;
        let steps: Vec<&[u8]> = images.chunks_exact(n * size).collect();
        let rows: Vec<u8> = (0..n)
            .flat_map(|row| {
                steps
                    .iter()
                    .flat_map(move |step| &step[row * size..][..size])
            })
            .copied()
            .collect();
        let png = encode_png(&tiles(&rows, steps.len())?).map_err(Failure::output)?;
        output.folder.write(&format!("{name}.png"), &png)?;
        let frames: Result<Vec<_>, _> = steps
            .iter()
            .map(|step| tiles(step, near_square(n)))
            .collect();
        output
            .folder
            .write(&format!("{name}.gif"), &gif(frames?)?)?;
        firsts.resize(steps.len(), Vec::new());
        for (first, step) in firsts.iter_mut().zip(&steps) {
            first.extend_from_slice(&step[..size]);
        }
        progress.set(done as u64 + 1, "");
    }
    progress.finish();
    if motions.named.len() > 1 {
        let columns = near_square(motions.named.len());
        let frames: Result<Vec<_>, _> = firsts.iter().map(|all| tiles(all, columns)).collect();
        output.folder.write(ALL, &gif(frames?)?)?;
    }
    Ok(n_images)
}
