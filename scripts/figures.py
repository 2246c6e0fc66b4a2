"""Updates README's figures and picture from a finished run of pipelines/mnist.yaml.

    python3 scripts/figures.py RUN [--readme FILE] [--picture FILE] [--threads N] [--processor NAME]
                               [--iteration-ms MS]

Replaces the text between `<!-- figures -->` and `<!-- /figures -->` in README, and the picture, by
those of RUN/train and RUN/eval. Run it on the machine that trained, because the processor's name and
the number of threads are this machine's unless given. If other programs slowed the training down,
give the time of an undisturbed iteration with --iteration-ms.
"""

import argparse
import csv
import json
import os
import pathlib
import re
import shutil
import sys
import textwrap

BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->\n"
ROOT = pathlib.Path(__file__).resolve().parent.parent


def fail(message):
    sys.exit(f"error: {message}\nhint: `make prepare train eval` makes the run; its files are not changed here")


def load(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(f"`{path}` cannot be read: {error}")


def training_minutes(path):
    """The number of iterations and their total time, also valid for a resumed run."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            times = [float(row["iteration_ms"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        fail(f"`{path}` has no times of iterations: {error}")
    if not times:
        fail(f"`{path}` has no rows")
    return len(times), sum(times) / 60_000


def processor():
    try:
        info = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        info = ""
    name = re.search(r"^model name\s*:\s*(.+)$", info, re.MULTILINE)
    return name.group(1).strip() if name else "an unnamed processor"


def figure(metrics, path):
    """The value of a figure for generated and for real data."""
    found = metrics
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not all(isinstance(found.get(key), (int, float)) for key in ("value", "real")):
        fail(f"eval/metrics.json has no `{path}` with `value` and `real`")
    return found["value"], found["real"]


def percent(share):
    return f"{100 * share:.2f} %" if share < 0.01 else f"{100 * share:.1f} %"


def significant(number):
    return f"{number:.2g}" if abs(number) < 10 else f"{number:.0f}"


def paragraph(run, threads, name, iteration_ms):
    settings = load(run / "train/manifest.json")["settings"]["train"]
    manifest = load(run / "eval/manifest.json")
    if manifest["stage"] != "dcgan-eval":
        fail(f"`{run / 'eval'}` is no evaluation")
    metrics = load(run / "eval/metrics.json")
    n_steps, minutes = training_minutes(run / "train/timing.csv")
    undisturbed = ""
    if iteration_ms:
        minutes = n_steps * iteration_ms / 60_000
        undisturbed = f" ({iteration_ms:.0f} ms each while nothing else runs)"
    accuracy = figure(metrics, "quality.class_accuracy")
    distance = figure(metrics, "quality.frechet_distance")
    neighbours = figure(metrics, "pixels.nearest_neighbour_error")
    memorised = figure(metrics, "pixels.memorised")[0]
    time = f"{minutes:.0f} minutes" if minutes >= 2 else f"{60 * minutes:.0f} seconds"
    epochs, images = settings["epochs"], metrics["images"]["generated"]
    text = (
        f"`eval/grid-classes.png` after the {epochs} epochs of `pipelines/mnist.yaml`, by "
        f"`make prepare train eval` and `make figures`: {n_steps:,} iterations in {time} on {threads} "
        f"{'thread' if threads == 1 else 'threads'} of {name}{undisturbed}. Of {images:,} digits that this generator "
        f"draws, `make eval` reports {percent(accuracy[0])} as the class that was asked for (real test "
        f"digits: {percent(accuracy[1])}), a Fréchet distance of {significant(distance[0])} on the features "
        f"of the shipped classifier (real: {significant(distance[1])}), a 1-nearest-neighbour error of "
        f"{percent(neighbours[0])} (real: {percent(neighbours[1])}), and {percent(memorised)} that are nearer to "
        "a training digit than 99 % of real test digits are."
    )
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--readme", type=pathlib.Path, default=ROOT / "README.md")
    parser.add_argument("--picture", type=pathlib.Path, default=ROOT / "docs/mnist-grid.png")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--processor", default=processor())
    parser.add_argument("--iteration-ms", type=float, help="instead of the run's own times")
    arguments = parser.parse_args()
    readme = arguments.readme.read_text(encoding="utf-8")
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        sys.exit(f"error: `{arguments.readme}` has no `{BEGIN.strip()}` followed by `{END.strip()}`, each once")
    text = paragraph(arguments.run, arguments.threads, arguments.processor, arguments.iteration_ms)
    picture = arguments.run / "eval/grid-classes.png"
    if not picture.is_file():
        fail(f"`{picture}` does not exist")
    before, rest = readme.split(BEGIN)
    arguments.readme.write_text(before + BEGIN + text + END + rest.split(END)[1], encoding="utf-8")
    shutil.copyfile(picture, arguments.picture)
    print(text, end="")


if __name__ == "__main__":
    main()
