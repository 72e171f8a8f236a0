"""What `/api/pipeline` says about Kafka."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from leaderboard.model.events import decode
from leaderboard.pipeline.schemas import encoder_of
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings
from leaderboard.stack.ports import free_port
from tests.private_redis import PrivateRedis
from tests.serving import Feed, Serving, scored, serving
from tests.waiting import until


@pytest.fixture
def producer(settings: Settings) -> Iterator[KafkaProducer]:
    ensure_topics(settings, settings.kafka)
    producer = KafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    yield producer
    producer.close()


def partitions(api: Serving, settings: Settings) -> list[dict]:
    answer = api.get("/api/pipeline")
    assert answer.status_code == 200, answer.text
    topics = {t["name"]: t["partitions"] for t in answer.json()["topics"]}
    return topics[settings.topic]


def test_topics_with_the_offsets_they_hold(
    api: Serving, settings: Settings, producer: KafkaProducer
):
    for partition in (0, 0, 1):
        producer.send(settings.topic, b"{}", partition=partition).get(30)

    found = partitions(api, settings)

    assert [(p["partition"], p["begin"], p["end"]) for p in found] == [
        (0, 0, 2),
        (1, 0, 1),
        (2, 0, 0),
    ]
    assert all(p["committed"] is None and p["stored_lag"] is None for p in found)


def test_lag_by_kafka_and_by_redis(
    api: Serving, settings: Settings, producer: KafkaProducer, feed: Feed
):
    for _ in range(5):
        producer.send(settings.topic, b"{}", partition=0).get(30)
    feed(scored("p", 1), scored("p", 1), scored("p", 1))
    commit(settings, partition=0, offset=2)

    found = partitions(api, settings)[0]

    assert (found["committed"], found["committed_lag"]) == (2, 3)
    assert (found["stored"], found["stored_lag"]) == (3, 2)


def commit(settings: Settings, partition: int, offset: int) -> None:
    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=settings.group, enable_auto_commit=False
    )
    part = TopicPartition(settings.topic, partition)
    consumer.assign([part])
    consumer.commit({part: OffsetAndMetadata(offset, "", -1)})
    consumer.close()


def test_the_group_and_who_reads_what(api: Serving, settings: Settings, producer: KafkaProducer):
    assert api.get("/api/pipeline").json()["group"]["members"] == []
    consumer = KafkaConsumer(
        settings.topic, bootstrap_servers=settings.kafka, group_id=settings.group, client_id="me"
    )

    def members() -> list[dict]:
        consumer.poll(timeout_ms=100)
        return api.get("/api/pipeline").json()["group"]["members"]

    until(lambda: [m["partitions"] for m in members()] == [{settings.topic: [0, 1, 2]}])
    assert members()[0]["client_id"] == "me"
    consumer.close()


def test_the_newest_records_readable(api: Serving, settings: Settings, producer: KafkaProducer):
    for i in range(30):
        value = b'{"n":%d}' % i
        producer.send(settings.topic, value, b"k", timestamp_ms=1000 + i, partition=i % 3).get(30)

    records = api.get("/api/pipeline").json()["records"]

    assert [r["value"] for r in records] == [f'{{\n  "n": {i}\n}}' for i in range(29, 9, -1)]
    assert (records[0]["partition"], records[0]["offset"], records[0]["key"]) == (2, 9, "k")
    assert records[0]["timestamp"] == "1970-01-01T00:00:01.029000Z"


def test_records_that_are_no_json_and_their_headers(
    api: Serving, settings: Settings, producer: KafkaProducer
):
    topic = settings.dead_letter_topic
    producer.send(topic, b"\xff{", None, headers=[("error", b"bad \xff")]).get(30)

    answer = api.get(f"/api/pipeline?topic={topic}").json()

    assert answer["topic"] == topic
    assert answer["records"][0]["value"] == "\\xff{"
    assert answer["records"][0]["headers"] == {"error": "bad \\xff"}


def test_records_in_avro_are_readable(api: Serving, settings: Settings, producer: KafkaProducer):
    event = scored("p", 7)
    for name in ("avro", "avro-header"):
        value, headers = encoder_of(settings.with_(event_format=name))(event)
        producer.send(settings.topic, value, headers=headers, partition=0).get(30)

    records = api.get("/api/pipeline").json()["records"]

    assert [r["headers"] for r in records] == [{"schema-id": "2000000002"}, {}]
    for record in records:
        title, _, text = record["value"].partition("\n")
        assert title == "Avro, schema 2000000002:"
        assert decode(text.encode()) == event


def test_a_topic_that_is_not_there_has_no_records(api: Serving):
    assert api.get("/api/pipeline?topic=nope").json()["records"] == []


def test_looks_are_shared(api: Serving, settings: Settings, producer: KafkaProducer):
    first, second = (api.get("/api/pipeline").json()["read_at"] for _ in range(2))
    assert first == second

    until(lambda: api.get("/api/pipeline").json()["read_at"] != first)


def test_kafka_away_is_503_and_the_board_goes_on(settings: Settings):
    with serving(settings, kafka="127.0.0.1:1") as api:
        answer = api.get("/api/pipeline")

        assert answer.status_code == 503
        assert "127.0.0.1:1" in answer.json()["detail"]
        assert api.get("/api/leaderboard").status_code == 200


def test_redis_away_is_said_beside_the_topics(settings: Settings, private_redis: PrivateRedis):
    private_redis.stop()
    with serving(settings, private_redis.url) as api:
        answer = api.get("/api/pipeline").json()

    assert answer["group"]["name"] == settings.group
    assert str(private_redis.port) in answer["redis_problem"]


def test_kafka_that_comes_later_is_found(settings: Settings, producer: KafkaProducer):
    gate = Gate(settings.kafka)
    with serving(settings, kafka=gate.address) as api:
        assert api.get("/api/pipeline").status_code == 503

        gate.open()

        until(lambda: api.get("/api/pipeline").status_code == 200)
    gate.close()


class Gate:
    """A port that passes connections on to `target` once it is open, and refuses them before."""

    def __init__(self, target: str) -> None:
        host, _, port = target.partition(":")
        self._target = (host, int(port))
        self._sockets: list[socket.socket] = []
        self._port = free_port()
        self.address = f"127.0.0.1:{self._port}"

    def open(self) -> None:
        listener = socket.create_server(("127.0.0.1", self._port))
        self._sockets.append(listener)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                ends = listener.accept()[0], socket.create_connection(self._target)
                self._sockets += ends
                for source, sink in (ends, ends[::-1]):
                    threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
