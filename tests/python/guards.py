"""Breaks each guard once, in a copy of the project, and prints which tests fail.

    python3 tests/python/guards.py [--only WORD]... [--target FOLDER]

Each entry replaces one piece of the source, which must occur exactly once, and runs the tests that
should notice. Exit code 0: a test failed for every break; 1: none failed for some break, or an entry
no longer matches the source. `docs/reliability.md` has the resulting table.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARTIFACTS = "crates/artifacts/src/"
PREPARE = "crates/prepare/src/"

# Guard; file; original text; broken text; package and filters of the tests. `NAME@` in front is a
# package whose programs the tests start.
GUARDS = [
    ("content hash of a container", ARTIFACTS + "container.rs",
     "Some(expected) if *expected != computed =>", "Some(expected) if expected.is_empty() =>", "artifacts damage::"),
    ("seal of the metadata", ARTIFACTS + "seal.rs",
     "if seal == computed {", "if !computed.is_empty() {", "artifacts damage::"),
    ("length of a header against the file's size", ARTIFACTS + "container.rs",
     "(size - 8).min(LARGEST_HEADER)", "u64::MAX", "artifacts headers::"),
    ("length of the data against the file's size", ARTIFACTS + "container.rs",
     "if size != expected {", "if size < expected {", "artifacts damage::"),
    ("a newer format is refused", ARTIFACTS + "seal.rs",
     "Some(got) if got > u64::from(newest) =>", "Some(got) if got > u64::MAX - 1 =>", "artifacts damage:: checkpoints::"),
    ("kind of a file", ARTIFACTS + "container.rs",
     "Some(kind) if *kind != wanted.to_string() =>", "Some(kind) if kind.is_empty() =>", "artifacts damage::"),
    ("a manifest must have a seal", ARTIFACTS + "manifest.rs",
     "if !take_seal(&mut object, &text, &path, artifact)? {", "if !take_seal(&mut object, &text, &path, artifact)? && false {", "artifacts manifests:: damage::"),
    ("a manifest names no file outside its folder", ARTIFACTS + "manifest.rs",
     "manifest.require_inside(&path)?;", "", "artifacts manifests::"),
    ("outputs against the manifest", ARTIFACTS + "manifest.rs",
     "if found.bytes != record.bytes || found.sha256 != record.sha256 {", "if found.bytes > u64::MAX - 1 {", "artifacts chain::"),
    ("a record without a setting has its default", ARTIFACTS + "manifest.rs",
     "if let (Some(recorded), Some(defaults)) = (recorded.get_mut(section), defaults.get(section))", "if let (Some(recorded), Some(defaults)) = (recorded.get_mut(section), defaults.get(\"none\"))", "artifacts manifests::"),
    ("inputs against the stage before", ARTIFACTS + "chain.rs",
     "Ok((found.bytes, &found.sha256) == (record.bytes, &record.sha256))", "Ok(found.bytes < u64::MAX)", "artifacts chain::"),
    ("only a classifier may lie outside the run", ARTIFACTS + "chain.rs",
     "if is_classifier(&record.name) {", "if !record.name.is_empty() {", "artifacts chain::"),
    ("a classifier against the one that was given", ARTIFACTS + "chain.rs",
     "    Err(broken(folder, record, \"another file\"))", "    Ok(Link::Unseen)", "artifacts chain::"),
    ("a checkpoint belongs to the run's dataset", ARTIFACTS + "chain.rs",
     "if trained_on != dataset.content_sha256() {", "if trained_on.is_empty() {", "artifacts chain::"),
    ("a file is synced before it gets its name", ARTIFACTS + "atomic.rs",
     "        self.file\n            .sync()\n            .map_err(|e| Error::write(&self.path, \"sync\", e))?;\n", "", "artifacts changes::"),
    ("the folder is synced after it", ARTIFACTS + "atomic.rs",
     "        self.commit_unsynced()?;\n        sync_folder(&folder)", "        let _ = folder;\n        self.commit_unsynced()", "artifacts changes::"),
    ("a failing rename ends the run", ARTIFACTS + "atomic.rs",
     "            .map_err(|e| Error::write(&self.path, \"rename\", e))?;", "            .ok();", "tests faults::every_failing"),
    ("a new file grows under a name of its own", ARTIFACTS + "atomic.rs",
     "let mut name = std::ffi::OsString::from(\".\");\n    name.push(path.file_name()?);\n    name.push(PARTIAL);", "let name = std::ffi::OsString::from(path.file_name()?);", "artifacts atomicity::"),
    ("links and folders are not written through", ARTIFACTS + "atomic.rs",
     "Ok(found) if found.is_symlink() => Err(not_ours(path, \"a file\", LINK)),", "", "artifacts atomicity::"),
    ("a folder in a run is no link", ARTIFACTS + "atomic.rs",
     "Ok(found) if found.is_symlink() => Err(not_ours(&path, \"a folder\", LINK)),", "", "train@ tests disk::what_is"),
    ("nothing is deleted before the newest is verified", ARTIFACTS + "checkpoints.rs",
     "!verify_checkpoint(&newest)?.on_signal", "!read_checkpoint_info(&newest)?.on_signal", "artifacts checkpoints::"),
    ("a damaged newest falls back", ARTIFACTS + "checkpoints.rs",
     "Err(error) => skipped.push((path, error)),", "Err(error) => return Err(error),", "artifacts checkpoints::"),
    ("a newer format is no damage", ARTIFACTS + "checkpoints.rs",
     "Err(error @ Error::NewerFormat { .. }) => return Err(error),", "", "artifacts checkpoints::"),
    ("a table's prefix against the checkpoint", ARTIFACTS + "table.rs",
     "if found.sha256 != position.sha256 {", "if found.sha256.is_empty() {", "artifacts tables::"),
    ("what follows a table's checkpoint is cut", ARTIFACTS + "table.rs",
     "table.cut(position.bytes)?;", "table.cut(table.rows.digest().bytes.max(size))?;", "artifacts tables::"),
    ("one process in a folder", ARTIFACTS + "lock.rs",
     "match file.try_lock() {", "match file.try_lock().or(Ok(())) {", "artifacts locking::"),
    ("the holder of a lock is named", ARTIFACTS + "lock.rs",
     "Some(process) => format!(\"process {process}\"),", "Some(process) => format!(\"process {}\", process / 2),", "artifacts locking::"),
    ("partial files of a killed process are swept", ARTIFACTS + "lock.rs",
     "        sweep(folder);\n", "", "artifacts locking::"),
    ("pixels of a picture", "crates/pictures/src/decode.rs",
     "if pixels > MAX_PIXELS {", "if pixels == u64::MAX {", "prepare odd_files::"),
    ("bytes of a picture's pixels", "crates/pictures/src/decode.rs",
     "if decoded > MAX_DECODER_BYTES {", "if decoded == u64::MAX {", "prepare odd_files::"),
    ("memory for a PNG's profile", "crates/pictures/src/decode.rs",
     "ImageFormat::Png => MAX_PNG_BYTES,", "ImageFormat::Png => 1 << 40,", "prepare@ tests bombs::"),
    ("memory for a GIF's frame beyond its screen", "crates/pictures/src/decode.rs",
     "if format == ImageFormat::Gif {", "if bytes.is_empty() {", "prepare odd_files::"),
    ("a JPEG that lacks pixels", "crates/pictures/src/jpeg.rs",
     "continuations.iter().all(is_same).then_some(image)", "Some(image)", "pictures ends::"),
    ("a JPEG that lacks a scan", "crates/pictures/src/jpeg.rs",
     "if !has_all_scans(bytes) {", "if bytes.is_empty() {", "pictures ends::"),
    ("an IDX header against the file's length", PREPARE + "idx.rs",
     "compare(path, sizes, expected, got)?;", "let _ = got;", "prepare@ tests bombs::"),
    ("what follows a gzip member", PREPARE + "idx.rs",
     "nothing_after_member(path, &mut file)?;", "", "prepare damage:: fuzz::"),
    ("memory for what a gzip header promises", PREPARE + "idx.rs",
     "expected.min(length.saturating_mul(USUAL_RATIO))", "expected.max(length)", "prepare@ tests bombs::"),
    ("brackets and aliases of a pipeline", "crates/settings/src/load.rs",
     "    check_counts(text, || file(None))?;\n", "", "settings"),
    ("length of a pipeline", "crates/settings/src/load.rs",
     "if text.len() as u64 > MAX_BYTES {", "if text.is_empty() && path.as_os_str().is_empty() {", "settings"),
    ("ranges of settings", "crates/settings/src/load.rs",
     "    ranges::check(&pipeline).map_err(|fault| {", "    ranges::check(&Pipeline::default()).map_err(|fault| {", "settings"),
    ("a loss is a number", "crates/dcgan/src/finite.rs",
     "    if value.is_finite() {\n        return Ok(value);", "    if !value.is_infinite() {\n        return Ok(value);", "dcgan iteration:: finite::"),
    ("batch statistics are numbers", "crates/dcgan/src/finite.rs",
     "match stats.first_non_finite()? {\n        None => Ok(()),", "match stats.first_non_finite()? {\n        _ if true => Ok(()),\n        None => Ok(()),", "dcgan iteration::"),
    ("roll-backs have a bound", "crates/train/src/run.rs",
     "|| rollbacks >= max {", "|| rollbacks > max {", "train faults::"),
    ("another batch order after a roll-back", "crates/train/src/run.rs",
     "batches.begin(self.at.attempt);", "batches.begin(0);", "train faults::"),
    ("a signal saves before it ends the run", "crates/train/src/run.rs",
     "if signal.is_some() && !is_saved {", "if is_saved {", "train@ tests signals:: faults::a_signal"),
    ("a signal breaks off a score", "crates/train/src/scores.rs",
     "if signals.received().is_some() {", "if SAMPLES == 0 {", "train@ tests faults::a_signal"),
    ("what a signal kept from being done is done later", "crates/train/src/run.rs",
     "if self.at.in_arrears {", "if self.at.in_arrears && self.at.step == 0 {", "train@ tests faults::a_signal"),
    ("a second signal ends at once", "crates/stage/src/signals.rs",
     "signal_hook::low_level::exit(signal.exit_code().into());", "let _ = signal;", "stage signals::"),
    ("a sign of collapse is reported", "crates/train/src/run.rs",
     "log::warn!(\"step {step}: {sign}\");", "let _ = sign;", "train faults::a_discriminator"),
    ("memory for the means of an expression", "crates/sample/src/expression.rs",
     "if self.images > MAX_SEEDS {", "if self.images == usize::MAX {", "sample expression::"),
    ("rows reach the disk before a checkpoint vouches for them", ARTIFACTS + "table.rs",
     "            .and_then(|()| self.rows.inner_mut().get_ref().sync())\n", "", "artifacts changes::"),
]


def copy_of_the_project(to):
    """Copies the files that git tracks or would add: no target, no runs."""
    names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                           cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-p", ROOT / name, to / name], check=True)


def run_tests(folder, target, tests):
    """Builds and runs the tests. Returns whether the build succeeded, and which tests failed."""
    environment = dict(os.environ, CARGO_TARGET_DIR=str(target), DCGAN_BIN_DIR=str(target / "release"), INSTA_UPDATE="no")
    cargo = lambda *words: subprocess.run(["cargo", *words, "--release", "--locked"], cwd=folder, env=environment,
                                          capture_output=True, text=True)
    words = tests.split()
    of = lambda crate: crate if crate == "dcgan" else f"dcgan-{crate}"
    if words[0].endswith("@"):
        built = cargo("build", "-p", of(words.pop(0)[:-1]), "--bins")
        if built.returncode:
            return False, built.stderr
    package, filters = words[0], words[1:]
    built = cargo("test", "-p", of(package), "--no-run")
    if built.returncode:
        return False, built.stderr
    done = subprocess.run(["cargo", "test", "--release", "--locked", "--no-fail-fast", "-p", of(package), "--", *filters],
                          cwd=folder, env=environment, capture_output=True, text=True)
    red = re.findall(r"^test (\S+) \.\.\. FAILED", done.stdout, re.MULTILINE)
    return True, sorted(set(red))


def main():
    parser = argparse.ArgumentParser(description="Break each guard once and see a test fail.")
    parser.add_argument("--only", action="append", help="guards whose name or file has this word; may be repeated")
    parser.add_argument("--target", type=pathlib.Path, default=ROOT / "target/guards")
    arguments = parser.parse_args()
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        copy_of_the_project(folder)
        print("| guard | broken in | test that fails |\n|---|---|---|", flush=True)
        for guard, name, there, broken, tests in GUARDS:
            if arguments.only and not any(word in guard or word in name for word in arguments.only):
                continue
            path = folder / name
            sound = path.read_text()
            if sound.count(there) != 1:
                print(f"error: {name} has {sound.count(there)} times: {there}", file=sys.stderr)
                unnoticed += 1
                continue
            path.write_text(sound.replace(there, broken))
            built, red = run_tests(folder, arguments.target, tests)
            path.write_text(sound)
            if not built:
                print(f"error: `{guard}`: the break does not compile:\n{red[-2000:]}", file=sys.stderr)
            if not built or not red:
                unnoticed += 1
            said = ", ".join(f"`{test}`" for test in red[:3]) + (f" and {len(red) - 3} more" if len(red) > 3 else "")
            if built:
                print(f"| {guard} | `{name}` | {said or '**none**'} |", flush=True)
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
