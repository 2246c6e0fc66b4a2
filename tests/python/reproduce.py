"""Repeats a finished run from its manifests and compares every hash.

    python3 tests/python/reproduce.py RUN --bin FOLDER [--source FOLDER] [--classifier FILE] [--threads N]

Settings, inputs and expected hashes come from the manifests alone. `--source` is the folder that the
names of the sources are relative to; a synthetic dataset needs none. `--classifier` is the file whose name and
hash the manifests list, where scores or figures were taken with one. The repetition is made in a
temporary folder; RUN is only read. Exit code 0: every hash is the same; 1: some differ, each is named.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

STAGES = ["prepare", "train", "sample", "eval"]
# What dcgan-eval reads of a training beside checkpoints and grids, by the options of the same names.
OF_TRAINING = ["metrics.csv", "histograms.csv", "scores.csv", "run.json"]


def read_manifests(run):
    """The manifest of each stage that has one, in the order of the work."""
    manifests = {}
    for stage in STAGES:
        path = run / stage / "manifest.json"
        if path.exists():
            manifests[stage] = json.loads(path.read_text())
    for needed in ("prepare", "train"):
        if needed not in manifests:
            sys.exit(f"error: `{run / needed / 'manifest.json'}` does not exist: not a finished run of ours")
    return manifests


def without_none(settings):
    """The settings that were given: a manifest writes `null` for those that were not."""
    if not isinstance(settings, dict):
        return settings
    return {key: without_none(value) for key, value in settings.items() if value is not None}


def with_sources(prepare, source):
    """The section `prepare`, its files and folders found below `source`."""
    if prepare["source"] == "synthetic":
        return prepare
    if source is None:
        sys.exit("error: the run was made of files: give their folder as SOURCE=FOLDER")
    found = lambda name: str(source.resolve() / name)
    prepare = dict(prepare)
    if "idx" in prepare:
        # Paths, and what becomes of the files: a number, a yes or no.
        is_path = lambda value: isinstance(value, str)
        prepare["idx"] = {key: found(value) if is_path(value) else value for key, value in prepare["idx"].items()}
    for key in ("folder", "test_folder"):
        if key in prepare:
            prepare[key] = found(prepare[key])
    if "labels_file" in prepare.get("pictures", {}):
        prepare["pictures"] = dict(prepare["pictures"], labels_file=found(prepare["pictures"]["labels_file"]))
    return prepare


def inputs_of(stage, manifest, new, classifier):
    """The options that name the inputs, as files of the new run."""
    names = [record["name"] for record in manifest["inputs"]]
    options = []
    if stage == "eval":
        # The film's grids, and checkpoints that were measured beside the evaluated one, are read by folder.
        grids = [name for name in names if name.endswith(".png")]
        checkpoints = [name for name in names if name.startswith("checkpoints/")]
        steps = [name for name in names if name.startswith("step-") and name not in grids]
        if len(steps) > 1:
            # A manifest from before those had a name of their own: the evaluated one stands there twice.
            evaluated = [name for name in steps if steps.count(name) > 1]
            if not evaluated and "samples.safetensors" not in names:
                sys.exit("error: the manifest of dcgan-eval does not tell which checkpoint was evaluated")
            names = [name for name in names if name not in steps] + evaluated[:1]
            checkpoints = steps
        if grids:
            options += ["--grids", new / "train/samples"]
        if checkpoints:
            options += ["--checkpoints", new / "train/checkpoints"]
        names = [name for name in names if name not in grids + checkpoints]
    for name in names:
        if name == "dataset.safetensors" and stage != "prepare":
            options += ["--dataset", new / "prepare" / name]
        elif name.startswith("step-"):
            option = "--model" if stage == "sample" else "--checkpoint"
            options += [option, new / "train/checkpoints" / name]
        elif name.startswith("generator"):
            options += ["--model", new / "train" / name]
        elif name in OF_TRAINING:
            options += ["--" + pathlib.Path(name).stem, new / "train" / name]
        elif name == "samples.safetensors":
            options += ["--samples", new / "sample" / name]
        elif stage in ("train", "eval"):
            if classifier is None:
                sys.exit(f"error: dcgan-{stage} was run with the classifier `{name}`: give it as CLASSIFIER=FILE")
            options += ["--classifier", classifier] if stage == "eval" else ["--set", f"train.classifier={classifier}"]
    return options


def hashes(manifest):
    records = [("reads", record) for record in manifest["inputs"]]
    records += [("writes", record) for record in manifest["outputs"]]
    return {(verb, record["name"]): record["sha256"] for verb, record in records}


def main():
    parser = argparse.ArgumentParser(description="Repeat a finished run and compare every hash.")
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path)
    parser.add_argument("--classifier", type=pathlib.Path)
    parser.add_argument("--threads")
    arguments = parser.parse_args()
    manifests = read_manifests(arguments.run)
    pipeline = {}
    for stage, manifest in manifests.items():
        settings = without_none(manifest["settings"])
        extra = set(settings) - {stage}
        if extra:
            print(f"{stage}: not repeated, it was run with {', '.join(sorted(extra))}")
            continue
        pipeline[stage] = settings[stage]
    pipeline["prepare"] = with_sources(pipeline["prepare"], arguments.source)

    differing = same = 0
    with tempfile.TemporaryDirectory() as folder:
        new = pathlib.Path(folder)
        # JSON is YAML.
        (new / "pipeline.yaml").write_text(json.dumps(pipeline))
        for stage in pipeline:
            command = [arguments.bin / f"dcgan-{stage}", "--pipeline", new / "pipeline.yaml", "--out", new / stage]
            command += inputs_of(stage, manifests[stage], new, arguments.classifier)
            command += ["--threads", arguments.threads] if arguments.threads else []
            if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
                sys.exit(f"error: dcgan-{stage} failed")
            made = json.loads((new / stage / "manifest.json").read_text())
            if made["version"] != manifests[stage]["version"]:
                print(f"{stage}: version {made['version']} repeats version {manifests[stage]['version']}")
            before, after = hashes(manifests[stage]), hashes(made)
            for verb, name in sorted(before.keys() | after.keys()):
                equal = before.get((verb, name)) == after.get((verb, name))
                same, differing = same + equal, differing + (not equal)
                if not equal:
                    print(f"{stage} {verb} {name}: {before.get((verb, name))} before, {after.get((verb, name))} now")
    print(f"{same} hashes are the same, {differing} differ")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
