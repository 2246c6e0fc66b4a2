"""`examples/dvc` by the real DVC, in a Git repository of its own and without a network."""

import json
import os
import shutil
import sys

import bridges
from bridges import BIN, ROOT, call, metrics


class Dvc(bridges.Test):
    def call(self, *words):
        """Runs a command in the repository as somebody whose home is empty."""
        path = os.pathsep.join([str(BIN), os.path.dirname(sys.executable), os.environ["PATH"]])
        return call(
            *words, cwd=self.project, PATH=path, HOME=str(self.folder), DVC_NO_ANALYTICS="1",
            DVC_SITE_CACHE_DIR=str(self.folder / "site"), GIT_AUTHOR_NAME="a",
            GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b",
        )

    def commit(self):
        self.call("git", "add", "--all")
        self.call("git", "commit", "--quiet", "--message", "x")

    def setUp(self):
        super().setUp()
        self.project = self.folder / "project"
        shutil.copytree(ROOT / "examples" / "dvc", self.project)
        self.call("git", "init", "--quiet")
        self.call("dvc", "init", "--quiet")
        self.commit()
        self.run = self.project / "run"

    def test_stages_run_once_and_experiments_go_on(self):
        said = self.call("dvc", "repro")
        for stage in ("prepare", "train", "sample", "eval"):
            self.assertIn(f"Running stage '{stage}'", said)
            self.assertTrue((self.run / stage / "manifest.json").exists(), stage)
        self.commit()
        self.assertEqual(self.call("git", "status", "--porcelain"), "")
        said = self.call("dvc", "repro")
        self.assertNotIn("Running stage", said)
        self.assertIn("Data and pipelines are up to date.", said)
        # Figures and curves are those of our files.
        shown = json.loads(self.call("dvc", "metrics", "show", "--json"))
        (figures,) = shown[""]["data"].values()
        of_ours = bridges.load_json(self.run / "eval" / "metrics.json")
        for group in ("quality", "pixels"):
            self.assertGreater(len(of_ours[group]), 1)
            self.assertEqual(figures["data"][group], of_ours[group])
        curves = json.loads(self.call("dvc", "plots", "show", "--json"))["data"]
        self.assertEqual(curves.keys(), {"losses", "answers"})
        ((curve,), (header, *rows)) = curves["losses"], metrics(self.run / "train/metrics.csv")
        drawn = curve["content"]["data"]["values"]
        drawn = [point for point in drawn if point["field"] == "d_loss"]
        drawn = [(point["step"], point["dvc_inferred_y_value"]) for point in drawn]
        self.assertEqual(drawn, [(row[0], row[header.index("d_loss")]) for row in rows])
        self.assertEqual(len(rows), 32)
        # More epochs: the training goes on, and what depends on it runs again.
        # What a clock measured is there still only if no step was computed again.
        times = (self.run / "train" / "timing.csv").read_bytes()
        said = self.call("dvc", "exp", "run", "-S", "train.epochs=3")
        self.assertIn("Stage 'prepare' didn't change, skipping", said)
        after = (self.run / "train" / "metrics.csv").read_bytes()
        self.assertEqual(after.count(b"\n"), 49)
        self.assertTrue((self.run / "train" / "timing.csv").read_bytes().startswith(times))
        self.assertIn("epochs: 3", (self.project / "params.yaml").read_text())
        # Another seed: another run, and the old one is kept.
        self.call("dvc", "exp", "run", "-S", "train.seed=1", "-S", "+train.beta1=0.6")
        self.assertEqual((self.run / "train.old-1" / "metrics.csv").read_bytes(), after)
        settings = bridges.load_json(self.run / "train" / "run.json")["train"]
        self.assertEqual((settings["seed"], settings["beta1"]), (1, 0.6))
        shown = self.call("dvc", "exp", "show", "--json")
        self.assertEqual(len(json.loads(shown)[1]["experiments"]), 2)


if __name__ == "__main__":
    bridges.main(bridges.tests_of())
