#!/usr/bin/env bash
# What the README tells people to type, as it stands there.
#   readme.sh command N   the Nth line to type; the quick start has the first two
#   readme.sh swift N     the Nth block of Swift
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
  command)
    awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside && NF' README.md | sed -n "${2}p" ;;
  swift)
    awk -v wanted="$2" '
      /^```swift$/ { inside = ++count == wanted; next } /^```$/ { inside = 0 } inside' README.md ;;
  *) echo "usage: readme.sh command N | swift N" >&2; exit 64 ;;
esac | grep . || { echo "readme.sh: README.md has no such part" >&2; exit 1; }
