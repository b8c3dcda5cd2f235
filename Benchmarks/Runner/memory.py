"""What a parked connection holds, by part: live heap blocks of the server, the difference of two crowds.

The heap profiler DHAT tells which blocks live at the end and who allocated them. A block of n bytes takes
max(32, n + 8 rounded up to 16) from glibc's heap; that is what is added up.
"""
import collections
import json
import re
import subprocess

import counted
import extras
import places

FEW, MANY = 8, 136

# The first pattern found in the place that allocates names the part.
PARTS = [
    ("libuv handle", r"\bfluv_stream_open"),
    ("task: its first stack slab", r"StackAllocator"),
    ("task: job and context", r"swift_task_create"),
    ("tables that grow", r"_DictionaryStorage|_ContiguousArrayBuffer|uv_signal_init|Deque"),
    ("transport and write queue", r"StreamTransport|TCPTransport|makeTransport|createServer|WriteQueue"),
    ("reader and writer", r"StreamReaderProtocol|StreamReader\b|StreamWriter\b|makeStreams|Server\.accepted"),
    ("handler's closures and facades", r"startRoot|Server\.|bench_server"),
    ("the user's protocol object", r"serveByProtocol"),
]


def taken(size):
    """What glibc's heap gives for a block."""
    return max(32, (int(size) + 8 + 15) & ~15)


def live_blocks(path):
    """(stack of frames) -> (bytes asked, blocks, bytes taken), for what lived at the end."""
    with open(path) as file:
        profile = json.load(file)
    frames = profile["ftbl"]
    found = {}
    for point in profile["pps"]:
        if point["ebk"]:
            stack = tuple(frames[index] for index in point["fs"])
            each = taken(point["eb"] / point["ebk"])
            found[stack] = (point["eb"], point["ebk"], each * point["ebk"])
    return found


def profile(layer, crowd, touched):
    """The server's live blocks with a crowd of connections that are parked."""
    output = places.made(f"memory-{layer}-{crowd}.json")
    tool = ["--tool=dhat", f"--dhat-out-file={output}", "--num-callers=40"]
    message = b"x" * 1024
    with counted.CountedServer(tool, output, "echo", layer) as server:
        # Whatever is made once, on first use, is made by this one.
        first = server.connect()
        counted.round_trip(first, message)
        crowd_sockets = [server.connect() for _ in range(crowd)]
        # The server accepts 16 a turn at most, and each of these takes it a turn: after them it has everybody.
        for _ in range(crowd // 4):
            counted.round_trip(first, message)
        for connection in crowd_sockets if touched else []:
            counted.round_trip(connection, message)
        counted.round_trip(first, message)
    return live_blocks(output)


def demangled(names):
    """Swift's symbols in readable form."""
    out = subprocess.run(["swift", "demangle", "--simplified"], input="\n".join(names), text=True,
                         capture_output=True)
    return out.stdout.splitlines() if out.returncode == 0 else list(names)


def name_of(frame):
    """DHAT's frame without address and binary."""
    return re.sub(r" \(in [^)]*\)$", "", frame.split(": ", 1)[-1])


def by_stack(layer, touched):
    """[(readable frames, bytes asked, blocks, bytes taken)] for one connection, the largest first."""
    few, many = profile(layer, FEW, touched), profile(layer, MANY, touched)
    stacks = sorted(set(few) | set(many))
    names = sorted({name_of(frame) for stack in stacks for frame in stack})
    readable = dict(zip(names, demangled(names)))
    rows = []
    for stack in stacks:
        a, b = few.get(stack, (0, 0, 0)), many.get(stack, (0, 0, 0))
        asked, blocks, cost = ((y - x) / (MANY - FEW) for x, y in zip(a, b))
        if abs(cost) >= 1:
            rows.append(([readable[name_of(frame)] for frame in stack], asked, blocks, cost))
    return sorted(rows, key=lambda row: -row[3])


def part_of(frames):
    for part, pattern in PARTS:
        if re.search(pattern, site_of(frames)):
            return part
    return "other"


def site_of(frames):
    """The nearest frames that are not an allocator's."""
    dull = re.compile(r"malloc|calloc|realloc|memalign|swift_slowAlloc|swift_allocObject|\?\?\?")
    return " < ".join([frame for frame in frames if not dull.search(frame)][:2])


def show(layer, touched, sites):
    """Prints the table; returns its rows."""
    rows = by_stack(layer, touched)
    parts = collections.Counter()
    blocks = collections.Counter()
    for frames, _, count, cost in rows:
        parts[part_of(frames)] += cost
        blocks[part_of(frames)] += count
    state = "after one round trip" if touched else "idle"
    print(f"\nby {layer}, {state}: {sum(parts.values()):.0f} bytes a connection, {sum(blocks.values()):.1f} blocks")
    for part, cost in parts.most_common():
        print(f"  {cost:7.0f}  {blocks[part]:5.1f}  {part}")
    if sites:
        print("  by place (bytes taken, bytes asked, blocks, where):")
        for frames, asked, count, cost in rows:
            print(f"  {cost:7.0f} {asked:7.0f} {count:6.2f}  {site_of(frames)}")
    return [[layer, part, f"{cost:.0f}", f"{blocks[part]:.1f}"] for part, cost in parts.most_common()]


def add_arguments(parser):
    parser.add_argument("--layers", default="streams,protocol", help="which of streams, lend, protocol")
    parser.add_argument("--touched", action="store_true", help="also after one round trip on each connection")
    parser.add_argument("--sites", action="store_true", help="also each place that allocates")


def main(arguments):
    if not places.has("valgrind") or not places.has("objcopy"):
        raise SystemExit("this needs valgrind and binutils")
    rows = []
    for layer in arguments.layers.split(","):
        rows += show(layer, False, arguments.sites)
        if arguments.touched:
            show(layer, True, arguments.sites)
    extras.keep("memory", ["", "part", "bytes", "blocks"], rows)
    print("\nThe kernel's own figure, fragmentation included: Benchmarks/run --workloads idle10k")
