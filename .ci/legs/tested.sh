# tested ID NAME FLAG…: `swift test` with these flags, as a row whose figure is what it counted. For legs; ends them.
tested() {
  local id=$1 name=$2 said status=0 outcome=passed
  shift 2
  said=$(mktemp)
  swift test "$@" >"$said" 2>&1 || status=$?
  # What passed is not worth a screen.
  grep -vE '^.{0,4}(Test|Suite) .* (started|passed)' "$said" | tail -n 200
  [ "$status" -eq 0 ] || outcome=failed
  row "$id" "$outcome" "$name" \
    "$(grep -oE 'Test run with .*' "$said" | tail -1 || true)" "all passed, status $status"
  rm -f "$said"
  exit "$status"
}

# found ID NAME DEFECT SIGN FLAG…: the defect, planted in a program that is built with these flags, must be noticed:
# the program fails, and says SIGN. In one of five runs: two tasks that a busy machine runs one after the other do not
# race.
found() {
  local id=$1 name=$2 defect=$3 sign=$4 said status=0 bin outcome=failed run=0
  shift 4
  if swift build "$@" --product planted-defect >&2 && bin=$(swift build "$@" --show-bin-path); then
    while [ "$outcome" = failed ] && [ "$run" -lt 5 ]; do
      run=$((run + 1)) status=0
      said=$("$bin/planted-defect" "$defect" 2>&1) || status=$?
      if [ "$status" -ne 0 ] && grep -q "$sign" <<<"$said"; then outcome=passed; fi
    done
  fi
  row "$id" "$outcome" "$name" "run $run: status $status" "fails, and says $sign"
}

# stormed ID NAME FLAG…: the storms that cancel a hundred thousand reads and as many writes, in a program that is built
# with these flags: both rows pass, and no sanitizer says a word.
stormed() {
  local id=$1 name=$2 said status=0 bin outcome=failed
  shift 2
  said="not built"
  if swift build "$@" --product storm-rows >&2 && bin=$(swift build "$@" --show-bin-path); then
    said=$("$bin/storm-rows" --full C1 C2 2>&1) || status=$?
  fi
  if [ "$status" -eq 0 ] && ! grep -q Sanitizer <<<"$said" &&
    [ "$(grep -c $'^row\tC[12]\tpassed\t' <<<"$said")" -eq 2 ]; then
    outcome=passed
  fi
  row "$id" "$outcome" "$name" \
    "$(cut -f5 <<<"$(grep $'^row\t' <<<"$said")" | paste -sd'|' | sed 's/|/; /g')" "both pass, without a report"
}
