"""Everything that results.md and results.svg have, measured anew and written: on a quiet machine, half an hour."""
import argparse

import build
import calls
import hops
import measure
import memory
import scaling


def add_arguments(parser):
    measure.add_arguments(parser)


def main(arguments):
    build.main(arguments_of(build))
    arguments.write = True
    for module in (scaling, hops, calls, memory):
        try:
            module.main(arguments_of(module))
        except SystemExit as reason:
            # What is missing here leaves its section out, or as it was.
            print(f"{module.__name__}: {reason}", flush=True)
    measure.main(arguments)


def arguments_of(module):
    """What a command does when nothing is said."""
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args([])
