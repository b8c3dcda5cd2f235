#!/usr/bin/env bash
# The README's program, built by a package that depends on this one by path and imports Fluvial alone; then it is run.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT

mkdir -p "$folder/Sources/consumer"
# Any free port, so that nothing else is in the way.
.ci/readme.sh swift 1 | sed 's/port: 9000/port: 0/' >"$folder/Sources/consumer/main.swift"
for number in $(seq 2 "$(grep -c '^```swift$' README.md)"); do
  .ci/readme.sh swift "$number" >"$folder/Sources/consumer/Block$number.swift"
done
cat >"$folder/Package.swift" <<MANIFEST
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
  name: "consumer",
  dependencies: [.package(name: "fluvial", path: "$here")],
  targets: [
    .executableTarget(
      name: "consumer", dependencies: [.product(name: "Fluvial", package: "fluvial")])
  ])
MANIFEST
swift build --package-path "$folder" --scratch-path "$here/.build-consumer"

touch "$folder/output"
# Line by line, although the output is a file.
stdbuf -oL "$(swift build --package-path "$folder" --scratch-path "$here/.build-consumer" --show-bin-path)/consumer" \
  >"$folder/output" &
server=$!
for _ in $(seq 100); do
  port=$(sed -nE 's/^listening on 127\.0\.0\.1:([0-9]+)$/\1/p' "$folder/output")
  [ -n "$port" ] && break
  sleep 0.1
done
[ -n "$port" ] || { echo "consumer: the README's program does not say where it listens" >&2; exit 1; }
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'ann\nhello there\n' >&3
for expected in "Who are you?" "ann has said 2 word(s)"; do
  read -rt 10 line <&3
  [ "$line" = "$expected" ] || { echo "consumer: '$line' instead of '$expected'" >&2; exit 1; }
done
echo "consumer: the README's program answers"
