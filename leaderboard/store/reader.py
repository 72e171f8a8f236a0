"""Read the global board, players and achievements. Never writes. Other boards: `pages.py`.

The global board ranks by score, highest first, and equal scores by player id, a to z: every
player has a rank of their own (ordinal ranks, 1, 2, 3, ...). A page costs O(log N + n).
"""

from typing import Any

import msgspec
from msgspec import Struct

from leaderboard.model.fold import Achievement
from leaderboard.model.rates import wilson
from leaderboard.store.keys import Keys
from leaderboard.store.query import Query, pairs, run, run_async, script

__all__ = ["Query", "run", "run_async"]

_BOARD = script("board")
_PLAYER = script("player")
_board_reply = msgspec.msgpack.Decoder(tuple[int, list[tuple[str, str, int]], list[str], list[str]])
_achievement = msgspec.json.Decoder(Achievement)


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


class Matches(Struct, frozen=True):
    """Finished matches of one player. A streak is of wins; no death counts as one in `kda`.

    `win_rate_low` and `win_rate_high` are the 95 % Wilson interval.
    """

    matches: int
    wins: int
    losses: int
    draws: int
    kills: int
    deaths: int
    assists: int
    kda: float
    win_rate: float
    win_rate_low: float
    win_rate_high: float
    current_streak: int
    best_streak: int


class Player(Struct, frozen=True):
    """One player: all counters, and the rank (from 1) on the global board, None while hidden.

    `matches` are of all games (None: no match finished), `matches_by_game` of each.
    """

    player_id: str
    player_name: str
    rank: int | None
    total_score: int
    events_count: int
    games_joined: int
    last_active: str
    actions: dict[str, int]
    matches: Matches | None = None
    matches_by_game: dict[str, Matches] = {}


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
        [keys.board, keys.player(player_id), keys.matches(player_id)],
        [player_id],
        lambda reply: _player(player_id, reply),
    )


def _snapshot(reply: bytes) -> Snapshot:
    total, lines, achievements, counts = _board_reply.decode(reply)
    return Snapshot(
        total_players=total,
        rows=[
            Row(rank, player_id, name, score)
            for rank, (player_id, name, score) in enumerate(lines, start=1)
        ],
        achievements=[_achievement.decode(entry) for entry in achievements],
        counts={name: int(n) for name, n in zip(counts[::2], counts[1::2], strict=True)},
    )


def _player(player_id: str, reply: list[Any] | None) -> Player | None:
    if not reply:
        return None
    rank, flat, matches = reply
    stats = pairs(flat)
    by_game = {field: _matches(counts) for field, counts in sorted(pairs(matches).items())}
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
        matches=by_game.pop("overall", None),
        matches_by_game={field.removeprefix("game:"): m for field, m in by_game.items()},
    )


def _matches(counts: str) -> Matches:
    wins, losses, draws, kills, deaths, assists, current, best = map(int, counts.split())
    matches = wins + losses + draws
    low, high = wilson(wins, matches)
    return Matches(
        matches=matches,
        wins=wins,
        losses=losses,
        draws=draws,
        kills=kills,
        deaths=deaths,
        assists=assists,
        kda=(kills + assists) / max(1, deaths),
        win_rate=wins / matches,
        win_rate_low=low,
        win_rate_high=high,
        current_streak=current,
        best_streak=best,
    )
