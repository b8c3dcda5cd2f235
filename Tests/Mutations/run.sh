#!/bin/sh
# Shows that tests can fail: run.sh [case ...]
#
# Applies each patch of this folder in a scratch clone of HEAD, runs the test that it names, and expects that test to
# turn red. The cases of the conformance list were drawn by draw.sh with its default seed, or by an earlier draw when
# fewer cases had a test; those with a word for a name are promises that the list does not spell out. Builds only what
# the tests of streams and terminals need; SCRATCH names a folder to keep the clone and its build in. Exit status: how
# many patches went unnoticed or do not apply.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=${SCRATCH:-$(mktemp -d)}
clone=$scratch/clone
if [ ! -d "$clone" ]; then git clone -q --shared "$root" "$clone" || exit 99; fi
cd "$clone" && git fetch -q "$root" HEAD && git checkout -q --force FETCH_HEAD || exit 99

fresh() { git checkout -q --force . && "$here/manifest.py"; }
build() { swift build --build-tests >"$scratch/build.log" 2>&1; }

# Runs the test that a patch names: green, red, or the reason why it is neither.
outcome() {
  timeout 120 swift test --skip-build --filter "$(sed -n 's/^Test: //p' "$here/$1.patch")" \
    >"$scratch/test.log" 2>&1
  if grep -q 'Test run with 0 tests' "$scratch/test.log"; then
    echo "names no test"
  elif grep -qE '^✘ Test|Fatal error|Exited with signal' "$scratch/test.log"; then
    echo red
  elif grep -qE '^✔ Test run' "$scratch/test.log"; then
    echo green
  else
    echo "did not end"
  fi
}

if [ $# -gt 0 ]; then cases=$*; else cases=$(cd "$here" && ls ./*.patch | sed 's/.*\///; s/\.patch$//'); fi
fresh && build || { echo "the unchanged library does not build"; exit 99; }
for case in $cases; do
  before=$(outcome "$case")
  [ "$before" = green ] || { echo "$case: $before without its patch"; exit 98; }
done
missed=0
for case in $cases; do
  if ! git apply --recount "$here/$case.patch"; then
    after="does not apply"
  elif ! build; then
    after="does not build"
  else
    after=$(outcome "$case")
  fi
  fresh
  case $after in
  red | "did not end") verdict=noticed ;;
  *) verdict=MISSED missed=$((missed + 1)) ;;
  esac
  echo "$verdict $case: $after ($(sed -n '1s/^[^:]*: //p' "$here/$case.patch"))"
done
echo "$missed missed"
exit "$missed"
