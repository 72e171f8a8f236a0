"""The state file: it believes a process only when id and start agree."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from leaderboard.errors import ServersDownError, ServersError
from leaderboard.settings import Settings
from leaderboard.stack import connect, down
from leaderboard.stack.state import (
    Identity,
    Server,
    State,
    read_state,
    state_file,
    write_state,
)
from tests.waiting import until


@pytest.fixture
def sleeper():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def server(process: Identity) -> Server:
    return Server(process, "127.0.0.1", 9092, 9092, "/tmp/kafka.log")


def test_a_process_is_alive_until_it_ends(sleeper: "subprocess.Popen[bytes]"):
    process = Identity.of(sleeper.pid)
    assert process.alive()
    sleeper.kill()
    until(lambda: psutil.Process(sleeper.pid).status() == psutil.STATUS_ZOMBIE)
    assert not process.alive(), "a zombie serves nobody"
    sleeper.wait()
    assert not process.alive()
    assert not Identity.of(sleeper.pid).alive(), "of a process that is gone"


def test_another_process_with_the_same_id_is_not_ours(sleeper: "subprocess.Popen[bytes]"):
    recycled = replace(Identity.of(sleeper.pid), started=1.0)
    assert not recycled.alive()


def test_state_reads_as_written(tmp_path: Path, sleeper: "subprocess.Popen[bytes]"):
    state = State({"kafka": server(Identity.of(sleeper.pid))})
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state == state.of_the_living()
    write_state(tmp_path, State())
    assert not state_file(tmp_path).exists()


@pytest.mark.parametrize("text", ["", "[]", '{"kafka": 1}', '{"kafka": {"process": {}}}'])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, text: str):
    state_file(tmp_path).write_text(text)
    with pytest.raises(ServersError, match=r"servers\.json: expected .* delete the file"):
        read_state(tmp_path)


def test_down_leaves_a_recycled_process_alone(own: Settings, sleeper: "subprocess.Popen[bytes]"):
    own.data_dir.mkdir()
    recycled = replace(Identity.of(sleeper.pid), started=1.0)
    write_state(own.data_dir, State({"kafka": server(recycled)}))
    with pytest.raises(ServersDownError, match=r"kafka does not run on .*; run `leaderboard up`"):
        connect(own)
    assert down(own) == []
    assert sleeper.poll() is None
