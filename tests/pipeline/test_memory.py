"""Memory over a simulated day: windows come and go, ids expire, and nothing grows on."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from leaderboard.model.simulate import Profile, simulate
from tests.pipeline.day import HOURS, Hour
from tests.pipeline.pipes import START, Pipe
from tests.private_redis import PrivateRedis

DAY = Path(__file__).with_name("day.py")
PER_HOUR = 1500
MOST_BYTES = 150 << 20
BOARDS = """
[[board]]
name = "quarters"
window = "fixed"
size_s = 900
lateness_s = 60
keep = 4
[[board]]
name = "sliding"
window = "sliding"
size_s = 3600
every_s = 600
lateness_s = 60
keep = 4
[[board]]
name = "hours"
window = "hourly"
scope = "game"
lateness_s = 60
keep = 2
"""


@pytest.fixture
def pipe(make_pipe: Callable[..., Pipe], private_redis: PrivateRedis, tmp_path: Path) -> Pipe:
    declared = tmp_path / "boards.toml"
    declared.write_text(BOARDS)
    return make_pipe(boards_file=str(declared), redis=private_redis.url, partitions=1)


def test_memory_is_flat_over_a_simulated_day(pipe: Pipe):
    """After the first eight hours: what the last eight need, the eight before needed too."""
    profile = Profile(players=100)
    step = timedelta(hours=1) / PER_HOUR
    pipe.send(list(simulate(1, START, n=HOURS * PER_HOUR, step=step, profile=profile)))
    told = subprocess.run(
        [sys.executable, DAY, str(PER_HOUR)],
        env={**os.environ, **pipe.settings.environment()},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    hours = [msgspec.json.decode(line, type=Hour) for line in told.splitlines()]
    assert len(hours) == HOURS
    # a process takes memory in steps, for the records of a larger poll
    for what, slack in (("processor", 1.3), ("redis", 1.1), ("keys", 1.1), ("ids", 1.1)):
        used = [getattr(hour, what) for hour in hours]
        assert max(used[16:]) <= slack * max(used[8:16]), (what, used)
    assert hours[-1].ids < HOURS * PER_HOUR / 4
    assert max(hour.processor for hour in hours) < MOST_BYTES
