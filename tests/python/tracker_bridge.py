"""`python/to_mlflow.py` and `python/to_wandb.py` by the real MLflow and W&B, without a network."""

import contextlib
import io
import json
import os
import runpy
import shutil
import sys
import types
from unittest import mock

import bridges
from bridges import ROOT, SMOKE, metrics, program

import dcgan_torch


def trained(folder, epochs):
    """The run `folder`, trained for so many epochs, with scores on the way."""
    folder.mkdir(exist_ok=True)
    data = bridges.dataset("scored", "prepare.validation=70")
    settings = [f"train.epochs={epochs}", "train.score_every=4"]
    settings.append(f"train.classifier={ROOT / 'data/classifier/mnist.safetensors'}")
    words = [word for setting in settings for word in ("--set", setting)]
    program("train", "--pipeline", SMOKE, *words, "--dataset", data, "--out", folder / "train")
    return folder


def expected(run):
    """Figures of each step by name, as the tables of the run have them."""
    steps = {}
    for table in ("metrics.csv", "scores.csv"):
        header, *rows = metrics(run / "train" / table)
        for row in rows:
            cells = {name: float(cell) for name, cell in zip(header, row) if cell}
            steps.setdefault(int(cells.pop("step")), {}).update(cells)
    return steps


class Hand(bridges.Test):
    """What holds for both trackers; each says how it is called and what it has then."""

    def check_hand_over(self):
        run = trained(self.folder / "my run", 1)
        self.hand_over(run)
        self.assertEqual(self.found(run), expected(run))
        self.assertEqual(self.pictures(), {0, 8, 11})
        # Again: nothing new. Longer: what is new, and only that.
        self.hand_over(run)
        self.assertEqual(self.found(run), expected(run))
        trained(run, 2)
        self.hand_over(run)
        self.assertEqual(self.found(run), expected(run))
        self.assertEqual(self.pictures(), {0, 8, 11, 16, 22})

    def check_a_run_under_way(self):
        run = trained(self.folder / "run", 2)
        train = run / "train"
        (train / "manifest.json").unlink()
        (train / "checkpoints" / "step-00000022.safetensors").unlink()
        # Rows behind the newest checkpoint, the last one cut off.
        text = (train / "metrics.csv").read_text()
        (train / "metrics.csv").write_text(text[:-4])
        said = self.hand_over(run)
        self.assertIn("up to step 16, not finished", said)
        until = {step: figures for step, figures in expected(run).items() if step <= 16}
        self.assertEqual(self.found(run), until)
        self.assertEqual(self.pictures(), {0, 8, 16})

    def check_the_step_of_a_signal(self):
        run = trained(self.folder / "run", 1)
        whole = self.folder / "whole"
        shutil.copytree(run, whole)
        # As a signal leaves it: a checkpoint of step 8 without the step's scores and grid.
        train = run / "train"
        for name in ("manifest.json", "checkpoints/step-00000011.safetensors"):
            (train / name).unlink()
        for step in (8, 11):
            (train / f"samples/step-{step:08}.png").unlink()
        path = train / "checkpoints" / "step-00000008.safetensors"
        info, arrays = dcgan_torch.read(path)
        dcgan_torch.write(path, dict(info, on_signal=True), arrays)
        for table, n_rows in (("metrics.csv", 8), ("scores.csv", 1)):
            lines = (train / table).read_text().splitlines(keepends=True)
            (train / table).write_text("".join(lines[: n_rows + 1]))
        self.assertIn("up to step 7, not finished", self.hand_over(run))
        self.assertEqual(self.pictures(), {0})
        # It went on, and did what was due.
        shutil.rmtree(train)
        shutil.copytree(whole / "train", train)
        self.assertIn("up to step 11, finished", self.hand_over(run))
        self.assertEqual(self.found(run), expected(run))
        self.assertEqual(self.pictures(), {0, 8, 11})

    def check_odd_files_are_refused_with_one_line(self):
        run = trained(self.folder / "run", 1)
        rows = (run / "train/metrics.csv").read_bytes()
        lines = rows.splitlines(keepends=True)
        odd_tables = dict(
            binary=rows[:900] + b"\xff" + rows[900:], headless=b"".join(lines[1:]),
            words=rows.replace(b",1,", b",one,", 1), quotes=rows + b'9,"1"2,3\n',
            short=rows + b"12,1\n", long=rows + lines[-1].replace(b"\n", b",1\n"),
        )
        for name, content in odd_tables.items():
            (run / "train/metrics.csv").write_bytes(content)
            self.refused(run, "train/metrics.csv: line ", name)
        (run / "train/metrics.csv").write_bytes(rows)
        for record, words in (
            (b"[1]", "expected an object of JSON, got [1]"), (b"\xff", "expected JSON"),
            (b"{", "expected JSON"), (None, "expected a run's record, got no file"),
        ):
            (run / "train/run.json").unlink()
            if record:
                (run / "train/run.json").write_bytes(record)
            self.refused(run, "train/run.json: " + words)
        self.refused(self.folder / "none", "got no file; give the folder RUN")

    def refused(self, run, words, name=None):
        code = self.script(run).code
        self.assertRegex(str(code), "^error: [^\\n]+$", name)
        self.assertIn(words, code, name)

    def run_script(self, name, *words, **environment):
        """The script `name` as a person starts it, but in this process: importing takes seconds."""
        words = [str(ROOT / "python" / name), *map(str, words)]
        out, code = io.StringIO(), 0
        with (
            mock.patch.object(sys, "argv", words),
            mock.patch.dict(os.environ, environment),
            contextlib.redirect_stdout(out),
        ):
            try:
                runpy.run_path(words[0], run_name="__main__")
            except SystemExit as end:
                code = end.code
        return types.SimpleNamespace(code=code, said=out.getvalue())

    def hand_over(self, run):
        done = self.script(run)
        self.assertEqual(done.code, 0, done.said)
        return done.said


class MLflow(Hand):
    test_hand_over = Hand.check_hand_over
    test_a_run_under_way = Hand.check_a_run_under_way
    test_the_step_of_a_signal = Hand.check_the_step_of_a_signal
    test_odd_files_are_refused_with_one_line = Hand.check_odd_files_are_refused_with_one_line

    def store(self):
        return f"sqlite:///{self.folder}/mlflow.db"

    def script(self, run):
        places = ("--store", self.store(), "--artifacts", self.folder / "artifacts")
        return self.run_script("to_mlflow.py", run, *places)

    def test_settings_are_there_after_a_kill_before_them(self):
        from mlflow import MlflowClient

        run = trained(self.folder / "run", 1)
        with mock.patch.object(MlflowClient, "log_batch", side_effect=KeyboardInterrupt):
            with self.assertRaises(KeyboardInterrupt):
                self.script(run)
        self.assertEqual(self.the_run()[1].data.params, {})
        self.hand_over(run)
        self.assertEqual(self.found(run), expected(run))
        settings = self.the_run()[1].data.params
        self.assertEqual((settings["train.seed"], settings["train.beta1"]), ("0", "0.5"))

    def test_what_mlflow_refuses_is_one_line(self):
        run = trained(self.folder / "run", 1)
        with mock.patch.object(self, "store", lambda: "none://store"):
            self.refused(run, "none://store")

    def the_run(self):
        from mlflow import MlflowClient

        client = MlflowClient(self.store())
        experiment = client.get_experiment_by_name("dcgan")
        (run,) = client.search_runs([experiment.experiment_id])
        return client, run

    def found(self, folder):
        client, run = self.the_run()
        self.assertEqual(run.info.run_name, folder.name)
        self.assertEqual(run.data.params["train.batch_size"], "16")
        is_finished = (folder / "train/manifest.json").exists()
        self.assertEqual(run.info.status, "FINISHED" if is_finished else "RUNNING")
        steps = {}
        for name in run.data.metrics:
            for metric in client.get_metric_history(run.info.run_id, name):
                figures = steps.setdefault(metric.step, {})
                self.assertNotIn(name, figures, "handed over twice")
                figures[name] = metric.value
        for step, figures in steps.items():
            self.assertEqual(figures.pop("step"), step)
        return {step: figures for step, figures in steps.items() if figures}

    def pictures(self):
        client, run = self.the_run()
        paths = [file.path for file in client.list_artifacts(run.info.run_id, "samples")]
        return {int(path[len("samples/step-") : -len(".png")]) for path in paths}


class Wandb(Hand):
    words = ()

    test_hand_over = Hand.check_hand_over
    test_a_run_under_way = Hand.check_a_run_under_way
    test_the_step_of_a_signal = Hand.check_the_step_of_a_signal
    test_odd_files_are_refused_with_one_line = Hand.check_odd_files_are_refused_with_one_line

    def script(self, run):
        homes = ("CACHE", "CONFIG", "DATA")
        homes = {f"WANDB_{name}_DIR": str(self.folder / name) for name in homes}
        homes.update(WANDB_SILENT="true", WANDB_DISABLE_GIT="true")
        places = ("--dir", self.folder, *self.words)
        done = self.run_script("to_wandb.py", run, *places, **homes)
        import wandb

        # As at the end of a process: until then W&B's service may still be writing.
        wandb.teardown(exit_code=0)
        return done

    def test_another_project_or_mode_is_refused(self):
        run = trained(self.folder / "run", 1)
        self.hand_over(run)
        (state,) = self.folder.glob("wandb/dcgan-*.json")
        for words, expected in (
            (("--project", "other"), "handed over with project 'dcgan', not 'other'"),
            (("--online",), "handed over with mode 'offline', not 'online'"),
        ):
            with mock.patch.object(self, "words", words):
                self.refused(run, f"{state}: the run was {expected}; delete this file")
        for odd, expected in (("{", "expected JSON"), ("{}", "expected a number `step`, got None")):
            state.write_text(odd)
            self.refused(run, f"{state}: {expected}")

    def records(self):
        from wandb.proto.wandb_internal_pb2 import Record

        for path in sorted(self.folder.glob("wandb/offline-run-*/*.wandb")):
            for data in log_records(path.read_bytes()):
                record = Record()
                record.ParseFromString(data)
                yield record

    def found(self, folder):
        steps, config, ids, finished = {}, {}, set(), None
        for record in self.records():
            if record.WhichOneof("record_type") == "run":
                ids.add(record.run.run_id)
                self.assertEqual(record.run.display_name, folder.name)
                entries = record.run.config.update
                config.update({entry.key: json.loads(entry.value_json) for entry in entries})
            if record.WhichOneof("record_type") == "summary":
                for item in record.summary.update:
                    if item.key == "finished":
                        finished = json.loads(item.value_json)
            if record.WhichOneof("record_type") == "history":
                items = record.history.item
                figures = {"/".join(item.nested_key) or item.key: item for item in items}
                figures = {name: json.loads(item.value_json) for name, item in figures.items()}
                step = figures["_step"]
                self.assertNotIn(step, steps, "handed over twice")
                names = [name for name in figures if not name.startswith(("_", "samples"))]
                steps[step] = {name: figures[name] for name in names}
        self.assertEqual(len(ids), 1)
        self.assertEqual(config["train.batch_size"], 16)
        self.assertEqual(finished, (folder / "train/manifest.json").exists())
        return {step: figures for step, figures in steps.items() if figures}

    def pictures(self):
        steps = set()
        for record in self.records():
            if record.WhichOneof("record_type") == "history":
                names = [item.key or item.nested_key[0] for item in record.history.item]
                if "samples" in names:
                    (step,) = [json.loads(i.value_json) for i in record.history.item
                               if "_step" in (i.key, *i.nested_key)]
                    steps.add(step)
        media = list(self.folder.glob("wandb/offline-run-*/files/media/images/samples_*.png"))
        self.assertEqual(len(media), len(steps))
        return steps


def log_records(content):
    """The records of a file of W&B: 7 bytes, then LevelDB's log format in blocks of 32 KiB."""
    at, parts = 7, b""
    while at < len(content):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        length, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        parts += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # Whole, or the last part.
            yield parts
            parts = b""


if __name__ == "__main__":
    bridges.main(bridges.tests_of())
