"""The table on the terminal, and results.md beside it."""
import os

import catalog
import chart
import extras
import machine
import places
from figures import Figures


def number(value, digits=2):
    return "–" if value is None else f"{value:.{digits}f}"


def whole(value):
    return "–" if value is None else f"{value:,.0f}"


def pair(first, second):
    return "–" if first is None or second is None else f"{first:,.0f} / {second:,.0f}"


def table(head, rows):
    """Lines of a Markdown table, in columns that line up on a terminal too."""
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    lines = ["| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in [head, *rows]]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return lines


def against(value, goal, show):
    """A figure, and a mark when its goal is missed."""
    if value is None:
        return "–"
    return show(value) + ("" if goal is None or value <= goal else " (!)")


def goal_text(goal, show):
    return "–" if goal is None else show(goal)


def goals_table(figures, workloads):
    """Our servers beside the goals."""
    head = ["workload", "uv-c", "streams", "goal", "protocol", "goal ", "lend"]
    rows = []
    for name in workloads:
        workload = catalog.WORKLOADS[name]
        if workload.kind == "idle":
            rows += idle_rows(figures, name)
            continue
        absolute = catalog.ABSOLUTE.get(name)
        value = figures.cpu if absolute else figures.ratio
        digits = (lambda v: number(v, 0)) if name == "sink" else number
        unit = absolute or "x uv-c"
        base = figures.cpu(name, catalog.BASE)
        base_text = number(base) + " us" if base is not None and not absolute else digits(base)
        streams, protocol = workload.goals
        rows.append([f"{name}, {unit}", base_text,
                     against(value(name, "streams"), streams, digits), goal_text(streams, digits),
                     against(value(name, "protocol"), protocol, digits), goal_text(protocol, digits),
                     digits(value(name, "lend"))])
    if "c1-1k-same" in workloads:
        rows.append(latency_row(figures))
    return table(head, rows)


def idle_rows(figures, name):
    rows = []
    for key, title, goals in (("bytes_per_conn_idle", "idle", catalog.WORKLOADS[name].goals),
                              ("bytes_per_conn_touched", "after one round trip", catalog.TOUCHED_GOALS)):
        value = lambda server: figures.median(name, server, key)
        rows.append([f"{name}, bytes a connection, {title}", whole(value(catalog.BASE)),
                     against(value("streams"), goals[0], whole), whole(goals[0]),
                     against(value("protocol"), goals[1], whole), whole(goals[1]), whole(value("lend"))])
    return rows


def latency_row(figures):
    def cell(server, goal=None):
        half, most = (figures.median("c1-1k-same", server, key) for key in ("p50_us", "p99_us"))
        if half is None:
            return "–"
        missed = goal is not None and (half > goal[0] or most > goal[1])
        return pair(half, most) + (" (!)" if missed else "")
    streams, protocol = catalog.LATENCY_GOALS
    return ["c1-1k-same, half / 99 % within us", cell(catalog.BASE), cell("streams", streams), pair(*streams),
            cell("protocol", protocol), pair(*protocol), cell("lend")]


def field_table(figures, workloads, servers):
    """Everybody's CPU a message against uv-c."""
    names = [name for name in workloads if catalog.WORKLOADS[name].kind != "idle"]
    rows = []
    for server in servers:
        missing = catalog.SERVERS[server].missing()
        cells = []
        for name in names:
            if missing:
                cells.append(missing)
            elif not catalog.SERVERS[server].serves(catalog.WORKLOADS[name]):
                cells.append("")
            elif (name, server) in figures.failed and figures.ratio(name, server) is None:
                cells.append("failed")
            else:
                cells.append(number(figures.ratio(name, server)))
        rows.append([server, *cells])
    return table(["x uv-c", *names], rows)


def rest_table(figures, servers):
    """Latency, rate and memory of everybody."""
    rows = []
    for server in servers:
        if catalog.SERVERS[server].missing():
            continue
        middle = lambda workload, key: figures.median(workload, server, key)
        rows.append([server,
                     pair(middle("c1-1k-same", "p50_us"), middle("c1-1k-same", "p99_us")),
                     pair(middle("c50-1k", "p50_us"), middle("c50-1k", "p99_us")),
                     whole(middle("c50-1k", "msgs_s")),
                     pair(middle("idle10k", "bytes_per_conn_idle"), middle("idle10k", "bytes_per_conn_touched")),
                     catalog.SERVERS[server].what])
    return table(["server", "c1-1k-same, us: half / 99 %", "c50-1k, us: half / 99 %", "c50-1k, messages/s",
                  "bytes a connection: idle / touched", "what it is"], rows)


def show(samples, workloads, servers):
    figures = Figures(samples)
    print("\n" + "\n".join(goals_table(figures, workloads)))
    print("\n(!): misses its goal\n")
    print("\n".join(field_table(figures, workloads, servers)))


def write(samples, workloads, servers):
    """results.md and results.svg beside the README."""
    figures = Figures(samples)
    lines = ["# Results", "", *machine.description(), "",
             f"Server CPU a message against `{catalog.BASE}`, a plain C program on libuv, in the same round: medians of"
             f" {figures.rounds()} interleaved rounds. Less is better. The server has a core to itself and the load the"
             " others. [The README](README.md) says what the workloads are and how to take these figures again:"
             " `Benchmarks/run results`.", "",
             "![CPU a message against plain C on libuv](results.svg)", "",
             "## Fluvial and its goals", "", *goals_table(figures, workloads), "",
             "(!): misses its goal.", "",
             "## Everybody", "", *field_table(figures, workloads, servers), "",
             *rest_table(figures, servers), ""]
    lines += extras.sections(table)
    with open(os.path.join(places.HERE, "results.md"), "w") as file:
        file.write("\n".join(lines))
    with open(os.path.join(places.HERE, "results.svg"), "w") as file:
        file.write(chart.draw(figures, workloads, servers))
    print("\nwrote Benchmarks/results.md and Benchmarks/results.svg")
