//! The programs of the workspace, for tests that start them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The environment variable with the folder of the programs; the gate sets it.
pub const BIN_DIR: &str = "DCGAN_BIN_DIR";

/// Path of the program `name`, such as `dcgan-train`.
///
/// It is in the folder that [`BIN_DIR`] names. Without that variable, all programs of the workspace
/// are first built in the calling test's profile, which is quick if they are up to date, so that
/// `cargo test` works as typed.
///
/// # Panics
///
/// If the programs do not build.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = match std::env::var_os(BIN_DIR) {
        Some(folder) => PathBuf::from(folder),
        None => BUILT.get_or_init(|| build(&profile_folder())).clone(),
    };
    folder
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION)
}

/// Path of the example `name` of the tested package. `cargo test` builds examples itself.
///
/// # Panics
///
/// If it does not exist, because only a test was built, by `--test` or `--lib`.
pub fn example(name: &str) -> PathBuf {
    let path = profile_folder().join("examples").join(name);
    let path = path.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        path.exists(),
        "the example `{name}` is not built: run `cargo build --examples` in the same profile first",
    );
    path
}

/// The folder of cargo's profile, `target/release` for example: tests are in its folder `deps`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the running test");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("cargo's folder of a profile");
    folder.to_path_buf()
}

/// Builds all programs into `folder`, the folder of a profile, and returns it.
fn build(folder: &Path) -> PathBuf {
    let target = folder.parent().expect("cargo's target folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .args(["build", "--quiet", "--locked", "--workspace", "--bins"])
        .args(["--profile", profile, "--target-dir"])
        .arg(target)
        .output()
        .expect("cargo starts");
    assert!(
        built.status.success(),
        "the programs do not build:\n{}",
        String::from_utf8_lossy(&built.stderr)
    );
    folder.to_path_buf()
}
