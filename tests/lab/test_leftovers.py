"""What a crashed kernel left behind is found; what lives is left alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from leaderboard.lab import leftovers
from tests.waiting import until

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    child = subprocess.Popen(SLEEP)
    yield child
    child.kill()
    child.wait()


def write(folder: Path, kernel: leftovers.Process, stage: int, topic: str = "t") -> Path:
    found = leftovers.process(stage, "producer")
    path = folder / "1-1.json"
    path.write_bytes(msgspec.json.encode(leftovers.Roster(kernel, topic, [found])))
    return path


def test_stages_of_a_dead_kernel_are_stopped(tmp_path: Path, sleeper: "subprocess.Popen[bytes]"):
    path = write(tmp_path, leftovers.Process(1, 5.0), sleeper.pid)
    assert "producer" in leftovers.stop_orphans(tmp_path)[0]
    until(lambda: sleeper.poll() is not None)
    assert not path.exists()


def test_a_later_process_of_the_same_number_is_spared(
    tmp_path: Path, sleeper: "subprocess.Popen[bytes]"
):
    old = leftovers.Roster(
        leftovers.Process(1, 5.0), "t", [leftovers.Process(sleeper.pid, 5.0, "producer")]
    )
    (tmp_path / "1-1.json").write_bytes(msgspec.json.encode(old))
    assert leftovers.stop_orphans(tmp_path) == []
    assert sleeper.poll() is None


def test_a_lab_of_a_living_kernel_is_found_and_left(
    tmp_path: Path, sleeper: "subprocess.Popen[bytes]"
):
    kernel = subprocess.Popen(SLEEP)
    try:
        write(tmp_path, leftovers.process(kernel.pid), sleeper.pid)
        assert leftovers.stop_orphans(tmp_path) == []
        assert len(leftovers.others(tmp_path, "t")) == 1
        assert leftovers.others(tmp_path, "another topic") == []
        leftovers.stop(leftovers.others(tmp_path, "t")[0])
        until(lambda: sleeper.poll() is not None)
    finally:
        kernel.kill()
        kernel.wait()


def test_a_broken_file_harms_nothing(tmp_path: Path):
    (tmp_path / "1-1.json").write_text("{")
    assert leftovers.stop_orphans(tmp_path) == []


def test_the_file_follows_the_stages(tmp_path: Path, sleeper: "subprocess.Popen[bytes]"):
    roster = leftovers.RosterFile(tmp_path / "lab", "t")
    roster.write([])
    assert not (tmp_path / "lab").exists()
    roster.write([(sleeper.pid, "producer")])
    assert len(list((tmp_path / "lab").glob("*.json"))) == 1
    assert leftovers.others(tmp_path / "lab", "t") == []
    roster.remove()
    roster.remove()
    assert list((tmp_path / "lab").iterdir()) == []
