//! Runs a stage with simulated disk faults: `faulty FAULT STAGE ARGUMENTS...`. The fault tests run
//! it as a process.
//!
//! | fault | what happens |
//! |---|---|
//! | `count` | nothing; the last line on stderr is the number of changes to the disk |
//! | `stop:N` | the process ends before change N, from 0, or halfway through it if it is a write |
//! | `fail:ACTION:N` | the N-th change of this kind, from 0, fails |
//! | `lose:ACTION:N` | the file is deleted before the N-th change of this kind |
//! | `look:N` | from the N-th time, from 0, that a training polls for a signal, it finds SIGTERM |
#![expect(
    clippy::print_stderr,
    reason = "a program of the tests says what it met"
)]

use clap::Parser as _;
use dcgan_artifacts::{Change, observe_changes};
use dcgan_stage::{Failure, Signal};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

/// Exit code of a process that stopped on purpose; no stage uses it.
const STOPPED: i32 = 99;

/// Changes so far that match the fault.
static CHANGES: AtomicU64 = AtomicU64::new(0);

enum Fault {
    Count,
    Stop,
    Fail(String),
    Lose(String),
    Look,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let fault = arguments.next().expect("a fault");
    let stage = arguments.next().expect("a stage");
    let parts: Vec<&str> = fault.split(':').collect();
    let number = |text: &str| text.parse::<u64>().expect("the number of a change");
    let (fault, n) = match parts[..] {
        ["count"] => (Fault::Count, 0),
        ["stop", n] => (Fault::Stop, number(n)),
        ["fail", action, n] => (Fault::Fail(action.to_owned()), number(n)),
        ["lose", action, n] => (Fault::Lose(action.to_owned()), number(n)),
        ["look", n] => (Fault::Look, number(n)),
        _ => panic!("unknown fault `{fault}`"),
    };
    let counts = matches!(fault, Fault::Count);
    let looks = matches!(fault, Fault::Look);
    observe_changes(move |change| happen(change, &fault, n));

    let arguments: Vec<String> = std::iter::once(stage.clone()).chain(arguments).collect();
    let outcome =
        match stage.as_str() {
            "prepare" => dcgan_prepare::run(&dcgan_prepare::Args::parse_from(arguments)),
            "train" if looks => {
                dcgan_train::run_until(&dcgan_train::Args::parse_from(arguments), || {
                    let looks = AtomicU64::new(0);
                    Ok(move || {
                        (looks.fetch_add(1, Ordering::SeqCst) >= n).then_some(Signal::Terminate)
                    })
                })
            }
            "train" => dcgan_train::run(&dcgan_train::Args::parse_from(arguments)),
            "sample" => dcgan_sample::run(&dcgan_sample::Args::parse_from(arguments)),
            "eval" => dcgan_eval::run(&dcgan_eval::Cli::parse_from(arguments)),
            _ => panic!("unknown stage `{stage}`"),
        };
    if counts {
        eprintln!("{}", CHANGES.load(Ordering::SeqCst));
    }
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &Failure) -> ExitCode {
    eprint!("{}", failure.render());
    ExitCode::from(failure.exit_code())
}

/// Applies the fault at its change.
fn happen(change: &Change<'_>, fault: &Fault, n: u64) -> io::Result<()> {
    let counts = match fault {
        Fault::Count | Fault::Stop => true,
        Fault::Look => false,
        Fault::Fail(action) | Fault::Lose(action) => action == change.action,
    };
    if !counts || CHANGES.fetch_add(1, Ordering::SeqCst) != n {
        return Ok(());
    }
    if !matches!(fault, Fault::Count) {
        eprintln!(
            "the fault has come: {} {}",
            change.action,
            change.path.display()
        );
    }
    match fault {
        Fault::Count | Fault::Look => Ok(()),
        Fault::Stop => stop(change),
        Fault::Fail(_) => Err(io::Error::other("told to fail")),
        Fault::Lose(_) => {
            let _ = std::fs::remove_file(change.path);
            let name = change
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            let partial = change.path.with_file_name(format!(".{name}.partial"));
            let _ = std::fs::remove_file(partial);
            Ok(())
        }
    }
}

#[expect(clippy::exit, reason = "as a kill: nothing is unwound")]
fn stop(change: &Change<'_>) -> ! {
    if let Ok(mut file) = OpenOptions::new().append(true).open(change.path) {
        let _ = file.write_all(&change.bytes[..change.bytes.len() / 2]);
    }
    std::process::exit(STOPPED)
}
