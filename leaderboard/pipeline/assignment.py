"""Which partitions this member owns, and from where it reads each: Redis decides, never Kafka.

A partition is *untrusted* from the moment it is assigned, refused, or Redis was away, until its
offset was read from Redis and the consumer was put there. An untrusted partition is paused, and
nothing polled from it is applied.
"""

import logging
from queue import Empty, SimpleQueue

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import IllegalStateError

from leaderboard.errors import OffsetGapError
from leaderboard.pipeline.inflight import Position
from leaderboard.pipeline.lineage import Lineage
from leaderboard.store.writer import Writer

log = logging.getLogger(__name__)


class _Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python ships no types
    """Notes what the client reports. It calls from its own thread, so this only queues."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[tuple[str, set[int]]] = SimpleQueue()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.queue.put(("assigned", {tp.partition for tp in assigned}))

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.queue.put(("revoked", {tp.partition for tp in revoked}))


class Assignment:
    """The partitions of one consumer. Use from one thread.

    `next` is the offset of the next record to apply, for each trusted partition, and `watermarks`
    the latest event time before it (microseconds since 1970 UTC; None: no event yet).
    """

    def __init__(self, consumer: KafkaConsumer, topic: str, writer: Writer) -> None:
        self.next: dict[int, int] = {}
        self.watermarks: dict[int, int | None] = {}
        self._expected: dict[int, Position] = {}
        self._untrusted: set[int] = set()
        self._joined = False
        self._paused = False
        self._consumer = consumer
        self._topic = topic
        self._writer = writer
        self._lineage = Lineage(consumer, topic, writer)
        self._rebalances = _Rebalances()
        consumer.subscribe([topic], listener=self._rebalances)

    def follow(self) -> None:
        """Take over the rebalances that have happened since the last call. No network."""
        while True:
            try:
                change, partitions = self._rebalances.queue.get_nowait()
            except Empty:
                return
            log.info("%s partitions %s", change, sorted(partitions))
            if change == "assigned":
                self._joined = True
                self.distrust(partitions)
                continue
            self._untrusted -= partitions
            self._forget(partitions)

    def keep_joining(self) -> None:
        """Call before each poll: a join that one poll did not finish is taken up by the next.

        kafka-python 3.0.12 forgets it when the join was due to new metadata: it then neither
        completes nor sends heartbeats, for ever. Asking for the join again completes that one.
        """
        coordinator = self._consumer._coordinator
        if coordinator.rejoining and not coordinator.rejoin_needed:
            coordinator.request_rejoin()

    @property
    def settled(self) -> bool:
        """Whether partitions were assigned (if only none) and all of them are trusted."""
        return self._joined and not self._untrusted

    def position(self, partition: int) -> Position:
        """Where a trusted partition stands: all before it is applied."""
        return Position(self.next[partition], self.watermarks[partition])

    def expected(self, partition: int) -> Position:
        """Where a trusted partition will stand once what is under way is applied."""
        return self._expected.get(partition) or self.position(partition)

    def expect(self, positions: dict[int, Position]) -> None:
        """What is under way leads here; nothing else is."""
        self._expected = positions

    def reach(self, partition: int, position: Position) -> None:
        """Changes up to `position` were applied; of no matter if the partition was taken away."""
        if partition in self.next:
            self.next[partition] = position.offset
            self.watermarks[partition] = position.watermark

    def distrust(self, partitions: set[int]) -> None:
        """Read the offsets of partitions of ours from Redis again before more is applied."""
        self._writer.forget()
        self._forget(partitions)
        self._untrusted |= partitions
        self._set_paused(self._paused)

    def refuse(self, partition: int, start: int, stored: int | None) -> None:
        """Redis holds `stored`, not `start`: someone else was here, or Redis lost its state."""
        if partition in self.next:
            log.warning(
                "%s[%d]: changes from offset %d refused, Redis stands at %s",
                self._topic, partition, start, stored,
            )  # fmt: skip
            self.distrust({partition})

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
            when the log does not hold the stored offset, or is another one.
        """
        parts = [tp for tp in self._assigned() if tp.partition in self._untrusted]
        if not parts:
            return
        self._lineage.settle()
        numbers = [tp.partition for tp in parts]
        positions = self._writer.positions(numbers)
        begins, ends = self._consumer.beginning_offsets(parts), self._consumer.end_offsets(parts)
        for tp in parts:
            stored, watermark = positions[tp.partition]
            offset = self._start(tp, stored, begins[tp], ends[tp])
            try:
                self._consumer.seek(tp, offset)
            except IllegalStateError:
                continue  # taken away since: the next `follow` says so
            self.next[tp.partition] = offset
            self.watermarks[tp.partition] = watermark
            self._untrusted.discard(tp.partition)
        self._set_paused(self._paused)

    def pause(self, paused: bool) -> None:
        """Stop or go on fetching from the trusted partitions; membership is kept.

        Raises as `synchronise`: nothing was noticed of the log meanwhile.
        """
        if paused != self._paused:
            self._lineage.settle()
            self._paused = paused
            self._set_paused(paused)

    def accept(
        self, polled: dict[TopicPartition, list[ConsumerRecord]]
    ) -> dict[int, list[ConsumerRecord]]:
        """The polled records of trusted partitions, by partition.

        Raises
        ------
        OffsetGapError
            when a partition's records start elsewhere than where we stand and the log no longer
            holds the place where we stand; or the topic was made anew.
        """
        accepted = {}
        self._lineage.check()
        for tp, records in polled.items():
            if tp.partition in self._untrusted or tp.partition not in self.next:
                continue
            here = self.expected(tp.partition).offset
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

    def _forget(self, partitions: set[int]) -> None:
        for partition in partitions:
            self.next.pop(partition, None)
            self._expected.pop(partition, None)

    def _set_paused(self, paused: bool) -> None:
        """Fetch from the trusted partitions, unless `paused`, and from no other."""
        for tp in self._assigned():
            fetch = not paused and tp.partition in self.next
            try:
                (self._consumer.resume if fetch else self._consumer.pause)(tp)
            except IllegalStateError:
                continue  # taken away since: the next `follow` says so

    def _assigned(self) -> list[TopicPartition]:
        return sorted(self._consumer.assignment())


def _gap(tp: TopicPartition, offset: int, begin: int, end: int) -> OffsetGapError:
    return OffsetGapError(
        f"{tp.topic}[{tp.partition}]: Redis asks for offset {offset}, Kafka has {begin} to {end}: "
        "the topic was made anew, or retention removed records that were never applied. "
        "Nothing was changed. To count the log as it is now from its start: `leaderboard rebuild`"
    )
