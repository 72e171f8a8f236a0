"""Windows of event time, half-open: [start, end). Instants are whole seconds since 1970 UTC.

Every instant lies in exactly one hour, day, week and month of a time zone, also on the days of 23
and 25 hours: edges are instants, never wall-clock differences.

>>> berlin = calendar(Board(name="b", window="daily", zone="Europe/Berlin"))
>>> (spring,) = berlin(1774742400)  # 2026-03-29 00:00 UTC: the clock goes forward that night
>>> spring.label, (spring.end - spring.start) // 3600
('2026-03-29', 23)
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

from leaderboard.model.boards import Board

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_S = 3600


class Window(Struct, frozen=True):
    """[start, end) in seconds since 1970 UTC. Labels of one board sort as their starts do."""

    start: int
    end: int
    label: str


Calendar: TypeAlias = Callable[[int], tuple[Window, ...]]
"""The windows an instant lies in, oldest first."""


def calendar(board: Board) -> Calendar:
    """The calendar of a windowed `board`."""
    if board.window in _DAYS:
        return _Days(board.window, ZoneInfo(board.zone))
    if board.window == "hourly":
        return _Hours(ZoneInfo(board.zone))
    if board.window in ("fixed", "sliding"):
        return _Grid(board.size_s, board.every_s or board.size_s)
    raise ValueError(f"board {board.name!r} has no windows")


def micros(instant: datetime) -> int:
    """Microseconds since 1970 UTC, exactly.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(seconds: int) -> datetime:
    """The instant `seconds` after 1970 UTC."""
    return EPOCH + timedelta(seconds=seconds)


def instant_us(microseconds: int) -> datetime:
    """The instant `microseconds` after 1970 UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def stamp(start: int) -> str:
    """A label for a window that starts at `start`.

    >>> stamp(1767225600)
    '20260101T000000Z'
    """
    return f"{instant(start):%Y%m%dT%H%M%SZ}"


def _next_day(day: date) -> date:
    return day + timedelta(days=1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _iso_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


_DAYS: dict[str, tuple[Callable[[date], date], Callable[[date], date], Callable[[date], str]]] = {
    "daily": (lambda day: day, _next_day, date.isoformat),
    "weekly": (_monday, lambda day: day + timedelta(days=7), _iso_week),
    "monthly": (lambda day: day.replace(day=1), _next_month, lambda day: f"{day:%Y-%m}"),
}
"""First day of the window a day lies in, first day of the next one, label."""


class _Days:
    """Windows that start at a local midnight. A midnight that does not exist starts at the jump."""

    def __init__(self, window: str, zone: ZoneInfo) -> None:
        self._first, self._next, self._label = _DAYS[window]
        self._zone = zone
        self._last = Window(0, 0, "")

    def __call__(self, at: int) -> tuple[Window, ...]:
        if not self._last.start <= at < self._last.end:
            day = self._first(instant(at).astimezone(self._zone).date())
            while self._starts(day) > at:
                day = self._first(day - timedelta(days=1))
            while self._starts(self._next(day)) <= at:
                day = self._next(day)
            self._last = Window(self._starts(day), self._starts(self._next(day)), self._label(day))
        return (self._last,)

    def _starts(self, day: date) -> int:
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return micros(midnight) // 1_000_000


class _Hours:
    """Hours counted from the local midnight, so that a day has 23, 24 or 25 of them."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._days = _Days("daily", zone)
        self._last = Window(0, 0, "")

    def __call__(self, at: int) -> tuple[Window, ...]:
        if not self._last.start <= at < self._last.end:
            (day,) = self._days(at)
            start = at - (at - day.start) % HOUR_S
            self._last = Window(start, min(start + HOUR_S, day.end), stamp(start))
        return (self._last,)


class _Grid:
    """Windows of one size, one starting every so many seconds, aligned to 1970 UTC."""

    def __init__(self, size_s: int, every_s: int) -> None:
        self._size, self._every = size_s, every_s
        self._at = (0, 0)
        self._last: tuple[Window, ...] = ()

    def __call__(self, at: int) -> tuple[Window, ...]:
        low, high = self._at
        if not low <= at < high:
            newest = at - at % self._every
            oldest = newest
            while oldest - self._every + self._size > at:
                oldest -= self._every
            self._last = tuple(
                Window(start, start + self._size, stamp(start))
                for start in range(oldest, newest + 1, self._every)
            )
            ended = oldest - self._every + self._size
            self._at = (max(newest, ended), min(newest + self._every, oldest + self._size))
        return self._last
