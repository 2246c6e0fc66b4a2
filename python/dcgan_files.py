"""The files of a run folder that `dcgan_run.py` writes: tables that grow, pictures, the lock.

Needs numpy and a Unix.
"""

import fcntl
import hashlib
import math
import os
import struct
import zlib

from dcgan_torch import FileError


class Table:
    """A table of CSV that grows; a checkpoint knows its length and hash."""

    def __init__(self, path, header=None):
        self.path, self.header = path, header

    def start(self):
        replace(self.path, (",".join(self.header) + "\n").encode())
        return self.open(self.path.read_bytes())

    def resume(self, seen):
        """Behind the rows that a checkpoint saw."""
        rows = self.path.read_bytes() if self.path.exists() else b""
        rows = rows[: seen["bytes"]]
        found = hashlib.sha256(rows).hexdigest()
        if found != seen["sha256"]:
            raise FileError(f"{self.path}: expected {seen['bytes']} bytes of SHA-256 "
                            f"{seen['sha256']}, got {found}")
        return self.open(rows)

    def resume_until(self, step):
        """Behind the row of `step`, which no checkpoint vouches for."""
        head = (",".join(self.header) + "\n").encode()
        if not self.path.exists() or not self.path.read_bytes().startswith(head):
            return self.start()
        lines, kept = self.path.read_bytes().splitlines(keepends=True), 1
        while kept < len(lines) and lines[kept].endswith(b"\n") and number(lines[kept]) <= step:
            kept += 1
        return self.open(b"".join(lines[:kept]))

    def open(self, rows):
        self.file = open(self.path, "r+b")
        self.file.truncate(len(rows))
        self.file.seek(len(rows))
        self.bytes, self.sha256 = len(rows), hashlib.sha256(rows)
        return self

    def append(self, cells):
        row = (",".join(map(str, cells)) + "\n").encode()
        self.file.write(row)
        self.bytes += len(row)
        self.sha256.update(row)

    def flush(self):
        self.file.flush()
        os.fsync(self.file.fileno())
        return dict(bytes=self.bytes, sha256=self.sha256.hexdigest())


def number(line):
    """The number that a row begins with; infinite if it is none."""
    first = line.split(b",")[0]
    return int(first) if first.isdigit() else math.inf


def lock(folder):
    """The lock that dcgan-train takes, too; it ends with this process."""
    file = open(folder / ".lock", "a+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError(f"{folder}: another process is working in it")
    file.truncate(0)
    file.write(str(os.getpid()).encode())
    file.flush()
    return file


def move_aside(folder):
    """To the first free of NAME.old-1, NAME.old-2 and so on."""
    number = 1
    while (to := folder.with_name(f"{folder.name}.old-{number}")).exists():
        number += 1
    folder.rename(to)


def replace(path, content):
    """Writes a file under a temporary name until it is whole."""
    partial = path.with_name(f".{path.name}.partial")
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def png(pixels):
    """A picture, uint8 `[H, W, C]`, as the bytes of a PNG."""
    height, width, channels = pixels.shape
    size = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.numpy().tobytes() for row in pixels)
    chunks = [(b"IHDR", size), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    whole = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
             for kind, data in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(whole)
