"""What is measured beside the table and kept until it is written: scaling, hops, system calls, memory by part."""
import json
import os

import places

# name -> (heading, paragraph under it)
KINDS = {
    "scaling": ("Several loops", "c50-1k by streams on several loops, each loop and the load on cores of their own."),
    "hops": ("What an await costs", "From one place to another, ns a call, medians."),
    "calls": ("System calls a message", "c50-1k, counted by strace, which slows everything down: the counts are what is"
              " meant, and fewer messages find each other in one turn."),
    "memory": ("Bytes a parked connection, by part", "Heap blocks that live while 128 connections more are parked."),
}


def path(kind):
    return places.made(f"{kind}.json")


def keep(kind, head, rows):
    """Remembers a table for results.md."""
    with open(path(kind), "w") as file:
        json.dump({"head": head, "rows": rows}, file)


def sections(table):
    """Lines of Markdown for what has been measured."""
    lines = []
    for kind, (heading, text) in KINDS.items():
        if os.path.exists(path(kind)):
            with open(path(kind)) as file:
                kept = json.load(file)
            lines += [f"## {heading}", "", text, "", *table(kept["head"], kept["rows"]), ""]
    return lines
