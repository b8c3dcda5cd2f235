#!/bin/sh
# Draws cases of the conformance list that have a test, by a seed: draw.sh [seed] [count].
# The order is that of a hash of seed and case, so that a new case changes little of an old draw.
set -eu
seed=${1:-535}
count=${2:-20}
cd "$(dirname "$0")/.."
echo "seed $seed" >&2
grep -rhoE '// ([A-Z][0-9]{2}[, ]*)+' --include='*.swift' . | grep -oE '[A-Z][0-9]{2}' | sort -u |
  while read -r case; do
    printf '%s %s\n' "$(printf '%s:%s' "$seed" "$case" | sha256sum | cut -c1-16)" "$case"
  done | sort | head -n "$count" | cut -d' ' -f2
