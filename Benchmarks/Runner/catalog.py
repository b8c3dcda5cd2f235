"""The servers, the workloads, and the goals."""
import dataclasses
import os
import sys

import places

ALL = "echo line sink source broadcast unix"
# Every ratio is to this server's sample of the same round and workload.
BASE = "uv-c"


@dataclasses.dataclass(frozen=True)
class Server:
    """A program that takes a port or a path, and a mode."""
    name: str
    command: list  # {place} and {mode} are filled in
    modes: str
    what: str
    environment: dict = dataclasses.field(default_factory=dict)

    def missing(self):
        """Why it cannot run here; None when it can."""
        program = self.command[0]
        if os.path.isabs(program):
            return None if os.path.exists(program) else "not installed"
        return None if places.has(program) else "not installed"

    def serves(self, workload):
        modes = self.modes.split()
        return workload.mode in modes and (not workload.is_unix or "unix" in modes)


@dataclasses.dataclass(frozen=True)
class Workload:
    """A server's mode and the load generator's arguments; goals for CPU by streams and by protocol."""
    name: str
    mode: str
    load: str
    goals: tuple = (None, None)
    is_unix: bool = False
    # The load on the server's own core: no idle core is woken by the other side, which on a virtual machine costs more
    # than the message does.
    same_core: bool = False
    # A figure that does not vary is taken once.
    once: bool = False

    @property
    def kind(self):
        return "bytes" if self.mode == "sink" else "idle" if "idle" in self.load else "messages"


def ours(name, layer, modes, what):
    return Server(name, [places.SERVER, "{place}", "{mode}", layer], modes, what)


def python(name, loop, style):
    program = places.VENV_PYTHON if loop == "uvloop" else sys.executable
    script = os.path.join(places.PEERS, "python", "server.py")
    return Server(name, [program, script, "{place}", "{mode}", loop, style], ALL, f"{loop}'s {style}")


def made(name, program, modes, what, *more, environment=None):
    path = os.path.join(places.MADE, program)
    return Server(name, [path, "{place}", "{mode}", *more], modes, what, environment or {})


NIO = os.path.join(places.PEERS, "nio", ".build", "release")
SERVERS = {server.name: server for server in [
    made(BASE, "uv-server", ALL, "C on libuv, 64 KiB read buffer"),
    made("uv-c-aligned", "uv-server-aligned", ALL, "the same, 256 KiB read buffer at the start of a page"),
    made("epoll-c", "epoll-server", ALL, "C on epoll"),
    ours("streams", "streams", ALL, "Fluvial's streams, async/await"),
    ours("protocol", "protocol", ALL, "Fluvial's protocols, callbacks"),
    ours("lend", "lend", "echo sink unix", "Fluvial's streams, reads that lend"),
    Server("tokio", [os.path.join(places.HERE, ".build-tokio", "release", "server"), "{place}", "{mode}"],
           "echo line sink source unix", "Tokio, one thread"),
    made("go", "go-server", ALL, "Go, a goroutine a connection", environment={"GOMAXPROCS": "1"}),
    Server("nio-handler", [os.path.join(NIO, "nio-handler"), "{place}", "{mode}"], ALL,
           "SwiftNIO's channel handlers, one loop"),
    Server("nio-async", [os.path.join(NIO, "nio-async"), "{place}", "{mode}", "default"],
           "echo line sink source unix", "SwiftNIO's async channel"),
    Server("nio-async-texec", [os.path.join(NIO, "nio-async"), "{place}", "{mode}", "prefer"],
           "echo line sink source unix", "the same, tasks prefer the loop"),
    Server("node", ["node", os.path.join(places.PEERS, "node", "server.js"), "{place}", "{mode}"], ALL, "Node"),
    python("uvloop-proto", "uvloop", "protocol"),
    python("uvloop-streams", "uvloop", "streams"),
    python("asyncio-proto", "asyncio", "protocol"),
    python("asyncio-streams", "asyncio", "streams"),
]}
OURS = ["streams", "protocol", "lend"]

WORKLOADS = {workload.name: workload for workload in [
    Workload("c1-1k-same", "echo", "--mode echo --conns 1 --size 1024", (1.05, 1.0), same_core=True),
    Workload("c50-1k", "echo", "--mode echo --conns 50 --size 1024 --threads 2", (1.10, 1.05)),
    Workload("c50-100k", "echo", "--mode echo --conns 50 --size 102400 --threads 2", (0.85, 0.85)),
    Workload("c1000-1k", "echo", "--mode echo --conns 1000 --size 1024 --threads 2", (1.10, 1.05)),
    Workload("pipe16-64b", "echo", "--mode echo --conns 50 --size 64 --pipeline 16 --threads 2", (0.95, 0.90)),
    Workload("line", "line", "--mode line --conns 50 --threads 2", (1.10, None)),
    Workload("line-p16", "line", "--mode line --conns 50 --pipeline 16 --threads 2", (1.10, None)),
    Workload("churn", "echo", "--mode churn --conns 50 --size 64 --threads 2 --srcs 4", (1.35, 1.2)),
    Workload("unix50-1k", "echo", "--mode echo --conns 50 --size 1024 --threads 2", (1.15, 1.05), is_unix=True),
    Workload("sink", "sink", "--mode sink --conns 4 --size 65536 --threads 2", (200, 195)),
    Workload("bcast200", "broadcast", "--mode broadcast --conns 200 --size 128", (7.6, 7.6)),
    Workload("idle10k", "echo", "--mode idle --conns 10000 --size 1024 --seconds 0.5", (2000, 700), once=True),
]}
# Goals that are no ratio: idle10k after one round trip, and the latency of c1-1k-same (half, 99 %), in microseconds.
TOUCHED_GOALS = (2200, 750)
LATENCY_GOALS = ((21, 50), (20, 45))
# sink and bcast200 have goals in their own units: ns a KiB, us a delivery.
ABSOLUTE = {"sink": "ns a KiB", "bcast200": "us a delivery"}
