"""Times Pillow on a folder of pictures: decode, crop to the output's ratio, resize, write one file.

Uses `--threads` processes; each takes the next picture when free and writes it to its place."""

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from measure import median_ms, options, report
from PIL import Image, ImageOps

args = options(folder=("", None), side=(64, None))


def convert(task):
    at, path, out = task
    with Image.open(path) as picture:
        picture = ImageOps.exif_transpose(picture).convert("RGB")
        pixels = ImageOps.fit(picture, (args.side, args.side), Image.Resampling.BILINEAR).tobytes()
    with open(out, "r+b") as file:
        file.seek(at * len(pixels))
        file.write(pixels)


def prepare():
    paths = sorted(path for path in Path(args.folder).rglob("*") if path.is_file())
    with tempfile.NamedTemporaryFile() as out, ProcessPoolExecutor(args.threads) as pool:
        tasks = [(at, path, out.name) for at, path in enumerate(paths)]
        for _ in pool.map(convert, tasks, chunksize=16):
            pass
        os.fsync(out.fileno())


if __name__ == "__main__":
    report(median_ms(prepare, repeats=1, warmups=0))
