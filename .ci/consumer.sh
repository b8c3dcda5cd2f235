#!/usr/bin/env bash
# The README's program, in a package of its own with the README's manifest, beside a folder `fluvial`; then it is run.
# That package imports Fluvial alone, and what only other modules need must not be resolved for it.
set -euo pipefail
cd "$(dirname "$0")/.."
# Always the same place, so that a second run builds little.
folder=$PWD/.build-consumer
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT

.ci/copy.sh "$folder"
rm -rf "$folder/mine/Sources"
mkdir -p "$folder/mine/Sources/mine"
.ci/readme.sh manifest >"$folder/mine/Package.swift"
# Any free port, so that nothing else is in the way.
.ci/readme.sh swift 1 | sed 's/port: 9000/port: 0/' >"$folder/mine/Sources/mine/main.swift"
for number in $(seq 2 "$(.ci/readme.sh swifts)"); do
  .ci/readme.sh swift "$number" >"$folder/mine/Sources/mine/Block$number.swift"
done
swift build --package-path "$folder/mine"
program=$(swift build --package-path "$folder/mine" --show-bin-path)/mine

output=$(mktemp)
# Line by line, although the output is a file.
stdbuf -oL "$program" >"$output" &
server=$!
port=
for _ in $(seq 100); do
  port=$(sed -nE 's/^listening on 127\.0\.0\.1:([0-9]+)$/\1/p' "$output")
  [ -n "$port" ] && break
  sleep 0.1
done
rm -f "$output"
[ -n "$port" ] || { echo "consumer: the README's program does not say where it listens" >&2; exit 1; }
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'ann\nhello there\n' >&3
for expected in "Who are you?" "ann has said 2 word(s)"; do
  read -rt 10 line <&3
  [ "$line" = "$expected" ] || { echo "consumer: '$line' instead of '$expected'" >&2; exit 1; }
done
echo "consumer: the README's program answers"
