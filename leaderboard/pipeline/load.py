"""Simulated load: when to send the next event, and what the sliders change.

Open loop: events are due by a schedule, whether or not the last one was acknowledged, so a slow
broker shows up as a delay and is not hidden by sending less.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from leaderboard.errors import StageError
from leaderboard.model.events import MAX_YEAR, MIN_YEAR
from leaderboard.model.simulate import Profile, Simulator
from leaderboard.pipeline.metrics import ProducerMetrics
from leaderboard.pipeline.producer import Producer

MAX_RATE = 1_000_000.0
BURST = 500
YEARS = f"the years {MIN_YEAR} to {MAX_YEAR}"
METRICS_EVERY_S = 0.2


class Load:
    """What is asked of the producer. Thread-safe: commands come from another thread.

    `rate` is in events per second; 0 sends as fast as possible.
    """

    def __init__(self, rate: float, profile: Profile) -> None:
        self._changed = threading.Condition()
        self.rate = _checked_rate(rate)
        self.profile = profile
        self.paused = False
        self.stopped = False
        self.version = 0

    def command(self, command: dict[str, Any]) -> None:
        """Apply {"rate"}, {"pause"}, {"players"}, {"skew"}, {"mix"}, {"stop"}, together or alone.

        Raises
        ------
        ValueError
            for an unknown key or a value out of range; then nothing is changed.
        """
        known = {"rate", "pause", "players", "skew", "mix", "stop"}
        if set(command) - known:
            raise ValueError(f"unknown {sorted(set(command) - known)}; known: {sorted(known)}")
        rate = _checked_rate(command.get("rate", self.rate))
        fields: dict[str, Any] = {k: command[k] for k in ("players", "skew", "mix") if k in command}
        profile = msgspec.convert({**msgspec.structs.asdict(self.profile), **fields}, Profile)
        with self._changed:
            self.rate, self.profile = rate, profile
            self.paused = bool(command.get("pause", self.paused))
            self.stopped = bool(command.get("stop", self.stopped))
            self.version += 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until the next command."""
        with self._changed:
            version = self.version
            self._changed.wait_for(lambda: self.version != version, timeout=seconds)


def _checked_rate(rate: float) -> float:
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= MAX_RATE:
        raise ValueError(f"rate: expected 0 (unlimited) to {MAX_RATE:,.0f} events/s, got {rate!r}")
    return float(rate)


class TimesEndError(StageError):
    """The next event would be in a year that no event may have."""


class Stamps:
    """Event times: the clock, or a fixed step from a start time for runs that repeat exactly.

    Raises
    ------
    ValueError
        when `start` is in a year that no event may have.
    """

    def __init__(self, start: datetime | None = None, step: timedelta = timedelta()) -> None:
        if start and not MIN_YEAR <= start.year <= MAX_YEAR:
            raise ValueError(f"start: expected one of {YEARS}, got {start.isoformat()}")
        self._start = start
        self._taken = 0
        self._step = step

    def next(self) -> datetime:
        """The next event's time, aware UTC.

        Raises
        ------
        TimesEndError
            when it would be in a year that no event may have.
        """
        if self._start is None:
            return datetime.now(UTC)
        left = f"event times have left {YEARS}: choose an earlier start"
        try:
            at = self._start + self._taken * self._step
        except OverflowError as error:
            raise TimesEndError(left) from error
        if at.year > MAX_YEAR:
            raise TimesEndError(left)
        self._taken += 1
        return at


class Pace:
    """An open-loop schedule: the k-th event after a change of rate is due k / rate seconds later.

    `now` is any clock in seconds.
    """

    def __init__(self, rate: float, now: float) -> None:
        self.restart(rate, now)
        if rate:
            self._since -= 1 / rate  # the first event is due at once

    def restart(self, rate: float, now: float) -> None:
        """Go on at `rate` events per second (0: as fast as possible)."""
        self._rate, self._since, self._taken = rate, now, 0

    def take(self, now: float, most: int) -> int:
        """How many events to send now, at most `most`."""
        due = most
        if self._rate:
            due = min(most, int((now - self._since) * self._rate + 1e-9) - self._taken)
        self._taken += due
        return due

    def wait_s(self, now: float) -> float:
        """Seconds until the next event is due; 0 or less when one is due already."""
        return self._since + (self._taken + 1) / self._rate - now if self._rate else 0.0


def run_load(
    producer: Producer,
    simulator: Simulator,
    load: Load,
    stamps: Stamps,
    *,
    events: int | None = None,
    seconds: float | None = None,
    on_metrics: Callable[[dict[str, Any]], None] = lambda _: None,
) -> int:
    """Send until `events` are sent, `seconds` are over, or `load` is stopped; then flush.

    Returns the number of acknowledged events. Raises as `Producer.send` and `Producer.flush`, and
    `StageError` when the event times leave the years that events may have.
    """
    metrics = ProducerMetrics(producer, load)
    began = reported = time.monotonic()
    pace, version, sent = Pace(load.rate, began), load.version, 0
    simulator.configure(load.profile)  # commands may have come while Kafka was connected
    on_metrics(metrics.line())
    while not load.stopped and (events is None or sent < events):
        now = time.monotonic()
        if seconds is not None and now - began >= seconds:
            break
        if version != load.version or load.paused:
            version = load.version
            pace.restart(load.rate, now)
            simulator.configure(load.profile)
        due = 0 if load.paused else pace.take(now, min(BURST, (events or sent + BURST) - sent))
        try:
            for _ in range(due):
                producer.send(simulator.event(stamps.next()))
        except TimesEndError as error:
            producer.flush()
            raise StageError(
                f"stopped after {producer.acked} acknowledged events: {error}"
            ) from error
        sent += due
        producer.reap()
        if now - reported >= METRICS_EVERY_S:
            reported = now
            on_metrics(metrics.line())
        wait_s = METRICS_EVERY_S if load.paused else pace.wait_s(time.monotonic())
        if wait_s > 0:
            load.wait(min(wait_s, METRICS_EVERY_S))
    producer.flush()
    on_metrics(metrics.line())
    return producer.acked
