"""Where things are, and what this machine has."""
import os
import shutil

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(HERE, "Peers")
SERVER = os.path.join(HERE, ".build", "release", "bench-server")
HOPS = os.path.join(HERE, ".build", "release", "hop-costs")
# What is made here and not by the Swift package manager; no commit has it.
MADE = os.path.join(HERE, ".build-made")
LOAD_GENERATOR = os.path.join(MADE, "load-generator")
VENV_PYTHON = os.path.join(HERE, ".build-python", "bin", "python")
SAMPLES = os.path.join(MADE, "results.jsonl")


def has(program):
    """Whether a program of that name can be run."""
    return shutil.which(program) is not None


def cores():
    """The cores that this process may use, lowest first."""
    return sorted(os.sched_getaffinity(0))


def made(name):
    """The path of a file that is made here."""
    os.makedirs(MADE, exist_ok=True)
    return os.path.join(MADE, name)
