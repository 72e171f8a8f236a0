"""What each read of a board costs, on boards of given sizes, on a Valkey of its own.

    make bench-reads SIZES="10000 1000000"

Prints a table: the median time of a question with its answer in Python, and the server's own mean
time for its script. Ten players tie on each score. Nothing else may run beside it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct
from redis import Redis

from leaderboard.errors import QuestionError
from leaderboard.model.boards import GLOBAL, Board, definitions
from leaderboard.stack.launch import Job, Launched, stop_process
from leaderboard.stack.ping import redis_answers
from leaderboard.stack.ports import HOST, free_port
from leaderboard.stack.valkey import redis_command, redis_program
from leaderboard.store import pages, standings
from leaderboard.store.catalog import catalog
from leaderboard.store.combine import combined
from leaderboard.store.hiding import hide, unhide
from leaderboard.store.keys import Keys
from leaderboard.store.places import Place, Source
from leaderboard.store.query import Query, run

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ROUNDS = 300
N = 10
"""Rows of a page."""
CHUNK = 5000
KEYS = Keys()
BOARDS = (
    GLOBAL,
    Board(name="daily", window="daily", ranks="dense"),
    Board(name="first", tie_break="first"),
)
SOURCE = Source(KEYS, "bench", BOARDS)
FILL = """
local from, to, size, prefix, reached = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]),
  ARGV[4], ARGV[5]
for i = from, to do
  local id = string.format('p%07d', i)
  local score = math.floor(i * 7919 % size / 10)
  if prefix == 'player:stats:' then
    redis.call('HSET', prefix .. id, 'player_name', id)
  elseif reached ~= '' then
    local at = string.format('%018d', 1e15 + i)
    redis.call('ZADD', prefix .. reached, score, at .. id)
    redis.call('HSET', 'board:state:' .. reached, id, at)
  else
    redis.call('ZADD', prefix, score, id)
    redis.call('ZADD', 'board:distinct:' .. string.sub(prefix, 13), score, score)
  end
end
"""
Ask = Callable[[int], Any]


class Cost(Struct):
    """Of one read: medians in microseconds; the server's part is a mean."""

    read: str
    median_us: float
    server_us: float


def main(sizes: list[int]) -> None:
    """Measure and print."""
    costs = {size: measure(size) for size in sizes}
    heads = [f"{size:,}" for size in sizes]
    write(f"| read | {' | '.join(heads)} |")
    write(f"|---|{'---|' * len(heads)}")
    for line, cost in enumerate(costs[sizes[0]]):
        cells = [
            f"{costs[size][line].median_us:,.0f} µs ({costs[size][line].server_us:,.0f})"
            if costs[size][line].median_us
            else "refused"
            for size in sizes
        ]
        write(f"| {cost.read} | {' | '.join(cells)} |")


def measure(size: int) -> list[Cost]:
    """Every read on boards of `size` players."""
    with server() as redis:
        fill(redis, size)
        write(f"<!-- {size:,}: {redis.info('memory')['used_memory_human']} of memory -->")
        return [cost(redis, name, ask) for name, ask in reads(redis, size).items()]


def reads(redis: Redis, size: int) -> dict[str, Ask]:
    """Each read by name, as a function of a player's number."""
    now = NOW.timestamp()
    daily = SOURCE.place("daily", now=now)
    ordinal = SOURCE.place("daily", now=now, policy="ordinal")
    shared = SOURCE.place("daily", now=now, policy="competition")
    first = SOURCE.place("first", now=now)

    def ask(read: Callable[..., Query[Any]], *args: Any, **options: Any) -> Ask:
        return lambda i: run(
            redis, read(SOURCE, *(a(i) if callable(a) else a for a in args), **options)
        )

    def page_after(place: Place, direction: str) -> Ask:
        def question(i: int) -> Any:
            page = run(redis, pages.around(SOURCE, place, N, player(i)))
            cursor = page.next if direction == "next" else page.previous
            return pages.top(SOURCE, place, N, cursor=cursor) if cursor else None

        asked = [q for q in map(question, range(0, size, max(1, size // ROUNDS))) if q]
        return lambda i: run(redis, asked[i % len(asked)])

    def player(i: int) -> str:
        return f"p{i:07d}"

    def both(i: int) -> None:
        for change in (hide, unhide):
            change(redis, KEYS, player(i), reason="bench", by="bench", now=NOW)

    return {
        f"top {N}, ordinal": ask(pages.top, ordinal, N),
        f"top {N}, competition": ask(pages.top, shared, N),
        f"top {N}, dense": ask(pages.top, daily, N),
        f"top {N}, with previous ranks": ask(pages.top, ordinal, N, previous=True),
        "top 100": ask(pages.top, ordinal, 100),
        f"page of {N} at a cursor, forward": page_after(ordinal, "next"),
        f"page of {N} at a cursor, backward": page_after(ordinal, "previous"),
        f"{N} around a player": ask(pages.around, ordinal, N, player),
        f"{N} around a player, first to reach": ask(pages.around, first, N, player),
        f"{N} around a score": ask(pages.around_score, ordinal, N, lambda i: i // 10),
        f"{N} of a range of scores": ask(
            pages.score_range, ordinal, N, lambda i: i // 20, lambda i: i // 10
        ),
        f"{N} of the best 10 %": ask(pages.top_percent, ordinal, N, 10),
        f"{N} friends": ask(
            standings.friends, shared, lambda i: [player((i + 997 * k) % size) for k in range(N)]
        ),
        "a player on every board (3)": lambda i: run(
            redis, standings.ranks(SOURCE, player(i), now=now)
        ),
        "a player in 2 windows": ask(standings.history, daily, player),
        "what boards there are": lambda _: run(redis, catalog(SOURCE, now=now)),
        "hide and unhide": both,
        "two boards united": ask(combined, [ordinal, ordinal.previous]),
    }


def cost(redis: Redis, name: str, ask: Ask) -> Cost:
    """Ask about players all over the board; a read that is refused costs nothing."""
    dice = Random(7)
    size = redis.zcard("leaderboard:first")
    rounds = ROUNDS if "united" not in name else 10
    try:
        ask(0)
    except QuestionError:
        return Cost(name, 0, 0)
    redis.config_resetstat()
    times = []
    for _ in range(rounds):
        i = dice.randrange(size)
        began = time.perf_counter()
        ask(i)
        times.append(1e6 * (time.perf_counter() - began))
    stats = redis.info("commandstats")
    scripts = [stats[c] for c in ("cmdstat_eval_ro", "cmdstat_eval") if c in stats]
    server_us = sum(s["usec"] for s in scripts) / rounds
    return Cost(name, statistics.median(times), server_us)


def fill(redis: Redis, size: int) -> None:
    """The same players on today's, yesterday's and one more board."""
    places = [("leaderboard:daily:2026-11-25", ""), ("leaderboard:daily:2026-11-24", "")]
    places += [("leaderboard:", "first"), ("player:stats:", "")]
    fill_script = redis.register_script(FILL)
    for prefix, reached in places:
        for first in range(0, size, CHUNK):
            last = min(first + CHUNK, size) - 1
            fill_script(args=[first, last, size, prefix, reached])
    midnight = int(NOW.timestamp()) - 43_200
    windows = {"2026-11-24": midnight, "2026-11-25": midnight + 86_400}
    redis.zadd("board:windows:daily", windows)
    redis.set(KEYS.definitions, definitions(BOARDS))


@contextmanager
def server() -> Iterator[Redis]:
    """A Valkey that keeps its data in memory alone."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        command = [*redis_command(redis_program(), port, folder), "--appendonly", "no"]
        launched = Launched([Job("redis", command, folder / "log", folder)], guard=True)
        launched.wait("redis", lambda: redis_answers(HOST, port))
        with Redis(HOST, port) as redis:
            yield redis
        stop_process(launched.processes["redis"])
        launched.release()


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 1_000_000])
