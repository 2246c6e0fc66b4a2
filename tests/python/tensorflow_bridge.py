"""Checkpoints of the original program, made by the real TensorFlow.

TensorFlow has an environment of its own, target/tensorflow, in which tensorflow_fixtures.py runs.
"""

import bridges
from bridges import ROOT, call

FIXTURES = ROOT / "crates" / "tensorflow" / "tests" / "fixtures"
PYTHON = ROOT / "target" / "tensorflow" / "bin" / "python"
SCRIPT = ROOT / "tests" / "python" / "tensorflow_fixtures.py"


class Fixtures(bridges.Test):
    """The files that the tests in Rust read."""

    def test_tensorflow_writes_the_same_bytes_again(self):
        call(PYTHON, SCRIPT, self.folder)
        made = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        kept = {path.name: path.read_bytes() for path in FIXTURES.iterdir()}
        self.assertEqual(sorted(made), sorted(kept))
        for name, content in made.items():
            self.assertEqual(content, kept[name], name)

    def test_tensorflow_reads_the_values_that_the_rust_tests_expect(self):
        read = "; ".join([
            "import sys, tensorflow",
            "from tensorflow_fixtures import values",
            "saved = tensorflow.train.load_checkpoint(sys.argv[1])",
            "shapes = saved.get_variable_to_shape_map()",
            "floats = [n for n in shapes if saved.get_variable_to_dtype_map()[n].is_floating]",
            "print(sum((saved.get_tensor(n) == values(n, shapes[n])).all() for n in floats))",
        ])
        for name, n in (("labelled-adam", 92), ("unlabelled", 48), ("unlabelled-2016-05", 54)):
            path = FIXTURES / f"{name}.model-7"
            printed = call(PYTHON, "-c", read, path, PYTHONPATH=str(SCRIPT.parent))
            self.assertEqual(printed.split()[-1], str(n), name)


if __name__ == "__main__":
    bridges.main(bridges.tests_of())
