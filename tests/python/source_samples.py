"""Writes crates/prepare/tests/samples/: small files as the tools of other programs write them.

    python3 -m venv v && v/bin/pip install -r tests/python/requirements-samples.txt
    v/bin/python tests/python/source_samples.py

Run it to add a file; `crates/prepare/tests/it/` reads the committed ones. Value i of an array of
images, in the order [n, height, width, channels], is 7 i mod 256, plus 100 in the test part and 50
in the validation part; label i is i mod 3.
"""

import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/prepare/tests/samples"


def images(n, height, width, channels, first=0):
    values = np.arange(n * height * width * channels) * 7 + first
    return (values % 256).astype(np.uint8).reshape(n, height, width, channels)


def labels(n):
    return np.arange(n) % 3


def arrays():
    """numpy.savez and numpy.save, with the names and shapes of well-known data sets."""
    # MedMNIST: one file, three parts, labels of shape [n, 1].
    np.savez_compressed(
        OUT / "medmnist.npz",
        train_images=images(6, 4, 5, 3),
        train_labels=labels(6)[:, None].astype(np.uint8),
        val_images=images(3, 4, 5, 3, 50),
        val_labels=labels(3)[:, None].astype(np.uint8),
        test_images=images(3, 4, 5, 3, 100),
        test_labels=labels(3)[:, None].astype(np.uint8),
    )
    # Keras's mnist.npz.
    np.savez(
        OUT / "keras.npz",
        x_train=images(6, 4, 5, 1)[..., 0],
        y_train=labels(6).astype(np.uint8),
        x_test=images(3, 4, 5, 1, 100)[..., 0],
        y_test=labels(3).astype(np.uint8),
    )
    # Kuzushiji-49: four files of one nameless array.
    for part, n, first in [("train", 6, 0), ("test", 3, 100)]:
        np.savez_compressed(OUT / f"k49-{part}-imgs.npz", images(n, 4, 5, 1, first)[..., 0])
        np.savez_compressed(OUT / f"k49-{part}-labels.npz", labels(n).astype(np.uint8))
    # Quick, Draw!: a file for each class, rows of the pixels of a square.
    np.save(OUT / "apple.npy", images(4, 4, 4, 1).reshape(4, 16))
    np.save(OUT / "bat.npy", images(3, 4, 4, 1, 100).reshape(3, 16))
    # Floats from 0 to 1, channels first, as PyTorch programs save them.
    first = images(6, 4, 5, 3).transpose(0, 3, 1, 2)
    np.savez(OUT / "floats.npz", images=np.ascontiguousarray(first / np.float32(255)), labels=labels(6))


OUT.mkdir(parents=True, exist_ok=True)
arrays()
for path in OUT.iterdir():
    path.chmod(0o644)
