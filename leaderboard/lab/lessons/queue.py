"""A queue in theory and as measured: a ramp of arrivals, the lag it makes, how long events wait.

Pure but for `follow`, which turns a lab's rate as a ramp says. The law: Little (1961), *A proof for
the queuing formula L = λW*.
"""

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
import pandas as pd
from msgspec import Struct

from leaderboard.lab import charts, frames, tables, theme
from leaderboard.lab.drawing import empty_note, figure
from leaderboard.lab.sample import Sample
from leaderboard.lab.snapshot import Snapshot

STEP_S: Final = 0.02
"""Of the sum that stands for the integral."""
LEAD_S: Final = 0.2
"""A change of rate is asked for so much earlier than it is to be felt."""
EDGE_S: Final = 0.6
"""Left out at both ends of the plateau: a change of rate takes that long to arrive everywhere."""


class Ramp(Struct, frozen=True):
    """Arrivals: `low` events/s, then a straight rise to `high`, then a plateau, then none.

    `calm_s`, `rise_s` and `hold_s` are the lengths of the three parts.
    """

    low: float
    high: float
    calm_s: float = 2.0
    rise_s: float = 3.0
    hold_s: float = 7.0

    @property
    def seconds(self) -> float:
        """From the first arrival to the last."""
        return self.calm_s + self.rise_s + self.hold_s

    def rate(self, t_s: float) -> float:
        """Arrivals in events/s, `t_s` seconds after the start.

        >>> ramp = Ramp(100, 300)
        >>> [ramp.rate(t) for t in (0, 3.5, 8, 20)]
        [100.0, 200.0, 300.0, 0.0]
        """
        if not 0 <= t_s <= self.seconds:
            return 0.0
        risen = min(max(t_s - self.calm_s, 0.0), self.rise_s) / self.rise_s
        return self.low + risen * (self.high - self.low)

    def lag(self, capacity: float) -> pd.DataFrame:
        """What should wait at a desk that serves `capacity` events/s, until nobody does.

        Columns `t_s` (from the ramp's start) and `lag` (events).
        """
        times, lags = [0.0], [0.0]
        while times[-1] < self.seconds or lags[-1] > 0:
            gain = (self.rate(times[-1]) - capacity) * STEP_S
            times.append(times[-1] + STEP_S)
            lags.append(max(0.0, lags[-1] + gain))
        return pd.DataFrame({"t_s": times, "lag": lags})


class Turnable(Protocol):
    """What `follow` needs of a lab."""

    def subscribe(self, callback: Callable[[Sample], None]) -> Callable[[], None]: ...

    def set(self, *, rate: float | None = None) -> None: ...


class Follower:
    """Turns the rate of `lab` as `ramp` says, from the moment its producer runs.

    `began_s` is that moment in the lab's time; None before it.
    """

    def __init__(self, lab: Turnable, ramp: Ramp) -> None:
        self._lab, self._ramp = lab, ramp
        self._sent: int | None = None
        self.began_s: float | None = None
        lab.set(rate=ramp.low)
        self.end = lab.subscribe(self._turn)

    def _turn(self, sample: Sample) -> None:
        produced = sum(sample.end.values())
        if self._sent is None:
            self._sent = produced
        if self.began_s is None:
            if produced == self._sent:
                return
            self.began_s = sample.t_s - (produced - self._sent) / self._ramp.low
        rate = self._ramp.rate(sample.t_s - self.began_s + LEAD_S)
        if rate:
            self._lab.set(rate=round(rate))
        else:
            self.end()

    def __repr__(self) -> str:
        low, high = self._ramp.low, self._ramp.high
        return f"Arrivals: {low:g} to {high:g} events/s over {self._ramp.seconds:g} s, then none."


_followers: list[Follower] = []


def follow(lab: Turnable, ramp: Ramp) -> Follower:
    """Let `lab` follow `ramp`, and no other any more; call it just before `lab.run`."""
    for old in _followers:
        old.end()
    _followers[:] = [Follower(lab, ramp)]
    return _followers[0]


class Queue(Struct, frozen=True):
    """What was measured of one ramp: rates and slope in events/s, times in seconds."""

    samples: list[Sample]
    ramp: Ramp
    began_s: float
    slope: float
    peak: int
    drain_s: float

    @property
    def arrived(self) -> int:
        """How many events the ramp brought."""
        return sum(self.samples[-1].end.values()) - sum(self.samples[0].end.values())


def measure(samples: list[Sample], ramp: Ramp, began_s: float) -> Queue:
    """Measure the lag of the `samples` from `began_s` until it was 0 again."""
    run = [s for s in samples if s.t_s >= began_s - 1]
    produced = [sum(s.end.values()) for s in run]
    last = produced.index(produced[-1])  # the first sample that saw everything
    ends = [s.t_s for s in run[last:] if s.total_lag == 0]
    plateau = [
        s for s in run
        if EDGE_S <= s.t_s - began_s - ramp.calm_s - ramp.rise_s <= ramp.hold_s - EDGE_S
    ]  # fmt: skip
    slope, _ = np.polyfit([s.t_s for s in plateau], [s.total_lag for s in plateau], 1)
    return Queue(
        samples=[s for s in run if not ends or s.t_s <= ends[0] + 1],
        ramp=ramp,
        began_s=began_s,
        slope=float(slope),
        peak=max(s.total_lag for s in run),
        drain_s=(ends[0] if ends else run[-1].t_s) - run[last].t_s,
    )


def picture(queue: Queue, capacity: float) -> Snapshot:
    """The lag as measured, with what theory says as a ghost line; time 0 is the ramp's start."""
    lags = tables.lag_table(queue.samples)
    rates = frames.history(queue.samples).drop(columns="target_rate")
    return Snapshot(
        charts.lag(
            lags.assign(t_s=lags["t_s"] - queue.began_s),
            rates=rates.assign(t_s=rates["t_s"] - queue.began_s),
            theory=queue.ramp.lag(capacity),
        )
    )


def waits(events: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """How long each event waited: `at` (when it arrived) and `wait_s`, in order of arrival.

    Parameters
    ----------
    events
        Columns `partition`, `offset`, `timestamp`, as `lab.frames.events` gives them.
    applied
        Columns `at`, `partition`, `next`, as `Desk.to_frame` gives them. Events before its first
        row of a partition are left out, and those it never reached.
    """
    parts = []
    for partition, steps in applied.sort_values("at").groupby("partition"):
        mine = events[events["partition"] == partition]
        first, last = steps["next"].iloc[0], steps["next"].iloc[-1]
        mine = mine[(mine["offset"] >= first) & (mine["offset"] < last)]
        places = np.searchsorted(steps["next"], mine["offset"], side="right")
        left = steps["at"].iloc[places].reset_index(drop=True)
        came = mine["timestamp"].reset_index(drop=True)
        parts.append(pd.DataFrame({"at": came, "wait_s": (left - came).dt.total_seconds()}))
    found = pd.concat(parts) if parts else pd.DataFrame({"at": [], "wait_s": []})
    return found.sort_values("at", ignore_index=True)


class Little(Struct, frozen=True):
    """The three averages of Little's law, each measured by itself.

    `waiting` (L) in events, `arrivals` (lambda) in events/s, `wait_s` (W) in seconds.
    """

    waiting: float
    arrivals: float
    wait_s: float

    def __repr__(self) -> str:
        return (
            f"L = {self.waiting:,.0f} events waiting; arrivals * wait = {self.arrivals:.0f}/s * "
            f"{self.wait_s:.2f} s = {self.arrivals * self.wait_s:,.0f} events"
        )


def little(queue: Queue, waited: pd.DataFrame) -> Little:
    """L from the lag samples, lambda from the log, W from `waits` of the same run."""
    times = np.array([s.t_s for s in queue.samples])
    lags = np.array([s.total_lag for s in queue.samples], dtype=float)
    seconds = times[-1] - times[0]
    return Little(
        waiting=float(np.trapezoid(lags, times) / seconds),
        arrivals=queue.arrived / seconds,
        wait_s=float(waited["wait_s"].tail(queue.arrived).mean()),
    )


def ages(waited: pd.DataFrame, queue: Queue, capacity: float) -> Snapshot:
    """Each event's wait by its moment of arrival, and what theory says: lag on arrival / capacity.

    Parameters
    ----------
    waited
        As `waits` gives it.
    queue, capacity
        The run it belongs to, and the desk's events/s.
    """
    if not len(waited):
        return Snapshot(empty_note(figure("No event has been served yet")))
    waited = waited.tail(queue.arrived)
    came = (waited["at"] - waited["at"].iloc[0]).dt.total_seconds()
    mean, longest = waited["wait_s"].mean(), waited["wait_s"].max()
    fig = figure(f"Waits grew with the queue, up to {longest:.1f} s; {mean:.1f} s on average")
    fig.add_scatter(
        x=came, y=waited["wait_s"], mode="markers", name="measured, one dot an event",
        marker={"size": 3, "color": theme.BLUE}, meta="waits",
    )  # fmt: skip
    ghost = queue.ramp.lag(capacity)
    ghost = ghost[ghost["t_s"] <= queue.ramp.seconds]
    fig.add_scatter(
        x=ghost["t_s"], y=ghost["lag"] / capacity, mode="lines", name="theory: lag ÷ capacity",
        line={"color": theme.INK, "width": 2, "dash": "dash"}, meta="theory",
    )  # fmt: skip
    fig.update_xaxes(title="arrived (s after the start)", rangemode="tozero")
    fig.update_yaxes(title="waited (s)", range=[0, longest * 1.1])
    return Snapshot(fig)
