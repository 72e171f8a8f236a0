"""Letters: bad records and late events, kept with their bytes and headers and the reason.

A redelivered one may be published twice, and a rebuild publishes all of them again; readers know a
letter by its source (topic, partition, offset, and time, as a topic made anew has the same offsets
again), so it is listed and replayed once. That it was replayed says a receipt in the same topic,
a record without value (`replay`). Never here: deciding what is bad (`model`).
"""

import logging
from collections.abc import Iterator
from typing import Any, TypeAlias

from kafka import KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError
from msgspec import Struct

from leaderboard.errors import ServersError
from leaderboard.pipeline.client import client
from leaderboard.pipeline.consumer import Raw
from leaderboard.pipeline.log import read_log

log = logging.getLogger(__name__)

MOST_REQUEST_BYTES = 8 << 20
"""Our headers make a letter larger than its record, which may be as large as Kafka takes."""

ORIGINAL = "original-"
"""Stands before the name of each header that the record itself had; those without value are lost,
as the client can not send any."""

Source: TypeAlias = tuple[str, int, int, int]
SOURCE = ("topic", "partition", "offset", "timestamp_ms")
"""The headers that tell a letter's source."""

REPLAYED = "replayed"
"""A header that only receipts have."""


class DeadLetter(Struct, frozen=True):
    """A bad record: where it stood, why it was refused, and what it was (None: a null).

    `replayed` tells that it was published to its topic again.
    """

    topic: str
    partition: int
    offset: int
    error: str
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] = []
    replayed: bool = False

    @property
    def source(self) -> Source:
        """Topic, partition, offset and time of the bad record."""
        return (self.topic, self.partition, self.offset, self.timestamp_ms)

    @property
    def place(self) -> str:
        """Where it stood, as text.

        >>> DeadLetter("game-events", 0, 42, "why", 0, None, None).place
        'game-events[0]@42'
        """
        return f"{self.topic}[{self.partition}]@{self.offset}"


class DeadLetters:
    """Publishes bad records to `topic` and late events to `late_topic`. Use from one thread."""

    def __init__(self, kafka: str, topic: str, late_topic: str) -> None:
        self.topic = topic
        self.late_topic = late_topic
        self._bootstrap = kafka
        self._producer: KafkaProducer | None = None

    def publish(
        self,
        bad: list[tuple[Raw, str]],
        late: list[tuple[Raw, str]],
        timeout_s: float = 30,
    ) -> None:
        """Publish (record, reason) pairs, if any; returns once Kafka has acknowledged all of them.

        Raises
        ------
        ServersError
            when one is not acknowledged; then the source offsets must not be passed.
        """
        try:
            futures = [
                self._send(topic, record, reason)
                for topic, letters in ((self.topic, bad), (self.late_topic, late))
                for record, reason in letters
            ]
            for future in futures:
                future.get(timeout=timeout_s)
        except KafkaError as error:
            raise ServersError(
                f"{len(bad)} bad records and {len(late)} late events could not be kept in "
                f"{self.topic} and {self.late_topic}: {error}; "
                "they stay unread in the log and are tried again"
            ) from error

    def _send(self, topic: str, record: Raw, reason: str) -> Any:
        if self._producer is None:
            self._producer = KafkaProducer(
                **client(self._bootstrap), acks="all", max_request_size=MOST_REQUEST_BYTES
            )
        return self._producer.send(
            topic,
            value=record.value,
            key=record.key or b"",
            headers=_headers(record, reason),
        )

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=5)
            self._producer = None


def _headers(record: Raw, reason: str) -> list[tuple[str, bytes]]:
    source = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp,
        "key": "null" if record.key is None else "present",
        "error": reason,
    }
    ours = [(name, str(value).encode()) for name, value in source.items()]
    return ours + [(ORIGINAL + name, v) for name, v in record.headers if v is not None]


def receipt(letter: DeadLetter) -> list[tuple[str, bytes]]:
    """The headers of the record that says that `letter` was replayed."""
    source = zip(SOURCE, letter.source, strict=True)
    return [(name, str(value).encode()) for name, value in source] + [(REPLAYED, b"yes")]


def _source(headers: dict[str, str]) -> Source:
    topic, *numbers = (headers[name] for name in SOURCE)
    partition, offset, timestamp_ms = map(int, numbers)
    return (topic, partition, offset, timestamp_ms)


def _texts(record: ConsumerRecord) -> dict[str, str]:
    return {name: value.decode(errors="replace") for name, value in record.headers}


def _letter(record: ConsumerRecord, replayed: set[Source]) -> DeadLetter:
    headers = _texts(record)
    return DeadLetter(
        topic=headers["topic"],
        partition=int(headers["partition"]),
        offset=int(headers["offset"]),
        error=headers["error"],
        timestamp_ms=int(headers["timestamp_ms"]),
        key=None if headers["key"] == "null" else record.key,
        value=record.value,
        headers=[
            (name.removeprefix(ORIGINAL), value)
            for name, value in record.headers
            if name.startswith(ORIGINAL)
        ],
        replayed=_source(headers) in replayed,
    )


def read_dead_letters(kafka: str, topic: str) -> Iterator[DeadLetter]:
    """Every letter of `topic` once, in the order they were published in each partition.

    Records that somebody else wrote there are passed over.

    Raises
    ------
    ServersError
        when Kafka can not be reached or the topic does not exist.
    """
    receipts = (_texts(record) for record in _ours(kafka, topic))
    replayed = {_source(headers) for headers in receipts if REPLAYED in headers}
    known = set()
    for record in _ours(kafka, topic):
        if REPLAYED in _texts(record):
            continue
        letter = _letter(record, replayed)
        if letter.source not in known:
            known.add(letter.source)
            yield letter


def _ours(kafka: str, topic: str) -> Iterator[ConsumerRecord]:
    """Letters and receipts."""
    foreign = 0
    for record in read_log(kafka, topic):
        if set(SOURCE) <= {name for name, _ in record.headers}:
            yield record
        else:
            foreign += 1
    if foreign:
        log.warning("%s holds %d records that are no letters of ours: passed over", topic, foreign)
