#!/usr/bin/env python3
"""The table of the rows that stand in the files named, and whether all of them held.

A row is a line `row<TAB>id<TAB>passed|failed|skipped<TAB>name<TAB>figure<TAB>threshold`; every other line is talk.
Ends with 1 when a row failed, when there is none, or when one is skipped that skippable.txt does not name.
"""

import pathlib
import sys


def rows(path):
    for line in path.read_text(errors="replace").splitlines():
        fields = line.split("\t")
        if fields[0] == "row":
            fields += [""] * (6 - len(fields))
            yield fields[1:6]


def skippable():
    text = (pathlib.Path(__file__).parent / "legs" / "skippable.txt").read_text()
    return {line.split()[0] for line in text.splitlines() if line and not line.startswith("#")}


def main():
    may_skip = skippable()
    table = []
    for path in map(pathlib.Path, sys.argv[1:]):
        for id, outcome, name, figure, threshold in rows(path):
            if outcome == "skipped" and id not in may_skip:
                outcome, threshold = "failed", "may not be skipped"
            elif outcome not in ("passed", "failed", "skipped"):
                outcome = "failed"
            table.append((id, outcome, name, figure, threshold))
    head = ("id", "outcome", "name", "figure", "threshold")
    widths = [min(60, max(len(row[i]) for row in table + [head])) for i in range(5)]
    for row in [head] + table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    count = {word: sum(row[1] == word for row in table) for word in ("passed", "failed", "skipped")}
    print(f"\n{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 0 if table and count["failed"] == 0 else 1


sys.exit(main())
