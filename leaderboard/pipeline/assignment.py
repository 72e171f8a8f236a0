"""Which partitions this member owns, and from where it reads each: Redis decides, never Kafka.

A partition is *untrusted* from the moment it is assigned, refused, or Redis was away, until its
offset was read from Redis and the consumer was put there. An untrusted partition is paused, and
nothing polled from it is applied.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

from leaderboard.errors import OffsetGapError
from leaderboard.model.fold import Changes
from leaderboard.pipeline.consumer import Consumer, Raw
from leaderboard.pipeline.inflight import Position
from leaderboard.pipeline.lineage import Lineage
from leaderboard.store.writer import Writer

log = logging.getLogger(__name__)


class Assignment:
    """The partitions of one consumer. Use from one thread.

    `next` is the offset of the next record to apply, for each trusted partition, and `watermarks`
    the latest event time before it (microseconds since 1970 UTC; None: no event yet).
    """

    def __init__(self, consumer: Consumer, topic: str, writer: Writer) -> None:
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

    def follow(self) -> None:
        """Take over the rebalances that have happened since the last call. No network."""
        for change, partitions in self._consumer.rebalances():
            log.info("%s partitions %s", change, sorted(partitions))
            if change == "assigned":
                self._joined = True
                self.distrust(partitions)
            else:
                self._untrusted -= partitions
                self._forget(partitions)

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
        self._read()

    def refuse(self, partition: int, start: int, stored: int | None) -> None:
        """Redis holds `stored`, not `start`: someone else was here, or Redis lost its state."""
        if partition in self.next:
            log.warning(
                "%s[%d]: changes from offset %d refused, Redis stands at %s",
                self._topic, partition, start, stored,
            )  # fmt: skip
            self.distrust({partition})

    @property
    def lag(self) -> dict[int, int]:
        """Records behind the newest one we know of, per trusted partition."""
        return {
            partition: max(0, (self._consumer.highwater(partition) or position) - position)
            for partition, position in self.next.items()
        }

    @property
    def caught_up(self) -> set[int]:
        """Partitions whose newest record is known and applied, while none is kept waiting."""
        if self._paused:
            return set()
        return {p for p, n in self.next.items() if self._consumer.highwater(p) == n}

    @property
    def waiting(self) -> dict[int, int]:
        """Where partitions stand that are read, and in whose logs there seems to be more."""
        if self._paused:
            return {}
        return {p: self.next[p] for p, lag in self.lag.items() if lag}

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
        if not self._untrusted:
            return
        self._lineage.settle()
        positions = self._writer.positions(sorted(self._untrusted))
        bounds = self._consumer.bounds(positions)
        for partition, (stored, watermark) in positions.items():
            self.next[partition] = self._start(partition, stored, *bounds[partition])
            self.watermarks[partition] = watermark
        self._untrusted.clear()
        self._read()

    def pause(self, paused: bool) -> None:
        """Stop or go on fetching from the trusted partitions; membership is kept.

        Raises as `synchronise`: nothing was noticed of the log meanwhile.
        """
        if paused != self._paused:
            self._lineage.settle()
            self._paused = paused
            self._read()

    def accept(self, polled: Mapping[int, Sequence[Raw]]) -> dict[int, Sequence[Raw]]:
        """The polled records of trusted partitions, by partition.

        Raises
        ------
        OffsetGapError
            when a partition's records start elsewhere than where we stand and the log no longer
            holds the place where we stand; or the topic was made anew.
        """
        self._lineage.check()
        accepted = {}
        for partition, records in polled.items():
            if partition not in self.next:
                continue
            here = self.expected(partition).offset
            if records[0].offset != here:
                begin, end = self._consumer.bounds([partition])[partition]
                if records[0].offset < here or begin > here:
                    raise self._gap(partition, here, begin, end)
            accepted[partition] = records
        return accepted

    def pass_over(self, partition: int, end: int) -> None:
        """Have Redis go on from `end`, before which there is no record to apply.

        Raises
        ------
        StoreError
            when Redis is away.
        """
        here = self.position(partition)
        changes = Changes(start=here.offset, next=end, watermark=here.watermark)
        (outcome,) = self._writer.apply([(partition, changes)])
        if outcome.applied:
            self.reach(partition, Position(end, here.watermark))
        else:
            self.refuse(partition, here.offset, outcome.stored)

    def hold(self, partitions: Iterable[int]) -> None:
        """Make sure that the log still holds the places where partitions stand.

        Raises
        ------
        OffsetGapError
            when it does not.
        """
        for partition, (begin, end) in self._consumer.bounds(partitions).items():
            if not begin <= self.next[partition] <= end:
                raise self._gap(partition, self.next[partition], begin, end)

    def _start(self, partition: int, stored: int | None, begin: int, end: int) -> int:
        if stored is None:
            if begin > 0:
                log.warning("%s[%d]: the log starts at offset %d", self._topic, partition, begin)
                self._writer.begin(partition, begin)
            return begin
        if not begin <= stored <= end:
            raise self._gap(partition, stored, begin, end)
        return stored

    def _forget(self, partitions: set[int]) -> None:
        for partition in partitions:
            self.next.pop(partition, None)
            self._expected.pop(partition, None)

    def _read(self) -> None:
        """Read the trusted partitions, unless paused, and no other."""
        ours = () if self._paused else self.next
        self._consumer.read({p: self.expected(p).offset for p in ours})

    def _gap(self, partition: int, offset: int, begin: int, end: int) -> OffsetGapError:
        return OffsetGapError(
            f"{self._topic}[{partition}]: Redis asks for offset {offset}, Kafka has {begin} to "
            f"{end}: the topic was made anew, or retention removed records that were never "
            "applied. Nothing was changed. To count the log as it is now from its start: "
            "`leaderboard rebuild`"
        )
