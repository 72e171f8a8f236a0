"""A board that changes while it is read: simulated events counted as the processor counts them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from redis import Redis

from leaderboard.model.fold import Record, fold
from leaderboard.model.simulate import Profile, simulate
from leaderboard.model.tally import Book
from leaderboard.pipeline.declared import writer_of
from leaderboard.settings import Settings

PLAYERS: Final = 10_000
EVERY_S: Final = 0.02
EVENTS: Final = 20
"""Counted every `EVERY_S`: 1,000 a second."""


class Feed:
    """Counts simulated events, and when each count was in Redis."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._writer = writer_of(redis, settings)
        self._book = Book(self._writer.boards)
        profile = Profile(players=PLAYERS, skew=1.0)
        self._events = simulate(1, datetime.now(UTC), profile=profile)
        self._next = 0
        self.counted: list[tuple[float, int]] = []
        """Seconds of the monotonic clock, and how many events were in Redis then."""

    def count(self, n: int) -> None:
        """Count `n` more events."""
        records = [Record(self._next + i, next(self._events)) for i in range(n)]
        runs = list(fold(records, self._next, book=self._book, watermark=None))
        outcomes = self._writer.apply([(0, changes) for changes in runs])
        if not all(outcome.applied for outcome in outcomes):
            raise AssertionError("events were refused: something else counts in this Redis")
        self._next += n
        self.counted.append((time.monotonic(), self._next))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Count events, 1,000 a second, for as long as the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=self._go_on, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _go_on(self, stop: threading.Event) -> None:
        while not stop.wait(EVERY_S):
            self.count(EVENTS)
