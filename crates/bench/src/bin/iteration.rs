//! Times the training iteration of the full-width labelled network: one update of the discriminator and
//! two of the generator, batch 64, as the trainer runs it.
//!
//! `iteration [REPEATS] [THREADS]` prints the median, the quartiles and the fastest.

#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

use std::error::Error;
use std::time::Instant;

use candle_core::{Device, Tensor};
use dcgan_kernels::AdamConfig;
use dcgan_networks::{
    Adam, Discriminator, Generator, NetworkConfig, Weights, discriminator_loss, generator_loss,
    gradients, one_hot, scalar,
};
use dcgan_random::{Purpose, Stream};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let repeats = args.next().map_or(Ok(30), |n| n.parse::<usize>())?.max(1);
    let threads = dcgan_kernels::set_threads(args.next().map(|n| n.parse()).transpose()?);

    let config = NetworkConfig::labelled(28, 28, 1, 10);
    let adam = AdamConfig {
        lr: 2e-4,
        beta1: 0.5,
        beta2: 0.999,
        epsilon: 1e-8,
    };
    let mut generator = Generator::init(&config, 0)?;
    let mut discriminator = Discriminator::init(&config, 0)?;
    let mut adam_g = Adam::new(generator.parameters(), adam);
    let mut adam_d = Adam::new(discriminator.parameters(), adam);
    let mut stream = Stream::new(0, Purpose::Synthetic, 0);
    let mut draw = |shape: &[usize], low| -> candle_core::Result<Tensor> {
        let n = shape.iter().product();
        let values: Vec<f32> = (0..n).map(|_| stream.uniform_in(low, 1.0)).collect();
        Tensor::from_vec(values, shape, &Device::Cpu)
    };
    let x = draw(&[BATCH, 28, 28, 1], 0.0)?;
    let z = draw(&[BATCH, config.z_dim], -1.0)?;
    let labels: Vec<u8> = (0..10).cycle().take(BATCH).collect();
    let y = one_hot(&labels, 10)?;

    let mut times = Vec::new();
    for repeat in 0..repeats + 3 {
        let start = Instant::now();
        let mut kept = generator.forward(&z, Some(&y), Weights::Tracked)?;
        {
            let real = discriminator.forward(&x, Some(&y), Weights::Tracked)?;
            let fake = discriminator.forward(&kept.output.detach(), Some(&y), Weights::Tracked)?;
            let loss = discriminator_loss(&real.output, &fake.output)?;
            let gradients = gradients(&loss.total)?;
            drop((real, fake, loss));
            adam_d.step(discriminator.parameters(), &gradients)?;
        }
        for update in 0..2 {
            if update == 1 {
                kept = generator.forward(&z, Some(&y), Weights::Tracked)?;
            }
            generator.feed_averages(&kept.stats);
            let fake = discriminator.forward(&kept.output, Some(&y), Weights::Frozen)?;
            discriminator.feed_averages(&fake.stats);
            let loss = generator_loss(&fake.output)?;
            if !scalar(&loss)?.is_finite() {
                return Err("the loss is no number".into());
            }
            let gradients = gradients(&loss)?;
            drop((fake, loss));
            adam_g.step(generator.parameters(), &gradients)?;
        }
        if repeat >= 3 {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |quarter: usize| times[(times.len() - 1) * quarter / 4];
    println!(
        "iteration, {threads} threads: median {:.1} ms (quartiles {:.1} to {:.1}, fastest {:.1}) over {}",
        at(2),
        at(1),
        at(3),
        at(0),
        times.len()
    );
    Ok(())
}
