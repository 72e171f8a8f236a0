"""How many events a second, at what cost, with a right end state: ours, plain designs and peers.

Three tables that are never mixed: `memory` (consume, decode, sum in memory), `redis` (the full end
state in Redis) and `limits` (what no processor can beat).
"""

from __future__ import annotations

from typing import Final

from tqdm import tqdm

from benchmarks import lineup, rounds
from benchmarks.contest import Contestant
from benchmarks.datasets import MILLION, UNIFORM, ZIPF, Dataset, fill
from benchmarks.layers import measure_layers, stack
from benchmarks.lineup import Lineup
from benchmarks.ratios import ratios
from benchmarks.results import Options, Part, Row
from benchmarks.rounds import Entry
from benchmarks.servers import Servers, can_pin, servers
from leaderboard.model.boards import DEFAULTS, GLOBAL, Board

SIZES: Final = {"large": 100_000, "medium": 20_000, "small": 2_000}
"""How many of the same events: slow contestants get fewer, a cost per event is the same."""
SHORT_SIZES: Final = {"large": 1_500, "medium": 1_000, "small": 300}

ON_MILLION: Final = {lineup.ONE.name, lineup.TYPED.name, lineup.POLL_DECODE.name}
UNPINNED: Final = {
    lineup.NAIVE.name, lineup.ONE.name, lineup.NINE.name, lineup.CONFLUENT_ONE,
    lineup.POLL_DECODE.name, lineup.QUIX_NAME, lineup.FAUST_NAME,
}  # fmt: skip
"""Those that ratios are made of are measured both ways."""


def run(options: Options) -> Part:
    """Measure everyone; the peers are installed first, where they are not yet.

    The short form is without the peers that are not installed: those need downloads.
    """
    taking_part = Lineup(lineup.installed(), []) if options.short else lineup.everyone(tqdm.write)
    with servers() as running:
        return measure(running, taking_part, options)


def measure(running: Servers, taking_part: Lineup, options: Options) -> Part:
    """Measure `taking_part` on these servers."""
    sizes = SHORT_SIZES if options.short else SIZES
    topics = {
        (dataset.name, size): fill(
            running.kafka, running.settings, dataset, sizes[size], boards=boards
        )
        for dataset, size, boards in wanted(short=options.short)
    }
    entries = [
        Entry(contestant, topic, pinned)
        for (_, size), topic in topics.items()
        for contestant in taking_part.contestants
        if contestant.size == size
        for pinned in ways(contestant, topic.dataset, options)
    ]
    tables: dict[str, list[Row]] = {"memory": [], "redis": [], "limits": []}
    for entry, measures in zip(entries, rounds.play(running, entries, options), strict=True):
        tables[entry.contestant.table].append(rounds.row(entry, measures))
    for table, name, why in taking_part.missing:
        tables[table].append({"contestant": name, "missing": why})
    layered = [topics[d.name, "large"] for d in (ZIPF, UNIFORM) if (d.name, "large") in topics]
    tables["layers"] = measure_layers(running, layered, options)
    tables["stack"] = [
        line
        for topic in layered
        for boards in ("one", "nine")
        for line in stack(tables, topic.dataset.name, boards)
    ]
    found, tables["ratios"] = ratios(tables)
    return Part("throughput", found, tables, {"pinned": can_pin(), "sizes": sizes})


def wanted(*, short: bool) -> list[tuple[Dataset, str, tuple[Board, ...]]]:
    """The data sets, how much of each, and the boards to count; the short form needs one set.

    Only large topics are counted on all boards, which takes the oracle long.
    """
    counted = {"large": DEFAULTS, "medium": (GLOBAL,), "small": (GLOBAL,)}
    sets = (ZIPF,) if short else (ZIPF, UNIFORM)
    million = [] if short else [(MILLION, "large", (GLOBAL,))]
    return [*((dataset, size, counted[size]) for dataset in sets for size in SIZES), *million]


def ways(contestant: Contestant, dataset: Dataset, options: Options) -> list[bool]:
    """Whether to run it pinned, unpinned or both on that data set, or not at all.

    Peers in memory get Zipf alone: a sum costs the same whoever plays.
    """
    is_peer = contestant.module.startswith("benchmarks.peers") and contestant.table == "memory"
    if dataset == MILLION and contestant.name not in ON_MILLION:
        return []
    if dataset != ZIPF and is_peer:
        return []
    if not can_pin():
        return [False]
    both = contestant.name in UNPINNED and dataset != MILLION and not options.short
    return [True, False] if both else [True]
