"""One contract for both Kafka clients: what the processor relies on, and drains with faults."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

from leaderboard.errors import ServersError
from leaderboard.pipeline.consumer import Consumer, Raw, consumer
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe
from tests.waiting import until

KINDS = ["kafka-python", "confluent"]
Join = Callable[..., Consumer]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def pipe(make_pipe: Callable[..., Pipe], kind: str) -> Pipe:
    return make_pipe(kafka_client=kind)


@pytest.fixture
def join(pipe: Pipe) -> Iterator[Join]:
    """Makes members of the pipe's group."""
    members = ExitStack()

    def make(**options: Any) -> Consumer:
        s = pipe.settings
        member = consumer(
            s.kafka_client, s.kafka, s.topic, s.group, session_timeout_s=3, client_id="member",
            **options,
        )  # fmt: skip
        members.callback(member.close)
        return member

    with members:
        yield make


def joining(pipe: Pipe) -> Consumer:
    s = pipe.settings
    return consumer(
        s.kafka_client, s.kafka, s.topic, s.group, session_timeout_s=3, client_id="member"
    )


def follow(member: Consumer, owned: set[int]) -> None:
    """Poll once without reading anything, and take over what was assigned and revoked."""
    assert member.poll(0.05, 100) == {}
    for change, partitions in member.rebalances():
        if change == "assigned":
            owned |= partitions
        else:
            owned -= partitions


def joined(member: Consumer) -> set[int]:
    owned: set[int] = set()
    until(lambda: follow(member, owned) or owned == set(member.partitions))
    return owned


def read(member: Consumer, n: int, most: int = 1000) -> dict[int, list[Raw]]:
    """Poll until `n` records came."""
    found: dict[int, list[Raw]] = {}

    def polled() -> bool:
        some = member.poll(0.2, most)
        assert sum(map(len, some.values())) <= most
        for partition, records in some.items():
            found.setdefault(partition, []).extend(records)
        return sum(map(len, found.values())) >= n

    until(polled)
    return found


def offsets(found: dict[int, list[Raw]]) -> dict[int, list[int]]:
    return {p: [r.offset for r in records] for p, records in found.items()}


def test_nothing_is_read_before_it_is_asked_for_and_then_from_there(pipe: Pipe, join: Join):
    pipe.send(pipe.events(300))
    member = join()
    assert member.partitions == [0, 1, 2]
    assert joined(member) == {0, 1, 2}
    ends = {p: end for p, (begin, end) in member.bounds([0, 1, 2]).items() if begin == 0}
    assert sum(ends.values()) == 300
    member.read(dict.fromkeys(ends, 5))
    found = read(member, 300 - 15)
    assert offsets(found) == {p: list(range(5, end)) for p, end in ends.items()}
    assert {p: member.highwater(p) for p in ends} == ends


def test_a_partition_goes_on_while_others_stop_and_start_again_elsewhere(pipe: Pipe, join: Join):
    pipe.send(pipe.events(300))
    member = join()
    joined(member)
    ends = {p: end for p, (_, end) in member.bounds([0, 1, 2]).items()}
    member.read({0: 0})
    first = read(member, 10, most=10)
    member.read({0: 999, 1: 2})  # 0 is being read: it goes on
    found = read(member, ends[0] - 10 + ends[1] - 2)
    assert offsets(first)[0] + offsets(found)[0] == list(range(ends[0]))
    assert offsets(found)[1] == list(range(2, ends[1]))
    member.read({1: 0})  # so does 1
    assert member.poll(0.5, 100) == {}
    member.read({})
    member.read({1: 3})
    assert offsets(read(member, ends[1] - 3)) == {1: list(range(3, ends[1]))}


def test_a_record_is_what_was_sent(pipe: Pipe, join: Join):
    pipe.send_raw(b"one", None, key=b"k")
    member = join()
    joined(member)
    member.read({0: 0, 1: 0, 2: 0})
    ((_, records),) = read(member, 2).items()
    assert [(r.key, r.value, list(r.headers)) for r in records] == [
        (b"k", b"one", []),
        (b"k", None, []),
    ]
    assert {r.topic for r in records} == {pipe.settings.topic}
    assert all(abs(r.timestamp - records[0].timestamp) < 60_000 for r in records)


def test_few_records_are_gathered_until_there_are_enough(pipe: Pipe, join: Join):
    """A broker that did not wait would give the first ones at once."""
    member = join(fetch_wait_ms=9_000, fetch_min_bytes=10_000)
    joined(member)
    member.read({0: 0, 1: 0, 2: 0})
    assert member.poll(0.2, 100) == {}  # a fetch is under way
    pipe.send_raw(b"a", b"b", b"c")
    assert member.poll(0.2, 100) == {}
    pipe.send_raw(b"x" * 10_000)
    ((_, records),) = read(member, 4).items()
    assert [len(r.value or b"") for r in records] == [1, 1, 1, 10_000]


@contextmanager
def member(pipe: Pipe) -> Iterator[set[int]]:
    """A member of the pipe's group in a thread of its own; gives what it owns."""
    owned: set[int] = set()
    stop = threading.Event()

    def run() -> None:
        with closing(joining(pipe)) as one:
            while not stop.is_set():
                follow(one, owned)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield owned
    finally:
        stop.set()
        thread.join(30)


def test_partitions_are_shared_and_come_back(pipe: Pipe):
    with member(pipe) as first:
        with member(pipe) as second:
            until(lambda: {len(first), len(second)} == {1, 2})
            assert first | second == {0, 1, 2}
        until(lambda: len(first) == 3)


def test_commits_are_seen_by_the_group(pipe: Pipe, join: Join, admin: KafkaAdminClient):
    pipe.send(pipe.events(30))
    member = join()
    joined(member)
    member.commit({0: 1}, wait=True)
    member.commit({1: 2})
    member.commit({})

    def committed() -> dict[int, int]:
        follow(member, set())
        found = admin.list_group_offsets(pipe.settings.group)[pipe.settings.group]
        return {tp.partition: meta.offset for tp, meta in found.items()}

    until(lambda: committed() == {0: 1, 1: 2})


def test_another_topic_of_the_same_name_has_another_id(
    pipe: Pipe, join: Join, admin: KafkaAdminClient
):
    member, s = join(), pipe.settings
    other = consumer("kafka-python", s.kafka, s.topic, s.group, session_timeout_s=3, client_id="o")
    was = member.topic_id(ask=True)
    assert was == other.topic_id(ask=True) == member.topic_id() is not None
    other.close()
    admin.delete_topics([s.topic])
    until(lambda: member.topic_id(ask=True) is None)
    ensure_topics(s, s.kafka)
    until(lambda: member.poll(0.1, 10) or member.topic_id() not in (None, was))


def test_no_broker_and_no_topic_are_told(kind: str, pipe: Pipe, settings: Settings):
    options = {"session_timeout_s": 3.0, "client_id": "member"}
    with pytest.raises(ServersError, match=r"has no topic nowhere; run `leaderboard up`"):
        consumer(kind, settings.kafka, "nowhere", "group", **options)
    with pytest.raises(ServersError, match=r"no Kafka answers at 127\.0\.0\.1:1"):
        consumer(kind, "127.0.0.1:1", "nowhere", "group", **options)


@pytest.mark.parametrize("place", ["sent", "batch_done"])
def test_sigkill_counts_each_event_once(pipe: Pipe, place: str):
    pipe.send(pipe.events(500))
    with pipe.victim(place) as victim:
        assert victim.wait(60) == -signal.SIGKILL
    pipe.drain()
    pipe.assert_right(500)


def test_members_come_and_go_while_records_and_copies_flow(pipe: Pipe):
    pipe.send(pipe.events(200))
    with pipe.running(max_poll_records=20) as first:
        with pipe.running(max_poll_records=20) as second:
            pipe.send(pipe.events(200, seed=2))
            until(lambda: second.positions)
        pipe.send(pipe.events(100, seed=2))  # a part of them again
        until(lambda: len(first.positions) == 3)
        first.paused = True
        pipe.send(pipe.events(50, seed=3))
        first.paused = False
        until(lambda: sum(first.lag.values()) == 0 and pipe.verify().lag == 0)
    report = pipe.assert_right(550)
    assert report.duplicates == 100
