"""Rounds of runs in shuffled order, and the rows that tell of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from msgspec import Struct
from tqdm import tqdm

from benchmarks.contest import Contestant, FailedError, Measure, run
from benchmarks.datasets import Topic
from benchmarks.results import Options, Row, spread
from benchmarks.servers import Servers

SERVERS_CORE: Final = 0
CONTESTANT_CORE: Final = 1
COLUMNS: Final = ("events_per_s", "client_us", "broker_us", "redis_us")


class Entry(Struct, frozen=True):
    """A contestant on a topic, pinned (the servers on one core, it on the other) or not."""

    contestant: Contestant
    topic: Topic
    pinned: bool


def play(servers: Servers, entries: Sequence[Entry], options: Options) -> list[list[Measure]]:
    """The measures of each entry, one a round. A run that fails is a wrong one."""
    names = [f"{entry.contestant.name}, {entry.topic.dataset.name}" for entry in entries]
    return in_turn(names, lambda place, _: once(servers, entries[place]), options)


def in_turn(
    names: Sequence[str], measure: Callable[[int, int], Measure], options: Options
) -> list[list[Measure]]:
    """The measures of each name, one a round, by `measure(place of the name, round from 1)`.

    So whatever makes the machine slow for a while makes all of them slow.
    """
    found: list[list[Measure]] = [[] for _ in names]
    with tqdm(total=len(names) * options.rounds, disable=not options.progress) as bar:
        for number in range(options.rounds):
            order = list(range(len(names)))
            Random(number).shuffle(order)
            for place in order:
                bar.set_description(names[place])
                found[place].append(measure(place, number + 1))
                bar.update()
    return found


def once(servers: Servers, entry: Entry) -> Measure:
    """One run; what it fails with is what is wrong."""
    core = keep_apart(servers, pinned=entry.pinned)
    try:
        return run(entry.contestant, servers, entry.topic, core=core)
    except FailedError as error:
        return Measure(0.0, 0.0, 0.0, 0.0, 0.0, wrong=str(error))


def keep_apart(servers: Servers, *, pinned: bool) -> int:
    """Keep the servers to their core, or let them run anywhere; returns the contestant's core."""
    servers.keep_to({servers.cores[SERVERS_CORE]} if pinned else set(servers.cores))
    return servers.cores[CONTESTANT_CORE] if pinned else -1


def row(entry: Entry, measures: Sequence[Measure]) -> Row:
    """One line of a table; `wrong` is what was wrong with any of the runs."""
    columns: Row = {
        "set": entry.topic.dataset.name,
        "contestant": entry.contestant.name,
        "pinned": entry.pinned,
        "events": entry.topic.events,
    }
    for column in COLUMNS:
        columns |= spread(column, [getattr(measure, column) for measure in measures])
    return columns | {"wrong": next((m.wrong for m in measures if m.wrong), "")}
