//! A minimal stage that ends as its first argument says. The crate's tests run it.

use clap::Parser;
use dcgan_hints::Hint;
use dcgan_stage::{CommonArgs, Failure, Signals, print_result, run_main};
use std::process::ExitCode;
use std::time::Duration;

/// End as told.
#[derive(Debug, Parser)]
#[command(name = "dcgan-sample")]
struct Args {
    /// How to end: ok, usage, input, diverged, output, wait, stay, or say TEXT first as say:TEXT
    end: String,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, thiserror::Error)]
#[error("the example ends as `{0}`")]
struct Told(String, #[source] std::io::Error);

impl Hint for Told {
    fn hint(&self) -> Option<String> {
        Some("give `ok`".into())
    }
}

fn main() -> ExitCode {
    run_main(run)
}

fn run(args: &Args) -> Result<(), Failure> {
    let pipeline = args.common.pipeline()?;
    let told = Told(args.end.clone(), std::io::Error::other("it was told to"));
    match args.end.as_str() {
        "ok" => {
            log::info!("a line of the log");
            log::warn!("a warning");
        }
        "input" => return Err(Failure::input(told)),
        "diverged" => return Err(Failure::diverged(told)),
        "output" => return Err(Failure::output(told)),
        "wait" | "stay" => wait(args)?,
        end if end.starts_with("say:") => {}
        _ => return Err(Failure::usage(told)),
    }
    if let Some(text) = args.end.strip_prefix("say:") {
        log::info!("{text}");
        log::warn!("{text}");
        return print_result(&args.common, text, &serde_json::json!({ "said": text }));
    }
    let result = serde_json::json!({ "n": pipeline.sample.n });
    print_result(&args.common, &format!("n {}", pipeline.sample.n), &result)
}

/// Prints on stdout when the handlers are installed and when it ends in order. A slow step, `stay`,
/// outlives any test unless a second signal ends it.
fn wait(args: &Args) -> Result<(), Failure> {
    let signals = Signals::install()?;
    let say = |text: &str| print_result(&args.common, text, &text.into());
    say("ready")?;
    for _ in 0..6000 {
        std::thread::sleep(Duration::from_millis(10));
        if let (Some(signal), "wait") = (signals.received(), args.end.as_str()) {
            say("saved")?;
            return Err(Failure::Interrupted(signal));
        }
    }
    Ok(())
}
