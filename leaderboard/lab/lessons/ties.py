"""Notebook 04: a storm of ties, rank policies side by side, and what a rank costs."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Literal
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
import pandas as pd
from redis import Redis

from leaderboard.lab import frames
from leaderboard.model.events import PlayerScored
from leaderboard.model.simulate import player_name
from leaderboard.store import reader
from leaderboard.store.keys import Keys

POINTS: Final = 150
BOARDS: Final = """
[[board]]
name = "points"
ranks = "dense"        # keeps an index of scores, so it may be asked for every policy

[[board]]
name = "first_come"
tie_break = "first"    # equals by who reached the score first, not a to z
"""
"""The boards of the tie laboratory, as a boards file declares them."""

POLICIES: Final = {
    "ordinal": ("points", "ordinal"),
    "first to reach": ("first_come", "ordinal"),
    "competition": ("points", "competition"),
    "dense": ("points", "dense"),
}
"""Board and rank policy of each column of `side_by_side`."""

HITS: Final = (
    (0, "cem", 100),
    (1, "ann", 150),
    (2, "ann", 150),
    (3, "dea", 200),
    (4, "bob", 200),
    (5, "cem", 100),
    (6, "eva", 100),
)
"""(minute, player, points) of the tie laboratory: bob, cem and dea end with 200 each."""

_ACTIONS: Final[dict[int, Literal["kill", "headshot", "objective_capture"]]] = {
    100: "kill", 150: "headshot", 200: "objective_capture",
}  # fmt: skip

CHUNK: Final = 5_000
COSTS: Final = {"members": "int64", "query": "str", "us": "float64"}
"""Columns of `rank_costs`: microseconds for one call, the best of several rounds."""

OURS, REDIS, SCAN = "our rank (ties a to z)", "ZREVRANK", "read it all, then count"
"""The queries that are timed."""


def tie_id(place: int, players: int) -> str:
    """Id of tied player `place` (from 0) of so many: they sort as they count.

    Storms of different sizes have players of their own, so that each stays tied on a board that
    saw other storms.

    >>> tie_id(0, 9), tie_id(11, 12)
    ('tie9_a', 'tie12_l')
    """
    return f"tie{players}_{chr(ord('a') + place)}"


def tie_storm(players: int, seed: int, start: datetime) -> list[PlayerScored]:
    """One headshot for each of `players` (at most 26) players, in a random order."""
    dice = Random(f"{seed}/{start.isoformat()}")
    places = list(range(players))
    dice.shuffle(places)
    return [
        PlayerScored(
            event_id=UUID(int=dice.getrandbits(128), version=4),
            timestamp=start + timedelta(seconds=k),
            player_id=tie_id(place, players),
            player_name=player_name(place),
            points=POINTS,
            game_id="game_alpha",
            action="headshot",
        )
        for k, place in enumerate(places)
    ]


def hits(start: datetime) -> list[PlayerScored]:
    """`HITS` as events from `start` on; the same start gives the same events."""
    return [
        PlayerScored(
            event_id=uuid5(NAMESPACE_OID, f"{start.isoformat()} {minute}"),
            timestamp=start + timedelta(minutes=minute),
            player_id=player,
            player_name=player.title(),
            points=points,
            game_id="game_alpha",
            action=_ACTIONS[points],
        )
        for minute, player, points in HITS
    ]


def side_by_side(tables: frames.Frames) -> pd.DataFrame:
    """Each player's score, and rank under every one of `POLICIES`; a row per player id.

    Raises as `Frames.board`.
    """
    asked = {
        name: tables.board(board=board, policy=policy).set_index("player_id")
        for name, (board, policy) in POLICIES.items()
    }
    columns = {name: found["rank"] for name, found in asked.items()}
    return pd.DataFrame({"score": next(iter(asked.values()))["score"], **columns})


def third(ranks: pd.Series) -> str:
    """Who has rank 3, in a column of `side_by_side`: "nobody", or the players.

    >>> third(pd.Series({"ann": 1, "bob": 2, "cem": 2, "dea": 4}))
    'nobody'
    """
    return ", ".join(ranks.index[ranks == 3]) or "nobody"


def redis_order(redis: Redis, keys: Keys, n: int = 10) -> list[str]:
    """Player ids as plain ZREVRANGE gives them, at most `n`."""
    found: Any = redis.zrevrange(keys.board, 0, n - 1)
    return [member.decode() for member in found]


def around(redis: Redis, keys: Keys, player_id: str, each_side: int = 2) -> pd.DataFrame:
    """The player with so many neighbours above and below; columns of `frames.BOARD`.

    Empty for an unknown or hidden player. Reads the board from its top to there.
    """
    me = reader.run(redis, reader.player(keys, player_id))
    rows: Iterable[reader.Row] = ()
    if me is not None and me.rank is not None:
        first = max(0, me.rank - 1 - each_side)
        rows = reader.run(redis, reader.snapshot(keys, me.rank + each_side)).rows[first:]
    return frames.table([msgspec.structs.astuple(row) for row in rows], frames.BOARD)


def rank_costs(
    redis: Redis, prefix: str, sizes: Sequence[int], *, rounds: int = 7, calls: int = 200
) -> pd.DataFrame:
    """Time one rank query on boards of each size; columns `COSTS`.

    The boards are made under `prefix` and deleted again. Many calls go in one pipeline, so that
    the way to the server and back does not hide what it does there. Of several rounds the fastest
    counts: the others were held up by something else.
    """
    dice = Random(7)
    rows: list[tuple[int, str, float]] = []
    for size in sizes:
        keys = Keys(f"{prefix}cost-{size}:")
        try:
            _fill(redis, keys, size)
            asked = [f"m{dice.randrange(size):06d}" for _ in range(calls)]
            rows.append((size, OURS, _best_us(redis, keys, asked, rounds, _our_rank)))
            rows.append((size, REDIS, _best_us(redis, keys, asked, rounds, _redis_rank)))
            few = asked[: max(1, 20_000 // size)]
            rows.append((size, SCAN, _best_us(redis, keys, few, 3, _scan)))
        finally:
            redis.delete(keys.board)
    return frames.table(rows, COSTS)


def _fill(redis: Redis, keys: Keys, size: int) -> None:
    """A tenth as many scores as members: ten players tie on each."""
    redis.delete(keys.board)
    for first in range(0, size, CHUNK):
        members = range(first, min(first + CHUNK, size))
        redis.zadd(keys.board, {f"m{i:06d}": 25 * (i * 7919 % size // 10) for i in members})


def _best_us(redis: Redis, keys: Keys, asked: list[str], rounds: int, query: Any) -> float:
    times = []
    for _ in range(rounds):
        with redis.pipeline(transaction=False) as pipe:
            for member in asked:
                query(pipe, keys, member)
            began = time.perf_counter()
            pipe.execute()
            times.append((time.perf_counter() - began) / len(asked) * 1e6)
    return min(times)


def _our_rank(pipe: Any, keys: Keys, member: str) -> None:
    query = reader.player(keys, member)
    pipe.eval_ro(query.script, len(query.keys), *query.keys, *query.args)


def _redis_rank(pipe: Any, keys: Keys, member: str) -> None:
    pipe.zrevrank(keys.board, member)


def _scan(pipe: Any, keys: Keys, _member: str) -> None:
    pipe.zrevrange(keys.board, 0, -1)
