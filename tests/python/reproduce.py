"""Repeats a finished run from its manifests and compares every hash.

    python3 tests/python/reproduce.py RUN --bin FOLDER [--source FOLDER] [--classifier FILE] [--threads N]

Settings, inputs and expected hashes come from the manifests only. `--source` is the folder that
source names are relative to; a synthetic dataset needs none. `--classifier` is the file whose name
and hash the manifests list if scores or figures used one. The repetition runs in a temporary folder;
RUN is only read. Exit code 0: every hash is the same; 1: some differ, each is named; 2: the run
could not be repeated, for the reason in the line `error: ...`.

A manifest may lack settings that were added later; they have their defaults. Files that contain
settings (run.json and the report) then have other bytes. They are named, and count as equal if
nothing else differs.
"""

import argparse
import hashlib
import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

STAGES = ["prepare", "train", "sample", "eval"]
# Files of a training, other than checkpoints and grids, that dcgan-eval reads: option to file.
OF_TRAINING = ["metrics.csv", "histograms.csv", "scores.csv"]
# Name of a file with a checkpoint's figures; it contains a key.
KEYED = re.compile(r"^(checkpoints/step-\d+)-[0-9a-f]+\.json$")
# Environment variables that override settings.
OVERRIDING = ["DCGAN_KERNELS"]
# The keys that name files, by the section of `prepare`.
FILES = {
    "idx": ["train_images", "train_labels", "test_images", "test_labels"],
    "npz": ["train", "train_labels", "test", "test_labels"],
    "csv": ["train", "test"],
    "cifar": ["path"],
    "archive": ["train", "test"],
    "parquet": ["train", "test"],
}
# Name for a folder of pictures without a name of its own, such as `.`.
NAMELESS = "pictures"


def fail(text):
    """Ends with an error in one line."""
    print(f"error: {text}", file=sys.stderr)
    sys.exit(2)


def read_manifests(run):
    """Returns the manifests of all stages that have one, in the order of the stages."""
    manifests = {}
    for stage in STAGES:
        path = run / stage / "manifest.json"
        if path.exists():
            manifests[stage] = read_manifest(path)
    for needed in ("prepare", "train"):
        if needed not in manifests:
            fail(f"`{run / needed / 'manifest.json'}` does not exist: give the folder of a finished run")
    return manifests


def read_manifest(path):
    """Returns a manifest that is as its program wrote it."""
    try:
        text = path.read_bytes().decode()
        manifest = json.loads(text)
        # The hash of the text without it.
        seal = manifest["seal"]
        is_sound = hashlib.sha256(text.replace(seal, "", 1).encode()).hexdigest() == seal
    except OSError as error:
        fail(f"could not read `{path}`: {error.strerror}: check its permissions")
    except (ValueError, KeyError, TypeError):
        is_sound = False
    if not is_sound:
        fail(f"`{path}` is damaged: copy it again, or run that stage again")
    return manifest


def without_none(settings):
    """Removes settings that were not given, which a manifest writes as `null`."""
    if not isinstance(settings, dict):
        return settings
    return {key: without_none(value) for key, value in settings.items() if value is not None}


def as_list(value):
    return value if isinstance(value, list) else [value]


def with_sources(prepare, source):
    """Returns the section `prepare` with paths below `source`, the stage's working directory."""
    if prepare["source"] == "synthetic":
        return prepare
    if source is None:
        fail("the run was made of files: give their folder as SOURCE=FOLDER")
    if not source.is_dir():
        fail(f"`{source}`, given as SOURCE, is no folder")
    prepare = dict(prepare)
    for section, keys in FILES.items():
        if section in prepare:
            prepare[section] = {
                key: paths_of(value, source) if key in keys else value
                for key, value in prepare[section].items()
            }
    folders = {key: as_list(prepare[key]) for key in ("folder", "test_folder") if key in prepare}
    n_folders = sum(len(names) for names in folders.values())
    for key, names in folders.items():
        prepare[key] = [of_folder(name, source, n_folders) for name in names]
    if "pictures" in prepare:
        pictures = prepare["pictures"] = dict(prepare["pictures"])
        # The manifest has a list of one name or none.
        names = as_list(pictures.pop("labels_file", []))
        for name in names:
            searched = [folder for names in folders.values() for folder in names]
            pictures["labels_file"] = str(table_of_labels(name, source, searched))
    return prepare


def paths_of(names, source):
    """Returns the path of a name, or a list of those of several."""
    if isinstance(names, list):
        return [str(found(name, source)) for name in names]
    return str(found(names, source))


def of_folder(name, source, n_folders):
    """Returns the path or pattern of pictures that the manifest lists as `name`."""
    first, _, rest = name.partition("/")
    if first == NAMELESS and not (source / NAMELESS).exists():
        # With an absolute path a single folder would get another name.
        return (rest or ".") if n_folders == 1 else str(source / rest)
    return str(found(name, source))


def found(name, source):
    """The source, file or folder or pattern, that the manifest calls `name`, which must be there."""
    steps = name.split("/")
    plain = next((i for i, step in enumerate(steps) if set(step) & set("*?[")), len(steps))
    place = "/".join(steps[:plain])
    if (source / place).exists():
        return source / name
    above = [parent for parent in source.parents if (parent / place).exists()]
    advice = f": give SOURCE={above[0]}" if above else ""
    fail(f"`{source / place}` does not exist; SOURCE is the folder that holds `{place}`{advice}")


def table_of_labels(name, source, folders):
    """Finds the table of labels, maybe among the pictures: a manifest has only its file name."""
    below = [pathlib.Path(folder) for folder in folders]
    places = [source / place / name for folder in below for place in [folder, *folder.parents]]
    return next((path for path in [source / name, *places] if path.is_file()), source / name)


def inputs_of(stage, manifest, new, classifier, settings_of_training):
    """Returns the options for inputs: files of the new run, except run.json if told so."""
    names = [record["name"] for record in manifest["inputs"]]
    options = []
    if stage == "eval":
        # Grids of the film, and additional checkpoints, are given as folders.
        grids = [name for name in names if name.endswith(".png")]
        checkpoints = [name for name in names if name.startswith("checkpoints/")]
        steps = [name for name in names if name.startswith("step-") and name not in grids]
        if len(steps) > 1:
            # An older manifest has no separate names for them and lists the evaluated one twice.
            evaluated = [name for name in steps if steps.count(name) > 1]
            if not evaluated and "samples.safetensors" not in names:
                fail("the manifest of dcgan-eval does not tell which checkpoint was evaluated")
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
        elif name == "run.json":
            options += ["--run", settings_of_training]
        elif name in OF_TRAINING:
            options += ["--" + pathlib.Path(name).stem, new / "train" / name]
        elif name == "samples.safetensors":
            options += ["--samples", new / "sample" / name]
        elif stage in ("train", "eval"):
            if classifier is None:
                fail(f"dcgan-{stage} was run with the classifier `{name}`: give it as CLASSIFIER=FILE")
            options += ["--classifier", classifier] if stage == "eval" else ["--set", f"train.classifier={classifier}"]
    return options


def added(before, after, prefix=""):
    """Returns settings of `after` that `before` lacks, as dotted keys with their values."""
    keys = {}
    for key, value in after.items():
        if key not in before:
            keys[prefix + key] = value
        elif isinstance(value, dict) and isinstance(before[key], dict):
            keys |= added(before[key], value, f"{prefix}{key}.")
    return keys


def without(tree, keys, prefix=""):
    """Returns `tree` without the settings with these dotted keys."""
    if not isinstance(tree, dict):
        return tree
    kept = {key: value for key, value in tree.items() if prefix + key not in keys}
    return {key: without(value, keys, f"{prefix}{key}.") for key, value in kept.items()}


def same_but_for(name, old, new, later):
    """Whether a file differs only in settings that were added later."""
    if not later or not old.is_file() or not new.is_file():
        return False
    if name == "run.json":
        shown = json.loads(new.read_text())
        try:
            recorded = json.loads(old.read_bytes())
        except ValueError:
            return False
        return recorded == dict(shown, train=without(shown.get("train"), later))
    if name == "report.html":
        text = new.read_text()
        for key, value in flat(later).items():
            pair = f"<div><dt>{html.escape(key)}</dt><dd>{html.escape(value)}</dd></div>"
            # Settings of the training have the same names and come before those of the evaluation.
            before, found, after = text.rpartition(pair)
            text = before + after if found else text
        return old.read_bytes() == text.encode()
    return False


def flat(keys):
    """Returns settings as the report shows them, with dotted keys for nested ones."""
    shown = {}
    for key, value in keys.items():
        if isinstance(value, dict):
            shown |= {f"{key}.{rest}": text for rest, text in flat(value).items()}
        elif value is None:
            shown[key] = "none"
        else:
            shown[key] = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return shown


def hashes(manifest, ignore_keys):
    """Returns hashes by verb and name, without the key in the names of a checkpoint's figures.

    The key depends on all settings.
    """
    records = [("reads", record) for record in manifest["inputs"]]
    records += [("writes", record) for record in manifest["outputs"]]
    name = lambda record: KEYED.sub(r"\1.json", record["name"]) if ignore_keys else record["name"]
    return {(verb, name(record)): record["sha256"] for verb, record in records}


def environment():
    """Returns the environment without variables that override the manifests' settings."""
    return {key: value for key, value in os.environ.items() if key not in OVERRIDING}


def main():
    parser = argparse.ArgumentParser(description="Repeat a finished run and compare every hash.")
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path)
    parser.add_argument("--classifier", type=pathlib.Path)
    parser.add_argument("--threads")
    arguments = parser.parse_args()
    manifests = read_manifests(arguments.run)
    programs, source = arguments.bin.resolve(), arguments.source and arguments.source.resolve()
    pipeline = {}
    for stage, manifest in manifests.items():
        settings = without_none(manifest["settings"])
        # Not a setting: it tells how the figures are defined.
        settings.pop("figures", None)
        extra = set(settings) - {stage}
        if extra:
            print(f"{stage}: not repeated, it was run with {', '.join(sorted(extra))}")
            continue
        pipeline[stage] = settings[stage]
    pipeline["prepare"] = with_sources(pipeline["prepare"], source)

    differing = same = 0
    settings_of_training = None
    with tempfile.TemporaryDirectory() as folder:
        new = pathlib.Path(folder)
        # JSON is valid YAML.
        (new / "pipeline.yaml").write_text(json.dumps(pipeline))
        for stage in pipeline:
            command = [programs / f"dcgan-{stage}", "--pipeline", new / "pipeline.yaml", "--out", new / stage]
            command += inputs_of(stage, manifests[stage], new, arguments.classifier, settings_of_training)
            command += ["--threads", arguments.threads] if arguments.threads else []
            where = source if stage == "prepare" else None
            try:
                ended = subprocess.run(command, cwd=where, env=environment(), stdout=subprocess.DEVNULL)
            except OSError as error:
                fail(f"could not start `{command[0]}`: {error.strerror}: give the programs' folder as --bin, make's BIN")
            if ended.returncode != 0:
                fail(f"dcgan-{stage} failed: its own error is above")
            made = json.loads((new / stage / "manifest.json").read_text())
            if made["version"] != manifests[stage]["version"]:
                print(f"{stage}: version {made['version']} repeats version {manifests[stage]['version']}")
            later = added(manifests[stage]["settings"][stage], made["settings"][stage])
            if later:
                shown = sorted(flat(later).items())
                keys = ", ".join(f"{stage}.{key}: {text}" for key, text in shown)
                print(f"{stage}: made before these settings existed, and repeated with {keys}")
            before, after = hashes(manifests[stage], later), hashes(made, later)
            if stage == "train":
                settings_of_training = new / stage / "run.json"
            for verb, name in sorted(before.keys() | after.keys()):
                old, now = before.get((verb, name)), after.get((verb, name))
                equal = old == now
                if not equal and verb == "writes":
                    equal = same_but_for(name, arguments.run / stage / name, new / stage / name, later)
                    if equal:
                        print(f"{stage} writes {name}: the same but for those settings")
                        if name == "run.json":
                            # The report contains it with its hash.
                            settings_of_training = (arguments.run / stage / name).resolve()
                same, differing = same + equal, differing + (not equal)
                if not equal:
                    print(f"{stage} {verb} {name}: {old} before, {now} now")
    print(f"{same} hashes are the same, {differing} differ")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
