"""Read boards, players and achievements. Never writes.

A read is a value (`Query`): one read-only server-side script, so that what it returns is from one
moment, and a function that makes typed rows of the reply. `run` and `run_async` execute it.

The global board ranks by score, highest first, and equal scores by player id, a to z: every
player has a rank of their own (ordinal ranks, 1, 2, 3, ...). A page costs O(log N + n).
"""

from collections.abc import Callable
from importlib.resources import files
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from leaderboard.errors import StoreError
from leaderboard.model.fold import Achievement
from leaderboard.store.keys import Keys

_BOARD = (files(__package__) / "board.lua").read_text()
_PLAYER = (files(__package__) / "player.lua").read_text()

T = TypeVar("T")


class Row(Struct, frozen=True):
    """A line of a board; ranks count from 1."""

    rank: int
    player_id: str
    player_name: str
    score: int


class Snapshot(Struct, frozen=True):
    """One moment: the best `rows`, how many players there are, recent achievements, counts.

    `counts` holds records by outcome: applied, duplicates, dead_letters.
    """

    total_players: int
    rows: list[Row]
    achievements: list[Achievement]
    counts: dict[str, int]


class Player(Struct, frozen=True):
    """One player: all counters, and the rank (from 1) on the global board."""

    player_id: str
    player_name: str
    rank: int
    total_score: int
    events_count: int
    games_joined: int
    last_active: str
    actions: dict[str, int]


class Query(Struct, Generic[T], frozen=True):
    """A read that has not happened yet."""

    script: str
    keys: list[str]
    args: list[str]
    parse: Callable[[Any], T]


def snapshot(keys: Keys, top: int, achievements: int = 0) -> Query[Snapshot]:
    """The best `top` players and the newest `achievements` of one moment (0: none)."""
    return Query(
        _BOARD,
        [keys.board, keys.achievements, keys.counts],
        [str(top), str(achievements), keys.player_prefix],
        _snapshot,
    )


def player(keys: Keys, player_id: str) -> Query[Player | None]:
    """One player; None when nothing was ever counted for that id."""
    return Query(
        _PLAYER,
        [keys.board, keys.player(player_id)],
        [player_id],
        lambda reply: _player(player_id, reply),
    )


def run(redis: Redis, query: Query[T]) -> T:
    """Execute `query`.

    Raises
    ------
    StoreError
        when Redis is away or refuses.
    """
    try:
        reply = redis.eval_ro(query.script, len(query.keys), *query.keys, *query.args)
    except RedisError as error:
        raise StoreError(f"cannot read from Redis: {error}") from error
    return query.parse(reply)


async def run_async(redis: AsyncRedis, query: Query[T]) -> T:
    """Execute `query`; as `run`."""
    try:
        reply = await redis.eval_ro(query.script, len(query.keys), *query.keys, *query.args)
    except RedisError as error:
        raise StoreError(f"cannot read from Redis: {error}") from error
    return query.parse(reply)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _pairs(flat: list[Any]) -> dict[str, str]:
    return {_text(k): _text(v) for k, v in zip(flat[::2], flat[1::2], strict=True)}


def _snapshot(reply: list[Any]) -> Snapshot:
    total, flat, achievements, counts = reply
    rows = [
        Row(
            rank=place // 3 + 1,
            player_id=_text(flat[place]),
            player_name=_text(flat[place + 1]),
            score=int(flat[place + 2]),
        )
        for place in range(0, len(flat), 3)
    ]
    return Snapshot(
        total_players=total,
        rows=rows,
        achievements=[msgspec.json.decode(a, type=Achievement) for a in achievements],
        counts={k: int(v) for k, v in _pairs(counts).items()},
    )


def _player(player_id: str, reply: list[Any] | None) -> Player | None:
    if not reply:
        return None
    rank, flat = reply
    stats = _pairs(flat)
    return Player(
        player_id=player_id,
        player_name=stats["player_name"],
        rank=rank,
        total_score=int(stats["total_score"]),
        events_count=int(stats["events_count"]),
        games_joined=int(stats["games_joined"]),
        last_active=stats["last_active"],
        actions={
            k.removeprefix("action:"): int(v) for k, v in stats.items() if k.startswith("action:")
        },
    )
