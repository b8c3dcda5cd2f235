#!/usr/bin/env bash
# Lists the cases of the conformance list that no test names in a comment; fails if there are any.
# The list is kept beside the tests: Tests/cases.txt, one case a line.
set -euo pipefail
cd "$(dirname "$0")/.."
named=$(git grep -hE '// ([A-Z][0-9]{2}[, ]*)+' -- 'Tests/*.swift' | grep -oE '\b[A-Z][0-9]{2}\b' | sort -u)
missing=$(comm -13 <(echo "$named") <(cut -d' ' -f1 Tests/cases.txt | sort -u))
unknown=$(comm -23 <(echo "$named") <(cut -d' ' -f1 Tests/cases.txt | sort -u))
[ -z "$missing" ] || printf 'cases: no test names %s\n' $missing >&2
[ -z "$unknown" ] || printf 'cases: a test names %s, which is no case\n' $unknown >&2
[ -z "$missing$unknown" ]
echo "cases: each of $(wc -l <Tests/cases.txt) is named by a test"
