//! What the stage says when it is done.

use dcgan_artifacts::FileRecord;
use dcgan_terminal::{CommonArgs, Failure, print_result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Nothing had to be done.
pub(crate) fn up_to_date(common: &CommonArgs) -> Result<(), Failure> {
    let out = common.out.display();
    let human = format!("nothing to do: `{out}` is up to date");
    print_result(
        common,
        &human,
        &json!({ "stage": "sample", "work": false, "out": common.out }),
    )
}

/// `n_images` were drawn into these files.
pub(crate) fn drawn(
    common: &CommonArgs,
    n_images: usize,
    outputs: &[FileRecord],
) -> Result<(), Failure> {
    const LISTED: usize = 8;
    let mut human = format!("sample: {n_images} images in `{}`:", common.out.display());
    for record in outputs.iter().take(LISTED) {
        let _ = write!(human, "\n  {} ({} bytes)", record.name, record.bytes);
    }
    if outputs.len() > LISTED {
        let _ = write!(human, "\n  and {} more files", outputs.len() - LISTED);
    }
    let names: Vec<&str> = outputs.iter().map(|record| record.name.as_str()).collect();
    let json = json!({
        "stage": "sample",
        "work": true,
        "out": common.out,
        "n_images": n_images,
        "files": names,
    });
    print_result(common, &human, &json)
}

/// What would be read and written.
pub(crate) fn dry_run(
    common: &CommonArgs,
    inputs: &[PathBuf],
    settings: &Value,
    outputs: &[String],
) -> Result<(), Failure> {
    let mut human = format!("settings: {settings:#}");
    for path in inputs {
        let _ = write!(human, "\nread: {}", path.display());
    }
    for name in outputs.iter().map(String::as_str).chain(["manifest.json"]) {
        let _ = write!(human, "\nwrite: {}", common.out.join(name).display());
    }
    let json = json!({
        "stage": "sample",
        "dry_run": true,
        "settings": settings,
        "read": inputs,
        "out": common.out,
        "write": outputs,
    });
    print_result(common, &human, &json)
}
