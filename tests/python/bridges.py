"""What the tests of the bridges share: our programs, runs of the small pipeline, golden files.

    make check-bridges                                       # all of them
    target/bridges/bin/python tests/python/torch_bridge.py   # one

The programs are those of the folder in DCGAN_BIN_DIR, by default target/release. A test that cannot
start one of them, or lacks a package, fails.
"""

import atexit
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("DCGAN_BIN_DIR", ROOT / "target" / "release")).resolve()
GOLDEN = ROOT / "tests" / "golden"
SMOKE = ROOT / "pipelines" / "smoke.yaml"
sys.path.insert(0, str(ROOT / "python"))

folder = pathlib.Path(tempfile.mkdtemp(prefix="dcgan-bridges-"))
atexit.register(shutil.rmtree, folder, ignore_errors=True)


def start(*words, cwd=ROOT, **environment):
    """Runs a command to its end, whatever its exit code; one thread each."""
    environment = dict(os.environ, OMP_NUM_THREADS="1", **environment)
    words = [str(word) for word in words]
    return subprocess.run(words, cwd=cwd, env=environment, text=True, capture_output=True)


def call(*words, **options):
    """Runs a command that must succeed; what it printed."""
    done = start(*words, **options)
    if done.returncode != 0:
        raise AssertionError(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def program(stage, *words, **options):
    """Runs one of ours, which must succeed."""
    return call(BIN / f"dcgan-{stage}", *words, "--quiet", "--threads", "1", **options)


def dataset(name, *settings):
    """A small dataset, made once: the file of `RUN/prepare`."""
    path = folder / name / "prepare"
    words = [word for setting in settings for word in ("--set", setting)]
    program("prepare", "--pipeline", SMOKE, *words, "--out", path)
    return path / "dataset.safetensors"


def metrics(path):
    """The rows of a CSV file, as lists of text, its header first."""
    with open(path, encoding="utf-8") as table:
        return [line.rstrip("\n").split(",") for line in table]


def load_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Test(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))

    def assert_refused(self, expected, function, *arguments):
        """That `function` raises an error whose message has the words `expected`."""
        with self.assertRaises(Exception) as raised:
            function(*arguments)
        self.assertIn(expected, str(raised.exception))


def tests_of(module="__main__"):
    """The tests of a module."""
    return unittest.defaultTestLoader.loadTestsFromName(module)


def main(*suites):
    """Runs these tests; exit code 0 or 1."""
    runner = unittest.TextTestRunner(verbosity=2, warnings="ignore")
    result = runner.run(unittest.TestSuite(suites))
    # A number, no bool: W&B hands the exit code on to its service, which takes nothing else.
    sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)


if __name__ == "__main__":
    started = time.monotonic()
    atexit.register(lambda: print(f"bridges: {time.monotonic() - started:.0f} s"))
    here = pathlib.Path(__file__).resolve().parent
    sys.path.insert(0, str(here))
    main(*(tests_of(path.stem) for path in sorted(here.glob("*_bridge.py"))))
