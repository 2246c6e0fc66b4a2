//! Times iterations by batch size and width, each in a separate process; prints a table and draws
//! two charts.

#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

use std::path::PathBuf;
use std::process::Command;

use clap::Parser;
use dcgan_bench::{Line, Result, figure};
use serde_json::Value;

/// Time and memory of the labelled network's iteration by batch size and width.
#[derive(Parser)]
struct Args {
    /// Batch sizes
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "16,32,64,128,256,512,1024"
    )]
    batches: Vec<usize>,

    /// Factors on the original's widths
    #[arg(long, value_delimiter = ',', default_value = "0.5,1,2")]
    widths: Vec<f64>,

    /// Measured iterations of each
    #[arg(long, default_value_t = 4)]
    repeats: usize,

    /// Rounds over all sizes; the lowest median of each counts, because the load of the machine
    /// varies
    #[arg(long, default_value_t = 2)]
    rounds: usize,

    /// Folder for the charts `scale-time.svg` and `scale-memory.svg`
    #[arg(long)]
    out: Option<PathBuf>,
}

/// An iteration's median time in milliseconds and its process's peak memory in megabytes.
type Point = (f64, f64);

fn main() -> Result<()> {
    let args = Args::parse();
    let mut points =
        vec![vec![(f64::INFINITY, f64::INFINITY); args.batches.len()]; args.widths.len()];
    for _ in 0..args.rounds {
        for (points, &width) in points.iter_mut().zip(&args.widths) {
            for (point, &batch) in points.iter_mut().zip(&args.batches) {
                let (ms, mb) = measure(width, batch, args.repeats)?;
                *point = (point.0.min(ms), point.1.min(mb));
            }
        }
    }

    let (mut time, mut memory) = (Vec::new(), Vec::new());
    println!("| width | batch | ms | ms per image | peak memory, MB |");
    println!("|---|---|---|---|---|");
    for (points, width) in points.iter().zip(&args.widths) {
        let line = |of: fn(Point, f64) -> f64| {
            let values = points.iter().zip(&args.batches);
            let values = values.map(|(&point, &batch)| (batch as f64, of(point, batch as f64)));
            Line {
                name: format!("width x{width}"),
                points: values.collect(),
            }
        };
        time.push(line(|(ms, _), batch| ms / batch));
        memory.push(line(|(_, mb), _| mb));
        for (&(ms, mb), &batch) in points.iter().zip(&args.batches) {
            let each = ms / batch as f64;
            println!("| x{width} | {batch} | {ms:.0} | {each:.2} | {mb:.0} |");
        }
    }
    if let Some(out) = args.out {
        for (name, title, lines) in [
            (
                "scale-time.svg",
                "Training iteration: milliseconds per image",
                &time,
            ),
            (
                "scale-memory.svg",
                "Training iteration: peak memory, MB",
                &memory,
            ),
        ] {
            let svg = figure(title, "images in a batch", lines);
            dcgan_artifacts::write_atomic(&out.join(name), svg.as_bytes())?;
        }
    }
    Ok(())
}

/// Runs `iteration` from this program's folder.
fn measure(width: f64, batch: usize, repeats: usize) -> Result<Point> {
    let output = Command::new(std::env::current_exe()?.with_file_name("iteration"))
        .args(["--json", "--warmups", "2"])
        .args(["--batch", &batch.to_string()])
        .args(["--width", &width.to_string()])
        .args(["--repeats", &repeats.to_string()])
        .output()?;
    let result: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    match (result["ms"].as_f64(), result["mb"].as_f64()) {
        (Some(ms), Some(mb)) => Ok((ms, mb)),
        _ => Err("`iteration` printed no figures; its memory is known on Linux alone".into()),
    }
}
