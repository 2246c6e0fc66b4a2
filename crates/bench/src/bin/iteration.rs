//! Times the training iteration of `dcgan-train`: one update of the discriminator and two of the
//! generator.

#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

use clap::Parser;
use dcgan::step::{Schedule, iteration};
use dcgan_bench::{Network, Result, Spread, peak_memory};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Time one training iteration: a discriminator update and two generator updates.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    network: Network,

    /// Iterations to measure
    #[arg(long, default_value_t = 30)]
    repeats: usize,

    /// Iterations before the measured ones
    #[arg(long, default_value_t = 3)]
    warmups: usize,

    /// Number of threads [default: all cores]
    #[arg(long)]
    threads: Option<usize>,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    dcgan_kernels::set_up_process();
    let threads = dcgan_stage::claim_threads(args.threads);
    let (mut state, batch) = (args.network.state()?, args.network.batch()?);
    let schedule = Schedule::new(2, false);
    let times = Spread::time(args.warmups, args.repeats, || {
        iteration(&mut state, &batch, &schedule).map(drop)
    })?;
    let memory = peak_memory().unwrap_or(f64::NAN);
    if args.json {
        println!("{}", json!({ "ms": times.median(), "mb": memory }));
    } else {
        println!("iteration, {threads} threads: {times}; peak memory {memory:.0} MB");
    }
    Ok(())
}
