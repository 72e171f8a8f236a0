"""What a processor does beside the batches, about once a second.

It compares what it believes with Redis, deletes windows nobody keeps, and writes into a partition
of its own that nothing comes to how far time has gone elsewhere: from then on the log itself says
so, and every replay decides the same about late events.
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
        self._partitions = partitions
        self._mine = mine
        self._writer = writer
        self._idle_after_s = idle_after_s
        self._clock = clock
        self._done = float("-inf")
        self._stood: dict[int, tuple[int, float]] = {}
        self._producer: KafkaProducer | None = None

    def run(self, lag: Callable[[], dict[int, int]]) -> None:
        """Do what is due; at most once in `EVERY_S`.

        Raises
        ------
        StoreError, ServersError
            when Redis or Kafka is away.
        """
        now = self._clock()
        if now - self._done < EVERY_S:
            return
        self._done = now
        self._mine.check()
        self._writer.expire(self._partitions)
        if self._idle_after_s:
            self._mark_idle(now, lag())

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=5)
            self._producer = None

    def _mark_idle(self, now: float, lag: dict[int, int]) -> None:
        idle = []
        for partition, position in self._mine.next.items():
            stood, since = self._stood.get(partition, (-1, now))
            if stood != position or lag.get(partition):
                stood, since = position, now
            self._stood[partition] = (stood, since)
            if now - since >= self._idle_after_s:
                idle.append(partition)
        if not idle:
            return
        times = self._writer.watermarks(self._partitions)
        latest = max((at for at in times.values() if at is not None), default=None)
        if latest is None:
            return
        reached = latest - int(self._idle_after_s * 1_000_000)
        for partition in idle:
            if (times[partition] or 0) < reached:
                self._write(partition, reached)

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
