"""System calls a message, ours against plain C, counted by strace."""
import collections
import json
import os
import re
import signal
import subprocess
import tempfile

import catalog
import cell
import extras
import places
import report

SERVERS = ["uv-c", "epoll-c", "streams", "protocol", "lend"]
WORKLOADS = ["c50-1k", "line-p16"]
SHOWN = ["read", "write", "epoll_wait", "epoll_ctl", "futex"]
# Other names of the same.
ALIASES = {"recvfrom": "read", "readv": "read", "sendto": "write", "writev": "write", "sendmsg": "write",
           "epoll_pwait": "epoll_wait"}


def counted(path):
    """{call: how often} of strace's summary."""
    found = collections.Counter()
    with open(path) as file:
        for line in file:
            # % time, seconds, usecs/call, calls, perhaps errors, name
            match = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)\s*$", line)
            if match and match.group(2) != "total":
                found[ALIASES.get(match.group(2), match.group(2))] += int(match.group(1))
    return found


def one(server, workload, seconds):
    """({call: a message}, messages) of one server."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        place = cell.free_place(workload.is_unix, folder)
        summary = os.path.join(folder, "summary")
        words = [word.format(place=place, mode=workload.mode) for word in server.command]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            cell.wait_until_connected(process, place)
            # From here on: what starting took is left out.
            tracer = subprocess.Popen(["strace", "-f", "-c", "-o", summary, "-p", str(process.pid)],
                                      stderr=subprocess.PIPE, text=True)
            if "attached" not in tracer.stderr.readline():
                raise SystemExit("strace may not attach to a process here")
            # Everything is counted, so everything is measured.
            load = [places.LOAD_GENERATOR, "--seconds", str(seconds), "--warmup", "0",
                    *cell.load_arguments(workload, place, 1)]
            sample = json.loads(subprocess.run(load, capture_output=True, text=True, timeout=60).stdout)
            tracer.send_signal(signal.SIGINT)
            tracer.wait(30)
        finally:
            cell.ended(process)
        return counted(summary), sample["msgs"]


def add_arguments(parser):
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--servers", default=",".join(SERVERS))


def main(arguments):
    if not places.has("strace"):
        raise SystemExit("strace is not installed")
    head, rows = ["workload", "server", "all", *SHOWN, "others"], []
    for name in arguments.workloads.split(","):
        for server in arguments.servers.split(","):
            workload = catalog.WORKLOADS[name]
            if not catalog.SERVERS[server].serves(workload):
                continue
            calls, messages = one(catalog.SERVERS[server], workload, arguments.seconds)
            if not messages:
                raise SystemExit(f"{server} sent nothing back")
            each = lambda number: f"{number / messages:.3f}"
            known = sum(calls[call] for call in SHOWN)
            total = sum(calls.values())
            rows.append([name, server, each(total), *[each(calls[call]) for call in SHOWN], each(total - known)])
            print("  ".join(rows[-1]), flush=True)
    print("\n" + "\n".join(report.table(head, rows)))
    extras.keep("calls", head, rows)
