"""Batch size and fetch wait of ours: how many events a second, and how long one event takes.

`sweep` works on any servers, so that a notebook can draw what it finds.
"""

from __future__ import annotations

import itertools
import threading
import uuid
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import numpy as np
from redis import Redis
from tqdm import tqdm

from benchmarks.datasets import START, UNIFORM
from benchmarks.gated import Gated
from benchmarks.results import Options, Part, Row, rounded, spread
from benchmarks.servers import servers
from leaderboard.lab import runs
from leaderboard.model.events import BadRecord, Event
from leaderboard.model.simulate import Profile, Simulator
from leaderboard.model.wire import Headers, Wire
from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.declared import writer_of
from leaderboard.pipeline.load import Load, Stamps, run_load
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.schemas import local_wire
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings

BATCHES: Final = (1, 10, 100, 1_000, 4_000, 20_000)
WAITS_MS: Final = (5, 100, 500)
RATE: Final = 1_000.0
SECONDS: Final = 2.0
PER_BATCH: Final = 300
"""Events that are drained for each record of a batch: small batches are slow, large ones fast."""
LEAST: Final = 1_000
MOST: Final = 80_000
BATCH, WAIT_MS = 4_000, 20
"""Where the other one is swept."""

Axes: TypeAlias = list[tuple[Sequence[int], Sequence[int]]]


def run(options: Options) -> Part:
    """Sweep batch sizes at the usual wait, and waits at a large batch, once a round."""
    axes: Axes = [(BATCHES, (WAIT_MS,)), ((BATCH,), WAITS_MS)]
    most, seconds = MOST, SECONDS
    if options.short:
        axes, most, seconds = [((1, BATCH), (WAIT_MS,))], LEAST, SECONDS / 4
    with servers() as running:
        settings = running.settings.with_(kafka=running.kafka, redis=running.redis_url)
        found = [
            [
                point
                for batches, waits in axes
                for point in sweep(
                    settings, batches, waits, most=most, seconds=seconds, progress=options.progress
                )
            ]
            for _ in range(options.rounds)
        ]
    return Part("sweep", {}, {"sweep": list(map(merged, zip(*found, strict=True)))}, {"rate": RATE})


def merged(points: Sequence[Row]) -> Row:
    """One row of the same point in every round."""
    row: Row = {name: points[0][name] for name in ("batch", "wait_ms")}
    for name in MEASURED:
        row |= spread(name, [point[name] for point in points])
    return row


MEASURED: Final = ("events_per_s", "p50_ms", "p99_ms")


def sweep(
    settings: Settings,
    batches: Sequence[int] = BATCHES,
    waits_ms: Sequence[int] = (20,),
    *,
    linger_ms: int = 0,
    most: int = MOST,
    rate: float = RATE,
    seconds: float = SECONDS,
    progress: bool = True,
) -> list[Row]:
    """Measure each pair of batch size and fetch wait.

    Returns rows of `batch` (records of one poll at most), `wait_ms`, `events_per_s` (draining at
    most `most` events), `p50_ms` and `p99_ms` (from an event's own time to Redis' acknowledgement,
    with `rate` events a second for `seconds` seconds, each held by the producer for `linger_ms`).

    `settings` name Kafka and Redis; topics, groups and keys are of the sweep's own, named after
    those of `settings`, and deleted.
    """
    grid = list(itertools.product(batches, waits_ms))
    rows = []
    for batch, wait_ms in tqdm(grid, desc="batch size and wait", disable=not progress):
        sizes = {"max_poll_records": batch, "fetch_wait_ms": wait_ms}
        with Place(settings) as place:
            events = min(most, max(LEAST, PER_BATCH * batch))
            events_per_s = place.drain(events, sizes)
        with Place(settings) as place:
            late = place.latencies(rate, seconds, sizes, linger_ms)
        p50, p99 = (float(p) for p in np.percentile(late, (50, 99)) * 1e3)
        rows.append(
            {
                "batch": batch,
                "wait_ms": wait_ms,
                "events_per_s": rounded(events_per_s),
                "p50_ms": rounded(p50),
                "p99_ms": rounded(p99),
            }
        )
    return rows


class Watch(Wire):
    """Reads records as ours, and notes how old each event is when Redis has acknowledged it."""

    def __init__(self) -> None:
        super().__init__(local_wire().schemas)
        self.seconds: list[float] = []
        self._decoded: list[datetime] = []
        self._sent: deque[list[datetime]] = deque()

    def decode(self, value: bytes | None, headers: Headers = ()) -> Event | BadRecord:
        """As ours."""
        event = super().decode(value, headers)
        if isinstance(event, BadRecord):
            raise AssertionError(f"expected an event, got {event.reason}")
        self._decoded.append(event.timestamp)
        return event

    def note(self, place: str) -> None:
        """A probe: batches are acknowledged in the order they were sent."""
        if place == "before_apply":
            self._sent.append(self._decoded)
            self._decoded = []
        elif place == "after_apply":
            now = datetime.now(UTC)
            self.seconds += [(now - at).total_seconds() for at in self._sent.popleft()]


class Ready(Gated):
    """Starts as soon as it owns all partitions."""

    def on_ready(self, partitions: int) -> None:
        """Go on with all of them."""
        if partitions == len(self.partitions):
            self.go.set()


class Place:
    """A topic, group and keys of one measurement; deleted at the end of the block."""

    def __init__(self, settings: Settings) -> None:
        own = runs.settings_of(f"sweep-{uuid.uuid4().hex[:8]}", settings)
        self.settings = own.with_(boards_file="", event_format="json")
        self._redis = Redis.from_url(settings.redis)

    def __enter__(self) -> Place:
        ensure_topics(self.settings, self.settings.kafka)
        return self

    def __exit__(self, *_: object) -> None:
        runs.remove(self.settings, self.settings.kafka, self._redis)
        self._redis.close()

    def drain(self, events: int, sizes: dict[str, int]) -> float:
        """Events a second, with so many of them waiting in the topic."""
        with Producer(self.settings.kafka, self.settings.topic, throughput=True) as producer:
            for event in UNIFORM.events(events):
                producer.send(event)
        processor = self._processor(**sizes)
        with processor:
            processor.run(drain=True)
            if processor.totals.applied != events:
                raise AssertionError(f"{processor.totals.applied} applied, expected {events}")
        return events / (processor.last["at"] - processor.began["at"])

    def latencies(
        self, rate: float, seconds: float, sizes: dict[str, int], linger_ms: int = 0
    ) -> list[float]:
        """Seconds from each event's time to its acknowledgement, in an open loop."""
        watch = Watch()
        kafka, topic = self.settings.kafka, self.settings.topic
        load, events = Load(rate, Profile(players=1_000)), int(rate * seconds)
        processor = self._processor(probe=watch.note, wire=watch, **sizes)
        with processor, Producer(kafka, topic, linger_ms=linger_ms) as producer:

            def produce() -> None:
                processor.go.wait()
                run_load(producer, Simulator(1, START, load.profile), load, Stamps(), events=events)

            thread = threading.Thread(target=produce)
            thread.start()
            processor.run(stopped=lambda: len(watch.seconds) >= events)
            thread.join()
        return watch.seconds

    def _processor(self, **options: Any) -> Ready:
        s = self.settings
        letters = DeadLetters(s.kafka, s.dead_letter_topic, s.late_topic)
        return Ready(s.kafka, s.topic, s.group, writer_of(self._redis, s), letters, **options)
