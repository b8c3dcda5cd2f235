#!/usr/bin/env python3
"""Each row of LIMITS.md names a piece of source that must stand in the file it names, once the space is evened out."""

import pathlib
import re
import sys

ROW = re.compile(r"\| `([^`]+)` in `([^`]+)` \|$")


def main():
    wrong, count = [], 0
    for number, line in enumerate(pathlib.Path("LIMITS.md").read_text().splitlines(), 1):
        if not line.startswith("| ") or line.startswith(("| what", "| ---")):
            continue
        count += 1
        found = ROW.search(line)
        path = pathlib.Path(found[2]) if found else None
        if not found or not path.is_file() or found[1] not in " ".join(path.read_text().split()):
            wrong.append(f"LIMITS.md:{number}: the source says otherwise: {line}")
    print("\n".join(wrong), file=sys.stderr) if wrong else None
    print(f"limits: {count} rows, {len(wrong)} wrong")
    return 1 if wrong or count == 0 else 0


sys.exit(main())
