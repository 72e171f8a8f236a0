"""What each read of a board costs, on boards of several sizes, on a Valkey of its own.

Times are those of a question with its answer in Python (median, least and most of all questions),
and the server's own mean time for its script. Ten players tie on each score.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from redis import Redis
from tqdm import tqdm

from benchmarks.results import Options, Part, Row, rounded, spread
from benchmarks.servers import valkey
from leaderboard.errors import QuestionError
from leaderboard.model.boards import GLOBAL, Board, definitions
from leaderboard.store import pages, standings
from leaderboard.store.catalog import catalog
from leaderboard.store.combine import combined
from leaderboard.store.hiding import hide, unhide
from leaderboard.store.keys import Keys
from leaderboard.store.places import Place, Source
from leaderboard.store.query import Query
from leaderboard.store.query import run as answer

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SIZES: Final = (10_000, 1_000_000)
FEW: Final = (1_000,)
QUESTIONS: Final = 300
"""Of each read; a tenth of them of boards united, which take a thousand times as long."""
N: Final = 10
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


def run(options: Options) -> Part:
    """Measure every read on boards of each size."""
    rows: list[Row] = []
    sizes, questions = (FEW, QUESTIONS // 10) if options.short else (SIZES, QUESTIONS)
    for size in tqdm(sizes, desc="boards of players", disable=not options.progress):
        with valkey() as redis:
            fill(redis, size)
            asks = reads(redis, size, questions)
            rows += [cost(redis, size, questions, name, ask) for name, ask in asks.items()]
    return Part("reads", {}, {"reads": rows}, {"questions": questions})


def reads(redis: Redis, size: int, questions: int) -> dict[str, Ask]:
    """Each read by name, as a function of a player's number."""
    now = NOW.timestamp()
    daily = SOURCE.place("daily", now=now)
    ordinal = SOURCE.place("daily", now=now, policy="ordinal")
    shared = SOURCE.place("daily", now=now, policy="competition")
    first = SOURCE.place("first", now=now)

    def ask(read: Callable[..., Query[Any]], *args: Any, **options: Any) -> Ask:
        return lambda i: answer(
            redis, read(SOURCE, *(a(i) if callable(a) else a for a in args), **options)
        )

    def page_after(place: Place, direction: str) -> Ask:
        def question(i: int) -> Any:
            page = answer(redis, pages.around(SOURCE, place, N, player(i)))
            cursor = page.next if direction == "next" else page.previous
            return pages.top(SOURCE, place, N, cursor=cursor) if cursor else None

        asked = [q for q in map(question, range(0, size, max(1, size // questions))) if q]
        return lambda i: answer(redis, asked[i % len(asked)])

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
        "a player on every board (3)": lambda i: answer(
            redis, standings.ranks(SOURCE, player(i), now=now)
        ),
        "a player in 2 windows": ask(standings.history, daily, player),
        "what boards there are": lambda _: answer(redis, catalog(SOURCE, now=now)),
        "hide and unhide": both,
        "two boards united": ask(combined, [ordinal, ordinal.previous]),
    }


def cost(redis: Redis, size: int, questions: int, name: str, ask: Ask) -> Row:
    """Ask about players all over the board; a read that is refused costs nothing."""
    dice = Random(7)
    try:
        ask(0)
    except QuestionError as error:
        return {"read": name, "players": size, "missing": str(error)}
    redis.config_resetstat()
    times = []
    for _ in range(questions if "united" not in name else max(1, questions // 10)):
        i = dice.randrange(size)
        began = time.perf_counter()
        ask(i)
        times.append(1e6 * (time.perf_counter() - began))
    stats = redis.info("commandstats")
    scripts = [stats[c] for c in ("cmdstat_eval_ro", "cmdstat_eval") if c in stats]
    server_us = sum(s["usec"] for s in scripts) / len(times)
    return {
        "read": name, "players": size, "server_us": rounded(server_us), **spread("us", times),
    }  # fmt: skip


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
