#!/usr/bin/env bash
# Runs fuzz targets in turn, each for SECONDS, and prints a row for each.
#
#   fuzz/run.sh SECONDS [TARGET...]
#
# Exit code 1 if there is a finding; its bytes are then in fuzz/artifacts/TARGET. FUZZ_TIMEOUT: wall
# seconds that one input may take, by default 10; use more on a busy machine.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1
shift
timeout=${FUZZ_TIMEOUT:-10}
if [ $# -eq 0 ]; then
  mapfile -t all < <(cargo fuzz list --fuzz-dir fuzz)
  set -- "${all[@]}"
fi
# Instrumentation is unstable; this enables it in a stable compiler.
export RUSTC_BOOTSTRAP=1
# Readers read a file about a thousand times a second.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# Speed doesn't matter here: one thread.
export RAYON_NUM_THREADS=1

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
printf '%-12s %8s %12s %10s %9s %9s\n' target seconds executions per_second coverage findings
for target; do
  cargo fuzz build --fuzz-dir fuzz "$target" >"$log" 2>&1 || { cat "$log" >&2; exit 2; }
  mkdir -p "fuzz/found/$target" "fuzz/artifacts/$target"
  before=$(find "fuzz/artifacts/$target" -type f | wc -l)
  options=(-max_total_time="$seconds" -max_len=4096 -timeout="$timeout" -report_slow_units="$timeout" -rss_limit_mb=1024 -malloc_limit_mb=64 -print_final_stats=1)
  [ ! -f "fuzz/dict/$target.dict" ] || options+=(-dict="fuzz/dict/$target.dict")
  cargo fuzz run --fuzz-dir fuzz "$target" "fuzz/found/$target" "fuzz/corpus/$target" -- "${options[@]}" >"$log" 2>&1 || true
  found=$(($(find "fuzz/artifacts/$target" -type f | wc -l) - before))
  awk -v target="$target" -v found="$found" '
    /^stat::number_of_executed_units:/ { runs = $2 }
    /^stat::average_exec_per_sec:/ { rate = $2 }
    /cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") coverage = $(i + 1) }
    /^Done / { seconds = $5 }
    END { printf "%-12s %8d %12d %10d %9d %9d\n", target, seconds, runs, rate, coverage, found }' "$log"
  if [ "$found" -gt 0 ]; then failed=1; tail -n 40 "$log" >&2; fi
done
exit "$failed"
