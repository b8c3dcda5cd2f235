#!/usr/bin/env bash
# Who may import whom, what may not stand in the library, and what may stand nowhere.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0

# forbid WHAT PATTERN PATH...: fails if a tracked line in PATH matches; comments do not count.
forbid() {
  local what=$1 pattern=$2 found
  shift 2
  found=$(git grep -nP "$pattern" -- "$@" | grep -vP '^[^:]+:\d+:\s*(//|#(?!include)|\*|/\*)')
  [ -z "$found" ] && return
  printf 'layers: %s\n%s\n' "$what" "$found" >&2
  status=1
}
import='^\s*(@\w+(\([^)]*\))?\s+)*((public|package|internal|fileprivate|private)\s+)?import\s+((struct|class|enum|protocol|typealias|func|let|var)\s+)?'

forbid "libuv is named in Swift; it belongs in CFluvial" '\buv_[a-z]' '*.swift'
forbid "libuv's header is included outside CFluvial/internal.h" '#\s*include\s*[<"]uv' \
  'Sources' 'Tests' 'Examples' ':!Sources/CFluvial/internal.h'
forbid "only FluvialTransports imports the C targets" "${import}(CFluvial|CTerminalGuard)\b" \
  'Sources' 'Examples' 'Benchmarks' ':!Sources/FluvialTransports'
forbid "FluvialPrimitives imports nothing of ours" "${import}(CFluvial|CTerminalGuard|Fluvial\w*)\b" \
  'Sources/FluvialPrimitives'
forbid "FluvialTransports imports upward" "${import}Fluvial(Terminal|Testing)?\b" \
  'Sources/FluvialTransports'
forbid "Fluvial imports upward" "${import}Fluvial(Terminal|Testing)\b" 'Sources/Fluvial'
forbid "FluvialTerminal imports upward" "${import}FluvialTesting\b" 'Sources/FluvialTerminal'
forbid "examples use what users get" "${import}(FluvialTransports|FluvialPrimitives)\b|@testable" \
  'Examples'
forbid "no Foundation in the library" "${import}Foundation\b" 'Sources'

forbid "a shortcut" '\btry!|\bas!|unowned\(unsafe\)' 'Sources' 'Examples'
# The one constant table of C callbacks.
forbid "a shortcut" 'nonisolated\(unsafe\)' 'Sources' 'Examples' \
  ':!Sources/FluvialTransports/LoopCallbacks.swift'
# The terminal's prompt has a `print` of its own.
forbid "the library prints" '(?<!func )(?<![.\w])(print|debugPrint|dump)\(' 'Sources/*.swift' \
  ':!Sources/FluvialTerminal'
forbid "a test that sleeps" 'Task\.sleep|\busleep\(|(^|[^.\w])sleep\(' 'Tests/*.swift'

# These count in comments too.
found=$(git grep -nE '\b(TODO|FIXME|XXX)\b' -- Sources Examples Tests ':!*XXXXXX*' | grep -v XXXXXX)
[ -n "$found" ] && { printf 'layers: unfinished\n%s\n' "$found" >&2; status=1; }
found=$(git grep -nE '(^|[^A-Za-z0-9._~-])/(home|root|work|opt|Users)/' -- . ':!.ci/layers.sh')
[ -n "$found" ] && { printf 'layers: a path of one machine\n%s\n' "$found" >&2; status=1; }
found=$(git ls-files 'Sources/*' 'Examples/*' 'Tests/*' | xargs wc -l | awk '$1 > 400 && $2 != "total"')
[ -n "$found" ] && { printf 'layers: over 400 lines: two subjects\n%s\n' "$found" >&2; status=1; }

exit $status
