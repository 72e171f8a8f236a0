"""The ratios that are reported: what each is, and what it should be."""

from __future__ import annotations

import operator
from typing import Any, Final, Literal

from msgspec import Struct


class Target(Struct, frozen=True):
    """A ratio: its name in `latest.json`, what it divides, and its goal; None: reported only."""

    name: str
    what: str
    part: str
    bound: Literal[">=", "<="] = ">="
    goal: float | None = None

    def met(self, value: float) -> bool | None:
        """Whether `value` reaches the goal; None where there is none."""
        if self.goal is None:
            return None
        compare: Any = operator.ge if self.bound == ">=" else operator.le
        return bool(compare(value, self.goal))


_NAIVE = "full Redis end state, ours / naive nine-round-trip loop"
_POLL = "ours with Redis / kafka-python poll and typed decode alone"

TARGETS: Final = (
    Target("ours/naive zipf", f"{_NAIVE}, Zipf", "throughput", ">=", 80),
    Target("ours/naive uniform", f"{_NAIVE}, uniform", "throughput", ">=", 60),
    Target("ours/poll+decode zipf", f"{_POLL}, Zipf", "throughput", ">=", 0.7),
    Target("ours/poll+decode uniform", f"{_POLL}, uniform", "throughput", ">=", 0.55),
    Target("ours/faust", "ours with Redis / faust without Redis", "throughput", ">=", 6),
    Target("ours/quixstreams", "ours with Redis / quixstreams without", "throughput", ">=", 0.7),
    Target(
        "cpu kafka-python/confluent",
        "CPU per event, ours on kafka-python / ours on confluent-kafka",
        "throughput",
        ">=",
        2,
    ),
    Target(
        "redis/pre-built call",
        "Redis microseconds per event, ours / its own calls repeated",
        "throughput",
        "<=",
        1.3,
    ),
    Target(
        "nine boards/one", "CPU per event, nine boards / the global one alone", "boards", "<=", 3
    ),
    Target(
        "snapshot/no-op",
        "API requests per CPU second, snapshot route / no-op route",
        "api",
        ">=",
        0.85,
    ),
    Target(
        "snapshot/two reads", "the same, snapshot route / handler with two reads", "api", ">=", 3
    ),
    Target(
        "websocket/raw write",
        "WebSocket microseconds per client / raw socket write",
        "websocket",
        "<=",
        2.5,
    ),
    Target("5M/10k players", "cost per event, 5M players / 10k", "scale", "<=", 2),
    Target("p99 ms at 5k", "event to Redis, p99 in ms at 5,000 events/s", "latency", "<=", 50),
    Target("p99 ms at half", "event to Redis, p99 in ms at half capacity", "latency", "<=", 100),
    Target("idle cpu %", "CPU of the processor at 50 events/s, % of a core", "idle", "<=", 3),
    Target("soak processor MB", "most memory of the processor in ten minutes", "soak", "<=", 150),
    Target("soak gain MB", "what it gains in that time, by its second half", "soak", "<=", 5),
)
"""In the order they are shown. `part` is the module that reports it."""

BY_NAME: Final = {target.name: target for target in TARGETS}
