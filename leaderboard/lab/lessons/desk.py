"""A processor that serves a known number of events a second, so that a queue can be predicted.

It is the service's own `Processor`; only the pace is ours: after a batch of n events the desk is
busy for n / capacity seconds before it polls again. Never here: what a queue should do (`queue`).
"""

import threading
import time
import traceback
from typing import Any, ClassVar, Final, Self

import pandas as pd
from kafka import KafkaConsumer, TopicPartition
from redis import Redis

from leaderboard.errors import StageError
from leaderboard.pipeline.batch import Batch
from leaderboard.pipeline.client import client
from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.declared import writer_of
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.schemas import wire_of
from leaderboard.settings import Settings

PATIENCE_S: Final = 30.0
"""Longer than joining a group, or a poll, takes on a busy machine."""
CATCH_UP_S: Final = 1.0
"""A desk that was held up by the machine may make good this much."""


class Desk:
    """One member of the lab's group. By hand with `step`, or by itself between `start` and `close`.

    Making a new one closes the one before it in this kernel: two would share the partitions.

    Parameters
    ----------
    settings
        The lab's, with the servers' addresses.
    capacity
        Events a second, above 0; may be changed while the desk serves.
    batch
        Most events taken at once.
    """

    _current: ClassVar["Desk | None"] = None

    def __init__(self, settings: Settings, capacity: float = 200.0, *, batch: int = 20) -> None:
        if Desk._current is not None:
            Desk._current.close()
        Desk._current = self
        self._settings = settings
        self._redis = Redis.from_url(settings.redis, socket_timeout=5, socket_connect_timeout=5)
        self._writer = writer_of(self._redis, settings)
        self.capacity = capacity
        self.batch = batch
        self.served = 0
        self._journal: list[tuple[float, dict[int, int]]] = []
        self._processor: Processor | None = None
        self._thread: threading.Thread | None = None
        self._ready, self._stop = threading.Event(), threading.Event()
        self._failure = ""

    # by hand -----------------------------------------------------------------------------------

    @property
    def lag(self) -> int:
        """Events in the log that are not applied yet, asked of Kafka and Redis now."""
        topic = self._settings.topic
        with KafkaConsumer(**client(self._settings.kafka), group_id=None) as consumer:
            parts = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
            ends = consumer.end_offsets(parts)
        stored = self._writer.offsets([part.partition for part in parts])
        return sum(end - (stored[part.partition] or 0) for part, end in ends.items())

    def step(self) -> Batch:
        """Take one batch and apply it; an empty one when nothing waits.

        Raises
        ------
        StageError
            when the desk serves by itself, or what waits does not come.
        """
        if self._thread is not None:
            raise StageError("step: this desk serves by itself; make another one: Desk(...)")
        if self._processor is None:
            self._processor = self._join()
        deadline = time.monotonic() + PATIENCE_S
        while not (batch := self._processor.step()).records and self.lag:
            if time.monotonic() > deadline:
                raise StageError(f"step: events wait, none came for {PATIENCE_S:g} s")
        self.served += batch.records
        return batch

    def _join(self) -> Processor:
        """A processor that has its partitions."""
        s = self._settings
        processor = Processor(
            s.kafka, s.topic, s.group, self._writer,
            DeadLetters(s.kafka, s.dead_letter_topic, s.late_topic),
            wire=wire_of(s), max_poll_records=self.batch, client_id="desk",
        )  # fmt: skip
        processor.paused = True  # join first, serve later
        deadline = time.monotonic() + PATIENCE_S
        while len(processor.positions) < len(processor.partitions):
            processor.step(timeout_s=0.05)
            if time.monotonic() > deadline:
                processor.close()
                raise StageError(
                    f"group {s.group} gave the desk {len(processor.positions)} of "
                    f"{len(processor.partitions)} partitions; does another processor run?"
                )
        processor.paused = False
        return processor

    # by itself ---------------------------------------------------------------------------------

    def start(self) -> Self:
        """Serve in a thread of its own from now on; returns when the desk is open."""
        self._leave()
        self._thread = threading.Thread(target=self._main, name="desk", daemon=True)
        self._thread.start()
        while not self._ready.wait(0.1):
            if not self._thread.is_alive():
                break
        self.raise_failure()
        return self

    def _main(self) -> None:
        try:
            with self._join() as processor:
                self._note(processor)
                self._ready.set()
                self._serve(processor)
        except Exception:  # noqa: BLE001  # the thread ends here; whoever asks next is told
            self._failure = traceback.format_exc()

    def _serve(self, processor: Processor) -> None:
        free_at = time.monotonic()
        while not self._stop.is_set():
            batch = processor.step()
            if not batch.records:
                continue
            self.served += batch.records
            self._note(processor)
            now = time.monotonic()
            held_up = batch.records >= self.batch  # a desk that waited for events saves up nothing
            since = max(free_at, now - CATCH_UP_S) if held_up else now
            free_at = since + batch.records / self.capacity
            self._stop.wait(max(0.0, free_at - now))

    def _note(self, processor: Processor) -> None:
        self._journal.append((time.time(), processor.positions))

    def to_frame(self) -> pd.DataFrame:
        """What was applied when: `at` (UTC), `partition`, `next` (offset behind the last one)."""
        rows = [(at, p, offset) for at, spots in self._journal for p, offset in spots.items()]
        frame = pd.DataFrame(rows, columns=["at", "partition", "next"])
        return frame.assign(at=pd.to_datetime(frame["at"].astype(float), unit="s", utc=True))

    # ending ------------------------------------------------------------------------------------

    def raise_failure(self) -> None:
        """Raise `StageError` when the desk's thread has failed."""
        if self._failure:
            failure, self._failure = self._failure, ""
            raise StageError(f"the desk failed:\n{failure}")

    def _leave(self) -> None:
        if self._processor is not None:
            self._processor.close()
            self._processor = None

    def close(self) -> None:
        """Leave the group; again: nothing. Raises as `raise_failure`."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._leave()
        self._redis.close()
        if Desk._current is self:
            Desk._current = None
        self.raise_failure()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Desk for {self.capacity:g} events/s: {self.served:,} served>"
