"""Where the time of one event goes in ours: each layer beside the least it could cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tqdm import tqdm

from benchmarks import lineup
from benchmarks.contest import Contestant, Member, environment, spec_for
from benchmarks.datasets import Topic
from benchmarks.results import Options, Row, find, spread
from benchmarks.rounds import keep_apart
from benchmarks.servers import Servers

MODULE: Final = "benchmarks.contestants.layers"
BY_ITSELF: Final = Contestant("layers", "layers", MODULE)
REST: Final = "poll and the rest"
LAYERS: Final = (
    ("decode", "decode", "typed decode", "typed decode alone"),
    ("fold", "fold, {boards}", "sum", "adding to a dict"),
    ("pack and call", "pack and call, {boards}", "pre-built client, {boards}", "sending bytes"),
)
"""Layers of the client that are measured by themselves: what is measured, its limit, and what
that is."""


def measure_layers(servers: Servers, topics: Sequence[Topic], options: Options) -> list[Row]:
    """CPU microseconds per event of each layer by itself, one row for each of them and its limit.

    From memory, in a process of their own: what a real one does beside them is not in it.
    """
    rows: list[Row] = []
    with tqdm(
        total=options.rounds * len(topics), desc="layers", disable=not options.progress
    ) as bar:
        for topic in topics:
            samples = []
            for _ in range(options.rounds):
                samples.append(by_itself(servers, topic))
                bar.update()
            rows += [
                {"set": topic.dataset.name, "layer": name}
                | spread("us", [s[name] for s in samples])
                for name in samples[0]
            ]
    return rows


def by_itself(servers: Servers, topic: Topic) -> dict[str, float]:
    """What the process of `contestants.layers` prints, and the sum without its decoding."""
    servers.empty_redis()
    spec = spec_for(BY_ITSELF, servers, topic, keep_apart(servers, pinned=bool(servers.cores)))
    member = Member(BY_ITSELF, spec, environment(BY_ITSELF, spec))
    try:
        line: dict[str, Any] = member.line()
    finally:
        member.close()
    us = {name: float(value) for name, value in line.items() if name != "what"}
    return us | {"sum": us["decode and sum"] - us["typed decode"]}


def stack(tables: dict[str, list[Row]], dataset: str, boards: str) -> list[Row]:
    """The layers of ours from broker to Redis, each with its limit.

    What the client's own layers leave of its whole cost is its poll `and the rest`.
    """
    alone = {row["layer"]: row["us"] for row in tables["layers"] if row["set"] == dataset}
    ours = lineup.ONE.name if boards == "one" else lineup.NINE.name
    whole = find(tables["redis"], contestant=ours, set=dataset)
    poll = find(tables["limits"], contestant=lineup.POLL.name, set=dataset)
    inner = [
        (name, alone[us.format(boards=boards)], alone[limit.format(boards=boards)], what)
        for name, us, limit, what in LAYERS
    ]
    rest = whole["client_us"] - sum(us for _, us, _, _ in inner)
    calls = alone[f"pre-built redis, {boards}"]
    layers = [
        ("broker", whole["broker_us"], poll["broker_us"], "serving a bare poll"),
        (REST, rest, poll["client_us"], "a bare poll"),
        *inner,
        ("redis", whole["redis_us"], calls, "the same calls, pre-built"),
    ]
    return [
        {"set": dataset, "boards": boards, "layer": n, "us": us, "limit_us": limit, "limit": what}
        for n, us, limit, what in layers
    ]
