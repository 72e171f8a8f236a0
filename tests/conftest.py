"""Real servers for the tests that need them: one pair per session, names of its own per test."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from kafka.admin import KafkaAdminClient
from redis import Redis

from leaderboard import stack
from leaderboard.settings import Settings
from leaderboard.stack.ports import free_port
from tests.private_kafka import PrivateKafka, ProxiedKafka
from tests.private_redis import PrivateRedis
from tests.recovery import Recovery, recovery_lines

# an example's time is the machine's affair: on a fresh checkout the first draw of a text takes long
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Servers]:
    """An embedded Kafka and Redis on free ports; they die with the test run, even if killed."""
    with stack.running(embedded_in(tmp_path_factory.mktemp("servers"))) as found:
        yield found


@pytest.fixture(scope="session")
def zookeeper_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Servers]:
    """The same with Kafka 3.9 and a ZooKeeper."""
    with stack.running(embedded_in(tmp_path_factory.mktemp("zk")), zookeeper=True) as found:
        yield found


def embedded_in(data_dir: Path) -> Settings:
    """Settings of embedded servers in this folder, on ports nothing else uses."""
    kafka_port = free_port()
    redis_port = free_port(avoid=frozenset({kafka_port}))
    return Settings.load(
        kafka="", redis="", data_dir=data_dir, kafka_port=kafka_port, redis_port=redis_port
    )


@pytest.fixture(scope="session")
def admin(servers: stack.Servers) -> Iterator[KafkaAdminClient]:
    """Kafka's administration client for the session's broker."""
    client = KafkaAdminClient(bootstrap_servers=servers.kafka)
    yield client
    client.close()


@pytest.fixture
def settings(servers: stack.Servers, admin: KafkaAdminClient) -> Iterator[Settings]:
    """Settings for the session's servers with a topic, a group and keys no other test has.

    Nothing is created; whatever the test creates under these names is deleted afterwards.
    """
    with names_of_its_own(servers, admin) as settings:
        yield settings


@pytest.fixture
def zookeeper_settings(zookeeper_servers: stack.Servers) -> Iterator[Settings]:
    """The same for the older topology."""
    admin = KafkaAdminClient(bootstrap_servers=zookeeper_servers.kafka)
    with names_of_its_own(zookeeper_servers, admin) as settings:
        yield settings
    admin.close()


@contextmanager
def names_of_its_own(servers: stack.Servers, admin: KafkaAdminClient) -> Iterator[Settings]:
    """Settings with a run's own names; topics and keys of these names are deleted at the end."""
    run = f"t-{uuid.uuid4().hex[:8]}"
    yield Settings.load(
        kafka=servers.kafka,
        redis=servers.redis,
        topic=f"{run}-game-events",
        group=f"{run}-leaderboard-processor",
        key_prefix=f"{run}:",
    )
    topics = [topic for topic in admin.list_topics() if topic.startswith(run)]
    if topics:
        admin.delete_topics(topics)
    with Redis.from_url(servers.redis) as redis:
        for key in redis.scan_iter(f"{run}:*", count=1000):
            redis.unlink(key)


@pytest.fixture
def private_kafka(tmp_path: Path, servers: stack.Servers) -> Iterator[PrivateKafka]:
    """A broker of the test's own, started; it costs about two seconds."""
    kafka = PrivateKafka(embedded_in(tmp_path / "kafka").with_(redis=servers.redis))
    yield kafka.start()
    kafka.stop()


@pytest.fixture(scope="module")
def proxied_kafka(
    tmp_path_factory: pytest.TempPathFactory, servers: stack.Servers
) -> Iterator[ProxiedKafka]:
    """A broker of the test module's own behind a proxy; a test that breaks it heals it."""
    folder = tmp_path_factory.mktemp("proxied-kafka")
    kafka = ProxiedKafka(embedded_in(folder).with_(redis=servers.redis))
    yield kafka.start()
    kafka.stop()


@pytest.fixture
def redis_binary() -> str:
    """Which Redis `private_redis` runs; override by parametrizing a test with this name."""
    return "valkey"


@pytest.fixture
def private_redis_factory(tmp_path: Path) -> Iterator[Callable[..., PrivateRedis]]:
    """Makes started throw-away Redis servers; keywords as in PrivateRedis."""
    made: list[PrivateRedis] = []

    def make(binary: str = "valkey", **options: Any) -> PrivateRedis:
        folder = tmp_path / f"redis-{len(made)}"
        folder.mkdir()
        made.append(PrivateRedis(folder, binary, **options))
        return made[-1].start()

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def private_redis(
    private_redis_factory: Callable[..., PrivateRedis], redis_binary: str
) -> PrivateRedis:
    """A Redis of the test's own, started."""
    return private_redis_factory(redis_binary)


@pytest.fixture
def recovery(record_property: Callable[[str, object], None]) -> Recovery:
    """Measures recoveries, to be listed at the end of the run."""
    return Recovery(record_property)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List how long each recovery took."""
    reports = terminalreporter.getreports("passed")
    lines = [line for r in reports for line in recovery_lines(r)]
    if lines:
        terminalreporter.section("recovery times")
        terminalreporter.write_line("\n".join(lines))
