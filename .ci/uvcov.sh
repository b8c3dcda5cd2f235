#!/usr/bin/env bash
# The libuv functions that the built C target uses must be those that Vendor-notes.md lists, none newer than 1.44.
set -euo pipefail
cd "$(dirname "$0")/.."
newest=1.44
notes=Vendor-notes.md

objects=$(swift build --show-bin-path)/CFluvial.build
ls "$objects"/*.o >/dev/null 2>&1 || { echo "uvcov: no objects in $objects; build first" >&2; exit 1; }
nm=$(command -v nm || command -v llvm-nm) || { echo "uvcov: neither nm nor llvm-nm" >&2; exit 1; }

used=$("$nm" -u "$objects"/*.o | awk '$NF ~ /^uv_/ { print $NF }' | sort -u)
rows=$(sed -nE 's/^\| `(uv_[a-z0-9_]+)` \| ([0-9.]+) \|.*/\1 \2/p' "$notes" | sort -u)
listed=$(awk '{ print $1 }' <<<"$rows")
[ -n "$used" ] && [ -n "$listed" ] || { echo "uvcov: nothing to compare" >&2; exit 1; }

status=0
if ! difference=$(diff <(echo "$listed") <(echo "$used")); then
  echo "uvcov: $notes (<) and the objects (>) differ:" >&2
  grep '^[<>]' <<<"$difference" >&2
  status=1
fi
while read -r name since; do
  oldest=$(printf '%s\n%s\n' "${since%.*}" "$newest" | sort -V | head -n 1)
  if [ "$oldest" != "${since%.*}" ]; then
    echo "uvcov: $name came with $since, and $newest is what we build for" >&2
    status=1
  fi
done <<<"$rows"
[ $status = 0 ] && echo "uvcov: $(wc -l <<<"$used") functions, as listed"
exit $status
