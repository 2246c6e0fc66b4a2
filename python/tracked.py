"""What a run folder has to tell a tracker: settings, figures step by step, pictures.

`to_mlflow.py` and `to_wandb.py` hand it over. A run folder is what `make` calls RUN: its folder
`train` has `run.json`, `metrics.csv`, `checkpoints/` and, where they were asked for, `scores.csv`
and `samples/`. The run may still be going on: what follows its newest checkpoint is not handed over
yet, for it is not all written, and a run that is killed or rolls back replaces it. Of a checkpoint
that a signal made, its own step waits, too: scores and grid of that step may still be due.
"""

import argparse
import csv
import hashlib
import json
import pathlib
import sys
import time


def options(description, add):
    """The command line of a script: the run, how long to follow it, and what `add` adds."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("run", type=pathlib.Path, help="the run's folder, RUN of make")
    parser.add_argument("--follow", type=float, metavar="SECONDS", help="look again until it ends")
    add(parser)
    return parser.parse_args()


def hand_over(description, add, open_tracker, errors=()):
    """The whole of a script. It ends with one line for files that are missing or odd, and for the
    tracker's own `errors`, which are exceptions.

    `open_tracker(options, run)` is called once; what it returns has

    * `step`: the last step that the tracker has, -1 for none;
    * `log(step, figures, pictures)`: figures by name, paths of pictures by name; steps ascend;
    * `flush()`, after the last of several steps;
    * `close(is_finished)`.
    """
    chosen = options(description, add)
    try:
        run = Run(chosen.run)
        tracker = open_tracker(chosen, run)
        # Whether it is finished is asked first: what it wrote before that is then seen.
        is_finished = run.is_finished()
        send(run, tracker)
        while chosen.follow and not is_finished:
            time.sleep(chosen.follow)
            is_finished = run.is_finished()
            send(run, tracker)
        tracker.close(is_finished)
    except (OSError, ValueError, *errors) as error:
        sys.exit(f"error: {' '.join(str(error).split())}")
    state = "finished" if is_finished else "not finished"
    print(f"handed over {chosen.run} up to step {tracker.step}, {state}")


def send(run, tracker):
    """What the tracker does not have yet, step by step."""
    for step, (figures, pictures) in sorted(run.steps().items()):
        if step > tracker.step:
            tracker.log(step, figures, pictures)
            tracker.step = step
    tracker.flush()


class Run:
    """A run folder."""

    def __init__(self, folder):
        self.train = folder / "train"
        self.name = folder.resolve().name
        path = self.train / "run.json"
        if not path.exists():
            raise ValueError(f"{path}: expected a run's record, got no file; give the folder RUN")
        self.settings = dict(flat(load(path)))
        # A run that goes on longer, or elsewhere, is the same one.
        same = {key: value for key, value in self.settings.items() if key != "train.epochs"}
        text = json.dumps([self.name, same], sort_keys=True)
        self.id = hashlib.sha256(text.encode()).hexdigest()[:16]

    def is_finished(self):
        """Whether the training ended: `dcgan-train` writes its manifest last."""
        return (self.train / "manifest.json").exists()

    def steps(self):
        """By step, up to the newest checkpoint: figures by name, and paths of pictures by name."""
        saved = numbered(self.train / "checkpoints", "safetensors")
        newest = max(saved, default=-1)
        if saved and in_haste(saved[newest]):
            newest -= 1
        found = {}
        for table in ("metrics.csv", "scores.csv"):
            for step, figures in rows(self.train / table):
                found.setdefault(step, ({}, {}))[0].update(figures)
        for step, path in numbered(self.train / "samples", "png").items():
            found.setdefault(step, ({}, {}))[1]["samples"] = path
        return {step: of for step, of in found.items() if step <= newest}


def numbered(folder, kind):
    """The files `step-NNNNNNNN.kind` in a folder, by step."""
    found = ((path.stem[5:], path) for path in folder.glob(f"step-*.{kind}"))
    return {int(step): path for step, path in found if step.isdecimal()}


def in_haste(path):
    """Whether a signal made this checkpoint, by its metadata; so, too, if they can't be read."""
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        return json.loads(header["__metadata__"]["dcgan"])["on_signal"] is not False
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return True


def load(path):
    """The object in a file of JSON."""
    try:
        tree = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: expected JSON, got {error}")
    if not isinstance(tree, dict):
        raise ValueError(f"{path}: expected an object of JSON, got {tree!r}")
    return tree


def rows(path):
    """(step, figures by name) of each whole row of a table; none where there is no table."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return
    line = 1
    try:
        text = text[: text.rfind(b"\n") + 1].decode()
        for line, row in enumerate(csv.DictReader(text.splitlines(), strict=True), 2):
            if None in row or None in row.values():
                raise ValueError("a row of another length than the header")
            step = int(row.pop("step"))
            yield step, {name: float(value) for name, value in row.items() if value}
    except (ValueError, KeyError, csv.Error) as error:
        raise ValueError(f"{path}: line {line}: expected a step and numbers by column: {error!r}")


def flat(tree, prefix=""):
    """(dotted key, value) of each leaf of nested objects."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
