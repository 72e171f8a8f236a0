"""Which partitions this member owns, and from where it reads each: Redis decides, never Kafka.

A partition is *untrusted* from the moment it is assigned, refused, or Redis was away, until its
offset was read from Redis and the consumer was put there. An untrusted partition is paused, and
nothing polled from it is applied.
"""

import logging

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from leaderboard.errors import OffsetGapError
from leaderboard.store.writer import Writer

log = logging.getLogger(__name__)


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python ships no types
    """The partitions of one consumer.

    `next` is the offset of the next record to apply, for each trusted partition.
    """

    def __init__(self, consumer: KafkaConsumer, topic: str, writer: Writer) -> None:
        self.next: dict[int, int] = {}
        self._untrusted: set[int] = set()
        self._paused = False
        self._consumer = consumer
        self._topic = topic
        self._writer = writer
        consumer.subscribe([topic], listener=self)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Called by the consumer inside `poll`: only notes, no network."""
        self._distrust({tp.partition for tp in assigned})
        log.info("assigned partitions %s", sorted(tp.partition for tp in assigned))

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Called by the consumer inside `poll`."""
        for tp in revoked:
            self.next.pop(tp.partition, None)
            self._untrusted.discard(tp.partition)

    def distrust(self) -> None:
        """Read all offsets from Redis again before anything else is applied."""
        self._distrust(set(self.next))

    def refuse(self, partition: int, start: int, stored: int | None) -> None:
        """Redis holds `stored`, not `start`: someone else was here, or Redis lost its state."""
        if partition in self.next:
            log.warning(
                "%s[%d]: changes from offset %d refused, Redis stands at %s",
                self._topic, partition, start, stored,
            )  # fmt: skip
            self._distrust({partition})

    def check(self) -> None:
        """Compare what we believe with Redis, so that a lost state is noticed without traffic.

        Raises `StoreError` when Redis is away.
        """
        for partition, stored in self._writer.offsets(list(self.next)).items():
            if (stored or 0) != self.next[partition]:
                self.refuse(partition, self.next[partition], stored)

    def synchronise(self) -> None:
        """Put the consumer where Redis says, for every untrusted partition.

        Raises
        ------
        StoreError
            when Redis is away.
        OffsetGapError
            when the log does not hold the stored offset.
        """
        if not self._untrusted:
            return
        parts = [TopicPartition(self._topic, p) for p in sorted(self._untrusted)]
        stored = self._writer.offsets([tp.partition for tp in parts])
        begins, ends = self._consumer.beginning_offsets(parts), self._consumer.end_offsets(parts)
        for tp in parts:
            offset = self._start(tp, stored[tp.partition], begins[tp], ends[tp])
            self._consumer.seek(tp, offset)
            self.next[tp.partition] = offset
            self._untrusted.discard(tp.partition)
            if not self._paused:
                self._consumer.resume(tp)

    def pause(self, paused: bool) -> None:
        """Stop or go on fetching from the trusted partitions; membership is kept."""
        if paused != self._paused:
            self._paused = paused
            parts = [TopicPartition(self._topic, p) for p in self.next]
            (self._consumer.pause if paused else self._consumer.resume)(*parts)

    def accept(
        self, polled: dict[TopicPartition, list[ConsumerRecord]]
    ) -> dict[int, list[ConsumerRecord]]:
        """The polled records of trusted partitions, by partition.

        Raises
        ------
        OffsetGapError
            when a partition's records start elsewhere than where we stand and the log no longer
            holds the place where we stand.
        """
        accepted = {}
        for tp, records in polled.items():
            if tp.partition in self._untrusted or tp.partition not in self.next:
                continue
            here = self.next[tp.partition]
            if records[0].offset != here:
                begin = self._consumer.beginning_offsets([tp])[tp]
                if records[0].offset < here or begin > here:
                    raise _gap(tp, here, begin, self._consumer.end_offsets([tp])[tp])
            accepted[tp.partition] = records
        return accepted

    def _start(self, tp: TopicPartition, stored: int | None, begin: int, end: int) -> int:
        if stored is None:
            if begin > 0:
                log.warning("%s[%d]: the log starts at offset %d", tp.topic, tp.partition, begin)
                self._writer.begin(tp.partition, begin)
            return begin
        if not begin <= stored <= end:
            raise _gap(tp, stored, begin, end)
        return stored

    def _distrust(self, partitions: set[int]) -> None:
        for partition in partitions:
            self.next.pop(partition, None)
        self._untrusted |= partitions
        self._consumer.pause(*(TopicPartition(self._topic, p) for p in partitions))


def _gap(tp: TopicPartition, offset: int, begin: int, end: int) -> OffsetGapError:
    return OffsetGapError(
        f"{tp.topic}[{tp.partition}]: Redis asks for offset {offset}, Kafka has {begin} to {end}: "
        "the topic was made anew, or retention removed records that were never applied. "
        "Nothing was changed. To count the log as it is now from its start: `leaderboard rebuild`"
    )
