"""The older topology for real: the whole pipeline against Kafka 3.9 that ZooKeeper coordinates."""

from collections.abc import Iterator

import pytest

from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe
from tests.waiting import until


@pytest.fixture
def pipe(zookeeper_settings: Settings) -> Iterator[Pipe]:
    pipe = Pipe(zookeeper_settings)
    yield pipe
    pipe.close()


@pytest.mark.timeout(300)
def test_the_pipeline_on_kafka_with_zookeeper(pipe: Pipe):
    """Duplicates, bad records, a killed processor and a second one: nothing lost or doubled."""
    events = pipe.events(500)
    pipe.send(events)
    pipe.send(events[:100])
    pipe.send_raw(b"junk")
    with pipe.victim("sent") as victim:
        victim.wait(60)
    with pipe.running() as first, pipe.running() as second:
        until(lambda: len(first.positions) + len(second.positions) == 3)
        pipe.send(pipe.events(200, seed=2))
    pipe.drain()
    report = pipe.assert_right(801)
    assert (report.applied, report.duplicates, report.dead_letters) == (700, 100, 1)
