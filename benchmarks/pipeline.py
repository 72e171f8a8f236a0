"""The pipeline as its commands, and when its events are in Redis.

The n-th event counted is taken to be the n-th that was due: exact while events are counted in the
order they were sent; those of one poll may stand in another order. When events are in Redis is
asked every `ASK_EVERY_S`, so that a time is late by at most that and a round trip.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from typing import Final

import msgspec
from kafka import KafkaConsumer, TopicPartition
from msgspec import Struct
from redis import Redis

from benchmarks.programs import FailedError, Program, command
from benchmarks.servers import Servers
from leaderboard.pipeline.client import client
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys

ASK_EVERY_S: Final = 0.002
WARM_UP: Final = 200
WARM_UP_RATE: Final = 400
PLAYERS: Final = 10_000
LONGEST_S: Final = 120.0
VERIFY_S: Final = 1200.0
"""The oracle takes a tenth of a millisecond an event, and a soak or all loads are a million."""
Counted = list[tuple[float, int]]
"""Seconds since 1970, and how many events were counted then; only where that changed."""


class _Times(Struct):
    timestamp: str


class Pipeline:
    """A topic and keys of its own, with a processor that has begun."""

    def __init__(self, settings: Settings, redis: Redis, processor: Program) -> None:
        self.settings = settings
        self.processor = processor
        self._redis = redis
        self._counts = Keys(settings.key_prefix).counts

    def counted(self) -> int:
        """How many events are in Redis."""
        return int(self._redis.hget(self._counts, "applied") or 0)

    @contextmanager
    def producing(self, *options: str, rate: float) -> Iterator[None]:
        """Events come at a steady rate; the block's end waits until Kafka has them all."""
        load = ["--rate", str(rate), "--players", str(PLAYERS), "--skew", "1", *options]
        with command(self.settings, "produce", *load) as producer:
            yield
            if producer.process.wait(LONGEST_S):
                raise FailedError(f"produce ended with status {producer.process.returncode}")

    def produce(self, *options: str, rate: float) -> None:
        """Send events at a steady rate; returns when Kafka has acknowledged them all."""
        with self.producing(*options, rate=rate):
            return

    def wait_for(self, events: int) -> None:
        """Wait until so many events are in Redis. Raises `TimeoutError` after `LONGEST_S`."""
        deadline = time.monotonic() + LONGEST_S
        while self.counted() < events:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.counted()} of {events} events are in Redis")
            time.sleep(0.02)

    @contextmanager
    def watched(self) -> Iterator[Counted]:
        """When how many events were in Redis, as long as the block runs."""
        found: Counted = []
        stop = threading.Event()
        thread = threading.Thread(target=self._watch, args=(found, stop))
        thread.start()
        try:
            yield found
        finally:
            stop.set()
            thread.join()

    def _watch(self, found: Counted, stop: threading.Event) -> None:
        while not stop.wait(ASK_EVERY_S):
            n = self.counted()
            if not found or found[-1][1] != n:
                found.append((time.time(), n))

    def ends(self) -> dict[int, int]:
        """The end offset of each partition."""
        with KafkaConsumer(**client(self.settings.kafka)) as consumer:
            numbers = consumer.partitions_for_topic(self.settings.topic)
            parts = [TopicPartition(self.settings.topic, p) for p in numbers]
            return {part.partition: end for part, end in consumer.end_offsets(parts).items()}

    def made(self, since: dict[int, int], events: int) -> list[float]:
        """When so many events from these offsets on were made, in seconds since 1970, in order.

        The first is made when the schedule begins.
        """
        with KafkaConsumer(**client(self.settings.kafka)) as consumer:
            parts = [TopicPartition(self.settings.topic, p) for p in since]
            consumer.assign(parts)
            for part in parts:
                consumer.seek(part, since[part.partition])
            found: list[float] = []
            while len(found) < events:
                for records in consumer.poll(timeout_ms=200).values():
                    found += [made_at(record.value) for record in records]
        return sorted(found)

    def verify(self) -> str:
        """What differs between Redis and the log; empty: nothing."""
        with command(self.settings, "verify") as verifying:
            told, _ = verifying.process.communicate(timeout=VERIFY_S)
        return "" if verifying.process.returncode == 0 else told[-500:]


@contextmanager
def pipeline(running: Servers, *options: str) -> Iterator[Pipeline]:
    """A pipeline whose processor, with these options, has counted a few events."""
    run = f"bench-{uuid.uuid4().hex[:8]}"
    settings = running.settings.with_(
        kafka=running.kafka, redis=running.redis_url, topic=run, group=run, key_prefix=f"{run}:"
    )
    with command(settings, "process", "--show-every", "0", *options) as processor:
        found = Pipeline(settings, running.redis, processor)
        found.produce("--events", str(WARM_UP), rate=WARM_UP_RATE)
        found.wait_for(WARM_UP)
        yield found
        if processor.end():
            raise FailedError(f"the processor ended with status {processor.process.returncode}")


def latencies(
    counted: Counted, began: float, rate: float, before: int, skip: int = 0
) -> list[float]:
    """Milliseconds from when events were due to when they were in Redis.

    `before` events were counted before the schedule began; its first `skip` are left out.

    >>> latencies([(9.0, 5), (10.5, 7), (11.5, 8)], began=10.0, rate=2.0, before=5)
    [500.0, 0.0, 500.0]
    """
    found = []
    for (_, n), (at, more) in pairwise(counted):
        found += [
            1e3 * (at - began - (k - before) / rate) for k in range(max(n, before + skip), more)
        ]
    return found


def lateness(made: Sequence[float], rate: float, skip: int = 0) -> list[float]:
    """Milliseconds from when events were due to when they were made; `skip` as in `latencies`.

    >>> lateness([10.0, 10.5, 11.25], rate=2.0)
    [0.0, 0.0, 250.0]
    """
    return [1e3 * (at - made[0] - k / rate) for k, at in enumerate(made) if k >= skip]


def made_at(value: bytes) -> float:
    """An event's own time, in seconds since 1970."""
    return datetime.fromisoformat(msgspec.json.decode(value, type=_Times).timestamp).timestamp()
