"""Pages of a board: its top, around a player or a score, a range of scores, the best percent.

Each costs O(log N + n) for n rows of N, O(n log N) with previous ranks.
"""

from typing import Any

from leaderboard.errors import NotThereError, QuestionError
from leaderboard.store.board_rows import BoardPage, BoardRow, checked, number, rate_of
from leaderboard.store.cursors import read_cursor, write_cursor
from leaderboard.store.places import Place, Source, spot
from leaderboard.store.query import Query, script, unpacked

_PAGE = script("ranking", "page")


def top(
    source: Source, place: Place, n: int, *, cursor: str = "", previous: bool = False
) -> Query[BoardPage]:
    """The best `n` players, or the page at `cursor`.

    With `previous`, rows say their rank in the window before.

    Raises
    ------
    QuestionError, CursorError, StaleCursorError
        as `read_cursor`; `QuestionError` for previous ranks of a board without windows.
    NotThereError
        by `run`: when nothing was counted for the window or game.
    """
    return _page(source, place, n, previous, **_beside(place, cursor))


def around(
    source: Source, place: Place, n: int, player_id: str, *, previous: bool = False
) -> Query[BoardPage]:
    """`n` rows with the player in the middle; nearer to an end of the board it is moved, not cut.

    Raises as `top`; `NotThereError` also when the player is not on the board.
    """
    return _page(source, place, n, previous, player=player_id)


def around_score(
    source: Source, place: Place, n: int, score: float, *, previous: bool = False
) -> Query[BoardPage]:
    """`n` rows around where `score` stands or would stand. Raises as `top`."""
    return _page(source, place, n, previous, score=_bound(score))


def score_range(
    source: Source, place: Place, n: int, low: float, high: float, *,
    cursor: str = "", previous: bool = False,
) -> Query[BoardPage]:  # fmt: skip
    """The best `n` rows with `low` <= score <= `high`, or the page of them at `cursor`.

    Raises as `top`; `QuestionError` also when `low` is above `high`.
    """
    if low > high:
        raise QuestionError(f"no score is from {low:g} to {high:g}: the lower one comes first")
    ends = {"min": _bound(low), "max": _bound(high)}
    return _page(source, place, n, previous, **ends, **_beside(place, cursor))


def top_percent(
    source: Source, place: Place, n: int, percent: int, *,
    cursor: str = "", previous: bool = False,
) -> Query[BoardPage]:  # fmt: skip
    """The first `n` rows of the best `percent` (1 to 100) of the board, or the page at `cursor`.

    They are as many as fit wholly, but at least one. Raises as `top`.
    """
    if not 1 <= percent <= 100:
        raise QuestionError(f"percent {percent}: expected a whole number from 1 to 100")
    return _page(source, place, n, previous, percent=percent, **_beside(place, cursor))


def _page(
    source: Source, place: Place, n: int, previous: bool, *, player: str | None = None, **asked: Any
) -> Query[BoardPage]:
    question = source.question(
        place=spot(place),
        n=n,
        player=player,
        previous=spot(place.previous) if previous else None,
        **asked,
    )
    return Query(_PAGE, [], [question], unpacked(lambda reply: _parse(place, player, reply)))


def _parse(place: Place, player: str | None, reply: list[Any]) -> BoardPage:
    state = checked(place, reply[0])
    if len(reply) == 1:
        raise NotThereError(f"no player {player!r} on board {place.id}")
    _, total, count, before, lines, split = reply
    rows = [_row(place, player, line) for line in lines]
    ends = [(float(line[3]), line[0]) for line in lines[:1] + lines[-1:]]
    return BoardPage(
        place=place,
        state=state,
        total=total,
        count=count,
        rows=rows,
        previous=write_cursor(place, "before", *ends[0]) if rows and before else "",
        next=write_cursor(place, "after", *ends[1]) if before + len(rows) < count and rows else "",
        has_on_time=bool(split),
    )


def _row(place: Place, player: str | None, line: list[Any]) -> BoardRow:
    _, player_id, name, score, rank, previous_rank, state = line
    return BoardRow(
        rank=rank,
        player_id=player_id,
        player_name=name,
        score=number(score, is_rate=place.board.is_rate),
        own=player_id == player,
        previous_rank=previous_rank or None,
        rate=rate_of(place, state),
    )


def _beside(place: Place, cursor: str) -> dict[str, Any]:
    if not cursor:
        return {}
    found = read_cursor(cursor, place)
    return {found.direction: [_bound(found.score), found.member]}


def _bound(score: float) -> str:
    """A score as Redis reads it, exactly.

    Raises
    ------
    QuestionError
        when it is not a number.
    """
    if score != score:
        raise QuestionError("score: expected a number")
    return f"{float(score):.17g}"
