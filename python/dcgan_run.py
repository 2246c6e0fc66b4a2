"""The files of a training, for trainers in PyTorch: what dcgan-train reads and writes, and when.

    run = dcgan_run.Run(sys.argv[1:])       # dcgan-train's options
    state = run.begin()                     # networks, Adam's moments; from the newest checkpoint
    while state.step < run.last_step:
        state.step += 1
        x, y, z = run.batch(state)
        ...                                 # train state.generator and state.discriminator
        run.after(state, trace)             # rows of the tables; grid and checkpoint when due
    run.finish(state)

`train_torch.py` is such a trainer. Which settings there are, what they mean for this dataset and
whether the folder may be written is asked of dcgan-train (`--dry-run --json`): the program in
DCGAN_BIN_DIR, else that of `target/release` next to this folder, else that on the PATH. Needs torch
and numpy, and a Unix for the lock of the folder.
"""

import argparse
import copy
import dataclasses
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import time

import dcgan_files
import dcgan_random
import dcgan_torch
import numpy as np
import torch
from dcgan_files import Table, png, replace

METRICS, HISTOGRAMS, TIMING = "metrics.csv", "histograms.csv", "timing.csv"
BINS = 50
# Options with which nothing is trained, and settings for what only dcgan-train has, with the value
# that goes without it.
QUESTIONS = {"--dry-run", "--help", "-h", "--version", "-V", "--completions"}
WITHOUT = dict(score_every=0, tensorboard=False, precision="f32", on_divergence="stop")


@dataclasses.dataclass
class Trace:
    """What an iteration measured; all but the logits are lists of scalars."""

    real: torch.Tensor  # The logits of D's update, `[B, 1]`.
    fake: torch.Tensor
    losses: list  # d_loss_real and d_loss_fake.
    g_losses: list  # Of each update of G.
    norms: list  # Of the gradients: of D, and of the last update of G.
    readouts: list  # The losses after the updates, if the settings have them.


class Adam:
    """The moments of one network, by the names and in the layout of its weights."""

    def __init__(self, network):
        weights = dcgan_torch.names(network).items()
        self.weights = {name: tensor for name, tensor in weights if tensor.requires_grad}
        self.m = {name: torch.zeros_like(weight) for name, weight in self.weights.items()}
        self.v = {name: torch.zeros_like(weight) for name, weight in self.weights.items()}
        self.steps = 0


@dataclasses.dataclass
class State:
    """What a training changes; a checkpoint has all of it."""

    generator: dcgan_torch.Generator
    discriminator: dcgan_torch.Discriminator
    averaged: dcgan_torch.Generator = None
    step: int = 0
    attempt: int = 0
    best: dict = None

    def __post_init__(self):
        self.adam_g, self.adam_d = Adam(self.generator), Adam(self.discriminator)

    def networks(self):
        return (self.generator, self.adam_g), (self.discriminator, self.adam_d)


class Run:
    """A run: its settings, its dataset and its folder."""

    def __init__(self, words):
        self.plan = asked(words)
        self.out = pathlib.Path(self.plan["out"])
        if self.plan["outcome"] == "up to date":
            print(f"nothing to do: {self.out} is up to date")
            sys.exit(0)
        self.settings, self.network = self.plan["run"]["train"], self.plan["network"]
        for key, without in WITHOUT.items():
            if self.settings[key] != without:
                raise ValueError(f"train.{key}: expected {without!r}, the only value of this "
                                 f"trainer, got {self.settings[key]!r}")
        self.last_step, self.per_epoch = self.plan["steps"], self.plan["steps_per_epoch"]
        options = argparse.ArgumentParser(allow_abbrev=False)
        options.add_argument("--dataset")
        options.add_argument("--threads", type=int)
        options.add_argument("--quiet", action="store_true")
        self.options, _ = options.parse_known_args(words)
        if self.options.threads:
            torch.set_num_threads(self.options.threads)
        info, arrays = dcgan_torch.read(self.options.dataset)
        self.dataset_sha256 = info["content_sha256"]
        self.images, self.labels = arrays["train/images"], arrays.get("train/labels")
        if self.network["kind"] == "unlabelled":
            self.labels = None
        self.order = None, None

    def begin(self):
        """Takes the folder and goes on from its newest good checkpoint, or starts."""
        if self.plan["would"].startswith("move"):
            held = dcgan_files.lock(self.out)
            dcgan_files.move_aside(self.out)
            held.close()
        for folder in (self.out, self.out / "checkpoints", self.out / "samples"):
            folder.mkdir(parents=True, exist_ok=True)
        self.lock = dcgan_files.lock(self.out)  # Until the process ends.
        (self.out / "manifest.json").unlink(missing_ok=True)
        record = json.dumps(self.plan["run"], indent=2, sort_keys=True) + "\n"
        replace(self.out / "run.json", record.encode())
        found = self.newest()
        state, seen, on_signal = self.read(*found) if found else self.fresh()
        self.tables = self.open_tables(state.step, seen)
        self.began = time.monotonic()
        if not found and self.draws(0):
            self.draw(state)
            replace(self.out / "samples" / "reals.png", png(self.grid(self.reals())))
        if on_signal:
            self.do_what_is_due(state)
        return state

    def fresh(self):
        seed, networks = self.settings["seed"], []
        for kind in (dcgan_torch.Generator, dcgan_torch.Discriminator):
            network = kind(self.network)
            weights = dcgan_torch.names(network).items()
            weights = [(name, weight) for name, weight in weights if weight.requires_grad]
            for index, (name, weight) in enumerate(weights):
                if name.endswith(("/w", "/Matrix")):
                    shape, cut = dcgan_torch.to_file(weight).shape, name.endswith("_conv/w")
                    values = dcgan_random.initial_weight(seed, kind.scope, index, shape, cut)
                    weight.data.copy_(dcgan_torch.from_file(torch.from_numpy(values)))
            networks.append(network.train())
        averaged = copy.deepcopy(networks[0]) if self.settings["ema"] else None
        return State(*networks, averaged), None, False

    def newest(self):
        """Path, metadata and arrays of the newest checkpoint that is not damaged."""
        for path in sorted((self.out / "checkpoints").glob("step-*.safetensors"), reverse=True):
            try:
                return path, *dcgan_torch.read(path)
            except dcgan_torch.FileError as error:
                print(f"warning: {error}; resuming from an earlier one", file=sys.stderr)
        return None

    def read(self, path, info, arrays):
        """The state in a checkpoint, how far its tables had grown, and whether in haste."""
        expected = dict(kind="checkpoint", network=self.network, seed=self.settings["seed"])
        expected["dataset_sha256"] = self.dataset_sha256
        for key, value in expected.items():
            if info.get(key) != value:
                raise dcgan_torch.FileError(f"{path}: another run's: {key}: expected {value!r}, "
                                            f"got {info.get(key)!r}")
        whole = ["generator", "discriminator"] + (["averaged"] if self.settings["ema"] else [])
        networks = [dcgan_torch.network_of(path, info, arrays, which).train() for which in whole]
        state = State(*networks, **{key: info[key] for key in ("step", "attempt", "best")})
        for (_, adam), steps in zip(state.networks(), ("adam_steps_g", "adam_steps_d")):
            adam.steps = info[steps]
            dcgan_torch.copy_into(adam.m, arrays, path, "adam/m/")
            dcgan_torch.copy_into(adam.v, arrays, path, "adam/v/")
        return state, info["tables"], info["on_signal"]

    def open_tables(self, step, seen):
        g_losses = [f"g_loss_{n + 1}" for n in range(max(2, self.settings["generator_updates"]))]
        metrics = ["step", "epoch", "d_loss", "d_loss_real", "d_loss_fake", *g_losses]
        metrics += ["d_real_mean", "d_fake_mean", "d_accuracy", "d_grad_norm", "g_grad_norm"]
        if self.settings["moving_averages"] == "with_readouts":
            metrics += [f"readout_{name}" for name in ("d_loss_fake", "d_loss_real", "g_loss")]
        bins = [f"{of}_{n / BINS:.2f}" for of in ("d_real", "d_fake") for n in range(BINS)]
        timing = Table(self.out / TIMING, ["step", "iteration_ms", "data_ms", "images_per_second"])
        if seen is None:
            tables = {METRICS: metrics, HISTOGRAMS: ["step", "epoch", *bins]}
            tables = {name: Table(self.out / name, header) for name, header in tables.items()}
            return {TIMING: timing.resume_until(0), **{n: t.start() for n, t in tables.items()}}
        if METRICS not in seen:
            said = f"{self.out}: its newest checkpoint has no length of {METRICS}"
            raise dcgan_torch.FileError(said)
        tables = {name: Table(self.out / name).resume(seen[name]) for name in seen
                  if name in (METRICS, HISTOGRAMS)}
        return {TIMING: timing.resume_until(step), **tables}

    def epoch(self, state):
        return -(-state.step // self.per_epoch)

    def rate_share(self, state):
        """The share of the learning rates that a step takes (`train.learning_rate_half_life`)."""
        half_life = self.settings["learning_rate_half_life"] * self.per_epoch
        return 2 ** (-(state.step - 1) / half_life) if half_life else 1.0

    def batch(self, state):
        """x `[B, C, H, W]`, the classes y (`None` if unlabelled) and z `[B, Z]` of a step."""
        began = time.monotonic()
        seed, size = self.settings["seed"], self.settings["batch_size"]
        key = self.epoch(state) if self.settings["reshuffle"] else 1, state.attempt
        if self.order[0] != key:
            order = dcgan_random.epoch_order(seed, key[0], len(self.images), state.attempt)
            self.order = key, torch.from_numpy(order)
        at = (state.step - 1) % self.per_epoch * size
        rows = self.order[1][at : at + size]
        pixels = self.images[rows]
        if self.settings["flip"]:
            flips = torch.from_numpy(dcgan_random.flips(seed, state.step, size, state.attempt))
            pixels[flips] = pixels[flips].flip(2)
        z = dcgan_random.step_latents(self.network, seed, state.step, size, state.attempt)
        y = None if self.labels is None else self.labels[rows]
        self.data_seconds = time.monotonic() - began
        return dcgan_torch.to_images(self.network, pixels), y, torch.from_numpy(z)

    def after(self, state, trace):
        """All that follows an iteration: the average, the rows, the grid, the checkpoint."""
        require_finite(state.step, trace.losses + trace.g_losses + trace.norms)
        if state.averaged:
            decay = min(self.settings["ema"], (1 + state.step) / (10 + state.step))
            averages, weights = map(dcgan_torch.names, (state.averaged, state.generator))
            with torch.no_grad():
                for name, average in averages.items():
                    average -= (1 - decay) * (average - weights[name])
        if state.step % self.settings["log_every"] == 0:
            self.log(state, trace)
        self.do_what_is_due(state)
        self.began = time.monotonic()

    def log(self, state, trace):
        """The rows of a step."""
        real, fake = (part.detach().double().flatten() for part in (trace.real, trace.fake))
        right = torch.cat([real > 0, fake < 0]).double().mean()
        real, fake = torch.sigmoid(real), torch.sigmoid(fake)
        g_losses = (trace.g_losses + [None])[: max(2, len(trace.g_losses))]
        figures = [sum(trace.losses), *trace.losses, *g_losses, real.mean(), fake.mean(), right]
        figures += trace.norms + trace.readouts
        cells = ["" if value is None else str(np.float32(value.item())) for value in figures]
        at = [state.step, self.epoch(state)]
        self.tables[METRICS].append(at + cells)
        if HISTOGRAMS in self.tables:
            bins = [(part.float().double() * BINS).long() for part in (real, fake)]
            counts = [torch.bincount(part.clamp(max=BINS - 1), minlength=BINS) for part in bins]
            self.tables[HISTOGRAMS].append(at + torch.cat(counts).tolist())
        seconds = time.monotonic() - self.began
        times = [f"{1000 * part:.3f}" for part in (seconds, self.data_seconds)]
        speed = f"{self.settings['batch_size'] / seconds:.1f}"
        self.tables[TIMING].append([state.step, *times, speed])

    def draws(self, step):
        every = self.settings["grid_every"]
        return every > 0 and (step == self.last_step or step % every == 0)

    def saves(self, step):
        return step == self.last_step or step % self.settings["checkpoint_every"] == 0

    def do_what_is_due(self, state):
        if self.draws(state.step):
            self.draw(state)
        if self.saves(state.step):
            self.save(state)

    def save(self, state):
        """Writes a checkpoint, the tables first, and deletes those that it makes needless."""
        arrays = {}
        for network, adam in state.networks():
            arrays.update(dcgan_torch.names(network))
            arrays.update({f"adam/m/{name}": tensor for name, tensor in adam.m.items()})
            arrays.update({f"adam/v/{name}": tensor for name, tensor in adam.v.items()})
        if state.averaged:
            averages = dcgan_torch.names(state.averaged).items()
            arrays.update({f"ema/{name}": tensor for name, tensor in averages})
        require_finite(state.step, arrays.values())
        seen = {name: table.flush() for name, table in self.tables.items()}
        del seen[TIMING]  # No checkpoint vouches for what a clock measured.
        info = dict(kind="checkpoint", network=self.network, dataset_sha256=self.dataset_sha256)
        info.update(step=state.step, epoch=self.epoch(state), seed=self.settings["seed"])
        info.update(adam_steps_d=state.adam_d.steps, adam_steps_g=state.adam_g.steps)
        info.update(attempt=state.attempt, best=state.best, tables=seen, on_signal=False)
        path = self.out / "checkpoints" / f"step-{state.step:08}.safetensors"
        arrays = {name: dcgan_torch.to_file(tensor) for name, tensor in arrays.items()}
        dcgan_torch.write(path, info, arrays)
        kept, keep = 1, self.settings["keep_checkpoints"]
        for path in sorted(path.parent.glob("step-*.safetensors"), reverse=True):
            step = int(path.stem[5:])
            if step < state.step and self.saves(step) and (keep == 0 or kept < keep):
                kept += 1
            elif step < state.step:
                path.unlink()
        if not self.options.quiet:
            print(f"step {state.step} of {self.last_step}, epoch {self.epoch(state)}", flush=True)

    def classes(self, side):
        """The class of each picture of a grid, as int64 `[side * side]`."""
        trained = range(len(self.network["class_names"]))
        trained = [n for n in trained if n not in self.network.get("untrained_classes", [])]
        n, places = len(trained), range(side * side)
        return torch.tensor([trained[(at // side if n <= 10 else at) % n] for at in places])

    def draw(self, state):
        """The grid of a step: always the same z, in inference mode."""
        side = 8 if self.labels is None else 10
        z = dcgan_random.grid_latents(self.network, self.settings["seed"], side * side)
        y = None if self.labels is None else self.classes(side)
        with torch.no_grad():
            images = state.generator.eval()(torch.from_numpy(z), y)
        state.generator.train()
        path = self.out / "samples" / f"step-{state.step:08}.png"
        replace(path, png(self.grid(dcgan_torch.to_bytes(self.network, images))))

    def reals(self):
        """Training pictures in the layout of the grids: the first ones of each class."""
        if self.labels is None:
            return self.images[torch.arange(64) % len(self.images)]
        rows, seen = [], {}
        for label in self.classes(10).tolist():
            members = (self.labels == label).nonzero().flatten()
            rows.append(members[seen.setdefault(label, 0) % len(members)])
            seen[label] += 1
        return self.images[torch.stack(rows)]

    @staticmethod
    def grid(pixels):
        """Pictures, uint8 `[N, H, W, C]`, in a square with gaps of two grey pixels."""
        side = math.isqrt(len(pixels))
        _, height, width, channels = pixels.shape
        whole = torch.full((side, height + 2, side, width + 2, channels), 128, dtype=torch.uint8)
        whole[:, :height, :, :width] = pixels.view(side, side, *pixels.shape[1:]).transpose(1, 2)
        return whole.reshape(side * (height + 2), side * (width + 2), channels)[:-2, :-2]

    def finish(self, state):
        """Writes the networks as files of their own; the last checkpoint has all else."""
        files = dict(generator=state.generator, discriminator=state.discriminator)
        files.update({"generator-ema": state.averaged} if state.averaged else {})
        for name, network in files.items():
            network.step, network.dataset_sha256 = state.step, self.dataset_sha256
            dcgan_torch.save(network, self.out / f"{name}.safetensors")
        for path in (self.out / "samples").glob("step-*.png"):
            if not self.draws(int(path.stem[5:])):
                path.unlink()
        print(f"trained {self.last_step} steps, {self.settings['epochs']} epochs: {self.out}")


def asked(words):
    """What dcgan-train would do with these options. Ends as it does, if it would do nothing."""
    here = pathlib.Path(__file__).resolve().parents[1] / "target" / "release"
    places = os.pathsep.join([os.environ.get("DCGAN_BIN_DIR", str(here)), os.environ["PATH"]])
    program = shutil.which("dcgan-train", path=places)
    if program is None:
        raise OSError("dcgan-train: expected the program in DCGAN_BIN_DIR, target/release or PATH")
    if QUESTIONS.intersection(words):
        os.execv(program, [program, *words])
    words = [program, *words, "--dry-run", "--json"]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def require_finite(step, tensors):
    """Ends as dcgan-train does where training diverges, before a checkpoint is written."""
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors):
        print(f"error: training diverged at step {step}", file=sys.stderr)
        sys.exit(4)


def reporting(main):
    """Runs a trainer with the exit codes and one-line errors of our programs."""
    try:
        main()
    except dcgan_torch.FileError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(3)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(5)
    except KeyboardInterrupt:
        print("interrupted: the same command goes on from the newest checkpoint", file=sys.stderr)
        sys.exit(130)
