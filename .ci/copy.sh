#!/usr/bin/env bash
# A copy of the files of this package as they stand, in a folder called `fluvial` below the one that is given: a manifest
# that depends on it by path names the folder, whatever this clone is called.
set -euo pipefail
target=${1:?usage: copy.sh FOLDER}/fluvial
cd "$(dirname "$0")/.."
rm -rf "$target"
mkdir -p "$target"
# A file that was removed and not yet committed is still listed.
git ls-files -z --cached --others --exclude-standard | while IFS= read -rd '' file; do
  [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar --null -cf - -T - | tar -xf - -C "$target"
