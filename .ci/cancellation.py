#!/usr/bin/env python3
"""Every public async function and initializer says what a cancellation does, or points to the one that says it."""

import pathlib
import re
import sys

# Where a declaration begins: the attributes stand on lines of their own.
BEGINS = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*public\s+(?:static\s+|final\s+|override\s+)*(?:func|init|var)\b")
SAYS = re.compile(r"cancel", re.IGNORECASE)
POINTS = re.compile(r"\bAs\s+``")


def declarations(lines):
    """Each public declaration's line number, its text up to the body, and its comment."""
    comment = []
    index = 0
    while index < len(lines):
        line = lines[index].strip()
        if line.startswith("///"):
            comment.append(line[3:])
        elif BEGINS.match(lines[index]):
            start = index
            text = lines[index]
            # A protocol's requirements have no body and are not marked public.
            while "{" not in text and index + 1 < len(lines):
                index += 1
                text += " " + lines[index]
            yield start + 1, text, "\n".join(comment)
            comment = []
        elif not line.startswith("@"):
            comment = []
        index += 1


def main():
    count, silent = 0, []
    for path in sorted(pathlib.Path("Sources").rglob("*.swift")):
        for number, text, comment in declarations(path.read_text().splitlines()):
            # Its own effect, not that of a closure that it takes.
            depth, signature = 0, ""
            for character in text.split("{")[0]:
                depth += (character == "(") - (character == ")")
                signature += character if depth == 0 else ""
            if not re.search(r"\basync\b", signature):
                continue
            count += 1
            if not SAYS.search(comment) and not POINTS.search(comment):
                silent.append(f"{path}:{number}: {text.strip().split('{')[0]}")
    for line in silent:
        print(f"cancellation: nothing said at {line}", file=sys.stderr)
    print(f"cancellation: {count} public async functions, {len(silent)} silent")
    return 1 if silent or count == 0 else 0


sys.exit(main())
