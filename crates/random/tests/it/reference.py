"""The algorithm of `dcgan-random` in plain Python: prints the vectors that `vectors.rs` expects.

    python3 crates/random/tests/it/reference.py
"""

import hashlib
import math
import struct


def words(seed, purpose, index, attempt=0):
    text = b"dcgan\0" + purpose.encode() + b"\0" + struct.pack("<QI", seed, attempt)
    key = struct.unpack("<8I", hashlib.sha256(text).digest())
    counter = 0
    while True:
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key]
        start += [counter & 0xFFFFFFFF, counter >> 32, index & 0xFFFFFFFF, index >> 32]
        s = list(start)
        for _ in range(4):
            for a, b, c, d in (
                (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
            ):
                for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                    s[x] = (s[x] + s[y]) & 0xFFFFFFFF
                    s[z] ^= s[x]
                    s[z] = ((s[z] << n) | (s[z] >> (32 - n))) & 0xFFFFFFFF
        yield from ((x + y) & 0xFFFFFFFF for x, y in zip(s, start))
        counter += 1


def uniform(source):
    return (next(source) >> 8) / 2**24


def normals(source):
    while True:
        u, v = uniform(source), uniform(source)
        radius = math.sqrt(-2 * math.log(1 - u))
        for value in (radius * math.cos(math.tau * v), radius * math.sin(math.tau * v)):
            yield struct.unpack("<f", struct.pack("<f", value))[0]


def below(source, n):
    product = next(source) * n
    while product % 2**32 < 2**32 % n:
        product = next(source) * n
    return product >> 32


def permutation(source, n):
    order = list(range(n))
    for last in range(n - 1, 0, -1):
        other = below(source, last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def main():
    u = words(7, "latent", 3)
    print("uniform", [hex(int(uniform(u) * 2**24)) for _ in range(4)])
    u = words(7, "latent", 3, attempt=1)
    print("attempt 1", [hex(int(uniform(u) * 2**24)) for _ in range(4)])
    u = words(2**64 - 1, "batch-order", 2**64 - 1)
    print("extreme", [hex(int(uniform(u) * 2**24)) for _ in range(4)])
    u = words(7, "latent", 3)
    print("uniform_in", [uniform(u) * 2 - 1 for _ in range(4)])
    n = normals(words(0, "generator-weights", 1))
    print("normal", [hex(struct.unpack("<I", struct.pack("<f", next(n)))[0]) for _ in range(6)])
    u = words(0, "bootstrap", 0)
    print("below 10", [below(u, 10) for _ in range(12)])
    u = words(1, "bootstrap", 0)
    print("below 3000000000", [below(u, 3_000_000_000) for _ in range(4)])
    print("permutation 10", permutation(words(0, "batch-order", 1), 10))
    for epoch, n in ((2, 60_000), (1, 1_100_000)):
        packed = struct.pack(f"<{n}I", *permutation(words(0, "batch-order", epoch), n))
        print("permutation", n, hashlib.sha256(packed).hexdigest())
    for purpose in (
        "generator-weights", "discriminator-weights", "batch-order", "latent", "grid-latent",
        "sample-latent", "validation-draw", "synthetic", "classifier", "bootstrap", "augmentation",
        "score-latent", "split",
    ):
        print(purpose, hex(next(words(0, purpose, 0)) >> 8))


if __name__ == "__main__":
    main()
