"""The machine that the figures are of."""
import datetime
import os
import platform
import re
import subprocess

import places


def first_line(*command):
    try:
        out = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    text = (out.stdout or out.stderr).strip()
    return text.splitlines()[0] if text else None


def processor():
    with open("/proc/cpuinfo") as file:
        found = re.search(r"model name\s*:\s*(.*)", file.read())
    return found.group(1) if found else platform.machine()


def memory_gib():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def is_virtual():
    with open("/proc/cpuinfo") as file:
        return " hypervisor" in file.read()


def description():
    """Lines of Markdown."""
    kind = "a virtual machine" if is_virtual() else "a machine"
    swift = first_line("swift", "--version") or "Swift"
    libuv = first_line("pkg-config", "--modversion", "libuv")
    parts = [f"Linux {platform.release()}", re.sub(r"^.*?(Swift version \S+).*$", r"\1", swift)]
    if libuv:
        parts.append(f"libuv {libuv}")
    return [f"Taken on {datetime.date.today().isoformat()} on {kind}: {processor()}, {len(places.cores())} cores,"
            f" {memory_gib()} GiB, {', '.join(parts)}."]
