"""The small program that starts servers, and in `guard` mode owns them.

Run as a file with a JSON job as its argument; standard library only, so it starts in 30 ms::

    {"guard": true, "parent": 4711, "servers": [{"name", "argv", "log", "folder"}, ...]}

It answers with one line: a JSON object of process ids by name, or of one "error". Without `guard`
it then ends and leaves the servers to the system. With `guard` it stays, stops the servers when
its standard input ends, when its parent changes, or at SIGTERM, and ends when the last server has.
End of input alone would not do: a child forked by the parent may hold the pipe open.

Must not import anything of ours: its life may be longer than the checkout's.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

POLL_S = 0.25
GRACE_S = 15.0
PR_SET_PDEATHSIG = 1


def main() -> None:
    job = json.loads(sys.argv[1])
    guard = bool(job["guard"])
    stopping: list[int] = []
    if guard:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda got, _frame: stopping.append(got))
    servers: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for server in job["servers"]:
            servers[server["name"]] = start(server, guard)
    except OSError as error:
        stop(servers)
        report({"error": str(error)})
        return
    report({name: process.pid for name, process in servers.items()})
    if guard:
        while not stopping and wanted(job["parent"]) and running(servers):
            pass
        stop(servers)


def start(server: dict[str, str | list[str]], guard: bool) -> "subprocess.Popen[bytes]":
    """Start one server in a session of its own, with both outputs in its log file."""
    folder = Path(str(server["folder"]))
    with Path(str(server["log"])).open("ab") as log:
        return subprocess.Popen(
            server["argv"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_keeper if guard and sys.platform == "linux" else None,
        )


def die_with_keeper() -> None:
    """Ask Linux for SIGTERM when the keeper's only thread ends, even by SIGKILL."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def report(answer: dict[str, int] | dict[str, str]) -> None:
    """Answer, then let go of standard output: whoever reads it sees its end."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def wanted(parent: int) -> bool:
    """Wait a moment; whether the parent still lives and holds our standard input open."""
    readable, _, _ = select.select([sys.stdin], [], [], POLL_S)
    ended = bool(readable) and not os.read(sys.stdin.fileno(), 1024)
    return not ended and os.getppid() == parent


def running(servers: dict[str, "subprocess.Popen[bytes]"]) -> bool:
    """Whether any server still runs; reaps those that ended."""
    ended = [process.poll() is not None for process in servers.values()]
    return not all(ended)


def stop(servers: dict[str, "subprocess.Popen[bytes]"]) -> None:
    """SIGTERM to all, SIGKILL to those that still run after GRACE_S seconds."""
    for process in servers.values():
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + GRACE_S
    while running(servers) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in servers.values():
        if process.poll() is None:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
