#!/usr/bin/env bash
# Prints what tests could not test on this machine, from the rows that they wrote (crates/testkit).
#
#   scripts/untested.sh FILE [NAME...]
#
# Exit code 1 if a test lacked one of the programs NAME, which could have been installed.
set -euo pipefail
file=$1
shift
rows=''
[ ! -e "$file" ] || rows=$(sort -u "$file")
if [ -z "$rows" ]; then
  echo 'every test could test all that it is for'
  exit 0
fi
printf '%s\n' "$rows" | awk -F '\t' '
  { tests[$2]; line[NR] = "  " $3 ": " $4 " (" $2 ")" }
  END {
    for (test in tests) n++
    printf "%d %s could not test all that %s for:\n", n, n == 1 ? "test" : "tests", n == 1 ? "it is" : "they are"
    for (i = 1; i <= NR; i++) print line[i]
  }'
for name; do
  if cut -f 1 <<<"$rows" | grep -qxF -- "$name"; then
    printf 'error: tests lacked %s, which could have been installed\n' "$name" >&2
    exit 1
  fi
done
