#!/usr/bin/env bash
# What has changed in the public interface since the last version: a break is an error until CHANGELOG.md tells of it
# under "Breaking" and the version number goes up with it. Without a version yet there is nothing to compare with.
set -euo pipefail
cd "$(dirname "$0")/.."
tag=$(git tag --list '[0-9]*.[0-9]*.[0-9]*' --sort=-version:refname --merged HEAD | head -n 1)
if [ -z "$tag" ]; then
  echo "api: there is no version yet to compare with"
  exit 0
fi
# A symbol that becomes `package` instead of going away is not noticed: the tool takes it for one that is still there.
# What does not compile is no break: first of all it must.
swift build
if swift package diagnose-api-breaking-changes "$tag"; then
  echo "api: what $tag offered is still there"
elif sed -n '/^## Unreleased/,/^## [0-9]/p' CHANGELOG.md | grep -q '^### Breaking'; then
  echo "api: breaks what used $tag, and CHANGELOG.md says so"
else
  echo "api: breaks what used $tag; CHANGELOG.md has no '### Breaking' under 'Unreleased'" >&2
  exit 1
fi
