"""Notebook 07: the two processors that most tutorials have, in a few lines each, and their tools.

`here(place)` does nothing in a healthy process: it marks a line at which one may die.

Never here: how a process dies (`mortal`), or what became of the events (`crashes`).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.structs import OffsetAndMetadata
from msgspec import Struct
from redis import Redis

from leaderboard.model.events import decode
from leaderboard.pipeline.client import client
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys

Add = Callable[[ConsumerRecord], None]
Here = Callable[[str], None]


def commit_first(log: "Log", add: Add, here: Here) -> None:
    for batch in log:
        here("nothing done")
        log.commit(batch)
        here("between")
        for record in batch:
            add(record)
            here("one counted")
        here("both done")


def apply_first(log: "Log", add: Add, here: Here) -> None:
    for batch in log:
        here("nothing done")
        for record in batch:
            add(record)
            here("one counted")
        here("between")
        log.commit(batch)
        here("both done")


DESIGNS: Final = {"commit first": commit_first, "apply first": apply_first}


class Names(Struct, frozen=True):
    """Redis keys of one naive processor."""

    prefix: str

    @property
    def board(self) -> str:
        return Keys(self.prefix).board

    @property
    def times(self) -> str:
        """Our instrument: a hash, offset -> how often that event was counted."""
        return f"{self.prefix}lesson:times"

    @property
    def next(self) -> str:
        """For the exercise: a place to remember an offset in."""
        return f"{self.prefix}lesson:next"


def add(redis: Redis, names: Names, record: ConsumerRecord) -> None:
    """Count one event: its points to its player. With it, in one call, moves our instrument."""
    event: Any = decode(record.value)
    with redis.pipeline() as call:  # MULTI: both or neither
        call.zincrby(names.board, event.points, event.player_id)
        call.hincrby(names.times, str(record.offset), 1)
        call.execute()


class Log(Iterable[list[ConsumerRecord]]):
    """Partition 0, from where Kafka was last told, to its end as of now. Use from one thread.

    It is taken, not asked for: only one process of a naive design lives at a time.

    Parameters
    ----------
    settings
        Whose topic and group, with Kafka's address.
    batch
        Records a batch; the last one may be shorter.
    """

    def __init__(self, settings: Settings, batch: int) -> None:
        self._batch = batch
        self._part = TopicPartition(settings.topic, 0)
        self._consumer = KafkaConsumer(
            **client(settings.kafka),
            group_id=settings.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=20,
        )
        self._consumer.assign([self._part])
        self._end: int = self._consumer.end_offsets([self._part])[self._part]

    def take(self) -> list[ConsumerRecord]:
        """The next batch; empty at the end of the log."""
        batch: list[ConsumerRecord] = []
        while (missing := self._batch - len(batch)) and self._consumer.position(
            self._part
        ) < self._end:
            found = self._consumer.poll(timeout_ms=100, max_records=missing)
            batch += found.get(self._part, [])
        return batch

    def commit(self, batch: list[ConsumerRecord]) -> None:
        """Tell Kafka that `batch` is done: whoever comes next begins behind it."""
        self._consumer.commit({self._part: OffsetAndMetadata(batch[-1].offset + 1, "", -1)})

    def __iter__(self) -> Iterator[list[ConsumerRecord]]:
        while batch := self.take():
            yield batch

    def close(self) -> None:
        """Let go, without a word to Kafka of how far it came."""
        self._consumer.close(autocommit=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
