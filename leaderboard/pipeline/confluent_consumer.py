"""A group member on confluent-kafka, whose librdkafka reads ahead in threads of its own.

An optional extra: a processor takes about half the CPU time per event of one on kafka-python. Its
`pause` and `seek` lose positions when they follow an assignment closely, so neither is used: to
read a partition from an offset is to assign it there, and what is not read is not assigned.
Membership does not mind.
"""

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from operator import methodcaller
from typing import Any
from uuid import UUID

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from msgspec import Struct

from leaderboard.errors import ServersError, SettingsError
from leaderboard.pipeline.consumer import METADATA_AGE_S, MOST_FETCH_BYTES, NO_SUCH_SESSION

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0
MOST_AHEAD_KB = 16 << 10
"""How much is read ahead, per partition."""
_SKIPPED = {KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION, KafkaError._NOT_IMPLEMENTED}
"""librdkafka goes on behind records it can not unpack."""


class RawRecord(Struct, frozen=True, gc=False):
    """Keeps `consumer.Raw`."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


# a plain call of the method would not be checked for the error that it may leave behind
_headers_of = methodcaller("headers")


def _headers(message: Any) -> list[tuple[str, bytes | None]]:
    try:
        return _headers_of(message) or []
    except SystemError:  # a name that is no UTF-8; what it gives then holds no object
        return []


class _TopicId:
    """Kafka's id of the topic; group members of librdkafka do not tell it."""

    def __init__(self, kafka: str, topic: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": kafka}, logger=log)
        self._topic = topic
        self._known: str | None = None
        self._asked_at = 0.0
        self._answer: Future[Any] | None = None

    def now(self) -> str | None:
        """Ask and wait. Raises `KafkaException` when Kafka is away."""
        self._ask()
        return self._take()

    def known(self) -> str | None:
        """The last answer; asks again in the background when it is old."""
        if self._answer and self._answer.done():
            try:
                self._take()
            except KafkaException as error:
                log.info("Kafka: %s", error)  # the last answer holds until there is another
        if not self._answer and time.monotonic() - self._asked_at > METADATA_AGE_S:
            self._ask()
        return self._known

    def _ask(self) -> None:
        self._asked_at = time.monotonic()
        asked = self._admin.describe_topics(
            TopicCollection([self._topic]), request_timeout=TIMEOUT_S
        )
        self._answer = asked[self._topic]

    def _take(self) -> str | None:
        answer, self._answer = self._answer, None
        try:
            uuid = answer.result().topic_id if answer else None
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
            uuid = None
        self._known = uuid and _uuid_text(uuid)
        return self._known


def _uuid_text(uuid: Any) -> str | None:
    """As kafka-python has it; brokers without topic ids say 0."""
    high = uuid.get_most_significant_bits() % 2**64
    number = high << 64 | uuid.get_least_significant_bits() % 2**64
    return str(UUID(int=number)) if number else None


class ConfluentConsumer:
    """Keeps `consumer.Consumer`; arguments as of `consumer.consumer`."""

    def __init__(
        self,
        kafka: str,
        topic: str,
        group: str,
        *,
        session_timeout_s: float,
        client_id: str,
        fetch_wait_ms: int,
        fetch_min_bytes: int,
    ) -> None:
        self._topic = topic
        self._ours: set[int] = set()
        self._reading: dict[int, int] = {}
        self._rebalances: deque[tuple[str, set[int]]] = deque()
        self._client = Consumer(
            {
                "bootstrap.servers": kafka,
                "group.id": group,
                "client.id": client_id,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "check.crcs": True,  # else what a disk made of a record is counted
                "session.timeout.ms": int(session_timeout_s * 1000),
                "heartbeat.interval.ms": int(session_timeout_s * 1000 / 3),
                "fetch.wait.max.ms": fetch_wait_ms,
                "fetch.min.bytes": fetch_min_bytes,
                "fetch.message.max.bytes": MOST_FETCH_BYTES,
                "queued.max.messages.kbytes": MOST_AHEAD_KB,
                "allow.auto.create.topics": False,
                "error_cb": lambda error: log.info("Kafka: %s", error),
            },
            logger=log,
        )
        try:
            found = self._client.list_topics(topic, timeout=TIMEOUT_S).topics[topic]
        except KafkaException as error:
            self._client.close()
            raise ServersError(f"no Kafka answers at {kafka}: {error}") from error
        self.partitions = sorted(found.partitions)
        if not self.partitions:
            self._client.close()
            raise ServersError(f"Kafka at {kafka} has no topic {topic}; run `leaderboard up`")
        self._topic_id = _TopicId(kafka, topic)
        self._client.subscribe(
            [topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )

    def rebalances(self) -> Iterator[tuple[str, set[int]]]:
        while self._rebalances:
            yield self._rebalances.popleft()

    def read(self, positions: dict[int, int]) -> None:
        wanted = {p: self._reading.get(p, o) for p, o in positions.items() if p in self._ours}
        if wanted.keys() != self._reading.keys():
            with self._translated():
                self._client.assign([self._part(p, o) for p, o in wanted.items()])
            self._reading = wanted

    def poll(self, timeout_s: float, most: int) -> dict[int, list[RawRecord]]:
        with self._translated():
            messages = self._client.consume(1, timeout_s)
            messages += self._client.consume(most - 1, 0) if messages else []
        polled: dict[int, list[RawRecord]] = {}
        for message in messages:
            if error := message.error():
                self._pass(error)
                continue
            record = self._record(message)
            if record.partition in self._reading:
                polled.setdefault(record.partition, []).append(record)
        self._reading |= {p: records[-1].offset + 1 for p, records in polled.items()}
        return polled

    def _pass(self, error: KafkaError) -> None:
        if error.code() in _SKIPPED:
            raise ServersError(f"Kafka failed while {self._topic} was read: {error}")
        if error.code() == KafkaError.INVALID_SESSION_TIMEOUT:
            raise SettingsError(f"{NO_SUCH_SESSION}: {error}")
        log.info("Kafka: %s", error)  # librdkafka tries again itself

    def bounds(self, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        with self._translated():
            return {
                p: self._client.get_watermark_offsets(self._part(p), timeout=TIMEOUT_S)
                for p in partitions
            }

    def topic_id(self, *, ask: bool = False) -> str | None:
        with self._translated():
            return self._topic_id.now() if ask else self._topic_id.known()

    def highwater(self, partition: int) -> int | None:
        try:
            _, high = self._client.get_watermark_offsets(self._part(partition), cached=True)
        except KafkaException:
            return None  # taken away since
        return high if high >= 0 else None

    def commit(self, offsets: dict[int, int], *, wait: bool = False) -> None:
        """A failed commit (after a rebalance, say) harms nothing: Redis holds the offsets."""
        if not offsets:
            return
        parts = [self._part(p, o) for p, o in offsets.items()]
        try:
            if wait:
                self._client.commit(offsets=parts, asynchronous=False)
            else:
                self._client.commit(offsets=parts)
        except KafkaException as error:
            log.info("group commit of %d partitions failed: %s", len(offsets), error)

    def close(self) -> None:
        self._client.close()

    def _assigned(self, consumer: Any, parts: list[TopicPartition]) -> None:
        consumer.assign([])  # where to read from is still to be asked
        self._ours = {part.partition for part in parts}
        self._reading = {}
        self._rebalances.append(("assigned", set(self._ours)))

    def _revoked(self, consumer: Any, parts: list[TopicPartition]) -> None:
        consumer.unassign()
        self._ours, self._reading = set(), {}
        self._rebalances.append(("revoked", {part.partition for part in parts}))

    def _part(self, partition: int, offset: int = 0) -> TopicPartition:
        return TopicPartition(self._topic, partition, offset)

    def _record(self, message: Any) -> RawRecord:  # its types allow what no broker sends
        return RawRecord(
            self._topic, message.partition(), message.offset(), message.timestamp()[1],
            message.key(), message.value(), _headers(message),
        )  # fmt: skip

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            raise ServersError(f"Kafka failed while {self._topic} was read: {error}") from error
