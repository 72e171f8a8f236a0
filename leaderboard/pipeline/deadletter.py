"""Letters: bad records and late events, kept with their bytes and headers and the reason.

A redelivered one may be published twice, and a rebuild publishes all of them again; readers know a
letter by its source (topic, partition, offset, and time, as a topic made anew has the same offsets
again), so it is listed and replayed once. That it was replayed says a receipt in the same topic,
a record without value (`replay`). A record that is too large for the topic even compressed is cut:
the log it came from has all of it. Never here: deciding what is bad (`model`).
"""

import logging
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from kafka import KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from msgspec import Struct

from leaderboard.errors import ServersError
from leaderboard.pipeline.client import LARGE, client
from leaderboard.pipeline.consumer import Raw
from leaderboard.pipeline.log import read_log

log = logging.getLogger(__name__)

KEPT_BYTES = 64 << 10
"""Of the value, and of the key, of a cut letter; it has no headers of its record."""

TRUNCATED = "truncated"
"""A header that only cut letters have: the length of the whole value in bytes."""

ORIGINAL = "original-"
"""Stands before the name of each header that the record itself had; those without value are lost,
as the client can not send any."""

TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
"""For what the client sends, or the topic takes; and for a segment of the topic."""

Source: TypeAlias = tuple[str, int, int, int]
SOURCE = ("topic", "partition", "offset", "timestamp_ms")
"""The headers that tell a letter's source."""

REPLAYED = "replayed"
"""A header that only receipts have."""


class DeadLetter(Struct, frozen=True):
    """A bad record: where it stood, why it was refused, and what it was (None: a null).

    `replayed` tells that it was published to its topic again; `truncated` is the length of the
    whole value in bytes where the letter is cut, so that only the start is here.
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
    truncated: int | None = None

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


class _Due(NamedTuple):
    """A record to keep in `topic`, and why."""

    topic: str
    record: Raw
    reason: str

    @property
    def place(self) -> str:
        return f"{self.record.topic}[{self.record.partition}]@{self.record.offset}"

    @property
    def id(self) -> tuple[str, str, int, int, int]:
        r = self.record
        return (self.topic, r.topic, r.partition, r.offset, r.timestamp)


class DeadLetters:
    """Publishes bad records to `topic` and late events to `late_topic`. Use from one thread."""

    def __init__(self, kafka: str, topic: str, late_topic: str) -> None:
        self.topic = topic
        self.late_topic = late_topic
        self._bootstrap = kafka
        self._producer: KafkaProducer | None = None
        self._kept: set[tuple[str, str, int, int, int]] = set()

    def publish(
        self,
        bad: list[tuple[Raw, str]],
        late: list[tuple[Raw, str]],
        timeout_s: float = 30,
    ) -> None:
        """Publish (record, reason) pairs, if any; returns once Kafka has acknowledged all of them.

        Those that it acknowledged in the call before are not published again: after a failure the
        same records come again. What is too large for its topic is cut.

        Raises
        ------
        ServersError
            when one is not acknowledged; then the source offsets must not be passed.
        """
        due = [
            _Due(topic, *letter)
            for topic, letters in ((self.topic, bad), (self.late_topic, late))
            for letter in letters
        ]
        if not due:
            return
        self._kept.intersection_update(one.id for one in due)
        waiting = [one for one in due if one.id not in self._kept]
        try:
            too_large = self._send_all(waiting, timeout_s)
            if too_large:
                n, first = len(too_large), too_large[0]
                log.warning("%d too large for %s are cut, like %s", n, first.topic, first.place)
            refused = self._send_all(too_large, timeout_s, cut=True)
            if refused:
                raise MessageSizeTooLargeError(f"even its first {KEPT_BYTES} bytes are too large")
        except KafkaError as error:
            first = next(one for one in due if one.id not in self._kept)
            raise ServersError(
                f"{len(bad)} bad records and {len(late)} late events could not be kept in "
                f"{self.topic} and {self.late_topic}, the first of them {first.place} in "
                f"{first.topic}: {error}; they stay unread in the log and are tried again"
            ) from error

    def _send_all(self, due: list[_Due], timeout_s: float, *, cut: bool = False) -> list[_Due]:
        """Note what Kafka acknowledges; returns what is too large, raises the first other error."""
        futures, too_large = [], []
        for one in due:
            try:
                futures.append((one, self._send(one, cut)))
            except TOO_LARGE:
                too_large.append(one)
        failed: KafkaError | None = None
        deadline = time.monotonic() + timeout_s
        for one, future in futures:
            try:
                future.get(timeout=max(0, deadline - time.monotonic()))
                self._kept.add(one.id)
            except TOO_LARGE:
                too_large.append(one)
            except KafkaError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return too_large

    def _send(self, one: _Due, cut: bool) -> Any:
        if self._producer is None:
            self._producer = KafkaProducer(**client(self._bootstrap), **LARGE, acks="all")
        value, key, most = one.record.value, one.record.key or b"", KEPT_BYTES if cut else None
        return self._producer.send(
            one.topic,
            value=None if value is None else value[:most],
            key=key[:most],
            headers=_cut_headers(one) if cut else _headers(one),
        )

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=5)
            self._producer = None


def _headers(one: _Due) -> list[tuple[str, bytes]]:
    return _ours(one) + [(ORIGINAL + name, v) for name, v in one.record.headers if v is not None]


def _cut_headers(one: _Due) -> list[tuple[str, bytes]]:
    return [*_ours(one), (TRUNCATED, b"%d" % len(one.record.value or b""))]


def _ours(one: _Due) -> list[tuple[str, bytes]]:
    record = one.record
    ours = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp,
        "key": "null" if record.key is None else "present",
        "error": one.reason,
    }
    return [(name, str(value).encode()) for name, value in ours.items()]


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
        truncated=int(headers[TRUNCATED]) if TRUNCATED in headers else None,
    )


def read_dead_letters(kafka: str, topic: str) -> Iterator[DeadLetter]:
    """Every letter of `topic` once, in the order they were published in each partition.

    Records that somebody else wrote there are passed over.

    Raises
    ------
    ServersError
        when Kafka can not be reached or the topic does not exist.
    """
    receipts = (_texts(record) for record in _letters_of(kafka, topic))
    replayed = {_source(headers) for headers in receipts if REPLAYED in headers}
    known = set()
    for record in _letters_of(kafka, topic):
        if REPLAYED in _texts(record):
            continue
        letter = _letter(record, replayed)
        if letter.source not in known:
            known.add(letter.source)
            yield letter


def _letters_of(kafka: str, topic: str) -> Iterator[ConsumerRecord]:
    """Letters and receipts."""
    foreign = 0
    for record in read_log(kafka, topic):
        if set(SOURCE) <= {name for name, _ in record.headers}:
            yield record
        else:
            foreign += 1
    if foreign:
        log.warning("%s holds %d records that are no letters of ours: passed over", topic, foreign)
