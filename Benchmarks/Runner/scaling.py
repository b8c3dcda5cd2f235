"""A server on several loops: what it serves and what a message costs, against one loop."""
import statistics

import catalog
import cell
import extras
import places
import report

COUNTS = [1, 2, 4]
LAYERS = ["streams", "protocol"]
WORKLOAD = "c50-1k"
GOAL = 0.9


def cores_for(loops):
    """(the server's cores, the load's, whether they are shared); a server on N loops wants N, the load one at least."""
    cores = places.cores()
    if len(cores) > loops:
        return ",".join(map(str, cores[:loops])), ",".join(map(str, cores[loops:])), False
    everything = ",".join(map(str, cores))
    return everything, everything, True


def medians(layer, loops, arguments, server_cores, load_cores):
    samples = []
    for _ in range(arguments.rounds):
        sample = cell.measure(catalog.SERVERS[layer], catalog.WORKLOADS[WORKLOAD], arguments.seconds,
                              arguments.warmup, server_cores, load_cores, [str(loops)])
        if "failed" in sample:
            raise SystemExit(f"{layer} on {loops} loops: {sample['failed']}")
        samples.append(sample)
    return {key: statistics.median(s[key] for s in samples) for key in ("msgs_s", "srv_cpu_us_msg", "srv_busy")}


def row(layer, loops, found, one, shared):
    """One loop's rate and cost are what the others are compared with, measured on the same cores."""
    if shared:
        # The load takes part of the cores, so the rate says nothing; what a message costs does.
        scale = f"skipped: {len(places.cores())} cores, and {loops} loops and the load want {loops + 1}"
    else:
        scale = f"{found['msgs_s'] / one['msgs_s'] / loops:.2f} N" if loops > 1 else "1"
    return [layer, loops, f"{found['msgs_s']:,.0f}", f"{found['srv_busy']:.2f}", f"{found['srv_cpu_us_msg']:.2f}",
            f"{found['srv_cpu_us_msg'] / one['srv_cpu_us_msg']:.2f}", scale]


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--warmup", type=float, default=0.3)


def main(arguments):
    rows = []
    for layer in LAYERS:
        for loops in COUNTS:
            server_cores, load_cores, shared = cores_for(loops)
            base_cores = (server_cores, load_cores) if shared else cores_for(1)[:2]
            one = medians(layer, 1, arguments, *base_cores)
            found = one if loops == 1 else medians(layer, loops, arguments, server_cores, load_cores)
            rows.append(row(layer, loops, found, one, shared))
            print("  ".join(map(str, rows[-1])), flush=True)
    head = ["", "loops", "messages/s", "cores used", "us a message", "x one loop on these cores", f"goal {GOAL} N"]
    print("\n" + "\n".join(report.table(head, rows)))
    extras.keep("scaling", head, rows)
