"""What a run folder has to tell a tracker: settings, figures step by step, pictures.

`to_mlflow.py` and `to_wandb.py` hand it over. A run folder is what `make` calls RUN: its folder
`train` has `run.json`, `metrics.csv`, `checkpoints/` and, where they were asked for, `scores.csv`
and `samples/`. The run may still be going on: what follows its newest checkpoint is not handed over
yet, for it is not all written, and a run that is killed or rolls back replaces it.
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


def hand_over(description, add, open_tracker):
    """The whole of a script. `open_tracker(options, run)` is called once; what it returns has

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
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
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
        try:
            record = path.read_bytes()
        except FileNotFoundError:
            raise ValueError(f"{path}: expected a run's record, got no file; give the folder RUN")
        try:
            settings = json.loads(record)
        except ValueError as error:
            raise ValueError(f"{path}: expected JSON, got {error}")
        self.settings = dict(flat(settings))
        # A run that goes on longer, or elsewhere, is the same one.
        same = {key: value for key, value in self.settings.items() if key != "train.epochs"}
        text = json.dumps([self.name, same], sort_keys=True)
        self.id = hashlib.sha256(text.encode()).hexdigest()[:16]

    def is_finished(self):
        """Whether the training ended: `dcgan-train` writes its manifest last."""
        return (self.train / "manifest.json").exists()

    def steps(self):
        """By step, up to the newest checkpoint: figures by name, and paths of pictures by name."""
        found, saved = {}, (self.train / "checkpoints").glob("step-*.safetensors")
        newest = max((int(path.stem[5:]) for path in saved), default=-1)
        for table in ("metrics.csv", "scores.csv"):
            for step, figures in rows(self.train / table):
                found.setdefault(step, ({}, {}))[0].update(figures)
        for path in sorted((self.train / "samples").glob("step-*.png")):
            found.setdefault(int(path.stem[5:]), ({}, {}))[1]["samples"] = path
        return {step: of for step, of in found.items() if step <= newest}


def rows(path):
    """(step, figures by name) of each whole row of a table; none where there is no table."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    for row in csv.DictReader(text[: text.rfind("\n") + 1].splitlines()):
        step = int(row.pop("step"))
        yield step, {name: float(value) for name, value in row.items() if value}


def flat(tree, prefix=""):
    """(dotted key, value) of each leaf of nested objects."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
