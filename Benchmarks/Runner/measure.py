"""Measures servers in interleaved rounds, then prints the table and writes results.md and results.svg."""
import json
import os
import time

import catalog
import cell
import places
import report

SMOKE = {"rounds": 1, "seconds": 0.3, "warmup": 0.1, "workloads": "c1-1k-same,c50-1k,line-p16,bcast200",
         "servers": "uv-c,streams,protocol,lend"}


def chosen(text, known, what):
    names = text.split(",") if text else list(known)
    for name in names:
        if name not in known:
            raise SystemExit(f"there is no {what} {name}; there are {', '.join(known)}")
    return names


def load(path):
    """The samples of a file; an unfinished last line is passed over."""
    samples = []
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                try:
                    samples.append(json.loads(line))
                except ValueError:
                    print(f"{path}: passed over a line that is not whole", flush=True)
    return samples


def one_line(sample):
    head = f"{sample['round']} {sample['workload']:11} {sample['server']:16}"
    if "failed" in sample:
        return f"{head} failed: {sample['failed']}"
    if sample["mode"] == "idle":
        return f"{head} {sample['bytes_per_conn_idle']:.0f} / {sample['bytes_per_conn_touched']:.0f} bytes a connection"
    return (f"{head} {sample['srv_cpu_us_msg']:8.3f} us a message, {sample['msgs_s']:9.0f} messages/s, "
            f"p50 {sample['p50_us']:.0f} us, p99 {sample['p99_us']:.0f} us")


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="measured, a cell")
    parser.add_argument("--warmup", type=float, default=0.3, help="before it, in seconds")
    parser.add_argument("--workloads", default="", help="names with commas; all when not given")
    parser.add_argument("--servers", default="", help="names with commas; all when not given")
    parser.add_argument("--samples", default=places.SAMPLES, help="the file of JSON lines")
    parser.add_argument("--resume", action="store_true", help="measure only what that file has not")
    parser.add_argument("--write", action="store_true", help="also write results.md and results.svg")
    parser.add_argument("--smoke", action="store_true", help="a few cells of 0.3 s: whether everything works")


def main(arguments):
    if arguments.smoke:
        for key, value in SMOKE.items():
            setattr(arguments, key, value)
    servers = chosen(arguments.servers, catalog.SERVERS, "server")
    workloads = chosen(arguments.workloads, catalog.WORKLOADS, "workload")
    if not os.path.exists(places.LOAD_GENERATOR):
        raise SystemExit("not built: Benchmarks/run build")
    os.makedirs(os.path.dirname(os.path.abspath(arguments.samples)), exist_ok=True)
    if not arguments.resume and os.path.exists(arguments.samples):
        os.replace(arguments.samples, arguments.samples + ".old")
    samples = load(arguments.samples)
    have = {(s["round"], s["workload"], s["server"]) for s in samples if "failed" not in s}
    server_core, load_cores = cell.spread(places.cores())
    for number in range(arguments.rounds):
        for workload in (catalog.WORKLOADS[name] for name in workloads):
            if workload.once and number > 0:
                continue
            # One after the other within a workload, so that a ratio's two sides saw the same machine.
            for server in (catalog.SERVERS[name] for name in servers):
                key = (number, workload.name, server.name)
                if key in have or server.missing() or not server.serves(workload):
                    continue
                sample = cell.measure(server, workload, arguments.seconds, arguments.warmup, server_core, load_cores)
                sample.update(round=number, workload=workload.name, server=server.name, time=time.time(),
                              load=os.getloadavg()[0])
                samples.append(sample)
                with open(arguments.samples, "a") as file:
                    file.write(json.dumps(sample) + "\n")
                print(one_line(sample), flush=True)
    report.show(samples, workloads, servers)
    if arguments.write:
        report.write(samples, workloads, servers)
    failed = [s for s in samples if "failed" in s and (s["round"], s["workload"], s["server"]) not in have]
    raise SystemExit(1 if failed else 0)
