"""One cell of the table: a fresh server on its core, the load generator on the others."""
import json
import os
import socket
import subprocess
import tempfile
import time

import places


def spread(cores):
    """(the server's core, the cores of the load); the same when there is one."""
    return (str(cores[0]), ",".join(map(str, cores[1:])) or str(cores[0]))


def free_place(is_unix, folder):
    if is_unix:
        return os.path.join(folder, "socket")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def connected(place):
    """Whether somebody listens there."""
    is_unix = place.startswith("/")
    with socket.socket(socket.AF_UNIX if is_unix else socket.AF_INET) as probe:
        try:
            probe.connect(place if is_unix else ("127.0.0.1", int(place)))
            return True
        except OSError:
            return False


def wait_until_connected(process, place):
    """Whether the server came to listen, within ten seconds."""
    deadline = time.monotonic() + 10
    while not connected(place):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def ended(process):
    if process.poll() is None:
        process.kill()
    process.wait()


def load_arguments(workload, place, threads):
    words = workload.load.split()
    if "--threads" in words:
        words[words.index("--threads") + 1] = str(min(threads, int(words[words.index("--threads") + 1])))
    return words + (["--unix", place] if workload.is_unix else ["--port", place])


def measure(server, workload, seconds, warm_up, server_cores, load_cores, more=()):
    """A sample of the load generator's figures; with the key `failed` when there is none."""
    if workload.same_core:
        load_cores = server_cores.split(",")[0]
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        place = free_place(workload.is_unix, folder)
        words = [word.format(place=place, mode=workload.mode) for word in server.command]
        with open(os.path.join(folder, "errors"), "w+b") as errors:
            process = subprocess.Popen(
                ["taskset", "-c", server_cores, *words, *more], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **server.environment})
            try:
                if not wait_until_connected(process, place):
                    errors.seek(0)
                    return {"failed": "the server did not start: " + errors.read()[-300:].decode(errors="replace")}
                # A server that compiles as it runs is given a moment.
                time.sleep(0.1)
                return under_load(process, workload, place, seconds, warm_up, load_cores)
            finally:
                ended(process)


def under_load(process, workload, place, seconds, warm_up, load_cores):
    command = ["taskset", "-c", load_cores, places.LOAD_GENERATOR, "--pid", str(process.pid),
               "--warmup", str(warm_up)]
    command += load_arguments(workload, place, len(load_cores.split(",")))
    if "--seconds" not in command:
        command += ["--seconds", str(seconds)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + warm_up + 90)
    except subprocess.TimeoutExpired:
        return {"failed": "the load generator did not end"}
    if run.returncode != 0 or not run.stdout.strip():
        return {"failed": "the load generator said: " + run.stderr[-300:]}
    sample = json.loads(run.stdout)
    if process.poll() is not None:
        return {"failed": f"the server ended by itself with status {process.returncode}"}
    wrong = sum(sample.get(key, 0) for key in ("errors", "mismatch", "connect_errors"))
    if wrong:
        sample["failed"] = f"{wrong} errors"
    elif sample.get("msgs", 1) == 0:
        sample["failed"] = "not one message came back"
    return sample
