"""Redis slow, then away, under load: what is not counted yet waits in the log, not in memory."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from leaderboard.model.events import GameEvent, encode
from tests.cli.commands import COMMAND, environment
from tests.pipeline.pipes import Pipe
from tests.proxy import Proxy
from tests.recovery import Recovery
from tests.waiting import until

LOAD = 1_000
"""Events sent before the faults, and during each of them."""
PADDING = b',"padding":"' + b"x" * 80_000 + b'"}'
"""Makes an event large: 80 MB a load, of which the client fetches 2 MiB a partition at a time."""
AWAY_S = 60
PARTS = 20
"""In so many the load comes while Redis is away."""
MOST_GROWTH = 160 << 20
"""Bytes, as many as wait, which with their records would be twice as much. It takes in what was
fetched ahead, a batch under way and one to follow, each at most 2 MiB a partition and some copied,
and what the C library keeps of large blocks that one thread allocates and another frees.
"""
MOST_GROWTH_AWAY = 24 << 20
"""Bytes, while nothing can be counted and 80 MB come: what was asked of Kafka before."""


def applied(pipe: Pipe) -> int:
    return int(pipe.redis.hget(pipe.keys.counts, "applied") or 0)


def padded(event: GameEvent) -> tuple[bytes, list[tuple[str, bytes]]]:
    return encode(event)[:-1] + PADDING, []


@contextmanager
def process(pipe: Pipe, redis: str) -> Iterator[psutil.Process]:
    """The command, with its Redis at another address."""
    settings = pipe.settings.with_(redis=redis)
    command = [*COMMAND, "process", "--show-every", "0"]
    with subprocess.Popen(command, env=environment(settings)) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()


class Memory:
    """The most that a process was seen to take, in bytes; `sees` looks whenever it is asked."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.most = 0

    def sees(self, condition: Callable[[], bool]) -> Callable[[], bool]:
        def look() -> bool:
            self.most = max(self.most, self._process.memory_info().rss)
            return condition()

        return look


@pytest.mark.timeout(300)
def test_the_lag_grows_and_memory_does_not(
    pipe: Pipe, recovery: Recovery, record_property: Callable[[str, object], None]
):
    """The first load, drained at full speed, shows what is usual."""
    pipe.send(pipe.events(LOAD), padded, throughput=True)
    with (
        Proxy(pipe.settings.redis.removeprefix("redis://").split("/")[0]) as proxy,
        process(pipe, f"redis://{proxy.address}/0") as processor,
    ):
        usual, since = Memory(processor), Memory(processor)
        until(usual.sees(lambda: applied(pipe) == LOAD))

        proxy.bytes_per_s = 50_000
        pipe.send(pipe.events(LOAD, seed=2), padded, throughput=True)
        until(since.sees(lambda: applied(pipe) > LOAD))
        proxy.refusing = True
        proxy.reset()
        before, away = processor.memory_info().rss, Memory(processor)
        for part in range(PARTS):
            pipe.send(pipe.events(LOAD // PARTS, seed=3 + part), padded, throughput=True)
            time.sleep(AWAY_S / PARTS)  # this is the outage
            assert away.sees(lambda: applied(pipe) < 2 * LOAD)(), "the lag did not grow"
        assert away.most < before + MOST_GROWTH_AWAY

        proxy.heal()
        with recovery("Redis: slow, then away, under load"):
            until(since.sees(lambda: applied(pipe) == 3 * LOAD))
    record_property("rss_mb", [m.most >> 20 for m in (usual, away, since)])
    assert since.most < usual.most + MOST_GROWTH
    pipe.assert_right(3 * LOAD)
