//! Times iterations over batches and widths, each in a process of its own, as a table and two charts.

#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

use std::path::PathBuf;
use std::process::Command;

use clap::Parser;
use dcgan_bench::{Line, Result, figure};
use serde_json::Value;

/// Time and memory of the labelled network's iteration over batches and widths.
#[derive(Parser)]
struct Args {
    /// Batches
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "16,32,64,128,256,512,1024"
    )]
    batches: Vec<usize>,

    /// Factors on the original's widths
    #[arg(long, value_delimiter = ',', default_value = "0.5,1,2")]
    widths: Vec<f64>,

    /// Iterations that count, of each
    #[arg(long, default_value_t = 3)]
    repeats: usize,

    /// Folder for the charts `scale-time.svg` and `scale-memory.svg`
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let iteration = std::env::current_exe()?.with_file_name("iteration");
    let (mut time, mut memory) = (Vec::new(), Vec::new());
    println!("| width | batch | ms | ms per image | peak memory, MB |");
    println!("|---|---|---|---|---|");
    for width in &args.widths {
        let name = format!("width x{width}");
        let line = Line {
            name,
            points: Vec::new(),
        };
        let (mut times, mut memories) = (line.clone(), line);
        for &batch in &args.batches {
            let output = Command::new(&iteration)
                .args(["--json", "--warmups", "1"])
                .args(["--batch", &batch.to_string()])
                .args(["--width", &width.to_string()])
                .args(["--repeats", &args.repeats.to_string()])
                .output()?;
            let result: Value = serde_json::from_slice(&output.stdout)?;
            let (Some(ms), Some(mb)) = (result["ms"].as_f64(), result["mb"].as_f64()) else {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            };
            let each = ms / batch as f64;
            println!("| x{width} | {batch} | {ms:.0} | {each:.2} | {mb:.0} |");
            times.points.push((batch as f64, each));
            memories.points.push((batch as f64, mb));
        }
        time.push(times);
        memory.push(memories);
    }
    if let Some(out) = args.out {
        let chart = |name, title, lines: &[Line]| {
            let svg = figure(title, "images in a batch", lines);
            dcgan_artifacts::write_atomic(&out.join(name), svg.as_bytes())
        };
        chart(
            "scale-time.svg",
            "Training iteration: milliseconds per image",
            &time,
        )?;
        chart(
            "scale-memory.svg",
            "Training iteration: peak memory, MB",
            &memory,
        )?;
    }
    Ok(())
}
