"""Checkpoints of the original program, made by the real TensorFlow.

TensorFlow has an environment of its own, target/tensorflow, in which tensorflow_fixtures.py runs.
"""

import csv

import bridges
from bridges import GOLDEN, ROOT, call, load_json, program

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

class Conversion(bridges.Test):
    """A golden file's networks, saved by TensorFlow and converted by `dcgan-convert`."""

    def test_converted_networks_compute_what_the_golden_files_have(self):
        tolerances = load_json(GOLDEN / "tolerances.json")
        for name, size, n_variables in (
            ("cond_forward", "28x28", 36),
            ("cond_train", "28x28", 36),
            ("uncond_odd_forward", "22x30", 48),
        ):
            golden = GOLDEN / f"{name}.safetensors"
            saved = self.folder / name
            call(PYTHON, SCRIPT, saved, "--golden", golden)
            for version in ("v1", "v2"):
                out = self.folder / f"{name}-{version}"
                words = ("--from", "tensorflow", "--in", saved / f"{version}-7", "--size", size)
                program("convert", *words, "--report", golden, "--out", out)
                with open(out / "report.csv", encoding="utf-8") as table:
                    rows = list(csv.DictReader(table))
                differences = {row["name"]: float(row["largest_difference"]) for row in rows}
                is_variable = lambda name: "param/" in name or "moving/" in name
                variables = [name for name in differences if is_variable(name)]
                self.assertEqual(len(variables), n_variables)
                self.assertGreater(len(differences), n_variables)
                for tensor, difference in differences.items():
                    known = tolerances[name].get(tensor)
                    most = 0 if is_variable(tensor) else known["tol"]
                    self.assertLessEqual(difference, most, f"{name}, {version}: {tensor}")
                model = out / "generator.safetensors"
                program("sample", "--model", model, "--n", "3", "--out", out / "sample")


if __name__ == "__main__":
    bridges.main(bridges.tests_of())
