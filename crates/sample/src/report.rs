//! What the stage says when it is done.

use dcgan_artifacts::FileRecord;
use dcgan_hints::{printable, shown, text_of};
use dcgan_terminal::{CommonArgs, Failure, print_result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Nothing had to be done.
pub(crate) fn up_to_date(common: &CommonArgs) -> Result<(), Failure> {
    let out = shown(&common.out);
    let human = format!("nothing to do: `{out}` is up to date");
    print_result(
        common,
        &human,
        &json!({ "stage": "sample", "work": false, "out": text_of(&common.out) }),
    )
}

/// `n_images` were drawn into these files.
pub(crate) fn drawn(
    common: &CommonArgs,
    n_images: usize,
    outputs: &[FileRecord],
) -> Result<(), Failure> {
    const LISTED: usize = 8;
    let mut human = format!("sample: {n_images} images in `{}`:", shown(&common.out));
    for record in outputs.iter().take(LISTED) {
        let _ = write!(
            human,
            "\n  {} ({} bytes)",
            printable(&record.name),
            record.bytes
        );
    }
    if outputs.len() > LISTED {
        let _ = write!(human, "\n  and {} more files", outputs.len() - LISTED);
    }
    let names: Vec<&str> = outputs.iter().map(|record| record.name.as_str()).collect();
    let json = json!({
        "stage": "sample",
        "work": true,
        "out": text_of(&common.out),
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
        let _ = write!(human, "\nread: {}", shown(path));
    }
    for name in outputs.iter().map(String::as_str).chain(["manifest.json"]) {
        let _ = write!(human, "\nwrite: {}", shown(common.out.join(name)));
    }
    let json = json!({
        "stage": "sample",
        "dry_run": true,
        "settings": settings,
        "read": inputs.iter().map(text_of).collect::<Vec<_>>(),
        "out": text_of(&common.out),
        "write": outputs,
    });
    print_result(common, &human, &json)
}
