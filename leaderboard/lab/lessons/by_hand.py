"""A pipeline to drive by hand: the services' own classes, on a topic and keys of its own.

Whatever a learner does here, the lab's live board stays as it is.
"""

import time
from html import escape
from typing import ClassVar, Final, Self

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata
from redis import Redis

from leaderboard.errors import StageError
from leaderboard.lab import runs
from leaderboard.lab.frames import Frames
from leaderboard.pipeline.batch import Batch
from leaderboard.pipeline.client import client
from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.declared import writer_of
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.schemas import wire_of
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys

PATIENCE_S: Final = 30.0
"""Longer than joining a group takes on a busy machine."""


class ByHand:
    """One producer and one processor in this kernel. Use from one thread; `close` removes all, as
    does making another one of that name.

    Parameters
    ----------
    settings
        The lab's, with the servers' addresses in `kafka` and `redis`; `name` is added to every
        name in them.
    redis
        A connected client.

    Attributes
    ----------
    producer, processor
        As the services run them; the processor has its partitions already.
    topic, keys, redis
        Where the events go, and where their sums are found.
    frames
        The same as tables.
    """

    _open: ClassVar[dict[str, "ByHand"]] = {}

    def __init__(self, settings: Settings, redis: Redis, name: str = "by-hand") -> None:
        self.settings = runs.settings_of(name, settings)
        if before := self._open.pop(self.settings.topic, None):
            before.close()
        self.kafka, self.topic = self.settings.kafka, self.settings.topic
        self.redis, self.keys = redis, Keys(self.settings.key_prefix)
        self.frames = Frames(self.settings, self.kafka, redis, list)
        self.closed = False
        runs.empty(self.settings, self.kafka, redis)
        self.producer = Producer(self.kafka, self.topic)
        self.processor = self._join()
        self._open[self.topic] = self

    def _join(self) -> Processor:
        processor = Processor(
            self.kafka,
            self.topic,
            self.settings.group,
            writer_of(self.redis, self.settings),
            DeadLetters(self.kafka, self.settings.dead_letter_topic, self.settings.late_topic),
            wire=wire_of(self.settings),
            client_id="by-hand",
        )
        deadline = time.monotonic() + PATIENCE_S
        while len(processor.positions) < len(processor.partitions):
            processor.step()
            if time.monotonic() > deadline:
                processor.close()
                raise StageError(
                    f"group {self.settings.group} gave no partitions for {PATIENCE_S} s"
                )
        return processor

    def step(self) -> Batch:
        """Wait until everything sent is in Kafka, then poll and apply until one batch has come.

        An empty batch when nothing waits.

        Raises
        ------
        StageError
            when something waits and does not come.
        """
        self.producer.flush()
        deadline = time.monotonic() + PATIENCE_S
        while not (batch := self.processor.step()).records and self._waiting():
            if time.monotonic() > deadline:
                raise StageError(
                    f"step: {self._waiting()} events wait in {self.topic} and none come"
                )
        return batch

    def apply(self) -> Batch:
        """Step until nothing waits; the sum of all batches, which may be none."""
        total = Batch()
        self.producer.flush()
        while self._waiting():
            batch = self.step()
            for name in batch.__struct_fields__:
                setattr(total, name, getattr(total, name) + getattr(batch, name))
        return total

    def rewind(self) -> None:
        """Set the group's committed offsets in Kafka back to 0, and join the group anew."""
        self.processor.close()
        with KafkaConsumer(
            **client(self.kafka), group_id=self.settings.group, enable_auto_commit=False
        ) as consumer:
            parts = [TopicPartition(self.topic, p) for p in self.processor.partitions]
            consumer.assign(parts)
            consumer.commit({part: OffsetAndMetadata(0, "", -1) for part in parts})
        self.processor = self._join()

    def _waiting(self) -> int:
        with KafkaConsumer(**client(self.kafka), group_id=None) as consumer:
            parts = [TopicPartition(self.topic, p) for p in self.processor.partitions]
            ends = consumer.end_offsets(parts)
        stored = writer_of(self.redis, self.settings).offsets(self.processor.partitions)
        return sum(ends[part] - (stored[part.partition] or 0) for part in parts)

    def close(self) -> None:
        """Leave the group and delete topic, group and keys; again: nothing."""
        if self.closed:
            return
        self.closed = True
        self._open.pop(self.topic, None)
        try:
            self.producer.close()
            self.processor.close()
        finally:
            runs.remove(self.settings, self.kafka, self.redis)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return f"<ByHand on {self.topic}, closed>"
        totals = msgspec.structs.asdict(self.processor.totals)
        return f"<ByHand on {self.topic}: {self.producer.acked} sent, {totals['applied']} applied>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"
