"""Builds our servers, the load generator and every peer whose tools are here; says what is missing."""
import os
import subprocess

import places


def run(what, command, folder, environment=None):
    """Whether it was built."""
    print(f"== {what}", flush=True)
    done = subprocess.run(command, cwd=folder, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        print(f"{what}: could not be built", flush=True)
    return done.returncode == 0


def make(what, folder):
    return run(what, ["make", "-s", f"OUT={places.MADE}"], os.path.join(places.HERE, folder))


def swift(what, folder):
    return run(what, ["swift", "build", "-c", "release", "--disable-index-store"], folder)


def ours():
    """What no run can do without."""
    os.makedirs(places.MADE, exist_ok=True)
    needed = [make("the load generator", "Load"), make("the C servers", "Peers/c"),
              swift("our servers", places.HERE)]
    if not all(needed):
        raise SystemExit("Benchmarks/README.md says what must be installed")


def tokio():
    target = os.path.join(places.HERE, ".build-tokio")
    command = ["cargo", "build", "--release", "--quiet", "--target-dir", target]
    # Debian's packages of the sources, where they are installed; else whatever cargo is told to use.
    debian = "/usr/share/cargo/registry"
    if os.path.isdir(debian):
        command += ["--offline", "--config", 'source.crates-io.replace-with="debian"',
                    "--config", f'source.debian.directory="{debian}"']
    run("Tokio", command, os.path.join(places.PEERS, "tokio"))


def uvloop():
    folder = os.path.join(places.HERE, ".build-python")
    if os.path.exists(places.VENV_PYTHON):
        return
    if run("Python's own folder", ["python3", "-m", "venv", folder], places.HERE):
        run("uvloop", [places.VENV_PYTHON, "-m", "pip", "install", "--quiet", "uvloop"], places.HERE)


def peers():
    swift("SwiftNIO's servers", os.path.join(places.PEERS, "nio"))
    uvloop()
    for program, build in (("cargo", tokio), ("go", go)):
        if places.has(program):
            build()
        else:
            print(f"{program} is not installed: no row of it", flush=True)


def go():
    output = os.path.join(places.MADE, "go-server")
    run("Go", ["go", "build", "-o", output, "."], os.path.join(places.PEERS, "go"), {"GOPROXY": "off"})


def add_arguments(parser):
    parser.add_argument("--ours", action="store_true", help="without the peers of other languages and SwiftNIO")


def main(arguments):
    ours()
    if not arguments.ours:
        peers()
