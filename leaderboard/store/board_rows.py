"""What reads of boards return, and how replies become it."""

from datetime import datetime
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from leaderboard.errors import NotThereError
from leaderboard.model.rates import wilson
from leaderboard.model.windows import micros
from leaderboard.store.places import Place

State: TypeAlias = Literal["open", "closing", "final"]
"""Before a window's end; while late events may still count; when nothing can change it."""
Score: TypeAlias = int | float
"""A whole number, exact up to 2^53; on boards of rates a float."""


class Rate(Struct, frozen=True):
    """What a rate is made of. `low` and `high`: the 95 % Wilson interval of a win rate, else None.

    `numerator / denominator` is wins / matches, or (kills + assists) / deaths.
    """

    numerator: int
    denominator: int
    matches: int
    low: float | None = None
    high: float | None = None


class BoardRow(Struct, frozen=True):
    """A line of a board. `previous_rank`: in the window before; None: not there, or not asked."""

    rank: int
    player_id: str
    player_name: str
    score: Score
    own: bool = False
    previous_rank: int | None = None
    rate: Rate | None = None


class BoardPage(Struct, frozen=True):
    """Rows that follow each other, best first.

    `total` is how many players the board has, `count` how many the part asked for has (a range of
    scores, the best percent; else the same). `previous` and `next` are cursors, empty at the ends.
    `state` is None on boards without windows. `has_on_time`: late events counted in the window, so
    that its on-time result is another one, kept beside it.
    """

    place: Place
    state: State | None
    total: int
    count: int
    rows: list[BoardRow]
    previous: str
    next: str
    has_on_time: bool


class Standing(Struct, frozen=True):
    """Where one player stands. `position` counts from 1 and is nobody else's, whatever the ranks.

    `percentile` is the share of players with a score that follows this one, in percent: equals do
    not count. `top_percent` is the smallest share of the best that includes this player.
    """

    rank: int
    position: int
    score: Score
    total: int
    percentile: float
    top_percent: float
    rate: Rate | None = None


def number(reply: str, *, is_rate: bool) -> Score:
    """A score from Redis."""
    value = float(reply)
    return value if is_rate else int(value)


def rate_of(place: Place, state: str | None) -> Rate | None:
    """The parts of a score on a board of rates; None on other boards."""
    if not place.board.is_rate or not state:
        return None
    numerator, denominator, matches = (int(word) for word in state.split()[:3])
    low, high = None, None
    if place.board.metric == "win_rate":
        low, high = wilson(numerator, denominator)
    return Rate(numerator, denominator, matches, low, high)


def standing_of(place: Place, total: int, reply: list[Any] | None) -> Standing | None:
    """A player's standing; None when not on the board."""
    if not reply:
        return None
    rank, position, score, ahead, behind, state = reply
    return Standing(
        rank=rank,
        position=position + 1,
        score=number(score, is_rate=place.board.is_rate),
        total=total,
        percentile=100 * behind / total,
        top_percent=100 * (ahead + 1) / total,
        rate=rate_of(place, state),
    )


def window_state(end: int, lateness_s: int, watermark: str) -> State:
    """The state of a window that ends at `end`; without a watermark it is open."""
    if not watermark:
        return "open"
    passed = micros(datetime.fromisoformat(watermark)) - end * 1_000_000
    if passed < 0:
        return "open"
    return "closing" if passed < lateness_s * 1_000_000 else "final"


def checked(place: Place, head: list[Any]) -> State | None:
    """The state of `place`, from the head of a reply.

    Raises
    ------
    NotThereError
        when nothing was counted for its window or game.
    """
    missing, watermark = head[0], head[1]
    if missing == "window":
        raise NotThereError(
            f"board {place.board.name!r} keeps no window {place.label}: nothing was counted in it, "
            f"or it is more than {place.board.keep} windows ago"
        )
    if missing == "game":
        where = f"window {place.label} of board" if place.label else "board"
        raise NotThereError(
            f"no game {place.game!r} in {where} {place.board.name!r}: nothing was counted for it"
        )
    return state_of(place, watermark)


def state_of(place: Place, watermark: str) -> State | None:
    """The state of the place's window; None without windows."""
    if place.window is None:
        return None
    return window_state(place.window.end, place.board.lateness_s, watermark)
