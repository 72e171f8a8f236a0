"""Single players: a list of friends, one player on every board, and in every window of a board."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from leaderboard.errors import NotThereError, QuestionError
from leaderboard.model.moments import window_at
from leaderboard.model.windows import Window
from leaderboard.store.board_rows import (
    Standing,
    State,
    checked,
    standing_of,
    state_of,
    window_state,
)
from leaderboard.store.places import Place, Source, ranked, spot, windowed
from leaderboard.store.query import Query, script, unpacked

MOST_FRIENDS = 1000
"""Players one question may name."""
_STANDING = script("ranking", "standing")


class Friend(Struct, frozen=True):
    """One of the players asked for; `place` is among those (from 1). None: not on the board."""

    player_id: str
    player_name: str
    place: int | None
    standing: Standing | None


class Friends(Struct, frozen=True):
    """The players asked for, best first, those who are not on the board last."""

    place: Place
    state: State | None
    total: int
    rows: list[Friend]


class Rank(Struct, frozen=True):
    """Where a player stands on one board. `previous_rank`: in the window before, None: not there,
    or no windows."""

    place: Place
    state: State | None
    standing: Standing
    previous_rank: int | None


class Then(Struct, frozen=True):
    """Where a player stood in one window; None: not on the board."""

    window: Window
    state: State
    total: int
    standing: Standing | None


def friends(
    source: Source, place: Place, players: Sequence[str], *, keep_missing: bool = True
) -> Query[Friends]:
    """The global ranks of some `players`. O(k log N) for k players of N.

    Raises
    ------
    QuestionError
        when they are none, or more than `MOST_FRIENDS`.
    NotThereError
        by `run`: when nothing was counted for the window or game.
    """
    names = list(dict.fromkeys(players))
    if not 1 <= len(names) <= MOST_FRIENDS:
        raise QuestionError(f"{len(names)} players: expected 1 to {MOST_FRIENDS:,}")

    def parse(reply: list[Any]) -> Friends:
        state = checked(place, reply[0])
        total = reply[1]
        found = [(i, name, standing_of(place, total, s)) for i, name, s in reply[2:]]
        rows = _in_order(found)
        return Friends(place, state, total, [r for r in rows if keep_missing or r.standing])

    question = source.question(place=spot(place), players=names)
    return Query(_STANDING, [], [question], unpacked(parse))


def _in_order(found: list[tuple[str, str, Standing | None]]) -> list[Friend]:
    there = [(standing.position, i, name, standing) for i, name, standing in found if standing]
    rows = [Friend(i, name, n, own) for n, (_, i, name, own) in enumerate(sorted(there), 1)]
    return rows + [Friend(i, name, None, None) for i, name, standing in found if not standing]


def ranks(
    source: Source, player_id: str, *, now: float, at: str = "", policy: str = ""
) -> Query[list[Rank]]:
    """Where a player stands on every board, in the declared order, games a to z.

    Boards with windows are asked at `at`, a date or an instant; empty: live. O(log N) per board
    and game.

    Raises
    ------
    QuestionError
        when a board can not rank by `policy`, or `at` is no date or instant.
    NotThereError
        by `run`: when nothing was ever counted for that id.
    """
    places = [
        Place(board, source.window(board, at, now), "", ranked(board, policy), "latest", not at)
        for board in source.boards
    ]

    def parse(reply: list[Any]) -> list[Rank]:
        (known, watermark), *lines = reply
        if not known and not lines:
            raise _unknown(player_id)
        found = [_rank(places[line[0] - 1], watermark, line) for line in lines]
        order = {place.board.name: i for i, place in enumerate(places)}
        return sorted(found, key=lambda rank: (order[rank.place.board.name], rank.place.game))

    question = source.question(player=player_id, places=[_with_previous(p) for p in places])
    return Query(_STANDING, [], [question], unpacked(parse))


def history(source: Source, place: Place, player_id: str, windows: int = 100) -> Query[list[Then]]:
    """Where a player stood in the newest `windows` kept, oldest first. O(log N) per window.

    Raises
    ------
    QuestionError
        when the board has no windows.
    NotThereError
        by `run`: when nothing was ever counted for that id.
    """
    windowed(place.board, place.window, "a history of ranks")

    def parse(reply: list[Any]) -> list[Then]:
        (known, watermark), *lines = reply
        if not known:
            raise _unknown(player_id)
        return [_then(place, watermark, line) for line in reversed(lines)]

    question = source.question(place=spot(place), player=player_id, windows=windows)
    return Query(_STANDING, [], [question], unpacked(parse))


def _with_previous(place: Place) -> dict[str, Any]:
    previous = {"previous": spot(place.previous)} if place.window else {}
    return spot(place) | previous


def _rank(place: Place, watermark: str, line: list[Any]) -> Rank:
    _, game, total, reply, previous_rank = line
    place = replace(place, game=game)
    standing = standing_of(place, total, reply)
    assert standing is not None, "only boards where the player stands are returned"
    return Rank(place, state_of(place, watermark), standing, previous_rank or None)


def _then(place: Place, watermark: str, line: list[Any]) -> Then:
    label, end, total, reply = line
    at = replace(place, window=window_at(place.board, label))
    assert at.window is not None
    assert at.window.end == int(end), "the label says when a window ends"
    return Then(at.window, window_state(int(end), place.board.lateness_s, watermark), total,
                standing_of(at, total, reply))  # fmt: skip


def _unknown(player_id: str) -> NotThereError:
    return NotThereError(f"no player {player_id!r}: nothing was counted for that id")
