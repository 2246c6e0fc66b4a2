//! Shared code of the workspace's tests. Only a dev-dependency.
//!
//! A test that cannot test everything, because the machine lacks something, calls [`untested`] and
//! passes. The gate counts these calls and lists them at its end, so that a green run never claims
//! more than it tested.

mod contents;
mod outcome;
mod programs;

pub use contents::{assert_same_files, files, noise};
pub use outcome::{Outcome, run};
pub use programs::{BIN_DIR, example, program};

use std::collections::BTreeSet;
use std::io::Write as _;
use std::panic::Location;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The environment variable that names the file to which [`untested`] appends a row per call.
pub const UNTESTED: &str = "DCGAN_UNTESTED";

/// What a test lacks on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing<'a> {
    /// Instructions of the processor, by their usual name.
    Instructions(&'a str),
    /// A permission, device or property of the operating system: "no right to mount a file system".
    System(&'a str),
    /// A program or package that `.ci/run` installs, by its name there.
    Installable(&'a str),
}

impl Missing<'_> {
    /// The first column of a row: what could be installed, or `-`.
    fn installable(&self) -> &str {
        match self {
            Self::Installable(name) => name,
            Self::Instructions(_) | Self::System(_) => "-",
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Instructions(name) => format!("the processor has no {name}"),
            Self::System(what) => (*what).to_owned(),
            Self::Installable(name) => format!("{name} is not installed"),
        }
    }
}

/// Reports that the calling test cannot test `what` on this machine.
///
/// The message goes directly to stderr, because the test harness hides the output of passing tests,
/// and as a row of tab-separated columns (what to install or `-`, test, what is not tested, reason)
/// to the file in the variable [`UNTESTED`]. A second call from the same line of a test does
/// nothing.
///
/// # Panics
///
/// If that file cannot be written: the gate's count would be too low.
#[track_caller]
pub fn untested(what: &str, missing: Missing<'_>) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let thread = std::thread::current();
    // The harness names a test's thread after the test, unless it runs on the main thread.
    let name = thread.name().filter(|name| *name != "main");
    let place = Location::caller();
    let test = name.map_or_else(
        || format!("{}:{}", place.file(), place.line()),
        |name| format!("{}, {name}", place.file()),
    );
    let row = [missing.installable(), &test, what, &missing.reason()].join("\t") + "\n";
    let key = format!("{}: {row}", place.line());
    let is_new = SAID
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key);
    if !is_new {
        return;
    }
    let line = format!("not tested: {what}: {} ({test})\n", missing.reason());
    // A closed stderr must not fail the test.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(file) = std::env::var_os(UNTESTED) {
        append(Path::new(&file), &row);
    }
}

/// Appends in one write, so that rows of several processes don't mix.
fn append(file: &Path, row: &str) {
    let appended = std::fs::File::options()
        .append(true)
        .create(true)
        .open(file)
        .and_then(|mut file| file.write_all(row.as_bytes()));
    if let Err(error) = appended {
        panic!("cannot append to `{}`: {error}", file.display());
    }
}

/// Instruction sets that have their own kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// Vectors of eight `f32`.
    Avx2,
    /// Vectors of sixteen `f32`, with operations on 16 bits.
    Avx512,
    /// `Avx512` plus dot products of bytes.
    Avx512Vnni,
}

impl Instructions {
    fn name(self) -> &'static str {
        match self {
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
            Self::Avx512Vnni => "AVX512-VNNI",
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn is_there(self) -> bool {
        use std::arch::is_x86_feature_detected as has;
        match self {
            Self::Avx2 => has!("avx2"),
            Self::Avx512 => has!("avx512f") && has!("avx512bw"),
            Self::Avx512Vnni => has!("avx512f") && has!("avx512vnni"),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_there(self) -> bool {
        false
    }

    /// Whether the processor has them; if not, reports `what` as [`untested`].
    #[track_caller]
    pub fn or_untested(self, what: &str) -> bool {
        let is_there = self.is_there();
        if !is_there {
            untested(what, Missing::Instructions(self.name()));
        }
        is_there
    }
}
