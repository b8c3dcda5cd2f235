"""Programs run under valgrind: the load is counted, so that the figures repeat whatever else the machine does."""
import os
import signal
import socket
import subprocess
import time

import places

CHUNK = 65536


class CountedServer:
    """bench-server under one of valgrind's tools, at a unix socket of its own or a port, until the block ends."""

    def __init__(self, tool, output, mode, layer, binary=places.SERVER):
        self.output = output
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.errors = open(output + ".log", "wb")
        self.process = subprocess.Popen(
            ["valgrind", *tool, without_debug_information(binary), str(self.port), mode, layer],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors,
            # Dictionaries are walked in the same order every time.
            env={**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"})

    def __enter__(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.process.kill()
                    self.process.wait()
                    raise SystemExit(f"the server did not start under valgrind: see {self.output}.log")
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise SystemExit("the server did not end under valgrind")
        self.errors.close()

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def receive(connection, count):
    """Reads exactly that many bytes."""
    parts = []
    while count > 0:
        part = connection.recv(min(count, CHUNK))
        if not part:
            raise SystemExit("the server closed a connection too early")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def round_trip(connection, message):
    """Sends, and waits until the same has come back."""
    connection.sendall(message)
    if receive(connection, len(message)) != message:
        raise SystemExit("the server sent back something else")


def without_debug_information(binary):
    """A copy whose debug information is left out: valgrind 3.19 cannot read what the compiler writes."""
    copy = places.made(os.path.basename(binary) + "-counted")
    if not os.path.exists(binary):
        raise SystemExit(f"{binary} is not built: Benchmarks/run build")
    if not os.path.exists(copy) or os.path.getmtime(copy) < os.path.getmtime(binary):
        subprocess.run(["objcopy", "--strip-debug", binary, copy], check=True)
    return copy
