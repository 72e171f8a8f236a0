"""What other programs write into the log, and what a disk makes of it, on both Kafka clients."""

import contextlib
from collections.abc import Callable

import pytest
from confluent_kafka import Producer
from kafka import KafkaProducer
from msgspec import structs

from leaderboard.errors import OffsetGapError, ServersError, SettingsError
from leaderboard.model.events import Event, PlayerScored, encode
from leaderboard.pipeline.client import client
from leaderboard.pipeline.consumer import consumer
from leaderboard.pipeline.topics import delete_topics
from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe
from tests.private_kafka import PrivateKafka
from tests.waiting import until


@pytest.fixture(params=["kafka-python", "confluent"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def pipe(make_pipe: Callable[..., Pipe], kind: str) -> Pipe:
    return make_pipe(kafka_client=kind)


def produce(producer: Producer, pipe: Pipe, events: list[Event]) -> None:
    for event in events:
        producer.produce(pipe.settings.topic, encode(event), event.player_id)
    assert producer.flush(30) == 0


def transaction(pipe: Pipe, events: list[Event], *, commit: bool) -> None:
    """Write `events` in one transaction, which ends well or not."""
    name = f"{pipe.settings.topic}-{commit}"
    producer = Producer({"bootstrap.servers": pipe.settings.kafka, "transactional.id": name})
    producer.init_transactions(30)
    producer.begin_transaction()
    produce(producer, pipe, events)
    if commit:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_compressed_records_are_read(pipe: Pipe, codec: str):
    options = {"bootstrap.servers": pipe.settings.kafka, "compression.type": codec, "linger.ms": 50}
    produce(Producer(options), pipe, pipe.events(3000))
    pipe.drain()
    pipe.assert_right(3000)


@pytest.mark.parametrize("last", [True, False])
def test_what_was_aborted_does_not_count_and_marks_of_transactions_are_passed(
    pipe: Pipe, last: bool
):
    """A log that ends in a mark has nothing to wait for; so also for a rebuild."""
    transaction(pipe, pipe.events(60), commit=last)
    transaction(pipe, pipe.events(40, seed=2), commit=not last)
    with pipe.processor() as processor:
        processor.run(drain=True)
        assert sum(processor.lag.values()) == 0
    counted = 60 if last else 40
    assert pipe.assert_right(counted).applied == counted
    assert pipe.rebuild().report.applied == counted
    pipe.send(pipe.events(20, seed=3))
    pipe.drain()
    pipe.assert_right(counted + 20)


def test_an_open_transaction_is_waited_for(pipe: Pipe):
    """What it wrote is neither counted nor passed over; what others write behind it waits too."""
    name = f"{pipe.settings.topic}-open"
    producer = Producer({"bootstrap.servers": pipe.settings.kafka, "transactional.id": name})
    producer.init_transactions(30)
    producer.begin_transaction()
    produce(producer, pipe, pipe.events(60))
    pipe.send(pipe.events(40, seed=2))
    with pipe.running() as processor:
        until(lambda: len(processor.positions) == 3)
        done = processor._upkeep._done
        until(lambda: processor._upkeep._done > done + 3)
        assert processor.totals.applied == 0
        producer.commit_transaction(30)
        until(lambda: pipe.verify().lag == 0)
    pipe.assert_right(100)


class _NoUtf8(str):
    def encode(self, *_: str) -> bytes:
        return b"tr\xff\xfece"


def test_a_header_whose_name_is_no_text_harms_nothing(pipe: Pipe):
    first, *others = pipe.events(300)
    odd = [("kept", b"1"), (_NoUtf8("x"), b"v"), ("other", b"")]
    with contextlib.closing(KafkaProducer(**client(pipe.settings.kafka))) as producer:
        for value in (encode(first), b"{", None):
            producer.send(pipe.settings.topic, value, b"player_001", headers=odd).get(30)
    pipe.send(others)
    pipe.drain()
    assert pipe.assert_right(302).dead_letters == 2
    assert [letter.value for letter in pipe.letters()] == [b"{", None]


def test_bytes_that_a_disk_changed_are_never_counted(
    settings: Settings, private_kafka: PrivateKafka, kind: str
):
    s = settings.with_(kafka=private_kafka.settings.kafka, kafka_client=kind, partitions=1)
    with contextlib.closing(Pipe(s.with_(kafka=private_kafka.address))) as pipe:
        scored = [e for e in pipe.events(200) if isinstance(e, PlayerScored)][:20]
        for event in scored:
            pipe.send([structs.replace(event, points=50)])
        private_kafka.stop()
        (segment,) = private_kafka.settings.data_dir.rglob(f"{pipe.settings.topic}-0/*.log")
        log = segment.read_bytes()
        assert log.count(b'"points":50') == 20
        half = log.index(b'"points":50', len(log) // 2)
        segment.write_bytes(log[:half] + b'"points":90' + log[half + len(b'"points":90') :])
        private_kafka.start()
        with pipe.processor() as processor, pytest.raises(ServersError, match=r"(?i)crc.*check"):
            until(lambda: processor.step() and False)
        scores = pipe.redis.zrange(pipe.keys.board, 0, -1, withscores=True)
        assert {score % 50 for _, score in scores} <= {0}


def test_records_gone_while_they_wait_are_missed_though_nothing_comes(pipe: Pipe):
    pipe.send(pipe.events(60))
    with pipe.processor() as processor:
        until(lambda: processor.step() and processor.totals.applied == 60)
        processor.paused = True
        processor.step()
        pipe.send(pipe.events(60, seed=2))
        pipe.delete_records()
        processor.paused = False
        with pytest.raises(OffsetGapError, match=r"retention.*leaderboard rebuild"):
            until(lambda: processor.step() and False)


def test_a_topic_deleted_under_a_processor_is_told(pipe: Pipe, caplog: pytest.LogCaptureFixture):
    pipe.send(pipe.events(20))
    with pipe.processor() as processor:
        until(lambda: processor.step() and processor.totals.applied == 20)
        delete_topics(pipe.settings, pipe.settings.kafka)
        until(lambda: processor.step() and f"{pipe.settings.topic} is gone" in caplog.text)


def test_a_session_that_the_broker_refuses_is_told(pipe: Pipe, kind: str):
    s = pipe.settings
    member = consumer(kind, s.kafka, s.topic, s.group, session_timeout_s=0.2, client_id="member")
    with contextlib.closing(member), pytest.raises(SettingsError, match="SESSION_TIMEOUT_S"):
        until(lambda: member.poll(0.1, 10) and False)
