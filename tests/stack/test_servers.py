"""up, down, connect on real servers: whatever happened before, `up` brings them back."""

import socket
import threading
from collections.abc import Callable

import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from redis import Redis

from leaderboard import stack
from leaderboard.errors import ServersDownError, ServersError
from leaderboard.settings import Settings
from leaderboard.stack.ports import HOST
from leaderboard.stack.state import read_state
from tests.private_redis import PrivateRedis
from tests.waiting import until


def pids(settings: Settings) -> dict[str, int]:
    return {name: s.process.pid for name, s in read_state(settings.data_dir).servers.items()}


def kill(settings: Settings, name: str) -> None:
    process = read_state(settings.data_dir).servers[name].process
    psutil.Process(process.pid).kill()
    until(lambda: not process.alive())


def write(servers: stack.Servers) -> None:
    """One acknowledged record, one key."""
    admin = KafkaAdminClient(bootstrap_servers=servers.kafka)
    admin.create_topics([NewTopic("kept", 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=servers.kafka, acks="all")
    producer.send("kept", b"record").get(30)
    producer.close()
    with Redis.from_url(servers.redis) as redis:
        redis.set("kept", "value")


def read(servers: stack.Servers) -> tuple[bytes, bytes | None]:
    consumer = KafkaConsumer(
        "kept",
        bootstrap_servers=servers.kafka,
        auto_offset_reset="earliest",
        consumer_timeout_ms=30_000,
    )
    value = next(consumer).value
    consumer.close()
    with Redis.from_url(servers.redis) as redis:
        return value, redis.get("kept")


def test_the_story_of_a_data_folder(own: Settings):
    """Start; start again; crash both; start; stop; stop again: addresses and data stay."""
    servers = stack.up(own)
    assert servers == stack.connect(own)
    assert servers.kafka == f"{HOST}:{own.kafka_port}"
    assert servers.redis == f"redis://{HOST}:{own.redis_port}/0"
    write(servers)

    before = pids(own)
    assert stack.up(own) == servers
    assert pids(own) == before, "a second up starts nothing"

    kill(own, "kafka")
    with pytest.raises(ServersDownError, match=r"kafka does not run on .* run `leaderboard up`"):
        stack.connect(own)
    assert stack.up(own) == servers
    assert pids(own)["redis"] == before["redis"], "only what was missing is started"

    kill(own, "redis")
    assert stack.up(own) == servers
    assert read(servers) == (b"record", b"value")

    assert sorted(stack.down(own)) == [
        f"kafka at {HOST}:{own.kafka_port}",
        f"redis at {HOST}:{own.redis_port}",
    ]
    assert stack.down(own) == []
    with pytest.raises(ServersDownError):
        stack.status(own)


def test_two_starts_at_once_are_one_start(own: Settings):
    found: list[stack.Servers] = []
    threads = [
        threading.Thread(target=lambda: found.append(stack.up(own, report=str))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
    named = [p for p in psutil.process_iter(["cmdline"]) if _serves(p, own)]
    assert len(named) == 1


def _serves(process: psutil.Process, settings: Settings) -> bool:
    return str(settings.data_dir / "kafka.properties") in (process.info["cmdline"] or [])


def test_ports_held_by_strangers_are_replaced_and_said(own: Settings):
    said: list[str] = []
    with (
        socket.create_server((HOST, own.kafka_port)),
        socket.create_server((HOST, own.redis_port)),
    ):
        servers = stack.up(own, report=said.append)
        port = int(servers.kafka.rpartition(":")[2])
        assert port not in (own.kafka_port, own.redis_port)
        assert f"kafka: port {own.kafka_port} is taken, using {port}" in said
        assert stack.connect(own) == servers
    kill(own, "kafka")
    assert stack.up(own) == servers, "after a crash it comes back where its clients look for it"


def test_a_server_that_can_not_start_is_reported_and_nothing_stays(own: Settings):
    folder = own.data_dir / "kafka"
    folder.mkdir(parents=True)
    (folder / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=other\n")
    with pytest.raises(ServersError, match=r"(?s)kafka ended .*kafka\.log ends:\n.*node id 7"):
        stack.up(own)
    assert pids(own) == {}
    until(lambda: not psutil.pid_exists(_redis_pid(own)))


def _redis_pid(settings: Settings) -> int:
    log = (settings.data_dir / "logs" / "redis.log").read_text()
    return int(log.partition(":")[0])


def test_a_data_folder_that_can_not_be_made_is_named(own: Settings):
    own.data_dir.write_text("a file")
    with pytest.raises(ServersError, match=r"LEADERBOARD_DATA_DIR=.*: expected a folder we may wr"):
        stack.up(own)
    own.data_dir.unlink()


def test_external_servers_are_used_and_left_alone(own: Settings, private_redis: PrivateRedis):
    mixed = own.with_(redis=private_redis.url)
    servers = stack.up(mixed)
    assert servers.redis == private_redis.url
    assert not servers.embedded_redis
    assert list(pids(mixed)) == ["kafka"]
    private_redis.kill()
    with pytest.raises(ServersDownError, match=r"LEADERBOARD_REDIS=redis://.*: expected a server"):
        stack.connect(mixed)


def test_a_block_stops_what_it_started_and_only_that(own: Settings):
    with stack.running(own) as servers:
        with stack.running(own) as inner:
            assert inner == servers
        assert stack.still_up(own)
        processes = [s.process for s in read_state(own.data_dir).servers.values()]
    assert not any(process.alive() for process in processes)
    assert not stack.still_up(own)


def test_a_server_that_ends_while_watched_is_reported(own: Settings):
    with stack.running(own):
        kill(own, "redis")
        with pytest.raises(ServersError, match=r"redis ended; its log .* ends:"):
            stack.still_up(own)


def test_doctor_finds_nothing_wrong_with_running_servers(own: Settings):
    stack.up(own)
    assert [check for check in stack.doctor(own) if not check.ok] == []


def test_doctor_says_what_to_do(own: Settings, monkeypatch):
    monkeypatch.setattr("kafka.record.util.crc32c_c", None)
    with socket.create_server((HOST, own.kafka_port)):
        checks = {check.name: check for check in stack.doctor(own.with_(cache_dir=own.data_dir))}
    failed = {name: check.fix for name, check in checks.items() if not check.ok}
    assert failed == {
        "crc32c": "pip install crc32c",
        "kafka jars": "run `leaderboard up`: it fetches them",
        "kafka": "run `leaderboard up`",
        "redis": "run `leaderboard up`",
    }
    assert "is taken by another program" in checks["kafka port"].detail


def test_doctor_refuses_a_redis_cluster(
    own: Settings, private_redis_factory: Callable[..., PrivateRedis]
):
    url = private_redis_factory(cluster=True).url
    (redis,) = (check for check in stack.doctor(own.with_(redis=url)) if check.name == "redis")
    assert not redis.ok
    assert "is a Redis Cluster" in redis.detail
    assert "one server" in redis.fix


def test_doctor_checks_only_what_is_used(own: Settings, servers: stack.Servers):
    """With external servers neither Java nor jars nor ports matter."""
    outside = own.with_(kafka=servers.kafka, redis=servers.redis)
    names = [check.name for check in stack.doctor(outside)]
    assert names == [
        "python",
        "crc32c",
        "data folder",
        "disk",
        "memory",
        "api port",
        "kafka",
        "redis",
    ]
    assert all(check.ok for check in stack.doctor(outside))


@pytest.fixture
def tool(servers: stack.Servers, own: Settings) -> Callable[..., int]:
    outside = own.with_(kafka=servers.kafka, redis=servers.redis)
    return lambda name, *args: stack.run_kafka_tool(outside, name, args)


def test_kafkas_tools_run_against_the_broker(tool, settings: Settings, capfd):
    assert tool("topics", "--create", "--topic", settings.topic, "--partitions", "2") == 0
    capfd.readouterr()
    assert tool("topics", "--list") == 0
    assert settings.topic in capfd.readouterr().out.splitlines()
    assert tool("topics", "--describe", "--topic", "no-such-topic") == 1


def test_an_unknown_tool_lists_the_known(tool):
    with pytest.raises(ServersError, match=r"kafka topic: no such tool; .*groups.*topics"):
        tool("topic", "--list")
