"""The keeper: servers end with the process that wanted them, however that ends."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from leaderboard.errors import ServersError
from leaderboard.stack.launch import Job, Launched, stop_process
from tests.waiting import until

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True);"
    "time.sleep(600)",
]


def job(folder: Path, command: list[str] = SLEEP, name: str = "server") -> Job:
    return Job(name, command, folder / f"{name}.log", folder)


# starts a server like `leaderboard up`, forks a child that holds every pipe open, and waits
PARENT = """
    import os, signal, sys, time
    from pathlib import Path
    from leaderboard.stack.launch import Job, Launched
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job inherits "ignore"
    folder = Path(sys.argv[1])
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    job = Job("server", sleep, folder / "log", folder)
    launched = Launched([job], guard=True)
    sibling = os.fork()
    if sibling == 0:
        time.sleep(5)
        os._exit(0)
    print(launched.processes["server"].pid, sibling, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_guarded_server_ends_with_its_parent(tmp_path: Path, how: signal.Signals):
    code = textwrap.dedent(PARENT)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        server, sibling = map(int, parent.stdout.readline().split())
        assert psutil.pid_exists(server)
        parent.send_signal(how)
        until(lambda: not psutil.pid_exists(server), 20)
        psutil.Process(sibling).kill()


def test_a_guarded_server_ends_with_its_killed_keeper(tmp_path: Path):
    if sys.platform != "linux":
        pytest.skip("only Linux signals the children of a killed process")
    with Launched([job(tmp_path)], guard=True) as launched:
        server = launched.processes["server"]
        psutil.Process(server.pid).parent().kill()
        until(lambda: not server.alive())


def test_a_server_that_ignores_a_request_is_killed(tmp_path: Path):
    with Launched([job(tmp_path, STUBBORN)], guard=True) as launched:
        server = launched.processes["server"]
        until((tmp_path / "server.log").read_text)
        assert stop_process(server, within_s=0.2)
        until(lambda: not server.alive())
        assert not stop_process(server)


def test_an_unguarded_server_outlives_its_starter_and_is_nobodys_zombie(tmp_path: Path):
    server = Launched([job(tmp_path)], guard=False).processes["server"]
    assert server.alive()
    assert psutil.Process(server.pid).parent().pid not in (0, psutil.Process().pid)
    stop_process(server)
    until(lambda: not psutil.pid_exists(server.pid))


@pytest.mark.parametrize("guard", [True, False])
def test_a_server_that_ends_at_once_is_reported_with_its_log(tmp_path: Path, guard: bool):
    dying = [sys.executable, "-c", "import sys; sys.exit('port 9092: address in use')"]
    with (
        Launched([job(tmp_path, dying)], guard=guard) as launched,
        pytest.raises(ServersError, match=r"(?s)server ended .*server\.log ends:.*address in use"),
    ):
        launched.wait("server", lambda: False)


def test_of_two_servers_both_start_or_none(tmp_path: Path):
    no_program = job(tmp_path, ["/no/such/program"], "other")
    with pytest.raises(ServersError, match=r"server and other not started: .*/no/such/program"):
        Launched([job(tmp_path, [*SLEEP, "both-or-none"]), no_program], guard=False)
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if command[-1:] == ["both-or-none"]]


def test_a_silent_server_is_reported_after_a_while(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("leaderboard.stack.launch.START_S", 0.1)
    with (
        Launched([job(tmp_path)], guard=True) as launched,
        pytest.raises(ServersError, match=r"(?s)does not answer after .*\(empty\)"),
    ):
        launched.wait("server", lambda: False)


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("leaderboard.stack.launch.LOG_LIMIT", 10)
    (tmp_path / "server.log").write_text("x" * 11)
    with Launched([job(tmp_path)], guard=True):
        assert (tmp_path / "server.old.log").read_text() == "x" * 11
        assert (tmp_path / "server.log").read_text() == ""
