"""`python/train_torch.py` by the real PyTorch: it takes make's words, writes a run that our
programs take as their own, and computes what dcgan-train computes.

Within a few steps the two differ by rounding alone. Later they need not: Adam moves a weight whose
gradient is nothing but rounding as far as any other, and an activation may fall on the other side
of 0. So what is compared is the state 4 steps after the last common one.
"""

import fcntl
import hashlib
import json
import shutil
import sys

import bridges
import torch
from bridges import BIN, ROOT, SMOKE, call, metrics, program, start

import dcgan_random
import dcgan_torch

TRAINER = ROOT / "python" / "train_torch.py"
# 256 pictures: 8 steps an epoch.
LABELLED = dict(batch_size=32, checkpoint_every=4, keep_checkpoints=0, epochs=1)
# Every setting that changes what is computed, at a value that shows.
UNLABELLED = dict(
    LABELLED, network="unlabelled", depth=2, z_distribution="normal", beta1=0.6, seed=7, ema=0.8,
    learning_rate=1e-3, learning_rate_d=3e-4, learning_rate_half_life=0.5, generator_updates=3,
    label_smoothing=0.1, flip="true", reshuffle="false", moving_averages="with_readouts",
    grid_every=3, log_every=2,
)
SIZES = [f"prepare.synthetic.{side}" for side in ("height=20", "width=26", "channels=3")]


def words(settings):
    return [word for key, value in settings.items() for word in ("--set", f"train.{key}={value}")]


def train(out, settings, data, by=None, *more):
    """Trains in the folder `out`, by `by` or by ours."""
    given = ("--pipeline", SMOKE, *words(settings), "--dataset", data, "--out", out, *more)
    return by(*given) if by else program("train", *given)


def torch_trainer(*given):
    return call(sys.executable, TRAINER, *given, "--quiet")


def spoken(settings, out, data, *more):
    """The exit code of the trainer, and what it said on stderr."""
    given = ("--pipeline", SMOKE, *words(settings), "--dataset", data, "--out", out, *more)
    done = start(sys.executable, TRAINER, *given)
    return done.returncode, done.stderr


def checkpoint(out, step):
    return out / "checkpoints" / f"step-{step:08}.safetensors"


def files(out):
    """Names of the files of a run, but for what only ours has."""
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    return names - {".lock", "manifest.json"}


def contents(out):
    return {name: (out / name).read_bytes() for name in files(out)}


class Trainer(bridges.Test):
    def data(self, settings):
        if settings.get("network") != "unlabelled":
            return bridges.dataset("labelled")
        return bridges.dataset("coloured", *SIZES)

    def assert_close(self, got, expected, step, steps=4):
        """That two runs have the same state at `step`, `steps` steps after the last common one."""
        (info, arrays), (info_of, arrays_of) = (
            dcgan_torch.read(checkpoint(out, step)) for out in (got, expected)
        )
        for key in info.keys() - {"content_sha256", "tables"}:
            self.assertEqual(info[key], info_of[key], key)
        self.assertEqual(info["tables"].keys(), info_of["tables"].keys())
        self.assertEqual(arrays.keys(), arrays_of.keys())
        for name, array in arrays.items():
            worst = float((array - arrays_of[name]).abs().max())
            self.assertLessEqual(worst, self.allowed(name, arrays, steps), name)
        tables = [metrics(out / "metrics.csv") for out in (got, expected)]
        (header, *rows), (header_of, *rows_of) = tables
        self.assertEqual(header, header_of)
        rows, rows_of = ([row for row in table if int(row[0]) <= step] for table in (rows, rows_of))
        self.assertGreater(len(rows), 1)
        self.assertEqual(len(rows), len(rows_of))
        for row, row_of in zip(rows, rows_of):
            for name, cell, cell_of in zip(header, row, row_of):
                self.assertEqual(cell == "", cell_of == "", name)
                if cell:
                    cell, cell_of = float(cell), float(cell_of)
                    self.assertLessEqual(abs(cell - cell_of), 2e-5 * abs(cell_of), (name, row[0]))

    def allowed(self, name, arrays, steps):
        """What rounding may change of an array: a share of its size.

        A layer's bias before batch norm changes nothing but the moving mean behind it, so its
        gradient is rounding alone: Adam moves it by up to a learning rate a step.
        """
        parts = name.split("/")
        norm = parts[-2].replace("_conv", "").replace("_lin", "").replace("_h", "_bn")
        is_lost = parts[-1] in ("bias", "biases") and any(f"/{norm}/" in other for other in arrays)
        if name.startswith("adam/"):
            network = "/".join(parts[:3])
            moments = [array for other, array in arrays.items() if other.startswith(network)]
            return 2e-5 * max(float(array.abs().max()) for array in moments)
        if is_lost or parts[-1] == "moving_mean":
            return 1e-3 * steps
        return 2e-5 * max(0.1, float(arrays[name].abs().max()))

    def check_turns(self, settings):
        data, longer = self.data(settings), dict(settings, epochs=2)
        ours, theirs = self.folder / "ours", self.folder / "torch"
        for out, by in ((ours, None), (theirs, torch_trainer)):
            train(out, settings, data, by)
            for copy in ("on", "turned"):
                shutil.copytree(out, f"{out}-{copy}")
        # From the same seed, each from its own beginning.
        self.assert_close(theirs, ours, 4)
        self.assertEqual(files(theirs), files(ours))
        # Each goes on from what the other left.
        for out, by, other in ((ours, None, torch_trainer), (theirs, torch_trainer, None)):
            on, turned = (out.with_name(f"{out.name}-{name}") for name in ("on", "turned"))
            train(on, longer, data, by)
            train(turned, longer, data, other)
            self.assert_close(turned, on, 12)
            self.assertEqual(files(turned), files(on))
            for table in ("metrics.csv", "histograms.csv"):
                begun = (out / table).read_bytes()
                self.assertTrue((turned / table).read_bytes().startswith(begun), table)

    def test_turns_with_ours_labelled(self):
        self.check_turns(LABELLED)

    def test_turns_with_ours_unlabelled_with_every_setting(self):
        self.check_turns(UNLABELLED)

    def test_pictures_and_histograms_are_those_of_ours(self):
        from PIL import Image

        for settings in (LABELLED, UNLABELLED):
            data, kind = self.data(settings), settings.get("network", "labelled")
            # So little that rounding shows in no pixel.
            settings = dict(settings, learning_rate=1e-9, learning_rate_d=1e-9)
            outs = self.folder / f"{kind}-ours", self.folder / f"{kind}-torch"
            train(outs[0], settings, data)
            train(outs[1], dict(settings), data, torch_trainer)
            for name in ("reals", "step-00000000", "step-00000008"):
                ours, theirs = (Image.open(out / "samples" / f"{name}.png") for out in outs)
                self.assertEqual((ours.mode, ours.size), (theirs.mode, theirs.size))
                differing = [abs(a - b) for a, b in zip(ours.tobytes(), theirs.tobytes()) if a != b]
                # Half grey is on the border of two levels.
                self.assertLessEqual(max(differing, default=0), 1, name)
                self.assertLess(len(differing), len(ours.tobytes()) / 100, name)
            ours, theirs = ((out / "histograms.csv").read_text() for out in outs)
            self.assertEqual(ours, theirs)

    def test_make_takes_it_as_a_trainer_and_our_programs_its_run(self):
        run, data = self.folder / "my run", self.data({})
        (run / "prepare").mkdir(parents=True)
        for path in data.parent.iterdir():
            shutil.copy(path, run / "prepare")
        common = ("make", "--no-print-directory", "PIPELINE=pipelines/smoke.yaml", f"RUN={run}")
        common += (f"TRAIN={sys.executable} python/train_torch.py", "THREADS=1")
        for stage in ("PREPARE", "SAMPLE", "EVAL"):
            common += (f"{stage}={BIN}/dcgan-{stage.lower()}",)
        said = call(*common, "train", "SET=train.seed=3")
        self.assertIn("trained 32 steps, 2 epochs", said)
        call(*common, "sample", "eval")
        self.assertIn("quality", bridges.load_json(run / "eval" / "metrics.json"))
        # Two of its checkpoints were to be kept.
        self.assertEqual({24, 32}, {int(p.stem[5:]) for p in (run / "train/checkpoints").iterdir()})
        # Ours finds nothing left to train and completes the folder; then there is nothing to do.
        before, networks = contents(run / "train"), ("generator", "discriminator")
        networks = [run / "train" / f"{name}.safetensors" for name in networks]
        of_torch = [dcgan_torch.load(path) for path in networks]
        dataset = run / "prepare" / "dataset.safetensors"
        done = json.loads(train(run / "train", dict(seed=3), dataset, None, "--json"))
        self.assertEqual(done["step"], 32)
        after = contents(run / "train")
        differing = {name for name in before if before[name] != after.get(name)}
        # It writes the networks again, with their header in other words.
        self.assertLessEqual(differing, {path.name for path in networks})
        for ours, theirs in zip(map(dcgan_torch.load, networks), of_torch):
            self.assertEqual((ours.network, ours.step), (theirs.network, theirs.step))
            for name, weight in dcgan_torch.names(theirs).items():
                self.assertTrue(torch.equal(dcgan_torch.names(ours)[name], weight), name)
        self.assertTrue((run / "train" / "manifest.json").exists())
        self.assertIn("nothing to do", call(*common, "train", "SET=train.seed=3"))
        call(BIN / "dcgan-eval", "verify", run)
        # FORCE=1 keeps the old run.
        call(*common, "train", "SET=train.seed=3", "FORCE=1")
        self.assertEqual((run / "train.old-1" / "metrics.csv").read_bytes(), before["metrics.csv"])
        self.assertEqual((run / "train" / "metrics.csv").read_bytes(), before["metrics.csv"])

    def test_killed_and_damaged_it_ends_in_the_same_bytes(self):
        settings, data = dict(LABELLED, epochs=2), self.data({})
        whole, out = self.folder / "whole", self.folder / "killed"
        train(whole, settings, data, torch_trainer)
        shutil.copytree(whole, out)
        # As a kill leaves it after step 13, and its newest checkpoint damaged.
        for name in ("generator.safetensors", "discriminator.safetensors"):
            (out / name).unlink()
        checkpoint(out, 16).unlink()
        content = bytearray(checkpoint(out, 12).read_bytes())
        content[-1] ^= 1
        checkpoint(out, 12).write_bytes(content)
        for table in ("metrics.csv", "histograms.csv", "timing.csv"):
            lines = (out / table).read_text().splitlines(keepends=True)
            (out / table).write_text("".join(lines[:14])[:-5] + 9999 * "9")
        code, said = spoken(settings, out, data)
        self.assertEqual(code, 0, said)
        self.assertIn("step-00000012.safetensors: damaged", said)
        self.assertEqual(files(out), files(whole))
        expected, got = contents(whole), contents(out)
        for name in files(whole) - {"timing.csv"}:
            self.assertTrue(got[name] == expected[name], name)
        steps = [row[0] for row in metrics(out / "timing.csv")]
        self.assertEqual(steps, [row[0] for row in metrics(whole / "timing.csv")])

    def test_what_it_cannot_do_is_refused_with_one_line(self):
        data, out = self.data({}), self.folder / "out"
        for setting, value in (("tensorboard", "true"), ("on_divergence", "rollback")):
            code, said = spoken({setting: value}, out, data)
            self.assertEqual((code, said.count("\n")), (2, 1), said)
            self.assertIn(f"error: train.{setting}: expected", said)
            self.assertFalse(out.exists())
        code, said = spoken({"sed": 1}, out, data)
        self.assertEqual((code, "train.seed" in said), (2, True), said)
        train(out, LABELLED, data, torch_trainer)
        code, said = spoken(dict(LABELLED, seed=1), out, data)
        self.assertEqual((code, "train.seed" in said), (2, True), said)
        diverged = self.folder / "diverged"
        shutil.copytree(out, diverged)
        info, arrays = dcgan_torch.read(checkpoint(diverged, 8))
        arrays["generator/g_h3/w"] *= float("nan")
        dcgan_torch.write(checkpoint(diverged, 8), info, arrays)
        code, said = spoken(dict(LABELLED, epochs=2), diverged, data)
        self.assertEqual((code, said), (4, "error: training diverged at step 9\n"))
        (out / "metrics.csv").write_text("step\n")
        code, said = spoken(dict(LABELLED, epochs=2), out, data)
        self.assertEqual((code, said.count("\n")), (3, 1), said)
        self.assertIn("metrics.csv: expected", said)
        info, arrays = dcgan_torch.read(checkpoint(diverged, 8))
        dcgan_torch.write(checkpoint(diverged, 8), dict(info, tables={}), arrays)
        code, said = spoken(dict(LABELLED, epochs=2), diverged, data)
        self.assertEqual((code, said.count("\n")), (3, 1), said)
        self.assertIn("has no length of metrics.csv", said)
        with open(out / ".lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for changed, force in ((dict(epochs=2), ()), (dict(seed=1), ("--force",))):
                code, said = spoken(dict(LABELLED, **changed), out, data, *force)
                self.assertEqual((code, "another process" in said), (5, True), said)
        self.assertTrue(out.exists())
        self.assertFalse(out.with_name("out.old-1").exists())
        self.assertIn("--dataset", call(sys.executable, TRAINER, "--help"))


class Numbers(bridges.Test):
    def test_the_order_of_a_million_pictures(self):
        # The hash is also in `crates/random/tests/it/vectors.rs`.
        order = dcgan_random.epoch_order(0, 1, 1_100_000)
        digest = hashlib.sha256(order.astype("<u4").tobytes()).hexdigest()
        self.assertEqual(digest[:16], "006656c8c3c24901")

    def test_the_order_of_few_pictures(self):
        order = dcgan_random.epoch_order(0, 1, 10).tolist()
        self.assertEqual(order, [3, 5, 0, 9, 2, 7, 4, 1, 8, 6])
        self.assertEqual(dcgan_random.epoch_order(0, 1, 1).tolist(), [0])


if __name__ == "__main__":
    bridges.main(bridges.tests_of())
