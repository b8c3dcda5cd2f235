#!/usr/bin/env python3
"""Leaves in the package description of the current folder what the mutations' tests need: a build each is long enough."""

import re

WANTED = {
    "CFluvial", "CTerminalGuard", "FluvialPrimitives", "FluvialTransports", "Fluvial", "FluvialTesting",
    "CTestSupport", "TestSupport", "StreamTestSupport", "FluvialTests", "FluvialTransportsTests",
    "FluvialTestingTests", "FluvialTerminal", "FluvialTerminalTests",
}


def entries(text):
    """The top-level calls of the list of targets, each with its name."""
    depth, start = 0, 0
    for place, character in enumerate(text):
        if character == "(":
            if depth == 0:
                start = text.rindex(".", 0, place)
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                call = text[start : place + 1]
                yield re.search(r'name: "([^"]+)"', call)[1], call


text = open("Package.swift").read()
head, rest = text.split("  targets: [\n", 1)
kept = {name: call for name, call in entries(rest)}
wanted = WANTED | {name for name in kept if name.endswith("-probe") or name == "stream-promises"}
targets = ",\n".join("    " + kept[name] for name in kept if name in wanted)
open("Package.swift", "w").write(f"{head}  targets: [\n{targets}\n  ]\n)\n")
