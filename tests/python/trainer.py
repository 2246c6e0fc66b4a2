"""A trainer in another language that learns nothing: writes random weights as a checkpoint."""

import argparse
import math
import os
import random

import contract

Z, GF, DF, GFC, DFC = 8, 4, 4, 16, 16

parser = argparse.ArgumentParser()
parser.add_argument("--dataset", required=True)
parser.add_argument("--out", required=True)
options = parser.parse_known_args()[0]

dataset, _ = contract.read(options.dataset)
height, width, colours = dataset["height"], dataset["width"], dataset["channels"]
labels = len(dataset["class_names"])
small = height // 4 * (width // 4)

shapes = {
    "generator/g_h0_lin/Matrix": [Z + labels, GFC], "generator/g_h0_lin/bias": [GFC],
    "generator/g_h1_lin/Matrix": [GFC + labels, small * 2 * GF], "generator/g_h1_lin/bias": [small * 2 * GF],
    "generator/g_h2/w": [5, 5, 2 * GF, 2 * GF + labels], "generator/g_h2/biases": [2 * GF],
    "generator/g_h3/w": [5, 5, colours, 2 * GF + labels], "generator/g_h3/biases": [colours],
    "discriminator/d_h0_conv/w": [5, 5, colours + labels, colours + labels],
    "discriminator/d_h0_conv/biases": [colours + labels],
    "discriminator/d_h1_conv/w": [5, 5, colours + 2 * labels, DF + labels],
    "discriminator/d_h1_conv/biases": [DF + labels],
    "discriminator/d_h2_lin/Matrix": [small * (DF + labels) + labels, DFC], "discriminator/d_h2_lin/bias": [DFC],
    "discriminator/d_h3_lin/Matrix": [DFC + labels, 1], "discriminator/d_h3_lin/bias": [1],
}
norms = {
    "generator/g_bn0": GFC, "generator/g_bn1": small * 2 * GF, "generator/g_bn2": 2 * GF,
    "discriminator/d_bn1": DF + labels, "discriminator/d_bn2": DFC,
}
for name, size in norms.items():
    shapes.update({f"{name}/{vector}": [size] for vector in ("beta", "gamma", "moving_mean", "moving_variance")})

draw = random.Random(1)
arrays = {}
for name, shape in shapes.items():
    size = math.prod(shape)
    if name.endswith(("Matrix", "/w")):
        values = [draw.gauss(0.0, 0.1) for _ in range(size)]
    else:
        values = [1.0 if name.endswith(("gamma", "moving_variance")) else 0.0] * size
    arrays[name] = ("F32", shape, contract.floats(values))
    if not name.endswith(("moving_mean", "moving_variance")):
        for moment in "mv":
            arrays[f"adam/{moment}/{name}"] = ("F32", shape, contract.floats([0.0] * size))

network = dict(kind="labelled", height=height, width=width, channels=colours, class_names=dataset["class_names"],
               z_dim=Z, z_distribution="uniform", gf_dim=GF, df_dim=DF, gfc_dim=GFC, dfc_dim=DFC)
info = dict(kind="checkpoint", network=network, step=1, epoch=1, seed=0, adam_steps_d=0, adam_steps_g=0, attempt=0,
            best=None, dataset_sha256=dataset["content_sha256"], tables={}, on_signal=False)
os.makedirs(os.path.join(options.out, "checkpoints"), exist_ok=True)
contract.write(os.path.join(options.out, "checkpoints", "step-00000001.safetensors"), info, arrays)
with open(os.path.join(options.out, "metrics.csv"), "w", encoding="utf-8") as table:
    table.write("step,epoch,d_loss\n1,1,1.386\n")
