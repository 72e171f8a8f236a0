"""The commands as a person or a script sees them."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
from typer.testing import CliRunner

from leaderboard import stack
from leaderboard.cli.commands import app
from leaderboard.cli.replies import for_people, raw
from leaderboard.settings import Settings
from leaderboard.stack.state import read_state, state_file
from tests.stack.conftest import Command
from tests.waiting import until


def test_from_up_to_down(command: Command, own: Settings):
    missing = command("status", "--json")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "run `leaderboard up`" in missing.stderr

    assert command("up", "--detach").returncode == 0
    found = json.loads(command("status", "--json").stdout)
    assert found["kafka"] == f"127.0.0.1:{own.kafka_port}"
    assert found["redis"] == f"redis://127.0.0.1:{own.redis_port}/0"
    assert found["embedded"] == {"kafka": True, "redis": True}
    assert set(found["pids"]) == {"kafka", "redis"}
    assert "run already" in command("up").stdout

    create = ("topics", "--create", "--topic", "t", "--partitions", "2")
    assert command("kafka", *create).returncode == 0
    offsets = command("kafka", "offsets", "--topic", "t")
    assert offsets.stdout.splitlines() == ["t:0:0", "t:1:0"]

    assert command("redis", "zadd", "board", "150", "player_001").stdout == "1\n"
    ranking = command("redis", "ZREVRANGE", "board", "0", "-1", "WITHSCORES")
    assert ranking.stdout == "player_001\n150\n"
    assert command("redis", "nonsense").returncode == 1

    assert command("down").stdout.count("stopped") == 2
    broken = command("doctor")
    assert broken.returncode == 1
    assert "fix: run `leaderboard up`" in broken.stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_servers_in_the_foreground_end_with_it(own: Settings, how: signal.Signals):
    with foreground(own) as up:
        processes = [s.process for s in read_state(own.data_dir).servers.values()]
        assert [process.alive() for process in processes] == [True, True]
        up.send_signal(how)
        until(lambda: not any(process.alive() for process in processes))
        assert up.wait(30) == (0 if how != signal.SIGKILL else -how)


def test_up_says_whose_the_servers_are_that_run_already(command: Command, own: Settings):
    with foreground(own) as up:
        for again in (("up",), ("up", "--detach")):
            said = command(*again)
            assert said.returncode == 0
            assert f"run already and stop with process {up.pid} (" in said.stdout
            assert "-m leaderboard up)" in said.stdout
        up.send_signal(signal.SIGINT)
    assert stack.owner(own) is None
    stack.up(own)
    assert stack.owner(own) is None, "they stay until `down`"


def test_the_foreground_ends_after_down(own: Settings):
    with foreground(own) as up:
        assert len(stack.down(own)) == 2
        assert up.wait(30) == 0


def test_the_foreground_ends_when_a_server_does(own: Settings):
    with foreground(own) as up:
        psutil.Process(read_state(own.data_dir).servers["redis"].process.pid).kill()
        assert up.wait(30) == 1


def test_a_start_that_is_killed_half_way_is_taken_up(own: Settings):
    arguments = [sys.executable, "-m", "leaderboard", "up", "--detach"]
    with subprocess.Popen(arguments, env={**os.environ, **own.environment()}) as starting:
        until(state_file(own.data_dir).exists)
        starting.kill()
    begun = read_state(own.data_dir)
    stack.up(own)
    assert read_state(own.data_dir) == begun


def foreground(settings: Settings) -> "subprocess.Popen[str]":
    """`leaderboard up`, returned when its servers answer."""
    process = subprocess.Popen(
        [sys.executable, "-m", "leaderboard", "up"],
        env={**os.environ, **settings.environment()},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Kafka at")
    return process


@pytest.mark.parametrize("name", ["up", "down", "status", "doctor", "kafka", "redis"])
def test_help_shows_an_example(name: str):
    assert f"Example: leaderboard {name}" in CliRunner().invoke(app, [name, "--help"]).stdout


def test_replies_look_like_redis_cli():
    reply = [b'Nova "N"', [1, None], "é".encode(), b"\xff\x00"]
    assert for_people(reply) == "\n".join(
        ['1) "Nova \\"N\\""', "2) 1) (integer) 1", "   2) (nil)", '3) "é"', '4) "\\xff\\x00"']
    )
    assert raw(reply).splitlines()[:2] == ['Nova "N"', "1"]
    assert for_people(b"OK") == "OK"
    assert for_people([]) == "(empty array)"
