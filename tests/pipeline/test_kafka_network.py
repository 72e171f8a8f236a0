"""Bad networks between Kafka and its clients, by a proxy that the broker advertises."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from kafka.admin import KafkaAdminClient
from kafka.net.manager import KafkaConnectionManager

from leaderboard.pipeline import client
from leaderboard.pipeline.producer import Producer
from leaderboard.stack import Servers
from tests.conftest import names_of_its_own
from tests.pipeline.pipes import Pipe
from tests.private_kafka import ProxiedKafka
from tests.proxy import Proxy
from tests.recovery import Recovery
from tests.waiting import until, within


@pytest.fixture
def answers_within_2_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients give up on an answer, and on a greeting, sooner than in 10 s, to save time."""
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 2.0)
    greeting = "socket_connection_setup_timeout_ms"
    monkeypatch.setitem(KafkaConnectionManager.DEFAULT_CONFIG, greeting, 2000)


@pytest.fixture
def near(proxied_kafka: ProxiedKafka, servers: Servers) -> Iterator[Pipe]:
    """The pipe at the broker's own address: sends and verifies undisturbed."""
    address = proxied_kafka.address
    with (
        closing(KafkaAdminClient(bootstrap_servers=address)) as admin,
        names_of_its_own(replace(servers, kafka=address), admin) as settings,
        closing(Pipe(settings.with_(session_timeout_s=3.0))) as pipe,
    ):
        yield pipe


@pytest.fixture
def far(near: Pipe, proxied_kafka: ProxiedKafka) -> Iterator[Pipe]:
    """The same pipe behind the proxy."""
    with closing(Pipe(near.settings.with_(kafka=proxied_kafka.proxied))) as pipe:
        yield pipe


@pytest.fixture
def proxy(proxied_kafka: ProxiedKafka) -> Iterator[Proxy]:
    yield proxied_kafka.proxy
    proxied_kafka.proxy.heal()
    proxied_kafka.proxy.reset()


def applied(pipe: Pipe) -> int:
    return int(pipe.redis.hget(pipe.keys.counts, "applied") or 0)


def test_200_ms_away(near: Pipe, far: Pipe, proxy: Proxy):
    near.send(near.events(600))
    proxy.latency_s = 0.1
    far.drain(max_poll_records=200)
    near.assert_right(600)


def test_a_slow_link(near: Pipe, far: Pipe, proxy: Proxy):
    near.send(near.events(1000))
    proxy.bytes_per_s = 200_000
    far.drain()
    near.assert_right(1000)


def test_resets_again_and_again(near: Pipe, far: Pipe, proxy: Proxy, recovery: Recovery):
    with far.running(max_poll_records=50):
        for seed in range(10):
            near.send(near.events(100, seed))
            proxy.reset()
        with recovery("Kafka: connections reset"):
            until(lambda: applied(near) == 1000)
    near.assert_right(1000)


@pytest.mark.usefixtures("answers_within_2_s")
@pytest.mark.parametrize("fault", ["half_open", "refusing"])
def test_cut_off_for_a_while(near: Pipe, far: Pipe, proxy: Proxy, recovery: Recovery, fault: str):
    """For longer than the session, so that the partitions are taken away meanwhile."""
    near.send(near.events(300))
    with far.running():
        until(lambda: applied(near) == 300)
        setattr(proxy, fault, True)
        if fault == "refusing":
            proxy.reset()
        near.send(near.events(300, seed=2))
        until(lambda: members(near) == 0)
        proxy.heal()
        with recovery(f"Kafka: {fault}"):
            until(lambda: applied(near) == 600)
    near.assert_right(600)


def members(pipe: Pipe) -> int:
    with closing(KafkaAdminClient(bootstrap_servers=pipe.settings.kafka)) as admin:
        group = admin.describe_groups([pipe.settings.group])[pipe.settings.group]
        return len(group["members"])


# --- the producer


def is_publishing(request: bytes) -> bool:
    """A produce request: API key 0 behind the size (https://kafka.apache.org/protocol)."""
    return request[4:6] == b"\0\0"


def test_lost_acknowledgements_lose_and_double_nothing(
    near: Pipe, far: Pipe, proxy: Proxy, recovery: Recovery
):
    """The client sends again, and the broker knows what it has already."""
    proxy.lose_replies(3, to=is_publishing)
    with Producer(far.settings.kafka, far.settings.topic) as producer:
        with recovery("Kafka: 3 lost acknowledgements"):
            for event in near.events(600):
                producer.send(event)
            producer.flush()
        assert (proxy.lost, producer.acked) == (3, 600)
    near.drain()
    assert near.assert_right(600).applied == 600


@pytest.mark.usefixtures("answers_within_2_s")
@pytest.mark.parametrize("fault", ["half_open", "refusing"])
def test_a_producer_cut_off_for_a_while(
    near: Pipe, far: Pipe, proxy: Proxy, recovery: Recovery, fault: str
):
    with Producer(far.settings.kafka, far.settings.topic) as producer:
        for event in near.events(300):
            producer.send(event)
        producer.flush()
        setattr(proxy, fault, True)
        if fault == "refusing":
            proxy.reset()
        for event in near.events(300, seed=2):
            producer.send(event)
        assert not within(0.5, lambda: (producer.reap(), producer.acked > 300)[1])
        proxy.heal()
        with recovery(f"producer: {fault}"):
            producer.flush()
        assert producer.acked == 600
    near.drain()
    assert near.assert_right(600).applied == 600


def test_a_producer_on_a_bad_line(near: Pipe, far: Pipe, proxy: Proxy):
    """Slow, far away, and reset now and then."""
    proxy.latency_s, proxy.bytes_per_s = 0.1, 100_000
    with Producer(far.settings.kafka, far.settings.topic) as producer:
        for seed in range(5):
            for event in near.events(100, seed):
                producer.send(event)
            proxy.reset()
        producer.flush()
        assert producer.acked == 500
    near.drain()
    assert near.assert_right(500).applied == 500


def test_letters_whose_acknowledgement_was_lost_are_there_once(near: Pipe, far: Pipe, proxy: Proxy):
    near.send(near.events(50))
    near.send_raw(b"{", b"no event", None)
    proxy.lose_replies(1, to=is_publishing)
    far.drain()
    assert proxy.lost == 1
    assert near.assert_right(53).dead_letters == 3
    assert len(near.letters()) == 3
