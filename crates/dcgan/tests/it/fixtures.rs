//! Narrow networks and inputs for them.

use candle_core::{Device, Tensor};
use dcgan::{
    Config, Discriminator, Generator, Kind, ZDistribution, images_to_tensor, latents, one_hot,
};
use dcgan_random::{Purpose, Stream};

pub(crate) fn labelled() -> Config {
    Config {
        z_dim: 4,
        gf_dim: 2,
        df_dim: 2,
        gfc_dim: 8,
        dfc_dim: 8,
        ..Config::labelled(8, 12, 1, 3)
    }
}

pub(crate) fn unlabelled(height: usize, width: usize, channels: usize) -> Config {
    Config {
        z_dim: 4,
        gf_dim: 2,
        df_dim: 2,
        ..Config::unlabelled(height, width, channels)
    }
}

pub(crate) fn networks(config: &Config) -> (Generator, Discriminator) {
    (
        Generator::init(config, 1).unwrap(),
        Discriminator::init(config, 1).unwrap(),
    )
}

/// What one step sees.
pub(crate) struct Batch {
    pub(crate) x: Tensor,
    pub(crate) y: Option<Tensor>,
    pub(crate) z: Tensor,
}

pub(crate) fn batch(config: &Config, size: usize) -> Batch {
    let mut stream = Stream::new(1, Purpose::Synthetic, 0);
    let shape = [size, config.height, config.width, config.channels];
    let n_values = shape.iter().product::<usize>();
    let byte = |stream: &mut Stream| u8::try_from(stream.below(256)).unwrap();
    let bytes: Vec<u8> = (0..n_values).map(|_| byte(&mut stream)).collect();
    let y = (config.kind == Kind::Labelled).then(|| {
        let label = |row: usize| u8::try_from(row % config.classes).unwrap();
        let labels: Vec<u8> = (0..size).map(label).collect();
        one_hot(&labels, config.classes, &Device::Cpu).unwrap()
    });
    Batch {
        x: images_to_tensor(&bytes, shape, config.kind, &Device::Cpu).unwrap(),
        y,
        z: latents(
            &mut stream,
            size,
            config.z_dim,
            ZDistribution::Uniform,
            &Device::Cpu,
        )
        .unwrap(),
    }
}
