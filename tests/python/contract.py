"""Reads and writes the safetensors files between the stages, in plain Python without packages.

The format is described in `crates/artifacts`: one metadata key `dcgan` with JSON, and
`content_sha256` over name, type, shape and data of each array in the order of their names.
"""

import hashlib
import json
import struct

TYPES = {"U8": ("B", 1), "F32": ("f", 4)}


def content_sha256(arrays):
    """Returns the hash that every reader verifies. `arrays`: name -> (type, shape, bytes)."""
    content = hashlib.sha256()
    for name in sorted(arrays):
        kind, shape, data = arrays[name]
        content.update(f"{name}\n{kind}\n{','.join(map(str, shape))}\n".encode())
        content.update(data)
    return content.hexdigest()


def write(path, info, arrays):
    """Writes `arrays` (name -> (type, shape, bytes)) with `info` as metadata."""
    info = dict(info, format=1, content_sha256=content_sha256(arrays))
    header = {"__metadata__": {"dcgan": json.dumps(info, sort_keys=True)}}
    offset = 0
    for name in sorted(arrays):
        kind, shape, data = arrays[name]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(arrays):
            file.write(arrays[name][2])


def read(path):
    """Returns (info, arrays) of a file after verifying its content hash."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    info = json.loads(header.pop("__metadata__")["dcgan"])
    arrays = {
        name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
        for name, entry in header.items()
    }
    assert info["content_sha256"] == content_sha256(arrays), f"{path}: damaged"
    return info, arrays


def floats(values):
    """Returns a list of numbers as float32 bytes."""
    return struct.pack(f"<{len(values)}f", *values)
