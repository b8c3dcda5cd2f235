#!/usr/bin/env bash
# The documentation of the public modules, as one static site in .build/docs; a warning of the compiler is an error.
# Needs no plugin, so nothing of it is in the manifest: the symbols are taken from the built modules.
#   docs.sh           builds the site
#   docs.sh serve     builds it, and shows it at http://127.0.0.1:8080/documentation
set -euo pipefail
cd "$(dirname "$0")/.."
modules=(FluvialTransports Fluvial FluvialTerminal FluvialTesting)
out=.build/docs
work=.build/docs-work

read -ra build_flags <<<"${SWIFT_BUILD_FLAGS:-}"
swift build "${build_flags[@]}" --target FluvialTesting
swift build "${build_flags[@]}" --target FluvialTerminal
bin=$(swift build "${build_flags[@]}" --show-bin-path)
docc=$(command -v docc || echo "$(dirname "$(readlink -f "$(command -v swift)")")/docc")

rm -rf "$out" "$work"
mkdir -p "$work"
archives=()
dependencies=()
for module in "${modules[@]}"; do
  symbols=$work/$module.symbols
  mkdir -p "$symbols"
  swift symbolgraph-extract -module-name "$module" -I "$bin/Modules" \
    -Xcc -fmodule-map-file="$bin/CFluvial.build/module.modulemap" \
    -Xcc -fmodule-map-file="$bin/CTerminalGuard.build/module.modulemap" \
    -I Sources/CFluvial/include -I Sources/CTerminalGuard/include \
    -target "$(swift -print-target-info | sed -nE 's/.*"unversionedTriple": "([^"]+)".*/\1/p')" \
    -minimum-access-level public -skip-inherited-docs -output-dir "$symbols"
  "$docc" convert "Sources/$module/$module.docc" --additional-symbol-graph-dir "$symbols" \
    --output-dir "$work/$module.doccarchive" --warnings-as-errors \
    --fallback-display-name "$module" --fallback-bundle-identifier "fluvial.$module" \
    --fallback-default-module-kind Library \
    --enable-experimental-external-link-support "${dependencies[@]}"
  archives+=("$work/$module.doccarchive")
  dependencies+=(--dependency "$work/$module.doccarchive")
done
"$docc" merge "${archives[@]}" --synthesized-landing-page-name Fluvial --output-path "$out"
.ci/docs.py "$work"
pages=$(find "$out/documentation" -name index.html | wc -l)
echo "docs: ${#modules[@]} modules, $pages pages in $out"
if [ "${1:-}" = serve ]; then
  echo "docs: http://127.0.0.1:8080/documentation"
  exec python3 -m http.server 8080 --bind 127.0.0.1 --directory "$out"
fi
