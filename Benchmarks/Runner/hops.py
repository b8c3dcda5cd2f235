"""What an await costs from one place to another: a task and an actor on one loop, on two, on none."""
import subprocess

import extras
import places
import report


def add_arguments(parser):
    pass


def main(arguments):
    out = subprocess.run([places.HOPS], capture_output=True, text=True, timeout=300)
    if out.returncode != 0:
        raise SystemExit("hop-costs: " + (out.stderr or "not built: Benchmarks/run build"))
    rows = [line.split("\t") for line in out.stdout.splitlines()]
    head = ["from and to", "ns"]
    rows = [[name, f"{int(cost):,}"] for name, cost in rows]
    print("\n".join(report.table(head, rows)))
    extras.keep("hops", head, rows)
