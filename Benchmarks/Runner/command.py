"""The commands of Benchmarks/run."""
import argparse

import build
import calls
import hops
import measure
import memory
import results
import scaling
import selftest

COMMANDS = {"build": build, "measure": measure, "results": results, "scaling": scaling, "hops": hops, "calls": calls,
            "memory": memory, "selftest": selftest}


def main():
    parser = argparse.ArgumentParser(prog="Benchmarks/run")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        sub = commands.add_parser(name, help=module.__doc__.splitlines()[0], description=module.__doc__)
        module.add_arguments(sub)
        sub.set_defaults(run=module.main)
    arguments = parser.parse_args()
    arguments.run(arguments)
