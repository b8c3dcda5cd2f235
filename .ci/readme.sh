#!/usr/bin/env bash
# What the README tells people to type, as it stands there.
#   readme.sh command N   the Nth line to type; the quick start has the first two
#   readme.sh swift N     the Nth block of Swift that is no manifest
#   readme.sh swifts      how many of those there are
#   readme.sh manifest    the manifest of a package that depends on this one
set -euo pipefail
cd "$(dirname "$0")/.."

# blocks: the blocks of Swift, a form feed before each.
blocks() { awk '/^```swift$/ { inside = 1; printf "\f"; next } /^```$/ { inside = 0 } inside' README.md; }

case ${1:-} in
  command)
    awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside && NF' README.md | sed -n "${2}p" ;;
  swift) blocks | awk -v wanted="$2" 'BEGIN { RS = "\f" } NR > 1 && !/swift-tools-version/ && ++count == wanted' ;;
  swifts) blocks | awk 'BEGIN { RS = "\f" } NR > 1 && !/swift-tools-version/ { count++ } END { print count }' ;;
  manifest) blocks | awk 'BEGIN { RS = "\f" } /swift-tools-version/' ;;
  *) echo "usage: readme.sh command N | swift N | swifts | manifest" >&2; exit 64 ;;
esac | grep . || { echo "readme.sh: README.md has no such part" >&2; exit 1; }
