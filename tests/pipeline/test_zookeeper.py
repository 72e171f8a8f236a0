"""The older topology for real: the whole pipeline against Kafka 3.9 that ZooKeeper coordinates."""

from collections.abc import Iterator

import pytest

from leaderboard import stack
from leaderboard.settings import Settings
from leaderboard.stack.ports import free_port
from tests.pipeline.pipes import Pipe
from tests.waiting import until


@pytest.fixture(scope="module")
def zookeeper_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    ports: list[int] = []
    for _ in range(2):
        ports.append(free_port(avoid=frozenset(ports)))
    settings = Settings.load(
        kafka="",
        redis="",
        data_dir=tmp_path_factory.mktemp("zookeeper"),
        kafka_port=ports[0],
        redis_port=ports[1],
    )
    with stack.running(settings, zookeeper=True) as servers:
        yield settings.with_(kafka=servers.kafka, redis=servers.redis)


@pytest.fixture
def pipe(zookeeper_servers: Settings) -> Iterator[Pipe]:
    pipe = Pipe(zookeeper_servers)
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
