"""Makes the checkpoints in crates/tensorflow/tests/fixtures with TensorFlow.

    python tests/python/tensorflow_fixtures.py FOLDER                    # all fixtures
    python tests/python/tensorflow_fixtures.py FOLDER --golden FILE      # one of a golden file

Each has the variables of a small network under the names of one version of the original program. A
value is a function of its variable's name and its index (`values`), which the Rust tests repeat.
Needs the packages of tests/python/requirements-tensorflow.txt.
"""

import argparse
import json
import os
import pathlib
import struct

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
V1, V2 = v1.train.SaverDef.V1, v1.train.SaverDef.V2
STEP = 7


def values(name, shape):
    """Multiples of 1/64 from -2 to 2, exact in float32."""
    offset = sum(name.encode())
    return (((np.arange(np.prod(shape, dtype=int)) * 7 + offset) % 251 - 125) / 64).reshape(shape)


def labelled():
    """8x8x1, 3 classes, z 5, gf 4, df 3, gfc 6, dfc 5: variables without a scope, with shapes."""
    y, z, gf, df, gfc, dfc = 3, 5, 4, 3, 6, 5
    flat = 2 * 2 * 2 * gf
    return {
        **linear("g_h0_lin", z + y, gfc), **norm("g_bn0", gfc),
        **linear("g_h1_lin", gfc + y, flat), **norm("g_bn1", flat),
        **kernel("g_h2", 2 * gf, 2 * gf + y, 2 * gf), **norm("g_bn2", 2 * gf),
        **kernel("g_h3", 1, 2 * gf + y, 1),
        **kernel("d_h0_conv", 1 + y, 1 + y, 1 + y),
        **kernel("d_h1_conv", 1 + 2 * y, df + y, df + y), **norm("d_bn1", df + y),
        **linear("d_h2_lin", 2 * 2 * (df + y) + y, dfc), **norm("d_bn2", dfc),
        **linear("d_h3_lin", dfc + y, 1),
    }


def unlabelled(last="d_h4_lin"):
    """22x30x3, z 4, gf 1, df 1: the smallest map is 2x2."""
    z, f, flat = 4, 1, 2 * 2
    return {
        **linear("g_h0_lin", z, flat * 8 * f), **norm("g_bn0", 8 * f),
        **kernel("g_h1", 4 * f, 8 * f, 4 * f), **norm("g_bn1", 4 * f),
        **kernel("g_h2", 2 * f, 4 * f, 2 * f), **norm("g_bn2", 2 * f),
        **kernel("g_h3", f, 2 * f, f), **norm("g_bn3", f),
        **kernel("g_h4", 3, f, 3),
        **kernel("d_h0_conv", 3, f, f),
        **kernel("d_h1_conv", f, 2 * f, 2 * f), **norm("d_bn1", 2 * f),
        **kernel("d_h2_conv", 2 * f, 4 * f, 4 * f), **norm("d_bn2", 4 * f),
        **kernel("d_h3_conv", 4 * f, 8 * f, 8 * f), **norm("d_bn3", 8 * f),
        **linear(last, flat * 8 * f, 1),
    }


def linear(name, inputs, outputs):
    return {f"{name}/Matrix": (inputs, outputs), f"{name}/bias": (outputs,)}


def kernel(name, third, fourth, outputs):
    return {f"{name}/w": (5, 5, third, fourth), f"{name}/biases": (outputs,)}


def norm(name, size):
    return {f"{name}/{of}": (size,) for of in ("beta", "gamma", "moving_mean", "moving_variance")}


def scoped(variables):
    """Since 2016-12-21 each network has a scope."""
    scope = {"g": "generator", "d": "discriminator"}
    return {f"{scope[name[0]]}/{name}": shape for name, shape in variables.items()}


def without(endings, variables):
    return {name: shape for name, shape in variables.items() if not name.endswith(endings)}


def save(prefix, variables, version, sharded=False, extras=()):
    """A checkpoint of `variables` (names to shapes or arrays) as `tf.train.Saver` writes it.

    `extras` makes more variables in the same graph."""
    graph = tf.Graph()
    shards = 2 if sharded else 1
    with graph.as_default():
        made = []
        for number, (name, given) in enumerate(variables.items()):
            array = given if isinstance(given, np.ndarray) else values(name, given)
            with tf.device(f"/cpu:{number % shards}"):
                value = v1.constant_initializer(array)
                made.append(v1.get_variable(name, array.shape, tf.float32, value))
        for extra in extras:
            extra(made)
        saver = v1.train.Saver(write_version=version, sharded=sharded)
        devices = v1.ConfigProto(device_count={"CPU": shards})
        with v1.Session(graph=graph, config=devices) as session:
            session.run(v1.global_variables_initializer())
            for variable in v1.global_variables():
                if variable.dtype.base_dtype == tf.float32 and variable not in made:
                    name = variable.name.removesuffix(":0")
                    variable.load(values(name, variable.shape.as_list()), session)
            return saver.save(
                session, str(prefix), global_step=STEP, write_meta_graph=False, write_state=False)


def optimisers(made):
    """The slots of two Adam optimisers, and a step counter that is no float."""
    for scope, beta in (("d", 0.5), ("g", 0.5)):
        of_network = [v for v in made if v.name.split("/")[-2].startswith(scope + "_")]
        weights = [v for v in of_network if "moving_" not in v.name]
        loss = tf.add_n([tf.reduce_sum(weight) for weight in weights])
        v1.train.AdamOptimizer(2e-4, beta1=beta).minimize(loss, var_list=weights)
    v1.get_variable("global_step", (), tf.int64, v1.zeros_initializer())


def averages(made):
    """Batch norm's averages as until 2016-12-03: of the moments, named after their operations."""
    for beta in [v for v in made if v.name.endswith("/beta:0")]:
        name, size = beta.name.split("/")[-2], beta.shape[0]
        # The discriminator is built twice, for real and generated images.
        for _ in range(2 if name.startswith("d_") else 1):
            ema = v1.train.ExponentialMovingAverage(decay=0.9)
            with v1.variable_scope(name):
                maps = tf.constant(values(name, (2, 2, 2, size)), tf.float32)
                mean, variance = v1.nn.moments(maps, [0, 1, 2], name="moments")
                with tf.control_dependencies([ema.apply([mean, variance])]):
                    tf.identity(mean)


def unnamed(made):
    """Statistics of the last batch, which the program of 2016-01-02 kept without a name."""
    for beta in [v for v in made if v.name.endswith("/beta:0")]:
        with v1.variable_scope(beta.name.split("/")[-2]):
            for _ in range(2):
                tf.Variable(tf.zeros(beta.shape), trainable=False)


def in_parts(made):
    """A variable in two parts, as the original program has none."""
    first = v1.fixed_size_partitioner(2)
    v1.get_variable("parts", (4, 3), tf.float32, v1.zeros_initializer(), partitioner=first)


def of_golden(path):
    """The weights and averages of a golden file, or the last state of one with a training."""
    data = path.read_bytes()
    length, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    info = json.loads(header.pop("__metadata__")["info"])
    state = f"after{max(info['states'])}/" if "states" in info else ""
    arrays = {}
    for name, entry in header.items():
        for start in (f"{state}param/", f"{state}moving/"):
            if name.startswith(start):
                begin, end = entry["data_offsets"]
                flat = np.frombuffer(data[8 + length + begin:8 + length + end], "<f4")
                arrays[name[len(start):]] = flat.reshape(entry["shape"])
    return arrays


def fixtures(folder):
    plain, oldest = labelled(), unlabelled(last="d_h3_lin")
    moving = ("/moving_mean", "/moving_variance")
    save(folder / "labelled-2016-12-03.model", plain, V1)
    save(folder / "labelled-adam.model", scoped(plain), V1, extras=[optimisers])
    save(folder / "labelled.model", scoped(plain), V2)
    save(folder / "unlabelled.model", scoped(unlabelled()), V2, sharded=True)
    save(folder / "unlabelled-d_h3_lin.model", scoped(oldest), V1, sharded=True)
    save(folder / "unlabelled-2016-05.model", without(moving, oldest), V1, extras=[averages])
    no_biases = without(moving + ("bias", "biases"), oldest)
    save(folder / "unlabelled-2016-01.model", no_biases, V1, extras=[unnamed])
    save(folder / "parts-v1.model", {"whole": (2, 3)}, V1, extras=[in_parts])
    save(folder / "parts-v2.model", {"whole": (2, 3)}, V2, extras=[in_parts])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="where the checkpoints go")
    parser.add_argument("--golden", type=pathlib.Path, help="save the network of this file instead")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.golden:
        for version, name in ((V1, "v1"), (V2, "v2")):
            save(arguments.folder / name, of_golden(arguments.golden), version)
    else:
        fixtures(arguments.folder)


if __name__ == "__main__":
    main()
