#!/usr/bin/env bash
# Every check but the tests, cheapest first; stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== format"
swift format lint --strict -r -p Sources Tests Examples Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Peers Package.swift
echo "== layers and imports"
.ci/layers.sh
.ci/imports.py
echo "== C warnings"
.ci/cwarnings.sh
echo "== build, warnings as errors, undeclared imports as errors"
swift build --build-tests --explicit-target-dependency-import-check error
echo "== libuv inventory"
.ci/uvcov.sh
echo "== documentation: links, symbols, compiled blocks"
.ci/docs.sh
echo "== the README's program, in a package that depends on this one"
.ci/consumer.sh
