"""The random numbers of dcgan, in numpy: the same z for the same seed in any framework.

    import torch, dcgan_random, dcgan_torch

    generator = dcgan_torch.load("generator.safetensors")
    z = dcgan_random.sample_latents(generator.network, seed=0, n=20)
    images = generator(torch.from_numpy(z), torch.arange(20) % 10)     # dcgan-sample --n 20

Every number is a function of a seed, a purpose and an index: the picture, step or epoch that it is
for. `network` is the description of the networks in the metadata of their files; its keys `z_dim`
and `z_distribution` are looked at. Seeds and indices are whole numbers from 0 to 2^64 - 1.
"""

import hashlib
import itertools
import math

import numpy as np

# Words that a stream draws at a time, a multiple of 16.
PART = 1 << 14


def sample_latents(network, seed, n, first=0):
    """z, float32 `[n, Z]`, of images `first` to `first + n - 1` of `dcgan-sample --seeds SEED`."""
    rows = range(first, first + n)
    z = [draw(network, seed, "sample-latent", row, network["z_dim"]) for row in rows]
    return np.array(z, np.float32).reshape(n, network["z_dim"])


def step_latents(network, seed, step, n, attempt=0):
    """z, float32 `[n, Z]`, of a step of training; `attempt` counts the roll-backs before it."""
    z_dim = network["z_dim"]
    return draw(network, seed, "latent", step, n * z_dim, attempt).reshape(n, z_dim)


def grid_latents(network, seed, n):
    """z, float32 `[n, Z]`, of the sample grids of a training."""
    z = [draw(network, seed, "grid-latent", row, network["z_dim"]) for row in range(n)]
    return np.array(z, np.float32).reshape(n, network["z_dim"])


def epoch_order(seed, epoch, n, attempt=0):
    """The order of the n training pictures in an epoch, a permutation of 0 to n - 1 as int64 `[n]`.

    Fisher and Yates, from the end; each number by Lemire (2019), which rejects about one draw in
    2^32 / n.
    """
    order, drawn = list(range(n)), stream(seed, "batch-order", epoch, attempt)
    for last in range(n - 1, 0, -1):
        product = next(drawn) * (last + 1)
        while product % 2**32 < 2**32 % (last + 1):
            product = next(drawn) * (last + 1)
        other = product >> 32
        order[last], order[other] = order[other], order[last]
    return np.array(order, np.int64)


def flips(seed, step, n, attempt=0):
    """Which of the n pictures of a step are mirrored with `train.flip`, bool `[n]`."""
    return words(seed, "augmentation", step, n, attempt) >= 2**31


def initial_weight(seed, scope, index, shape, is_truncated):
    """Weight number `index` of the network `scope` before training, float32 in a file's layout.

    Weights and biases are numbered together in the order of the layers. Each is normal with the
    deviation 0.02; truncated ones have no number beyond two deviations.
    """
    n, normal = math.prod(shape), dict(z_distribution="normal")
    # A twentieth is cut; what is drawn again goes on in the same stream.
    values, drawn = np.empty(0, np.float32), n + n // 8 + 64
    while len(values) < n:
        values = draw(normal, seed, f"{scope}-weights", index, drawn)
        values = values[np.abs(values) <= 2] if is_truncated else values
        drawn *= 2
    return (np.float32(0.02) * values[:n]).reshape(shape)


def draw(network, seed, purpose, index, n, attempt=0):
    """n numbers, float32 `[n]`, in the distribution of the network's z."""
    even = n + n % 2
    uniform = (words(seed, purpose, index, even, attempt) >> np.uint32(8)).astype(np.float32)
    uniform *= np.float32(2**-24)
    distribution = network["z_distribution"]
    if distribution == "uniform":
        return uniform[:n] * np.float32(2) - np.float32(1)
    if distribution == "uniform_0_1":
        return uniform[:n]
    if distribution == "normal":
        # Box and Muller (1958), in float64 and rounded once.
        u, v = uniform.astype(np.float64).reshape(-1, 2).T
        radius, angle = np.sqrt(-2 * np.log(1 - u)), math.tau * v
        pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
        return pairs.astype(np.float32).reshape(-1)[:n]
    expected = "uniform, uniform_0_1 or normal"
    raise ValueError(f"z_distribution: expected {expected}, got {distribution!r}")


def stream(seed, purpose, index, attempt=0):
    """The words of a stream as whole numbers, without an end."""
    for part in itertools.count():
        yield from words(seed, purpose, index, PART, attempt, part * PART).tolist()


def words(seed, purpose, index, n, attempt=0, first=0):
    """n words, uint32 `[n]`, of a stream from word `first`, a multiple of 16.

    A stream is ChaCha8 (Bernstein 2008) with a hashed key.
    """
    key = b"dcgan\0" + purpose.encode() + b"\0" + seed.to_bytes(8, "little")
    key = hashlib.sha256(key + attempt.to_bytes(4, "little")).digest()
    blocks = -(-n // 16)
    state = np.zeros((16, blocks), np.uint32)
    state[:4] = np.frombuffer(b"expand 32-byte k", "<u4")[:, None]
    state[4:12] = np.frombuffer(key, "<u4")[:, None]
    state[12] = np.arange(first // 16, first // 16 + blocks)
    state[14:] = np.frombuffer(index.to_bytes(8, "little"), "<u4")[:, None]
    x = state.copy()
    columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for a, b, c, d in 4 * (columns + diagonals):
        for to, add, into, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[to] += x[add]
            x[into] ^= x[to]
            x[into] = (x[into] << np.uint32(turn)) | (x[into] >> np.uint32(32 - turn))
    return (x + state).T.reshape(-1)[:n]
