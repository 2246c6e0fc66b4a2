//! Trains the labelled network on the MNIST digits and draws ten of each class:
//! `cargo run --release -p dcgan --example train_mnist -- data/mnist 938 digits.png`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use candle_core::Device;
use dcgan::step::{Batch, Schedule, State, iteration};
use dcgan::{AdamConfig, Config, Discriminator, Generator, Seeded, ZDistribution};
use dcgan::{Purpose, Stream, images_to_tensor, latents, one_hot, tensor_to_images};
use std::io::Read;

const BATCH: usize = 64;
const PIXELS: usize = 28 * 28;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| "data/mnist".into());
    let steps = args.next().map_or(Ok(938), |steps| steps.parse::<u64>())?;
    let picture = args.next().unwrap_or_else(|| "digits.png".into());

    let pixels = idx(&format!("{folder}/train-images-idx3-ubyte.gz"), 16)?;
    let labels = idx(&format!("{folder}/train-labels-idx1-ubyte.gz"), 8)?;
    let n_images = u32::try_from(labels.len())?;

    let device = Device::Cpu;
    let config = Config::labelled(28, 28, 1, 10);
    let vb = Seeded::new(0).into_builder(&device);
    let generator = Generator::new(&config, &vb.pp("generator"))?;
    let discriminator = Discriminator::new(&config, &vb.pp("discriminator"))?;
    let mut state = State::new(generator, discriminator, [AdamConfig::default(); 2])?;
    let schedule = Schedule::new(2, false);
    let z = |stream: &mut Stream, n| latents(stream, n, 100, ZDistribution::Uniform, &device);

    for step in 1..=steps {
        let mut draw = Stream::new(0, Purpose::BatchOrder, step);
        let (mut images, mut classes) = (Vec::new(), Vec::new());
        for _ in 0..BATCH {
            let idx = draw.below(n_images) as usize;
            images.extend_from_slice(&pixels[idx * PIXELS..(idx + 1) * PIXELS]);
            classes.push(labels[idx]);
        }
        let batch = Batch {
            x: images_to_tensor(&images, [BATCH, 28, 28, 1], config.kind, &device)?,
            y: Some(one_hot(&classes, 10, &device)?),
            z: z(&mut Stream::new(0, Purpose::Latent, step), BATCH)?,
        };
        let trace = iteration(&mut state, &batch, &schedule)?;
        println!("{step}: D {:.4}, G {:.4}", trace.d_loss, trace.g_losses[1]);
    }

    // A row of each class, one z per column.
    let classes: Vec<u8> = (0..100).map(|place| place / 10).collect();
    let z = z(&mut Stream::new(0, Purpose::GridLatent, 0), 10)?.repeat((10, 1))?;
    let digits = state
        .generator
        .infer(&z, Some(&one_hot(&classes, 10, &device)?))?;
    let digits = digits.reshape((10, 10, 28, 28))?.permute((0, 2, 1, 3))?;
    let bytes = tensor_to_images(&digits, config.kind)?;
    image::save_buffer(&picture, &bytes, 280, 280, image::ExtendedColorType::L8)?;
    Ok(())
}

/// What follows the header of a gzipped IDX file.
fn idx(path: &str, header: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut bytes)?;
    Ok(bytes.split_off(header.min(bytes.len())))
}
