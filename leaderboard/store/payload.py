"""Changes as the plain values that `apply.lua` reads; instants as texts of fixed width.

Never here: keys, or calls to Redis.
"""

from typing import Any, Final

from leaderboard.model.fold import Changes, MatchChange, PlayerChange, utc_text
from leaderboard.model.tally import Part, Row, kind_of
from leaderboard.store.keys import id_of, place_of

SHIFT_US: Final = 10**15
"""Added to an instant, so that its text has no sign."""
TIMES: Final[dict[str, tuple[int, ...]]] = {
    "sum": (1,), "best": (1,), "min": (1,), "last": (1,), "rate": (3,), "streak": (1, 4),
    "session": (),
}  # fmt: skip
"""Which places of a row are instants, by kind."""


def instant_text(at: int) -> str:
    """`at` in microseconds as 18 digits, so that text order is time order.

    >>> instant_text(0)
    '001000000000000000'
    """
    return f"{at + SHIFT_US:018d}"


def payload(changes: Changes, horizon_us: int | None) -> dict[str, Any]:
    """What `apply.lua` reads of `changes`, by name.

    `horizon_us` is a time no partition's watermark is before: sessions too old to grow may go.
    """
    number = {player_id: i for i, player_id in enumerate(changes.players, 1)}
    return {
        "start": str(changes.start),
        "next": str(changes.next),
        "players": [_player(i, p) for i, p in changes.players.items()],
        "matches": [
            [number[i], [_match(game, m) for game, m in p.matches.items()]]
            for i, p in changes.players.items()
            if p.matches
        ],
        "parts": [_part(part, number, horizon_us) for part in changes.parts.of.values()],
        "achievements": changes.achievements,
        "unlocked": _flat(changes.unlocked),
        "counts": [
            "applied", changes.applied,
            "duplicates", changes.duplicates,
            "dead_letters", changes.dead_letters,
        ],
        "board_counts": _flat(missed_by_board(changes)),
    }  # fmt: skip


def missed_by_board(changes: Changes) -> dict[str, int]:
    """How many events did not count, by `late:{board}` and `out_of_bounds:{board}`."""
    counts: dict[str, int] = {}
    for missed in changes.missed.values():
        for name in (
            *(f"late:{board}" for board in missed.late),
            *(f"out_of_bounds:{board}" for board in missed.out_of_bounds),
        ):
            counts[name] = counts.get(name, 0) + 1
    return counts


def _flat(counts: dict[str, int]) -> list[str | int]:
    return [x for pair in counts.items() for x in pair]


def _player(player_id: str, change: PlayerChange) -> list[Any]:
    """[id, name, last_active, score, events, joins, action, n, action, n, ...]."""
    row = [
        player_id, change.name, utc_text(change.last_active),
        change.score, change.events, change.joins,
    ]  # fmt: skip
    for action, n in change.actions.items():
        row += (f"action:{action}", n)
    return row


def _match(game: str, change: MatchChange) -> list[Any]:
    """[field, wins, losses, draws, kills, deaths, assists, streak row]."""
    return [
        f"game:{game}" if game else "overall", change.wins, change.losses, change.draws,
        change.kills, change.deaths, change.assists, _row(0, change.streak or [], (1, 4)),
    ]  # fmt: skip


def _part(part: Part, number: dict[str, int], horizon_us: int | None) -> dict[str, Any]:
    board, kind = part.board, kind_of(part.board)
    values: dict[str, Any] = {
        "board": board.name,
        "place": place_of(board.name, part.label),
        "id": id_of(board.name, part.label, part.game),
        "kind": kind,
        "first": board.tie_break == "first",
        "dense": board.ranks == "dense",
        "min_games": board.min_games,
        "gap_ms": board.gap_s * 1000,
        "rows": _rows(part.rows, number, kind),
    }
    if kind == "session" and horizon_us is not None:
        # an event that still counts is later than the watermark less gap and lateness, and it
        # touches a session that ended less than a gap before it
        values["horizon_ms"] = horizon_us // 1000 - 2000 * board.gap_s - 1000 * board.lateness_s - 1
    if part.label:
        values |= {"label": part.label, "end": part.end}
    if part.game:
        values["game"] = part.game
    if part.on_time is not None:
        values["on_time"] = _rows(part.on_time, number, kind)
    return values


def _rows(rows: dict[str, Row], number: dict[str, int], kind: str) -> list[list[Any]]:
    times = TIMES[kind]
    return [_row(number[player_id], row, times) for player_id, row in rows.items()]


def _row(player: int, row: Row, times: tuple[int, ...]) -> list[Any]:
    """[player's number, ...], with instants as texts."""
    values: list[Any] = [player, *row]
    for place in times:
        values[place + 1] = instant_text(row[place])
    return values
