//! Draws 64 images of a generator's file or of a checkpoint, its classes in turn:
//! `cargo run --release -p dcgan --example generate -- generator.safetensors images.png`.

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use dcgan::{Config, Generator, Purpose, Stream, ZDistribution};
use dcgan::{file_name, latents, one_hot, tensor_to_images};
use safetensors::SafeTensors;

/// Images in a row and rows of the picture.
const SIDE: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("expected the file of a generator")?;
    let picture = args.next().unwrap_or_else(|| "images.png".into());

    let bytes = std::fs::read(&file)?;
    let (_, header) = SafeTensors::read_metadata(&bytes)?;
    let metadata = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get("dcgan"));
    let metadata = metadata.ok_or("the file says nothing of its network")?;
    let config = Config::from_metadata(metadata)?;
    let distribution = ZDistribution::from_metadata(metadata)?;

    let device = Device::Cpu;
    let vb = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &device)?;
    let generator = Generator::new(&config, &vb.rename_f(file_name).pp("generator"))?;

    let mut stream = Stream::new(0, Purpose::SampleLatent, 0);
    let n = SIDE * SIDE;
    let z = latents(&mut stream, n, config.z_dim, distribution, &device)?;
    let classes = (0..n).map(|image| u8::try_from(image % config.classes.max(1)));
    let classes: Vec<u8> = classes.collect::<Result<_, _>>()?;
    let y = (config.classes > 0).then(|| one_hot(&classes, config.classes, &device));
    let images = generator.infer(&z, y.transpose()?.as_ref())?;

    let (height, width, channels) = (config.height, config.width, config.channels);
    let images = images.reshape((SIDE, SIDE, height, width, channels))?;
    let bytes = tensor_to_images(&images.permute((0, 2, 1, 3, 4))?, config.kind)?;
    let colour = match channels {
        1 => image::ExtendedColorType::L8,
        _ => image::ExtendedColorType::Rgb8,
    };
    let [height, width] = [height, width].map(|side| u32::try_from(SIDE * side));
    image::save_buffer(&picture, &bytes, width?, height?, colour)?;
    Ok(())
}
