"""Look into Kafka without touching it: topics, offsets, the group, the newest records.

An `Inspector` blocks and belongs to one thread. It joins no group and commits nothing. Never
here: what Redis has stored, or how a page shows this.
"""

import socket
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorError,
    UnknownTopicOrPartitionError,
)
from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from leaderboard.errors import ServersError
from leaderboard.model.wire import Wire
from leaderboard.pipeline.client import client
from leaderboard.pipeline.readable import readable, readable_value
from leaderboard.pipeline.schemas import local_wire

Commits: TypeAlias = dict[TopicPartition, OffsetAndMetadata]

READ_TIMEOUT_S = 2.0
TRIES = 3


class PartitionOffsets(Struct, frozen=True):
    """Records `begin` <= offset < `end` are held; `committed` is the group's (None: none)."""

    partition: int
    begin: int
    end: int
    committed: int | None


class Topic(Struct, frozen=True):
    """A topic and its partitions, in order."""

    name: str
    partitions: list[PartitionOffsets]


class Member(Struct, frozen=True):
    """A consumer of the group and what it reads, by topic."""

    member_id: str
    client_id: str
    host: str
    partitions: dict[str, list[int]]


class Group(Struct, frozen=True):
    """The consumer group; `state` in Kafka's words: Stable, Empty, Dead (unknown), ..."""

    name: str
    state: str
    members: list[Member]


class ShownRecord(Struct, frozen=True):
    """A record as text: JSON and Avro as indented JSON, other bytes escaped, long texts cut."""

    partition: int
    offset: int
    timestamp: datetime
    key: str | None
    value: str | None
    headers: dict[str, str]


class Look(Struct, frozen=True):
    """What one look found; `records` of `topic`, newest first (empty when there is none)."""

    read_at: datetime
    topics: list[Topic]
    group: Group
    topic: str
    records: list[ShownRecord]


class Inspector:
    """Owns its clients; they are made when first needed, and anew after a failure.

    `wire` makes Avro readable; by default of the schemas of this program.
    """

    def __init__(
        self, kafka: str, group: str, *, wire: Wire | None = None, timeout_s: float = 3.0
    ) -> None:
        self._kafka = kafka
        self._group = group
        self._wire = wire or local_wire()
        self._timeout_ms = int(timeout_s * 1000)
        self._admin: KafkaAdminClient | None = None
        self._consumer: KafkaConsumer | None = None

    def look(self, topic: str, newest: int) -> Look:
        """All topics and the group, and the `newest` records of `topic`.

        Raises
        ------
        ServersError
            when Kafka does not answer.
        """
        try:
            if self._admin is None:
                self._reach()
            admin, consumer = self._clients()
            group, commits = _group(admin, self._group)
            topics = _topics(admin, commits)
            held = [t for t in topics if t.name == topic]
            return Look(
                read_at=datetime.now(UTC),
                topics=topics,
                group=group,
                topic=topic,
                records=_newest(consumer, held[0], newest, self._wire) if held else [],
            )
        except (KafkaError, OSError) as error:
            self.close()
            raise ServersError(f"Kafka at {self._kafka} does not answer: {error}") from error

    def close(self) -> None:
        """Close the clients."""
        for opened in (self._admin, self._consumer):
            if opened is not None:
                opened.close()
        self._admin = self._consumer = None

    def _reach(self) -> None:
        """Any of the brokers takes a connection: known at once, where a client tries for long."""
        for broker in self._kafka.split(","):
            host, _, port = broker.rpartition(":")
            try:
                socket.create_connection((host, int(port)), self._timeout_ms / 1000).close()
            except OSError as error:
                refusal = error
            else:
                return
        raise refusal

    def _clients(self) -> tuple[KafkaAdminClient, KafkaConsumer]:
        config = client(self._kafka) | {
            "bootstrap_timeout_ms": self._timeout_ms,
            "request_timeout_ms": self._timeout_ms,
        }
        if self._admin is None:
            self._admin = KafkaAdminClient(**config)
        if self._consumer is None:
            self._consumer = KafkaConsumer(
                **config, group_id=None, enable_auto_commit=False,
                auto_offset_reset="earliest", fetch_max_wait_ms=50,
            )  # fmt: skip
        return self._admin, self._consumer


def _topics(admin: KafkaAdminClient, commits: Commits) -> list[Topic]:
    """Every topic but Kafka's own, in order of name."""
    for _ in range(TRIES - 1):
        try:
            return _topics_now(admin, commits)
        except UnknownTopicOrPartitionError:
            continue  # one was deleted between the list and the look
    return _topics_now(admin, commits)


def _topics_now(admin: KafkaAdminClient, commits: Commits) -> list[Topic]:
    described = [t for t in admin.describe_topics() if not t["is_internal"] and t["name"]]
    parts = [
        TopicPartition(t["name"], p["partition_index"]) for t in described for p in t["partitions"]
    ]
    begins = admin.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.EARLIEST))
    ends = admin.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.LATEST))
    topics: dict[str, list[PartitionOffsets]] = {t["name"]: [] for t in described}
    for part in sorted(parts):
        commit = commits.get(part)
        committed = commit.offset if commit and commit.offset >= 0 else None
        topics[part.topic].append(
            PartitionOffsets(part.partition, begins[part].offset, ends[part].offset, committed)
        )
    return [Topic(name, partitions) for name, partitions in sorted(topics.items())]


def _group(admin: KafkaAdminClient, name: str) -> tuple[Group, Commits]:
    """The group and its commits; none while Kafka prepares its group coordinator."""
    try:
        group = admin.describe_groups([name])[name]
        commits = admin.list_group_offsets([name])[name]
    except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError):
        return Group(name, "Coordinator not ready", []), {}
    members = [
        Member(m["member_id"], m["client_id"], m["client_host"], _assigned(m))
        for m in group["members"]
    ]
    return Group(name, group["group_state"], sorted(members, key=lambda m: m.client_id)), commits


def _assigned(member: dict[str, Any]) -> dict[str, list[int]]:
    assignment = member["member_assignment"] or {"assigned_partitions": []}
    return {a["topic"]: sorted(a["partitions"]) for a in assignment["assigned_partitions"]}


def _newest(consumer: KafkaConsumer, topic: Topic, count: int, wire: Wire) -> list[ShownRecord]:
    """At most `count` records, newest first by their time."""
    starts = {
        TopicPartition(topic.name, p.partition): max(p.begin, p.end - count)
        for p in topic.partitions
        if p.begin < p.end
    }
    if not starts:
        return []
    consumer.assign(list(starts))
    for part, start in starts.items():
        consumer.seek(part, start)
    ends = {TopicPartition(topic.name, p.partition): p.end for p in topic.partitions}
    found = _poll_until(consumer, {part: ends[part] for part in starts})
    found.sort(key=lambda r: (r.timestamp, r.partition, r.offset), reverse=True)
    return [_shown(record, wire) for record in found[:count]]


def _poll_until(consumer: KafkaConsumer, ends: dict[TopicPartition, int]) -> list[ConsumerRecord]:
    """Records up to `ends`, or as far as `READ_TIMEOUT_S` allows."""
    found: list[ConsumerRecord] = []
    deadline = time.monotonic() + READ_TIMEOUT_S
    while time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=200).values():
            found += records
        if all(consumer.position(part) >= end for part, end in ends.items()):
            break
    return found


def _shown(record: ConsumerRecord, wire: Wire) -> ShownRecord:
    return ShownRecord(
        partition=record.partition,
        offset=record.offset,
        timestamp=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        key=readable(record.key),
        value=readable_value(record.value, record.headers, wire),
        headers=_headers(record.headers),
    )


def _headers(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    return {name: readable(value) or "" for name, value in headers}
