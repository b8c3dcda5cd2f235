#!/usr/bin/env bash
# With the trait ServiceLifecycle a server stands in a service group, which a signal ends after its clients; without the
# trait a package that depends on this one does not resolve what is behind it. The second part looks at what consumer.sh
# has built.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/.build-consumer
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT

[ -d "$folder/mine/.build/checkouts" ] || .ci/consumer.sh
if [ -e "$folder/mine/.build/checkouts/swift-service-lifecycle" ]; then
  echo "service: swift-service-lifecycle is resolved although nobody asked for it" >&2
  exit 1
fi

.ci/copy.sh "$folder"
mkdir -p "$folder/service/Sources/service"
cat >"$folder/service/Package.swift" <<'MANIFEST'
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "service",
  dependencies: [
    .package(path: "../fluvial", traits: ["ServiceLifecycle"]),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
  ],
  targets: [
    .executableTarget(
      name: "service",
      dependencies: [
        .product(name: "Fluvial", package: "fluvial"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ])
  ]
)
MANIFEST
cat >"$folder/service/Sources/service/main.swift" <<'PROGRAM'
import Fluvial
import Logging
import ServiceLifecycle

try EventLoop.run {
  let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
    while let line = try await reader.readLine() { try await writer.writeLine("you said \(line)") }
  }
  print("listening on \(server.localAddresses[0].port)")
  let group = ServiceGroup(
    services: [server], gracefulShutdownSignals: [.sigterm], logger: Logger(label: "service"))
  try await group.run()
  print("the group has ended")
}
PROGRAM
swift build --package-path "$folder/service"
program=$(swift build --package-path "$folder/service" --show-bin-path)/service

output=$(mktemp)
stdbuf -oL "$program" >"$output" &
server=$!
port=
for _ in $(seq 100); do
  port=$(sed -nE 's/^listening on ([0-9]+)$/\1/p' "$output")
  [ -n "$port" ] && break
  sleep 0.1
done
exec 3<>"/dev/tcp/127.0.0.1/$port"
echo hello >&3
read -rt 10 line <&3
[ "$line" = "you said hello" ] || { echo "service: '$line'" >&2; exit 1; }
kill -TERM "$server"
# Nobody new comes in once the group shuts down, and who is there is served on.
for _ in $(seq 100); do
  (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  sleep 0.05
done
if (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  echo "service: it still accepts after the signal" >&2
  exit 1
fi
echo again >&3
read -rt 10 line <&3
[ "$line" = "you said again" ] || { echo "service: '$line' after the signal" >&2; exit 1; }
exec 3>&-
status=0
wait "$server" || status=$?
server=
grep -q "the group has ended" "$output" || { echo "service: the group did not end in order" >&2; exit 1; }
rm -f "$output"
[ "$status" = 0 ] || { echo "service: status $status" >&2; exit 1; }
echo "service: a signal ended it, after its client"
