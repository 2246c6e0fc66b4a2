#!/usr/bin/env bash
# Trains for a time and prints what a leak would increase: resident memory, open handles, threads,
# temporary files.
#
#   tests/soak.sh FOLDER_OF_PROGRAMS SECONDS [PIPELINE]
#
# Exit code 1 if memory at the end is more than 1.05 times that after five minutes (or a twelfth of the
# time, if longer, and not before the first checkpoint, because writing one takes memory), if the
# number of handles has grown, or if a partial file is left.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$1 seconds=$2 pipeline=${3:-pipelines/mnist.yaml}

folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || true; rm -rf "$folder"' EXIT
"$bin/dcgan-prepare" --pipeline "$pipeline" --out "$folder/prepare" --quiet >/dev/null
"$bin/dcgan-train" --pipeline "$pipeline" --set train.epochs=100000 --dataset "$folder/prepare/dataset.safetensors" \
  --out "$folder/train" --quiet >/dev/null &
pid=$!

field() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$pid/status"; }
handles() { find "/proc/$pid/fd" -mindepth 1 | wc -l; }
partial() { find "$folder" -name '.*.partial' | wc -l; }
rows() { wc -l <"$folder/train/metrics.csv" 2>/dev/null || echo 0; }

interval=$((seconds / 20 > 0 ? seconds / 20 : 1))
settled=$((seconds / 12 > 300 ? seconds / 12 : 300))
[ "$settled" -lt "$seconds" ] || settled=$((seconds / 2))
first_rss= first_handles=
printf '%8s %12s %8s %8s %8s %8s\n' seconds resident_kB handles threads partial rows
for ((elapsed = interval; elapsed <= seconds; elapsed += interval)); do
  sleep "$interval"
  kill -0 "$pid" 2>/dev/null || { echo 'error: the training has ended' >&2; exit 1; }
  rss=$(field VmRSS) open=$(handles)
  printf '%8d %12d %8d %8d %8d %8d\n' "$elapsed" "$rss" "$open" "$(field Threads)" "$(partial)" "$(rows)"
  if [ -z "$first_rss" ] && [ "$elapsed" -ge "$settled" ] && compgen -G "$folder/train/checkpoints/step-*" >/dev/null; then
    first_rss=$rss first_handles=$open
  fi
done
[ -n "$first_rss" ] || { echo 'error: no checkpoint came: a longer time is needed' >&2; exit 1; }

kill -TERM "$pid"
code=0
wait "$pid" || code=$?
pid=
left=$(partial)
awk -v first="$first_rss" -v last="$rss" -v handles="$((open - first_handles))" -v left="$left" -v code="$code" 'BEGIN {
  printf "memory x%.3f, handles %+d, partial files left %d, exit code %d\n", last / first, handles, left, code
  # Allow one more handle: a file that is being written.
  exit !(last <= 1.05 * first && handles <= 1 && left == 0 && code == 143)
}'
