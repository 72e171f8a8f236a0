"""Latencies as columns of a table."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.results import Row, rounded


def quantiles(column: str, values: Sequence[float]) -> Row:
    """The columns that tell of `values`: half of them, 99 % of them, all are at most so much.

    >>> quantiles("ms", [3.0, 1.0, 2.0])
    {'ms_p50': 2.0, 'ms_p99': 3.0, 'ms_max': 3.0}
    """
    ordered = sorted(values)
    found = {
        f"{column}_{name}": rank(ordered, part) for name, part in (("p50", 0.5), ("p99", 0.99))
    }
    return {name: rounded(value) for name, value in {**found, f"{column}_max": ordered[-1]}.items()}


def rank(ordered: Sequence[float], part: float) -> float:
    """The least of the values, in rising order, that is no less than `part` of them.

    >>> rank([1.0, 2.0, 3.0, 4.0], 0.5), rank([1.0, 2.0, 3.0, 4.0], 0.75)
    (2.0, 3.0)
    """
    return ordered[max(0, -int(-part * len(ordered) // 1) - 1)]
