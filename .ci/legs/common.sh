# For legs that are shell scripts: sourced, from anywhere, with the leg's size in $1.
# Leaves the caller in the repository's root, with `size` being `quick` or `full`.
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
size=${1:-quick}
# Whoever builds with flags of their own day by day names them here: other flags build everything again.
read -ra build_flags <<<"${SWIFT_BUILD_FLAGS:-}"

# row ID passed|failed|skipped NAME FIGURE THRESHOLD
row() {
  printf 'row\t%s\t%s\t%s\t%s\t%s\n' "$@"
}

# step ID NAME COMMAND…: a row that passes if the command ends with 0; the figure is how long it took.
# Returns 0 either way, so that one failure does not hide the next.
step() {
  local id=$1 name=$2 started=$SECONDS status=0
  shift 2
  echo "-- $name"
  "$@" || status=$?
  if [ "$status" -eq 0 ]; then
    row "$id" passed "$name" "$((SECONDS - started)) s" "ends with 0"
  else
    row "$id" failed "$name" "status $status" "ends with 0"
    failed=1
  fi
}
failed=0

# built PRODUCT…: builds these programs as the tests are built, and says where they are.
built() {
  local product
  for product in "$@"; do
    swift build "${build_flags[@]}" --product "$product" >&2 || return 1
  done
  swift build "${build_flags[@]}" --show-bin-path
}

# optimised PRODUCT…: as `built`, but as programs are shipped, in a build folder of their own.
optimised() {
  local product flags=(-c release --scratch-path .build-release)
  for product in "$@"; do
    swift build "${build_flags[@]}" "${flags[@]}" --product "$product" >&2 || return 1
  done
  swift build "${build_flags[@]}" "${flags[@]}" --show-bin-path
}
