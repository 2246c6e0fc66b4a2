"""A preparer in another language: writes `dataset.safetensors` with bright and dark squares."""

import argparse
import os
import random

import contract

parser = argparse.ArgumentParser()
parser.add_argument("--out", required=True)
out = parser.parse_known_args()[0].out

draw = random.Random(1)
arrays = {}
for part, count in (("train", 64), ("test", 64)):
    labels = bytes(index % 2 for index in range(count))
    images = bytes(draw.randrange(128) + 127 * label for label in labels for _ in range(28 * 28))
    arrays[f"{part}/images"] = ("U8", [count, 28, 28, 1], images)
    arrays[f"{part}/labels"] = ("U8", [count], labels)
os.makedirs(out, exist_ok=True)
info = dict(kind="dataset", name="squares", class_names=["dark", "bright"], height=28, width=28, channels=1, sources=[])
contract.write(os.path.join(out, "dataset.safetensors"), info, arrays)
