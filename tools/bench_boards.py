"""What the nine built-in boards cost against the global one alone, on a Valkey of its own.

    make bench-boards

The same events are folded and applied for the one and the other in turn, in runs of `RUN` records,
and checked. Prints CPU time per event of the client and of the server; exit status 1 when the nine
cost more than `MOST` times the one. Nothing else may run beside it.
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from redis import Redis

from leaderboard.model.boards import DEFAULTS, GLOBAL, Board
from leaderboard.model.fold import Record, fold
from leaderboard.model.simulate import MIX, Profile, simulate
from leaderboard.model.tally import Book
from leaderboard.store.keys import Keys
from leaderboard.store.writer import Writer
from tools.bench_reads import server, write

START = datetime(2026, 11, 25, 10, tzinfo=UTC)
EVENTS, RUN, ROUNDS, PLAYERS = 60_000, 5_000, 5, 10_000
MOST = 3.0


class Cost(Struct, frozen=True):
    """Microseconds of CPU time per event."""

    client: float
    server: float

    @property
    def total(self) -> float:
        return self.client + self.server


def main() -> int:
    """Print the table; returns the exit status."""
    over = False
    write(f"{EVENTS:,} events of {PLAYERS:,} players, a tenth of them matches; medians of {ROUNDS}")
    write("players   boards    client us/event  server us/event  ratio")
    with server() as redis:
        for name, skew in (("uniform", 0.0), ("zipf", 1.0)):
            records = make_records(skew)
            costs: dict[int, list[Cost]] = {1: [], 9: []}
            for _ in range(ROUNDS):
                for boards in ((GLOBAL,), DEFAULTS):
                    costs[len(boards)].append(count(redis, records, boards))
            one, nine = (median(costs[n]) for n in (1, 9))
            ratio = nine.total / one.total
            over |= ratio > MOST
            write(f"{name:9} one       {one.client:15.1f}  {one.server:15.1f}")
            write(f"{name:9} nine      {nine.client:15.1f}  {nine.server:15.1f}  {ratio:5.2f}")
    return int(over)


def make_records(skew: float) -> list[Record]:
    profile = Profile(players=PLAYERS, skew=skew, mix=MIX | {"match_finished": 0.1})
    step = timedelta(milliseconds=1)
    events = simulate(1, START, n=EVENTS, step=step, profile=profile)
    return [Record(offset, event) for offset, event in enumerate(events)]


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


def server_seconds(redis: Redis) -> float:
    found = redis.info("cpu")
    return float(found["used_cpu_sys"]) + float(found["used_cpu_user"])


def median(costs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(c.client for c in costs), statistics.median(c.server for c in costs)
    )


if __name__ == "__main__":
    sys.exit(main())
