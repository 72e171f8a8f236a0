"""What the nine built-in boards cost against the global one alone, on a Valkey of its own.

The same events, a tenth of them finished matches, are folded and applied for the one and the other
in turn, in runs of `RUN` records, and checked. Data is in memory alone, so this is about counting.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct
from redis import Redis
from tqdm import tqdm

from benchmarks.datasets import UNIFORM, ZIPF, Dataset
from benchmarks.results import Options, Part, Row, rounded, spread
from benchmarks.servers import server_seconds, valkey
from leaderboard.model.boards import DEFAULTS, GLOBAL, Board
from leaderboard.model.fold import Record, fold
from leaderboard.model.simulate import MIX, Profile, simulate
from leaderboard.model.tally import Book
from leaderboard.store.keys import Keys
from leaderboard.store.writer import Writer

START: Final = datetime(2026, 11, 25, 10, tzinfo=UTC)
STEP: Final = timedelta(milliseconds=1)
EVENTS: Final = 60_000
FEW: Final = 2_000
RUN: Final = 5_000
MATCHES: Final = 0.1


class Cost(Struct, frozen=True):
    """Microseconds of CPU time per event."""

    client: float
    server: float


def run(options: Options) -> Part:
    """Measure both on both data sets; the ratio is that of the worse one."""
    events, rows, worst = FEW if options.short else EVENTS, list[Row](), 0.0
    with valkey() as redis, tqdm(total=4 * options.rounds, disable=not options.progress) as bar:
        for dataset in (UNIFORM, ZIPF):
            records = make_records(dataset, events)
            costs: dict[int, list[Cost]] = {1: [], 9: []}
            for _ in range(options.rounds):
                for boards in ((GLOBAL,), DEFAULTS):
                    costs[len(boards)].append(count(redis, records, boards))
                    bar.update()
            one, nine = (row(dataset, n, costs[n]) for n in (1, 9))
            rows += [one, nine]
            worst = max(worst, total(nine) / total(one))
    return Part("boards", {"nine boards/one": rounded(worst)}, {"boards": rows}, {"events": events})


def row(dataset: Dataset, boards: int, costs: list[Cost]) -> Row:
    """One line of the table."""
    return {
        "set": dataset.name,
        "boards": boards,
        **spread("client_us", [cost.client for cost in costs]),
        **spread("server_us", [cost.server for cost in costs]),
    }


def total(line: Row) -> float:
    """Client and server together, in microseconds of CPU time per event."""
    return float(line["client_us"] + line["server_us"])


def make_records(dataset: Dataset, events: int) -> list[Record]:
    """The events as records of one partition."""
    mix = MIX | {"match_finished": MATCHES}
    profile = Profile(players=dataset.players, skew=dataset.skew, mix=mix)
    made = simulate(1, START, n=events, step=STEP, profile=profile)
    return [Record(offset, event) for offset, event in enumerate(made)]


def count(redis: Redis, records: list[Record], boards: tuple[Board, ...]) -> Cost:
    """Count `records` on an empty Redis."""
    redis.flushall()
    writer, book, watermark = Writer(redis, Keys(), "bench", boards=boards), Book(boards), None
    began, server_began = time.process_time(), server_seconds(redis)
    for start in range(0, len(records), RUN):
        changes = list(fold(records[start : start + RUN], start, book=book, watermark=watermark))
        watermark = changes[-1].watermark
        if not all(outcome.applied for outcome in writer.apply([(0, c) for c in changes])):
            raise AssertionError("a run was refused")
    client, on_server = time.process_time() - began, server_seconds(redis) - server_began
    if redis.hget(Keys().counts, "applied") != str(len(records)).encode():
        raise AssertionError("not every event was counted")
    return Cost(client / len(records) * 1e6, on_server / len(records) * 1e6)
