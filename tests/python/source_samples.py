"""Writes crates/prepare/tests/samples/: small files as the tools of other programs write them.

    python3 -m venv v && v/bin/pip install -r tests/python/requirements-samples.txt
    v/bin/python tests/python/source_samples.py

It writes seeds for fuzzing, too. Run it to add a file; `crates/prepare/tests/it/` reads the committed
ones. Value i of an array of images, in the order [n, height, width, channels], is
7 i + i // 256 mod 256, plus 100 in the test part and 50 in the validation part; label i is i mod 3.
"""

import gzip
import io
import json
import pathlib
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import webdataset
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/prepare/tests/samples"


def images(n, height, width, channels, first=0):
    places = np.arange(n * height * width * channels)
    values = places * 7 + places // 256 + first
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


def tables():
    """pandas.DataFrame.to_csv: Kaggle's digits, without a heading, and with labels in words."""
    pixels = pd.DataFrame(images(6, 4, 4, 1).reshape(6, 16), columns=[f"pixel{i}" for i in range(16)])
    pixels.insert(0, "label", labels(6))
    pixels.to_csv(OUT / "kaggle.csv", index=False)
    test = pd.DataFrame(images(3, 4, 4, 1, 100).reshape(3, 16))
    test.insert(16, "label", labels(3))
    test.to_csv(OUT / "last.csv.gz", index=False, header=False, compression={"method": "gzip", "mtime": 0})
    words = pd.DataFrame(images(6, 2, 3, 3).reshape(6, 18))
    words.insert(5, "class", np.array(["cat", "ant", "bee"])[labels(6)])
    words.to_csv(OUT / "words.csv", index=False, sep=";")


def cifar():
    """The binary batches, in a tar.gz as they are published."""
    ten = images(6, 32, 32, 3).transpose(0, 3, 1, 2)
    one = [bytes([label]) + image.tobytes() for label, image in zip(labels(6), ten)]
    test = images(3, 32, 32, 3, 100).transpose(0, 3, 1, 2)
    of_test = [bytes([label]) + image.tobytes() for label, image in zip(labels(3), test)]
    archive(
        "cifar-10-binary.tar.gz",
        {
            "cifar-10-batches-bin/data_batch_2.bin": b"".join(one[3:]),
            "cifar-10-batches-bin/data_batch_1.bin": b"".join(one[:3]),
            "cifar-10-batches-bin/test_batch.bin": b"".join(of_test),
            "cifar-10-batches-bin/batches.meta.txt": b"airplane\nautomobile\nbird\n\n",
            "cifar-10-batches-bin/readme.html": b"<html></html>\n",
        },
    )
    two = [bytes([1 - label % 2, label]) + image.tobytes() for label, image in zip(labels(6), ten)]
    archive(
        "cifar-100-binary.tar.gz",
        {
            "cifar-100-binary/train.bin": b"".join(two),
            "cifar-100-binary/test.bin": b"".join(two[:3]),
            "cifar-100-binary/fine_label_names.txt": b"apple\naquarium_fish\nbaby\n",
            "cifar-100-binary/coarse_label_names.txt": b"aquatic_mammals\nfish\n",
        },
    )


def png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="png")
    return buffer.getvalue()


def stylegan():
    """A ZIP archive as StyleGAN's dataset_tool.py writes it, and one deflated, with a folder per class."""
    pictures = [png(image) for image in images(6, 8, 8, 3)]
    names = [f"00000/img{i:08d}.png" for i in range(6)]
    rows = [[name, int(label)] for name, label in zip(names, labels(6))]
    with zipfile.ZipFile(OUT / "stylegan.zip", "w", zipfile.ZIP_STORED) as packed:
        for name, picture in zip(names, pictures):
            write(packed, name, picture)
        write(packed, "dataset.json", json.dumps({"labels": rows}).encode())
    with zipfile.ZipFile(OUT / "folders.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        write(packed, "cats/", b"")
        for i, picture in enumerate(pictures):
            write(packed, f"{['cats', 'dogs'][i % 2]}/{i}.png", picture)
        write(packed, "__MACOSX/cats/._0.png", b"Mac OS X")


def write(packed, name, content):
    entry = zipfile.ZipInfo(name)
    entry.compress_type = packed.compression
    packed.writestr(entry, content)


def shards():
    """Two shards of a WebDataset."""
    pictures = list(zip(images(6, 8, 8, 3), labels(6)))
    for shard in range(2):
        path = OUT / f"shard-{shard:06d}.tar"
        with webdataset.TarWriter(str(path), mtime=0, user="", group="") as sink:
            for i in range(3 * shard, 3 * shard + 3):
                image, label = pictures[i]
                sink.write({"__key__": f"sample{i:06d}", "png": png(image), "cls": int(label)})


def parquet():
    """Tables as the library datasets writes them, and with other versions and compressions."""
    pictures = [{"bytes": png(image), "path": f"{i}.png"} for i, image in enumerate(images(6, 8, 8, 3))]
    features = {"image": {"_type": "Image"}, "label": {"names": ["ant", "cat", "bee"], "_type": "ClassLabel"}}
    info = {"huggingface": json.dumps({"info": {"features": features}})}
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = [pa.array(pictures, kind), pa.array(labels(6))]
    table = pa.table(columns, names=["image", "label"]).replace_schema_metadata(info)
    pq.write_table(table, OUT / "huggingface.parquet", row_group_size=4)
    # Bytes alone, a null, words for labels, pages of the second version.
    content = [picture["bytes"] for picture in pictures]
    words = ["cat", "ant", "bee", "cat", "ant", None]
    columns = [pa.array([content[0], None, *content[2:]], pa.binary()), pa.array(words)]
    table = pa.table(columns, names=["picture", "kind"])
    pq.write_table(table, OUT / "words.parquet", data_page_version="2.0", compression="gzip", use_dictionary=False)
    pq.write_table(table, OUT / "zstd.parquet", compression="zstd")


def archive(name, files):
    with gzip.GzipFile(OUT / name, "wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


OUT.mkdir(parents=True, exist_ok=True)
arrays()
tables()
cifar()
stylegan()
shards()
parquet()
for path in OUT.iterdir():
    path.chmod(0o644)
SEEDS = {
    "pixels": ["kaggle.csv", "last.csv.gz", "words.csv"],
    "cifar": ["cifar-10-binary.tar.gz", "cifar-100-binary.tar.gz"],
    "parquet": ["huggingface.parquet", "words.parquet"],
    "archive": ["stylegan.zip", "folders.zip", "shard-000000.tar"],
}
for target, names in SEEDS.items():
    folder = OUT.parents[3] / "fuzz/corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes((OUT / name).read_bytes())
