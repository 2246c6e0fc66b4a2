//! Runs our programs and those of `peers/` in turn and prints medians over rounds and their ratios.
//!
//! Compared programs run one after another within a round, so that a slow phase of the machine
//! affects all of them.

#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Parser;
use dcgan::{Kernels, Precision};
use dcgan_bench::{Result, Spread};
use image::codecs::jpeg::JpegEncoder;
use serde_json::Value;

/// Time training, preparing and sampling, with `--torch` and `--tensorflow` in comparison with
/// those.
#[derive(Parser)]
struct Args {
    /// Rounds
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// What to measure: `training`, `unlabelled`, `sampling`, `prepare`, `folder`
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "training,unlabelled,sampling,prepare,folder"
    )]
    only: Vec<String>,

    /// A Python with the packages `torch`, `safetensors` and `pillow`
    #[arg(long)]
    torch: Option<PathBuf>,

    /// A Python with the package `tensorflow`
    #[arg(long)]
    tensorflow: Option<PathBuf>,

    /// Threads of all programs, except in the runs on one thread
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// A ratio of the table: ours over the fastest of the others, and its goal.
struct Ratio {
    name: &'static str,
    ours: &'static str,
    peers: &'static [&'static str],
    of: Measure,
    must: &'static str,
    aim: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Measure {
    Milliseconds,
    Megabytes,
}

const ITERATION: &str = "ours, iteration";
const ONE_THREAD: &str = "ours, iteration, one thread";
const TORCH: [&str; 2] = ["PyTorch eager, iteration", "PyTorch compiled, iteration"];
const BF16: &str = "ours, iteration in bfloat16";
const TORCH_BF16: [&str; 2] = [
    "PyTorch eager, iteration in bfloat16",
    "PyTorch compiled, iteration in bfloat16",
];
const TENSORFLOW: &str = "TensorFlow, iteration";
const UNLABELLED: &str = "ours, unlabelled iteration";
const TORCH_UNLABELLED: [&str; 2] = [
    "PyTorch eager, unlabelled iteration",
    "PyTorch channels_last, unlabelled iteration",
];
const SAMPLES: &str = "ours, 50,000 samples, whole program";
const TORCH_SAMPLES: &str = "PyTorch, 50,000 samples, without its start";
const COLD: &str = "ours, 64 samples from cold";
const IMPORT: &str = "PyTorch, import alone";
const PREPARE: &str = "ours, prepare of MNIST";
const FOLDER: &str = "ours, prepare of 2,000 JPEGs";
const PILLOW_FOLDER: &str = "Pillow, the same JPEGs to one file";

const RATIOS: &[Ratio] = &[
    Ratio {
        name: "iteration / PyTorch's fastest float32 mode",
        ours: ITERATION,
        peers: &TORCH,
        of: Measure::Milliseconds,
        must: "0.85",
        aim: "0.50",
    },
    Ratio {
        name: "iteration in bfloat16 / PyTorch's fastest",
        ours: BF16,
        peers: &TORCH_BF16,
        of: Measure::Milliseconds,
        must: "0.75",
        aim: "0.50",
    },
    Ratio {
        name: "iteration / TensorFlow, one graph",
        ours: ITERATION,
        peers: &[TENSORFLOW],
        of: Measure::Milliseconds,
        must: "0.82",
        aim: "0.50",
    },
    Ratio {
        name: "iteration, one thread / all (at least)",
        ours: ONE_THREAD,
        peers: &[ITERATION],
        of: Measure::Milliseconds,
        must: "1.8",
        aim: "1.95",
    },
    Ratio {
        name: "peak memory of training / PyTorch's",
        ours: ITERATION,
        peers: &TORCH,
        of: Measure::Megabytes,
        must: "0.5",
        aim: "0.3",
    },
    Ratio {
        name: "50,000 samples to a file / PyTorch",
        ours: SAMPLES,
        peers: &[TORCH_SAMPLES],
        of: Measure::Milliseconds,
        must: "0.7",
        aim: "0.5",
    },
    Ratio {
        name: "64 samples from cold / `import torch`",
        ours: COLD,
        peers: &[IMPORT],
        of: Measure::Milliseconds,
        must: "0.1",
        aim: "",
    },
    Ratio {
        name: "unlabelled iteration / PyTorch's fastest",
        ours: UNLABELLED,
        peers: &TORCH_UNLABELLED,
        of: Measure::Milliseconds,
        must: "0.97",
        aim: "0.70",
    },
    Ratio {
        name: "prepare of 2,000 JPEGs / Pillow",
        ours: FOLDER,
        peers: &[PILLOW_FOLDER],
        of: Measure::Milliseconds,
        must: "1.2",
        aim: "",
    },
];

/// The results of each program, by round.
type Results = BTreeMap<(Measure, &'static str), Vec<f64>>;

fn main() -> Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let session = Session {
        programs: std::env::current_exe()?
            .parent()
            .ok_or("a program without a folder")?
            .to_owned(),
        folder: folder.path().to_owned(),
        args: &args,
    };
    let wanted = |name: &str| args.only.iter().any(|only| only == name);
    if wanted("sampling") {
        session.train_generator()?;
    }
    if wanted("folder") {
        session.draw_pictures()?;
    }
    let mut results = Results::new();
    for round in 1..=args.rounds {
        println!("round {round} of {}", args.rounds);
        if wanted("training") {
            session.training(&mut results)?;
        }
        if wanted("unlabelled") {
            session.unlabelled(&mut results)?;
        }
        if wanted("sampling") {
            session.sampling(&mut results)?;
        }
        if wanted("prepare") {
            session.prepare(&mut results)?;
        }
        if wanted("folder") {
            session.folder(&mut results)?;
        }
    }
    print(&results);
    Ok(())
}

/// Paths of programs and of their output.
struct Session<'a> {
    programs: PathBuf,
    folder: PathBuf,
    args: &'a Args,
}

impl Session<'_> {
    fn training(&self, results: &mut Results) -> Result<()> {
        self.iteration(results, ITERATION, self.args.threads, &[])?;
        for (name, mode) in TORCH.into_iter().zip(["eager", "compile"]) {
            self.torch(results, name, "torch_training.py", &["--mode", mode])?;
        }
        if let Some(python) = &self.args.tensorflow {
            self.peer(results, TENSORFLOW, python, "tensorflow_training.py", &[])?;
        }
        self.iteration(results, ONE_THREAD, 1, &[])?;
        if let Some(found) = Precision::Bf16.missing(Kernels::Auto) {
            println!("  bfloat16: needs AVX512_BF16, found {found}");
            return Ok(());
        }
        let options = ["--bf16", "--repeats", "20"];
        self.iteration(results, BF16, self.args.threads, &options)?;
        for (name, mode) in TORCH_BF16.into_iter().zip(["eager", "compile"]) {
            let options = ["--mode", mode, "--precision", "bfloat16"];
            self.torch(results, name, "torch_training.py", &options)?;
        }
        Ok(())
    }

    fn unlabelled(&self, results: &mut Results) -> Result<()> {
        let short = ["--kind", "unlabelled", "--repeats", "5", "--warmups", "1"];
        self.iteration(results, UNLABELLED, self.args.threads, &short)?;
        for (name, mode) in TORCH_UNLABELLED.into_iter().zip(["eager", "channels_last"]) {
            let options = [&["--mode", mode][..], &short].concat();
            self.torch(results, name, "torch_training.py", &options)?;
        }
        Ok(())
    }

    fn sampling(&self, results: &mut Results) -> Result<()> {
        self.sample(results, SAMPLES, "50000")?;
        self.torch(results, TORCH_SAMPLES, "torch_sampling.py", &[])?;
        self.sample(results, COLD, "64")?;
        if let Some(python) = &self.args.torch {
            let mut command = Command::new(python);
            command.args(["-c", "import torch"]);
            timed(results, IMPORT, command)?;
        }
        Ok(())
    }

    fn prepare(&self, results: &mut Results) -> Result<()> {
        let mut command = Command::new(self.programs.join("dcgan-prepare"));
        command
            .args(["--quiet", "--force", "--pipeline", "pipelines/mnist.yaml"])
            .args(["--threads", &self.args.threads.to_string(), "--out"])
            .arg(self.folder.join("mnist"));
        timed(results, PREPARE, command)
    }

    fn folder(&self, results: &mut Results) -> Result<()> {
        let pictures = self.folder.join("pictures");
        let mut command = Command::new(self.programs.join("dcgan-prepare"));
        command
            .args(["--quiet", "--force", "--set", "prepare.source=folder"])
            .args(["--set", &format!("prepare.folder={}", pictures.display())])
            .args(["--threads", &self.args.threads.to_string(), "--out"])
            .arg(self.folder.join("folder"));
        timed(results, FOLDER, command)?;
        let pictures = pictures.to_string_lossy();
        let options = ["--folder", &pictures, "--side", "64"];
        self.torch(results, PILLOW_FOLDER, "pillow_folder.py", &options)
    }

    /// Draws 2,000 JPEGs of 178x218, the size of common sets of aligned faces: gradients and a
    /// little noise, about 20 kB each like photographs of that size.
    fn draw_pictures(&self) -> Result<()> {
        let folder = self.folder.join("pictures");
        dcgan_artifacts::create_folder(&folder)?;
        for number in 0..2000u32 {
            let mut noise = number.wrapping_mul(0x9e37_79b9) | 1;
            let picture = image::RgbImage::from_fn(178, 218, |x, y| {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                let grain = noise % 24;
                let tone = |value: u32| u8::try_from((value + grain) % 256).unwrap_or(u8::MAX);
                image::Rgb([tone(x + number), tone(y), tone((x * y) / 160)])
            });
            let mut bytes = Vec::new();
            JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&picture)?;
            dcgan_artifacts::write_atomic(&folder.join(format!("{number:04}.jpg")), &bytes)?;
        }
        Ok(())
    }

    /// Trains a full-width generator for one step; its images don't matter here.
    fn train_generator(&self) -> Result<()> {
        let dataset = self.folder.join("prepare");
        let settings = [
            "prepare.source=synthetic",
            "prepare.synthetic.train=64",
            "prepare.synthetic.test=0",
            "train.epochs=1",
            "train.grid_every=0",
        ];
        for (program, out, input) in [
            ("dcgan-prepare", &dataset, None),
            (
                "dcgan-train",
                &self.folder.join("train"),
                Some(dataset.join("dataset.safetensors")),
            ),
        ] {
            let mut command = Command::new(self.programs.join(program));
            command.arg("--quiet").arg("--out").arg(out);
            for setting in settings {
                command.args(["--set", setting]);
            }
            if let Some(input) = input {
                command.arg("--dataset").arg(input);
            }
            run(command)?;
        }
        Ok(())
    }

    fn sample(&self, results: &mut Results, name: &'static str, n: &str) -> Result<()> {
        let mut command = Command::new(self.programs.join("dcgan-sample"));
        command
            .args(["--quiet", "--force", "--n", n])
            .args(["--threads", &self.args.threads.to_string(), "--model"])
            .arg(self.folder.join("train/generator.safetensors"))
            .arg("--out")
            .arg(self.folder.join(n));
        timed(results, name, command)
    }

    fn iteration(
        &self,
        results: &mut Results,
        name: &'static str,
        threads: usize,
        options: &[&str],
    ) -> Result<()> {
        let mut command = Command::new(self.programs.join("iteration"));
        command
            .args(["--json", "--threads", &threads.to_string()])
            .args(["--repeats", "20"][..if options.is_empty() { 2 } else { 0 }].iter())
            .args(options);
        reported(results, name, command)
    }

    fn torch(
        &self,
        results: &mut Results,
        name: &'static str,
        program: &str,
        options: &[&str],
    ) -> Result<()> {
        match &self.args.torch {
            Some(python) => self.peer(results, name, python, program, options),
            None => Ok(()),
        }
    }

    fn peer(
        &self,
        results: &mut Results,
        name: &'static str,
        python: &Path,
        program: &str,
        options: &[&str],
    ) -> Result<()> {
        let mut command = Command::new(python);
        command
            .arg("-B")
            .arg(Path::new("peers").join(program))
            .args(["--threads", &self.args.threads.to_string()])
            .args(options);
        reported(results, name, command)
    }
}

/// Runs a program and returns what it printed.
fn run(mut command: Command) -> Result<Vec<u8>> {
    let output = command.output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}: {error}", output.status).into());
    }
    Ok(output.stdout)
}

/// Runs a program that prints its own figures on its last line.
fn reported(results: &mut Results, name: &'static str, command: Command) -> Result<()> {
    let output = run(command)?;
    let line = output.trim_ascii().rsplit(|&byte| byte == b'\n').next();
    let report: Value = serde_json::from_slice(line.unwrap_or_default())?;
    for (measure, key) in [(Measure::Milliseconds, "ms"), (Measure::Megabytes, "mb")] {
        if let Some(value) = report[key].as_f64() {
            results.entry((measure, name)).or_default().push(value);
        }
    }
    println!(
        "  {name}: {:.1} ms",
        report["ms"].as_f64().unwrap_or(f64::NAN)
    );
    Ok(())
}

/// Runs a program and measures its wall time.
fn timed(results: &mut Results, name: &'static str, command: Command) -> Result<()> {
    let start = Instant::now();
    run(command)?;
    let ms = start.elapsed().as_secs_f64() * 1e3;
    results
        .entry((Measure::Milliseconds, name))
        .or_default()
        .push(ms);
    println!("  {name}: {ms:.1} ms");
    Ok(())
}

fn print(results: &Results) {
    println!("\n| what | median | lowest | highest |\n|---|---|---|---|");
    for ((measure, name), values) in results {
        let spread = Spread::of(values.clone());
        let unit = match measure {
            Measure::Milliseconds => "ms",
            Measure::Megabytes => "MB",
        };
        let (middle, low, high) = (spread.median(), spread.quartile(0), spread.quartile(4));
        println!("| {name} | {middle:.1} {unit} | {low:.1} | {high:.1} |");
    }
    println!("\n| ratio of medians | ours | must | aim |\n|---|---|---|---|");
    for ratio in RATIOS {
        let median = |name| {
            let values = results.get(&(ratio.of, name))?;
            Some(Spread::of(values.clone()).median())
        };
        let fastest = ratio.peers.iter().copied().filter_map(median);
        let fastest = fastest.min_by(f64::total_cmp);
        if let (Some(ours), Some(fastest)) = (median(ratio.ours), fastest) {
            let Ratio {
                name, must, aim, ..
            } = ratio;
            println!("| {name} | {:.3} | {must} | {aim} |", ours / fastest);
        }
    }
}
