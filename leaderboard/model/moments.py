"""Which window a text such as `2026-11-25` means, and the windows before and after one.

>>> daily = Board(name="daily", window="daily")
>>> window_at(daily, "2026-11-25T23:59:59Z").label
'2026-11-25'
>>> window_at(Board(name="weekly", window="weekly"), "2026-11-25").label
'2026-W48'
"""

import re
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from leaderboard.model.boards import Board
from leaderboard.model.events import MAX_YEAR, MIN_YEAR
from leaderboard.model.windows import Window, calendar, micros

_MONTH: Final = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_WEEK: Final = re.compile(r"(\d{4})-W(\d\d)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d.*|\d{8}T\d{6}Z", re.ASCII)


def window_of(board: Board, seconds: int) -> Window:
    """The window of a windowed `board` at `seconds` since 1970 UTC.

    Of sliding windows the one that ends next: it holds the most of the time before.
    """
    return calendar(board)(seconds)[0]


def window_at(board: Board, at: str) -> Window:
    """The window that `at` names: by label, or by a date or an instant in it.

    A date means its first window, a local time is one of the board's time zone.

    Raises
    ------
    ValueError
        when `at` is none of these: says what was expected.
    """
    try:
        windows = calendar(board)(_seconds(at, ZoneInfo(board.zone)))
        named = next((window for window in windows if window.label == at), None)
    except (ValueError, OverflowError) as error:
        example = window_of(board, 1795608000).label
        raise ValueError(
            f"at={at!r}: expected a date such as 2026-11-25, an instant such as "
            f"2026-11-25T12:00:00Z, or a window's label such as {example}, in a year from "
            f"{MIN_YEAR} to {MAX_YEAR}"
        ) from error
    if named is None and (_MONTH.fullmatch(at) or _WEEK.fullmatch(at)):
        raise ValueError(
            f"at={at!r}: board {board.name!r} has {board.window} windows, labelled such as "
            f"{windows[0].label}"
        )
    return named or windows[0]


def previous_window(board: Board, window: Window) -> Window:
    """The window before: of sliding ones the one that began before."""
    return calendar(board)(window.start - 1)[-1]


def resets(board: Board, now: int) -> tuple[int, int]:
    """When the window at `now` took over from the one before, and when the next one will.

    >>> resets(Board(name="s", window="sliding", size_s=900, every_s=60), 1_000_010)
    (999960, 1000020)
    """
    live = window_of(board, now)
    return previous_window(board, live).end, live.end


def _seconds(text: str, zone: ZoneInfo) -> int:
    if month := _MONTH.fullmatch(text):
        day = date(int(month[1]), int(month[2]), 1)
    elif week := _WEEK.fullmatch(text):
        day = date.fromisocalendar(int(week[1]), int(week[2]), 1)
    elif _DAY.fullmatch(text):
        day = date.fromisoformat(text)
    elif _INSTANT.fullmatch(text):
        instant = datetime.fromisoformat(text)
        return micros(instant if instant.tzinfo else instant.replace(tzinfo=zone)) // 1_000_000
    else:
        raise ValueError("neither a date nor an instant")
    return micros(datetime(day.year, day.month, day.day, tzinfo=zone)) // 1_000_000
