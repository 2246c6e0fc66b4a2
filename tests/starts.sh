#!/usr/bin/env bash
# Draws 10,000 images with 100 starts of dcgan-sample, 100 images of one seed each, and again in one
# start: the images must be the same, and no start may leave files other than its results.
#
#   tests/starts.sh FOLDER_OF_PROGRAMS MODEL
set -euo pipefail
bin=$1 model=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
before=$(date +%s.%N)
for seed in {0..99}; do
  "$bin/dcgan-sample" --model "$model" --seeds "$seed" --n 100 --out "$folder/$seed" --quiet >/dev/null
done
between=$(date +%s.%N)
"$bin/dcgan-sample" --model "$model" --seeds 0-99 --n 100 --out "$folder/once" --quiet >/dev/null
after=$(date +%s.%N)
python3 - "$folder" "$before" "$between" "$after" <<'PYTHON'
import json, pathlib, struct, sys

folder = pathlib.Path(sys.argv[1])
before, between, after = map(float, sys.argv[2:])


def images(name):
    file = (folder / name / "samples.safetensors").read_bytes()
    data = 8 + struct.unpack("<Q", file[:8])[0]
    entry = json.loads(file[8:data])["images"]
    start, end = entry["data_offsets"]
    return entry["shape"][0], file[data + start : data + end]


starts = [images(str(seed)) for seed in range(100)]
n, once = images("once")
left = {path.name for path in folder.rglob("*") if path.is_file()} - {"samples.safetensors", "grid.png", "manifest.json", ".lock"}
same = b"".join(start for _, start in starts) == once
print(f"{sum(count for count, _ in starts)} images by 100 starts in {between - before:.1f} s, {n} by one in {after - between:.1f} s: "
      f"{'the same' if same else 'they differ'}, other files left: {sorted(left) or 'none'}")
sys.exit(0 if same and not left and n == 10_000 else 1)
PYTHON
