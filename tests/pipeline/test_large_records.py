"""Bad and late records that Kafka took as they were compressed: kept whole, or cut and told."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic

from leaderboard.errors import ServersError, StoreError
from leaderboard.model.events import BadRecord, Event, encode
from leaderboard.model.wire import Headers, Wire
from leaderboard.pipeline.client import LARGE, client
from leaderboard.pipeline.deadletter import KEPT_BYTES, DeadLetter, read_dead_letters
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.replay import Replay, replay
from leaderboard.pipeline.schemas import known, local_wire
from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe
from tests.pipeline.test_boards import QUARTERS, scored
from tests.private_redis import PrivateRedis
from tests.waiting import until

MB = 1 << 20
SMALL_LIMIT = 256 << 10
NOISE = Random(1).randbytes(900_000)
SMALL = [b"{bad %d" % n for n in range(20)]


class Refusing(Wire):
    """A program that can not read events of more than 100 kB."""

    def decode(self, value: bytes | None, headers: Headers = ()) -> Event | BadRecord:
        return BadRecord("too long") if len(value or b"") > 100_000 else super().decode(value)


def send_compressed(pipe: Pipe, value: bytes, headers: Headers = ()) -> None:
    """To the partition of `Pipe.send_raw`."""
    options = {**client(pipe.settings.kafka), **LARGE, "max_request_size": 100 * MB}
    with KafkaProducer(**options) as producer:
        producer.send(pipe.settings.topic, value, b"player_001", list(headers)).get(timeout=60)


def with_extra(event: Event, extra: str) -> bytes:
    """The event with a field that nobody knows."""
    return encode(event)[:-1] + b',"extra":"%s"}' % extra.encode()


def letters_of_at_most(settings: Settings, size: int) -> Settings:
    """The settings, with a topic of dead letters that was there before."""
    new = NewTopic(settings.dead_letter_topic, 3, -1, topic_configs=limit(size))
    with KafkaAdminClient(**client(settings.kafka)) as admin:
        admin.create_topics([new])
    return settings


def limit(size: int) -> dict[str, str]:
    return {"max.message.bytes": str(size)}


def published(pipe: Pipe) -> int:
    """Records in the topic of dead letters, those published twice counted twice."""
    return sum(1 for _ in read_log(pipe.settings.kafka, pipe.settings.dead_letter_topic))


def step_on(processor: Processor) -> None:
    while True:
        processor.step()


def only_cut(pipe: Pipe) -> DeadLetter:
    (letter,) = (letter for letter in pipe.letters() if letter.truncated is not None)
    return letter


def replayed(pipe: Pipe) -> Replay:
    s = pipe.settings
    return replay(s.kafka, s.topic, s.dead_letter_topic, local_wire())


@pytest.fixture
def narrow(settings: Settings, make_pipe: Callable[..., Pipe]) -> Pipe:
    """A pipe whose dead letters must be smaller than its events."""
    letters_of_at_most(settings, SMALL_LIMIT)
    return make_pipe()


def test_a_bad_record_sent_compressed_is_kept_whole(pipe: Pipe):
    huge = b"[" * (5 * MB)
    send_compressed(pipe, huge)
    pipe.send_raw(*SMALL)
    pipe.send(pipe.events(20))
    pipe.drain()
    pipe.assert_right(41)
    letters = pipe.letters()
    assert {letter.value for letter in letters} == {huge, *SMALL}
    assert {letter.truncated for letter in letters} == {None}
    assert published(pipe) == 21


def test_a_late_event_sent_compressed_is_kept_whole(make_pipe: Callable[..., Pipe], tmp_path: Path):
    declared = tmp_path / "boards.toml"
    declared.write_text(QUARTERS)
    pipe = make_pipe(boards_file=str(declared), partitions=1)
    late = with_extra(scored(3, 13), "x" * (5 * MB))
    pipe.send([scored(1, 14), scored(2, 21)])
    send_compressed(pipe, late)
    assert pipe.drain().totals.late == 1
    pipe.assert_right(3)
    (letter,) = read_dead_letters(pipe.settings.kafka, pipe.settings.late_topic)
    assert (letter.value, letter.truncated) == (late, None)


def test_what_is_larger_than_any_request_is_cut(pipe: Pipe):
    send_compressed(pipe, b"x" * (65 * MB))
    pipe.send_raw(*SMALL)
    pipe.drain()
    pipe.assert_right(21)
    assert published(pipe) == 21
    letter = only_cut(pipe)
    assert (letter.truncated, letter.value) == (65 * MB, b"x" * KEPT_BYTES)


def test_what_no_compression_makes_small_enough_is_cut(narrow: Pipe):
    send_compressed(narrow, NOISE, [("trace", b"abc")])
    narrow.send_raw(*SMALL)
    narrow.drain()
    narrow.assert_right(21)
    assert published(narrow) == 21
    letter = only_cut(narrow)
    assert (letter.truncated, letter.value) == (len(NOISE), NOISE[:KEPT_BYTES])
    assert (letter.key, letter.headers) == (b"player_001", [])
    (source,) = (r for r in read_log(narrow.settings.kafka, narrow.settings.topic) if r.headers)
    assert (source.partition, source.offset, source.value, source.timestamp) == (
        letter.partition, letter.offset, NOISE, letter.timestamp_ms
    )  # fmt: skip


def test_a_record_without_value_but_with_large_headers_is_cut(narrow: Pipe):
    send_compressed(narrow, b"", [("trace", NOISE)])
    narrow.drain()
    letter = only_cut(narrow)
    assert (letter.truncated, letter.value, letter.headers) == (0, b"", [])


def test_a_cut_letter_is_replayed_with_what_the_log_has(narrow: Pipe):
    value = with_extra(narrow.events(1)[0], NOISE.hex())
    send_compressed(narrow, value, [("trace", b"abc")])
    narrow.drain(wire=Refusing(known()))
    assert only_cut(narrow).truncated == len(value)
    assert replayed(narrow) == Replay(replayed=1)
    assert replayed(narrow) == Replay(before=1)
    first, second = read_log(narrow.settings.kafka, narrow.settings.topic)
    for part in ("partition", "key", "value", "headers"):
        assert getattr(second, part) == getattr(first, part)
    assert narrow.drain(wire=local_wire()).totals.applied == 1
    assert narrow.redis.hget(narrow.keys.counts, "applied") == b"1"


def test_a_cut_letter_whose_record_is_gone_is_not_replayed_and_holds_up_no_other(narrow: Pipe):
    events = narrow.events(2)
    send_compressed(narrow, with_extra(events[0], NOISE.hex()))
    send_compressed(narrow, with_extra(events[1], "x" * (2 * MB)))
    narrow.drain(wire=Refusing(known()))
    narrow.delete_records()
    done = replayed(narrow)
    assert done.replayed == 1
    assert [(why.split(",")[0], n) for why, n in done.bad.items()] == [
        ("only its start was kept", 1)
    ]


def test_letters_that_can_not_be_kept_are_named_and_the_others_published_once(
    settings: Settings, make_pipe: Callable[..., Pipe]
):
    """The topic takes hardly anything: not even a cut letter."""
    letters_of_at_most(settings, 10_000)
    pipe = make_pipe()
    pipe.send_raw(*SMALL)
    send_compressed(pipe, NOISE)
    (partition,) = {r.partition for r in read_log(settings.kafka, settings.topic)}
    first = rf"the first of them {settings.topic}\[{partition}\]@20 in {settings.dead_letter_topic}"
    with pipe.processor() as processor:
        for _ in range(3):
            with pytest.raises(ServersError, match=first):
                step_on(processor)
            processor.recover()
            assert published(pipe) == 20
        with KafkaAdminClient(**client(settings.kafka)) as admin:
            topic = ConfigResource(
                ConfigResourceType.TOPIC, settings.dead_letter_topic, configs=limit(MB)
            )
            admin.alter_configs([topic])
        processor.run(drain=True)
    pipe.assert_right(21)
    assert published(pipe) == 21


def test_letters_are_published_once_while_redis_takes_nothing(
    pipe: Pipe, private_redis: PrivateRedis
):
    redis = private_redis.client()
    pipe.send(pipe.events(20))
    with pipe.processor(redis) as processor:
        processor.run(drain=True)
        redis.config_set("maxmemory", "1mb")
        pipe.send_raw(*SMALL)
        for _ in range(4):
            with pytest.raises(StoreError):
                step_on(processor)
            processor.recover()
        assert published(pipe) == 20
        redis.config_set("maxmemory", "0")
        until(lambda: processor.step() and processor.totals.dead_letters == 20)
    pipe.assert_right(40, redis)
    assert published(pipe) == 20
