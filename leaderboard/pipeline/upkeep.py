"""What a processor does beside the batches, about once a second.

It compares what it believes with Redis, deletes windows nobody keeps, and passes over what is in
the log and is no record. And it writes into a partition of its own that nothing comes to how far
time has gone in all those where it goes on: from then on the log itself says so, and every replay
decides the same about late events.
"""

import logging
import time
from collections.abc import Callable
from uuid import uuid4

from kafka import KafkaProducer
from kafka.errors import KafkaError

from leaderboard.errors import ServersError
from leaderboard.model.events import WatermarkAdvanced, encode
from leaderboard.model.windows import instant_us
from leaderboard.pipeline.assignment import Assignment
from leaderboard.pipeline.client import client
from leaderboard.pipeline.log import behind_no_record
from leaderboard.store.writer import Writer

log = logging.getLogger(__name__)

EVERY_S = 1.0


class Upkeep:
    """Upkeep of one processor. Use from its thread.

    Parameters
    ----------
    idle_after_s
        After how long without a record a partition counts as idle; 0: never. As much is taken off
        the time written into it, for events still on their way.
    clock
        Seconds, monotonic.
    """

    def __init__(
        self,
        kafka: str,
        topic: str,
        partitions: list[int],
        mine: Assignment,
        writer: Writer,
        *,
        idle_after_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kafka = kafka
        self._topic = topic
        self._partitions = set(partitions)
        self._mine = mine
        self._writer = writer
        self._idle_after_s = idle_after_s
        self._clock = clock
        self._done = float("-inf")
        self._stood: dict[int, tuple[int | None, float]] = {}
        self._waited: dict[int, int] = {}
        self._producer: KafkaProducer | None = None

    @property
    def is_due(self) -> bool:
        """Whether it is time to `run` again, `EVERY_S` after the last time."""
        return self._clock() - self._done >= EVERY_S

    def run(self) -> None:
        """Do everything; nothing may be under way to Redis.

        Raises
        ------
        StoreError, ServersError
            when Redis or Kafka is away.
        OffsetGapError
            when the log no longer holds what is to be applied next.
        BoardsChangedError
            when the topic got other partitions than those that were counted.
        """
        self._done = now = self._clock()
        self._mine.check()
        self._writer.claim(len(self._partitions | self._mine.next.keys()))
        self._writer.expire(sorted(self._partitions))
        self._pass_over()
        if self._idle_after_s:
            self._mark_idle(now, self._mine.caught_up)

    def _pass_over(self) -> None:
        """Nothing came since the last time though there is more in the log: is it a record?

        A transaction ends with a mark that is none, and what was aborted or compacted away left
        its offsets behind.
        """
        before, self._waited = self._waited, self._mine.waiting
        still = dict(before.items() & self._waited.items())
        if not still:
            return
        self._mine.hold(still.keys())
        for partition, end in behind_no_record(self._kafka, self._topic, still).items():
            log.info("%s[%d]: no record from %d to %d", self._topic, partition,
                     still[partition], end)  # fmt: skip
            self._mine.pass_over(partition, end)

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=5)
            self._producer = None

    def _mark_idle(self, now: float, caught_up: set[int]) -> None:
        """Partitions are idle, here and elsewhere, while their offset in Redis stands still."""
        positions = self._writer.positions(sorted(self._partitions))
        for partition, (offset, _) in positions.items():
            if self._stood.get(partition, (-1, 0.0))[0] != offset:
                self._stood[partition] = (offset, now)
        idle = {p for p, (_, since) in self._stood.items() if now - since >= self._idle_after_s}
        active = [at for p, (_, at) in positions.items() if p not in idle and at is not None]
        if not active:
            return
        reached = min(active) - int(self._idle_after_s * 1_000_000)
        for partition in sorted(idle & caught_up):
            offset, at = positions[partition]
            if (at or 0) < reached:
                self._write(partition, reached)
                self._stood[partition] = (offset, now)  # not again before it was read

    def _write(self, partition: int, at: int) -> None:
        event = WatermarkAdvanced(uuid4(), instant_us(at))
        log.info("%s[%d] is idle: its watermark goes on to %s", self._topic, partition,
                 event.timestamp)  # fmt: skip
        try:
            if self._producer is None:
                self._producer = KafkaProducer(**client(self._kafka), acks="all")
            self._producer.send(self._topic, encode(event), partition=partition).get(timeout=10)
        except KafkaError as error:
            raise ServersError(f"cannot write to {self._topic}: {error}") from error
