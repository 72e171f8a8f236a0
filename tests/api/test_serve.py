"""`leaderboard serve` as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from leaderboard.api import listen
from leaderboard.api.server import url_of
from leaderboard.errors import ServersError
from leaderboard.settings import Settings

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Starts the command with some arguments; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start_one(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "leaderboard", "serve", "--port", "0", *arguments],
            env={**os.environ, **settings.environment()},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        with process:  # closes its pipes
            process.wait()


def message(process: "subprocess.Popen[str]", kind: str) -> dict[str, Any]:
    """The next message of that type."""
    assert process.stdout is not None
    while True:
        found: dict[str, Any] = json.loads(process.stdout.readline())
        if found["type"] == kind:
            return found


def say(process: "subprocess.Popen[str]", **command: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(command) + "\n")
    process.stdin.flush()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_tells_the_address_and_a_signal_ends_it(start: Start, number: int):
    process = start()
    assert process.stdout is not None
    line = process.stdout.readline()

    assert httpx.get(line.split()[1]).status_code == 200

    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_taken_port_is_one_line_and_status_1(start: Start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--port", str(port))
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err.count("\n")) == (1, "", 1)
    assert f"127.0.0.1:{port}" in err
    assert "leaderboard serve --port" in err


def test_a_stage_says_when_it_is_ready_and_how_it_goes(start: Start):
    process = start("--control")
    url = message(process, "ready")["url"]

    httpx.get(f"{url}/api/leaderboard").raise_for_status()

    metrics = message(process, "metrics")
    assert set(metrics) == {"type", "clients", "pushes", "snapshot_age_s"}


def test_a_stage_stops_when_told(start: Start):
    process = start("--control")
    message(process, "ready")

    say(process, stop=True, id=7)

    assert message(process, "ack")["id"] == 7
    assert process.wait(60) == 0


def test_a_stage_refuses_what_it_does_not_know(start: Start):
    process = start("--control")
    message(process, "ready")

    say(process, rate=5, id=1)

    assert "unknown ['rate']" in message(process, "error")["message"]


def test_a_stage_ends_with_its_input(start: Start):
    process = start("--control")
    message(process, "ready")
    assert process.stdin is not None

    process.stdin.close()

    assert process.wait(60) == 0


def test_any_free_port():
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as other:
        assert url_of(one) != url_of(other)


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host"])
def test_an_address_that_is_not_ours(host: str):
    with pytest.raises(ServersError, match="cannot listen on"):
        listen(host, 0)


def test_small_answers_are_not_held_back():
    """Nagle's algorithm with delayed acknowledgements costs 40 ms an answer."""
    with listen("127.0.0.1", 0) as sock:
        assert sock.proto == socket.IPPROTO_TCP
