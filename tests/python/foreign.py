"""Writes fuzz/corpus/foreign/: images as NumPy and safetensors for Python write them.

    python3 -m venv v && v/bin/pip install numpy safetensors && v/bin/python tests/python/foreign.py

Run it to add a file; the tests read the committed ones. Value i of the images, in the order
[n, height, width, channels], is 7 i mod 256, as `crates/artifacts/tests/it/foreign.rs` expects.
"""

import io
import pathlib
import zipfile

import numpy as np
from safetensors.numpy import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "fuzz/corpus/foreign"
OUT.mkdir(parents=True, exist_ok=True)

colour = (np.arange(4 * 3 * 5 * 3) * 7 % 256).astype(np.uint8).reshape(4, 3, 5, 3)
grey = (np.arange(4 * 3 * 5) * 7 % 256).astype(np.uint8).reshape(4, 3, 5, 1)
labels = np.array([0, 1, 2, 1])
signed = (colour / 127.5 - 1).astype(np.float32)
first = np.ascontiguousarray(colour.transpose(0, 3, 1, 2))

np.savez(OUT / "unnamed.npz", colour)
np.savez(OUT / "pair.npz", colour, labels)
np.savez(OUT / "named.npz", images=grey, labels=labels.astype(np.uint8))
np.savez_compressed(OUT / "compressed.npz", images=signed, labels=labels, names=np.array(["a", "b"]))
np.savez_compressed(OUT / "half.npz", samples=(grey / 255).astype(np.float16), labels=labels[:, None])
np.save(OUT / "first.npy", first)
np.save(OUT / "big-endian.npy", (grey[..., 0] / 255).astype(">f8"))
np.save(OUT / "whole.npy", colour.astype(np.int64))
np.save(OUT / "bytes-as-floats.npy", colour.astype(np.float32))
np.save(OUT / "fortran.npy", np.asfortranarray(colour))
save_file({"images": colour, "labels": labels}, OUT / "int64.safetensors")
save_file({"samples": first.astype(np.float32) / 255}, OUT / "first.safetensors")
# An archive with 64-bit sizes and offsets, as in archives over 4 GiB.
with zipfile.ZipFile(OUT / "wide.npz", "w") as archive:
    buffer = io.BytesIO()
    np.save(buffer, grey)
    limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 1
    with archive.open("images.npy", "w", force_zip64=True) as member:
        member.write(buffer.getvalue())
    archive.close()
    zipfile.ZIP64_LIMIT = limit
wide = bytearray((OUT / "wide.npz").read_bytes())
# The record at the end refers to the 64-bit one for its numbers.
wide[-12:-2] = b"\xff" * 10
(OUT / "wide.npz").write_bytes(wide)
for path in OUT.iterdir():
    path.chmod(0o644)
