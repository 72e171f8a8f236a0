"""The ratios of the throughput part, from its tables."""

from __future__ import annotations

from typing import Any, Final

from benchmarks import lineup
from benchmarks.datasets import UNIFORM, ZIPF
from benchmarks.results import Row, find, rounded

RATE: Final = "events_per_s"
ONE: Final = ("redis", lineup.ONE.name)
NAIVE: Final = ("redis", lineup.NAIVE.name)
LIMIT: Final = ("limits", lineup.POLL_DECODE.name)

RATIOS: Final = {
    "ours/naive zipf": (ONE, NAIVE, ZIPF, ZIPF),
    "ours/naive uniform": (ONE, NAIVE, UNIFORM, UNIFORM),
    "ours/poll+decode zipf": (ONE, LIMIT, ZIPF, ZIPF),
    "ours/poll+decode uniform": (ONE, LIMIT, UNIFORM, UNIFORM),
    "ours/faust": (ONE, ("memory", lineup.FAUST_NAME), ZIPF, ZIPF),
    "ours/quixstreams": (ONE, ("memory", lineup.QUIX_NAME), ZIPF, ZIPF),
}
"""Events a second: (table, contestant) over (table, contestant), each on its data set."""


def ratios(tables: dict[str, list[Row]]) -> tuple[dict[str, float], list[Row]]:
    """Ratios by name, of the pinned runs where there are any; and pinned beside unpinned.

    A ratio whose sides were not both measured, or not both right, is left out.
    """
    both: list[Row] = []
    for name, (ours, theirs, our_set, their_set) in RATIOS.items():
        sides = {
            way: _divided(
                _value(tables, ours, our_set.name, pinned, RATE),
                _value(tables, theirs, their_set.name, pinned, RATE),
            )
            for way, pinned in (("pinned", True), ("unpinned", False))
        }
        both.append({"ratio": name, **sides})
    both.append({"ratio": "cpu kafka-python/confluent", **_clients(tables)})
    both.append({"ratio": "redis/pre-built call", **_calls(tables)})
    found = {
        row["ratio"]: row["pinned"] if row["pinned"] is not None else row["unpinned"]
        for row in both
    }
    return {name: value for name, value in found.items() if value is not None}, both


def _clients(tables: dict[str, list[Row]]) -> Row:
    """CPU of our process on the one Kafka client and on the other."""
    return {
        way: _divided(
            _value(tables, ONE, ZIPF.name, pinned, "client_us"),
            _value(tables, ("redis", lineup.CONFLUENT_ONE), ZIPF.name, pinned, "client_us"),
        )
        for way, pinned in (("pinned", True), ("unpinned", False))
    }


def _calls(tables: dict[str, list[Row]]) -> Row:
    """CPU of Redis in our runs, over the same calls sent by nobody who builds them."""
    limit = find(tables["layers"], set=ZIPF.name, layer="pre-built redis, one")["us"]
    return {
        way: _divided(_value(tables, ONE, ZIPF.name, pinned, "redis_us"), limit)
        for way, pinned in (("pinned", True), ("unpinned", False))
    }


def _value(
    tables: dict[str, list[Row]], who: tuple[str, str], dataset: str, pinned: bool, column: str
) -> Any:
    table, name = who
    for row in tables[table]:
        if (row["contestant"], row.get("set"), row.get("pinned")) == (name, dataset, pinned):
            return None if row["wrong"] else row[column]
    return None


def _divided(a: float | None, b: float | None) -> float | None:
    return rounded(a / b) if a and b else None
