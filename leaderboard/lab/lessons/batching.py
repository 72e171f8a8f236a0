"""Notebook 06: what a batch costs, by a law of two numbers; which choices are dominated.

The measuring is that of the benchmarks. Pure but for `explore`, which calls it and tells of it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from msgspec import Struct

from leaderboard.errors import NotebookError
from leaderboard.lab import frames
from leaderboard.lab.findings import plural
from leaderboard.lab.progress import Line

POINTS: Final = {
    "batch": "int64", "wait_ms": "int64", "events_per_s": "float64", "p50_ms": "float64",
    "p99_ms": "float64",
}  # fmt: skip
"""A row per choice: records of one poll at most; how long a fetch may wait; events a second at most
(draining); how old an event is when Redis has counted it (while they arrive at a given rate)."""

Measure = Callable[[Sequence[int], Sequence[int]], list[dict[str, Any]]]


def explore(measure: Measure, choices: Sequence[tuple[int, int]], *, quiet: bool) -> pd.DataFrame:
    """Measure each (batch, wait in ms), with a line of progress unless `quiet`. Columns `POINTS`.

    `measure` takes batches and waits, and gives a row per pair.
    """
    line = Line(quiet)
    rows: list[tuple[Any, ...]] = []
    for done, (batch, wait_ms) in enumerate(choices):
        line.show(f"batch {batch:,}, fetch wait {wait_ms} ms", done / len(choices))
        (row,) = measure([batch], [wait_ms])
        rows.append(tuple(row[name] for name in POINTS))
    line.show(f"{plural(len(choices), 'choice')} measured", 1.0)
    return frames.table(rows, POINTS)


def dominated(points: pd.DataFrame) -> pd.Series:
    """By how many others each choice is dominated: no slower and no older, and better in one."""
    speed, age = points["events_per_s"].to_numpy(), points["p50_ms"].to_numpy()
    as_good = (speed[None, :] >= speed[:, None]) & (age[None, :] <= age[:, None])
    better = (speed[None, :] > speed[:, None]) | (age[None, :] < age[:, None])
    return pd.Series((as_good & better).sum(axis=1), index=points.index)


class Law(Struct, frozen=True):
    """Microseconds: an event costs `per_batch_us` / batch + `per_event_us`."""

    per_batch_us: float
    per_event_us: float

    def rate(self, batch: float) -> float:
        """Events a second.

        >>> round(Law(per_batch_us=1000, per_event_us=10).rate(100))
        50000
        """
        return 1e6 / (self.per_batch_us / batch + self.per_event_us)


def law_of(points: pd.DataFrame) -> Law:
    """The law that holds for the smallest and the largest batch of `points`.

    Raises
    ------
    NotebookError
        when there is only one batch size.
    """
    ordered = points.sort_values("batch")
    small, large = ordered.iloc[0], ordered.iloc[-1]
    if small["batch"] == large["batch"]:
        raise NotebookError(f"law_of: expected two batch sizes or more, got {small['batch']:g}")
    shares = [[1 / small["batch"], 1.0], [1 / large["batch"], 1.0]]
    costs = [1e6 / small["events_per_s"], 1e6 / large["events_per_s"]]
    per_batch, per_event = np.linalg.solve(shares, costs)
    return Law(float(per_batch), float(max(per_event, 0.0)))
