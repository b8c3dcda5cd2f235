"""The commands of Benchmarks/run."""
import argparse

import memory


def main():
    parser = argparse.ArgumentParser(prog="Benchmarks/run")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in (("memory", memory),):
        sub = commands.add_parser(name, help=module.__doc__.splitlines()[0], description=module.__doc__)
        module.add_arguments(sub)
        sub.set_defaults(run=module.main)
    arguments = parser.parse_args()
    arguments.run(arguments)
