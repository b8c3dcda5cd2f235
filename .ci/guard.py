#!/usr/bin/env python3
"""The guard of what a message costs: instructions and allocations, counted under valgrind, against kept limits.

Each case runs bench-server twice, with few and with many messages, so that start-up cancels out of the difference. The
figures do not depend on what else the machine does. Limits are in guard-limits.json beside this file; a figure may
exceed its limit by 5 %.

  .ci/guard.py                   checks
  .ci/guard.py --write           lowers the limits to what was counted; raises none
  .ci/guard.py --only streams    the cases whose name has that word

A limit is raised by hand, in a commit that says why.
"""
import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
BENCHMARKS = os.path.join(os.path.dirname(HERE), "Benchmarks")
sys.path.insert(0, os.path.join(BENCHMARKS, "Runner"))
import counted

LIMITS = os.path.join(HERE, "guard-limits.json")
SLACK = 1.05
# A tenth of an allocation a message is a table that grows, not a new allocation.
ALLOCATION_SLACK = 0.1
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
HEARERS = 16
LINES = [bytes([97 + i]) * (8 + 12 * i) + b"\n" for i in range(16)]


def echoes(server, count):
    message = b"x" * 1024
    with server.connect() as connection:
        for _ in range(count):
            counted.round_trip(connection, message)


def lines(server, count):
    message = b"".join(LINES)
    with server.connect() as connection:
        for _ in range(count // len(LINES)):
            counted.round_trip(connection, message)


def broadcast(server, count):
    message = b"x" * 127 + b"\n"
    crowd = []
    for _ in range(HEARERS):
        crowd.append(server.connect())
        # Says something, so that the server knows it.
        crowd[-1].sendall(message)
        for hearer in crowd:
            counted.receive(hearer, len(message))
    for _ in range(count // HEARERS):
        # Everybody hears before the server's turn ends: the next line is for another turn, else it may save one.
        time.sleep(0.002)
        crowd[0].sendall(message)
        for hearer in crowd:
            counted.receive(hearer, len(message))
    for member in crowd:
        member.close()


def lives(server, count):
    message = b"x" * 64
    for _ in range(count):
        with server.connect() as connection:
            counted.round_trip(connection, message)
            # In step with the server: its end has come before the next one connects.
            connection.shutdown(socket.SHUT_WR)
            if connection.recv(1):
                raise SystemExit("the server said something after the end")


# name, the server's mode and layer, what is done, and how often in the two runs
CASES = [
    ("an echo of 1 KiB by protocol", "echo", "protocol", echoes, 200, 1200),
    ("an echo of 1 KiB by streams", "echo", "streams", echoes, 200, 1200),
    ("an echo of 1 KiB by reads that lend", "echo", "lend", echoes, 200, 1200),
    ("a pipelined line by protocol", "line", "protocol", lines, 640, 4800),
    ("a pipelined line by streams", "line", "streams", lines, 640, 4800),
    ("a delivery of a broadcast by protocol", "broadcast", "protocol", broadcast, 320, 3200),
    ("a delivery of a broadcast by streams", "broadcast", "streams", broadcast, 320, 3200),
    ("a connection's life by protocol", "echo", "protocol", lives, 50, 250),
    ("a connection's life by streams", "echo", "streams", lives, 50, 250),
]


def count(case, times, folder):
    """(instructions, allocations) of the whole run."""
    _, mode, layer, act, _, _ = case
    output = os.path.join(folder, "callgrind")
    tool = ["--tool=callgrind", f"--callgrind-out-file={output}"]
    with counted.CountedServer(tool, output, mode, layer) as server:
        act(server, times)
    return totals(output)


def totals(path):
    instructions, allocations, names, calls_allocator = None, 0, {}, False
    with open(path) as file:
        for text in file:
            if text.startswith("cfn="):
                number, _, name = text[4:].strip().partition(" ")
                if name:
                    names[number] = name
                calls_allocator = names[number] in ALLOCATORS
            elif text.startswith("fn="):
                number, _, name = text[3:].strip().partition(" ")
                if name:
                    names[number] = name
            elif text.startswith("calls=") and calls_allocator:
                allocations += int(re.match(r"calls=(\d+)", text).group(1))
            elif text.startswith(("totals:", "summary:")):
                instructions = int(text.split()[1])
    if instructions is None:
        raise SystemExit("callgrind wrote no totals")
    return instructions, allocations


def measure(case):
    """{instructions, allocations} of one message."""
    few, many = case[4], case[5]
    with tempfile.TemporaryDirectory(prefix="guard") as folder:
        small, large = (count(case, times, folder) for times in (few, many))
    # What start-up allocates varies by one or two: a message that allocates nothing may come out just below that.
    each = [max(0, (b - a) / (many - few)) for a, b in zip(small, large)]
    return {"instructions": round(each[0]), "allocations": round(each[1], 2)}


def bounds(limit):
    return {"instructions": limit["instructions"] * SLACK,
            "allocations": max(limit["allocations"] * SLACK, limit["allocations"] + ALLOCATION_SLACK)}


def text(figures):
    return f"{figures['instructions']:,.0f} instructions, {figures['allocations']:.2f} allocations"


def row(outcome, name, figure, threshold):
    print("\t".join(["row", "M7", outcome, name, figure, threshold]), flush=True)


def lowered(limit, found):
    """The limit, or what was counted where that is less."""
    return found if limit is None else {key: min(limit[key], found[key]) for key in found}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="lower the limits to what was counted")
    parser.add_argument("--only", default="", help="only cases whose name has this")
    arguments = parser.parse_args()
    for program in ("valgrind", "objcopy"):
        if not shutil.which(program):
            row("skipped", "what a message costs", f"{program} is not installed", "")
            return 0
    subprocess.run(["swift", "build", "-c", "release", "--disable-index-store", "--product", "bench-server"],
                   cwd=BENCHMARKS, check=True, stdout=sys.stderr)
    with open(LIMITS) as file:
        limits = json.load(file)
    failures = 0
    for case in CASES:
        name = case[0]
        if arguments.only not in name:
            continue
        found, limit = measure(case), limits.get(name)
        if arguments.write:
            limits[name] = limit = lowered(limit, found)
        bound = bounds(limit) if limit else None
        held = bound is not None and all(found[key] <= bound[key] for key in found)
        failures += not held
        row("passed" if held else "failed", name, text(found),
            f"at most {text(bound)}" if bound else "no limit is kept")
    if arguments.write:
        with open(LIMITS, "w") as file:
            file.write(json.dumps(limits, indent=2) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
