"""Whether the load generator notices bad servers: servers that flip, swap, lose, add, or hang up."""
import json
import os
import socket
import subprocess
import threading

import places

CHUNK = 65536
ECHO = ["--conns", "2", "--size", "1024"]
LINE = ["--mode", "line", "--conns", "2"]
BROADCAST = ["--mode", "broadcast", "--conns", "3", "--size", "128"]


def serve(handler):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)

    def handle(connection):
        try:
            handler(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener


def spoiling(spoil):
    """A server that echoes, and spoils the fifth piece."""
    def handler(connection):
        count = 0
        while data := connection.recv(CHUNK):
            count += 1
            connection.sendall(spoil(data) if count == 5 else data)
    return handler


def good(connection):
    while data := connection.recv(CHUNK):
        connection.sendall(data)


def flip(data):
    return bytes([data[0] ^ 1]) + data[1:]


def swap(data):
    """The same sum, another order; lines are short, so near the start."""
    changed = bytearray(data)
    other = next((i for i in range(1, len(data)) if data[i] != data[0]), 0)
    changed[0], changed[other] = changed[other], changed[0]
    return bytes(changed)


def hang_up(connection):
    for _ in range(5):
        connection.sendall(connection.recv(CHUNK))


class Room:
    """A broadcast that says everything to everybody; `spoil` may change what one of them hears."""

    def __init__(self, spoil=None):
        self.members, self.spoil, self.said, self.lock = [], spoil, 0, threading.Lock()

    def __call__(self, connection):
        with self.lock:
            self.members.append(connection)
        while data := connection.recv(CHUNK):
            with self.lock:
                self.said += 1
                for index, member in enumerate(self.members):
                    bad = self.spoil and self.said == 5 and index == 1
                    member.sendall(self.spoil(data) if bad else data)


def run(port, arguments):
    command = [places.LOAD_GENERATOR, "--port", str(port), "--seconds", "0.5", "--warmup", "0.1", *arguments]
    out = subprocess.run(command, capture_output=True, text=True, timeout=30)
    return json.loads(out.stdout)


def unheard():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


CASES = [
    ("good: an echo", good, ECHO, lambda d: d["msgs"] > 100 and not d["errors"]),
    ("good: 300 KiB", good, ["--conns", "2", "--size", "307200"], lambda d: d["msgs"] > 5 and not d["errors"]),
    ("good: pipelined", good, ECHO + ["--pipeline", "16"], lambda d: d["msgs"] > 100 and not d["errors"]),
    ("good: lines", good, LINE + ["--pipeline", "7"], lambda d: d["msgs"] > 100 and not d["errors"]),
    ("good: churn", good, ["--mode", "churn", "--conns", "2", "--size", "64"],
     lambda d: d["msgs"] > 20 and not d["errors"]),
    ("good: a broadcast", Room(), BROADCAST, lambda d: d["msgs"] > 100 and not d["errors"]),
    ("bad: a bit flipped", spoiling(flip), ECHO, lambda d: d["mismatch"] == 2),
    ("bad: two bytes swapped", spoiling(swap), ECHO, lambda d: d["mismatch"] == 2),
    ("bad: a byte lost among several messages", spoiling(lambda d: d[:-1]), ECHO + ["--pipeline", "4"],
     lambda d: d["mismatch"] == 2),
    ("bad: a byte lost, one message in flight", spoiling(lambda d: d[:-1]), ECHO,
     lambda d: d["msgs"] == 0),
    ("bad: a byte too many", spoiling(lambda d: d + b"x"), ECHO, lambda d: d["mismatch"] == 2),
    ("bad: the first message twice", spoiling(lambda d: d + d), ECHO, lambda d: d["mismatch"] == 2),
    ("bad: hangs up", hang_up, ECHO, lambda d: d["eofs"] + d["errors"] >= 2),
    ("bad: a bit flipped in lines", spoiling(flip), LINE, lambda d: d["mismatch"] == 2),
    ("bad: bytes swapped in lines", spoiling(swap), LINE, lambda d: d["mismatch"] == 2),
    ("bad: one hears something else", Room(flip), BROADCAST, lambda d: d["mismatch"] == 1),
    ("bad: one hears nothing once", Room(lambda d: b""), BROADCAST, lambda d: d["msgs"] < 20),
]


def add_arguments(parser):
    pass


def main(arguments):
    if not os.path.exists(places.LOAD_GENERATOR):
        raise SystemExit("not built: Benchmarks/run build")
    wrong = 0
    for name, handler, words, holds in CASES:
        listener = serve(handler)
        found = run(listener.getsockname()[1], words)
        listener.close()
        wrong += tell(name, holds(found), found)
    found = run(unheard(), ECHO)
    wrong += tell("bad: nobody listens", found["connect_errors"] == 2, found)
    print(f"{len(CASES) + 1 - wrong} passed, {wrong} failed")
    raise SystemExit(1 if wrong else 0)


def tell(name, holds, found):
    shown = {key: found[key] for key in ("msgs", "errors", "mismatch", "eofs", "connect_errors")}
    print("passed" if holds else "FAILED", name, shown, flush=True)
    return not holds
