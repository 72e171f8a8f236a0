"""What events add to boards other than the global one: a row per player, to be merged into a score.

A row is a list of numbers whose meaning is its kind's (below). Rows of a run add up to one, and
applying rows in turn is the same as applying their sum, wherever a run is cut.

| kind | row |
|---|---|
| sum | added, time of the last event that added anything (of the first one while all add 0) |
| best, min | score, first time it was reached |
| last | score, time it last became that, 1 if it changed within the run |
| rate | numerator, denominator, matches, time of the last match |
| streak | wins before the first other result, time of the last of them, wins after the last other \
result, most wins in a row, time that was first reached, 1 if there was another result |
| session | first and last time, sum; again for each session |

Times are in microseconds since 1970 UTC, those of sessions in milliseconds.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from msgspec import Struct

from leaderboard.model.boards import GLOBAL, MATCHES, RARITY_SCORES, Board
from leaderboard.model.events import AchievementUnlocked, Event, MatchFinished, PlayerScored
from leaderboard.model.windows import Calendar, Window, calendar

Row: TypeAlias = list[int]
KILLS: Final = ("kill", "headshot")
_ALWAYS: Final = (Window(0, 0, ""),)


class Part(Struct):
    """What a run adds to one board, window and game. `rows` by player id.

    `on_time` is None until a late event counts: then it holds the rows without the late ones.
    `end` is the window's, in seconds since 1970 UTC; 0 without windows.
    """

    board: Board
    label: str
    game: str
    end: int
    rows: dict[str, Row] = {}
    on_time: dict[str, Row] | None = None


class Parts(Struct):
    """The parts of a run, by board, label and game; `weight` is about the work they make Redis."""

    of: dict[tuple[str, str, str], Part] = {}
    weight: int = 0


PART_WEIGHT: Final = 10
"""What a board, window and game more costs, in rows more."""


class Missed(Struct):
    """Boards an event does not count on, though they count its kind: too late, out of bounds."""

    late: list[str] = []
    out_of_bounds: list[str] = []


class Book:
    """The boards of a processor. Its caches make it one thread's own; it holds no counts."""

    def __init__(self, boards: tuple[Board, ...]) -> None:
        self.boards = boards
        tallies = [_Tally(board) for board in boards if board.name != GLOBAL.name]
        self._tallies: dict[type, list[_Tally]] = {
            kind: [t for t in tallies if t.counts(kind)]
            for kind in (PlayerScored, AchievementUnlocked, MatchFinished)
        }

    def count(self, parts: Parts, event: Event, at: int, watermark: int | None) -> Missed | None:
        """Add `event` of time `at` (µs) to `parts`; the `watermark` (µs) decides what is late."""
        missed = None
        for tally in self._tallies.get(type(event), ()):
            problem = tally.count(parts, event, at, watermark)
            if problem:
                missed = missed or Missed([], [])
                getattr(missed, problem).append(tally.board.name)
        return missed


class _Tally:
    """One board's way to count."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._value = _VALUES[board.metric]
        self._add: Callable[[Row | None, Any, int], Row] = (
            _session(board.gap_s * 1000) if board.window == "session" else _ADDS[kind_of(board)]
        )
        self._by_game = board.scope == "game"
        self._low = board.min_score
        self._high = board.max_score
        self._lateness_us = board.lateness_s * 1_000_000
        self._gap_us = board.gap_s * 1_000_000
        self._calendar: Calendar | None = calendar(board) if board.is_windowed else None

    def counts(self, kind: type[Event]) -> bool:
        """Whether events of this type can count."""
        if self.board.metric == "achievements":
            return kind is AchievementUnlocked
        return kind is (MatchFinished if self.board.metric in MATCHES else PlayerScored)

    def count(self, parts: Parts, event: Any, at: int, watermark: int | None) -> str:
        """Add the event; returns why it does not count (a field of `Missed`), or nothing."""
        value = self._value(event)
        if value is None:
            return ""
        if (self._low is not None and value < self._low) or (
            self._high is not None and value > self._high
        ):
            return "out_of_bounds"
        game = event.game_id if self._by_game else ""
        if self._calendar is None:
            late = at + self._gap_us + self._lateness_us  # of a session of this event alone
            if self._gap_us and watermark is not None and watermark >= late:
                return "late"
            self._count(parts, _ALWAYS[0], game, event.player_id, value, at, False)
            return ""
        problem = ""
        for window in self._calendar(at // 1_000_000):
            end = window.end * 1_000_000
            passed = watermark is not None and watermark >= end
            if passed and watermark >= end + self._lateness_us:  # type: ignore[operator]  # not None
                problem = "late"
                continue
            self._count(parts, window, game, event.player_id, value, at, passed)
        return problem

    def _count(
        self, parts: Parts, window: Window, game: str, player: str, value: Any, at: int, late: bool
    ) -> None:
        key = (self.board.name, window.label, game)
        part = parts.of.get(key)
        if part is None:
            part = parts.of[key] = Part(self.board, window.label, game, window.end)
            parts.weight += PART_WEIGHT
        if late and part.on_time is None:
            part.on_time = {p: row.copy() for p, row in part.rows.items()}
            parts.weight += len(part.rows)
        row = part.rows.get(player)
        if row is None or self._gap_us:
            parts.weight += 1
        part.rows[player] = self._add(row, value, at)


def kind_of(board: Board) -> str:
    """The kind of `board`'s rows."""
    if board.window == "session":
        return "session"
    if board.is_rate:
        return "rate"
    return "streak" if board.metric == "streak" else board.operator


def _kills(event: PlayerScored) -> int | None:
    return 1 if event.action in KILLS else None


def _kda(event: MatchFinished) -> tuple[int, int]:
    return event.kills + event.assists, event.deaths


def _win(event: MatchFinished) -> tuple[int, int]:
    return int(event.result == "win"), 1


_VALUES: dict[str, Callable[[Any], Any]] = {
    "points": lambda event: event.points,
    "kills": _kills,
    "achievements": lambda event: RARITY_SCORES[event.achievement_rarity],
    "kda": _kda,
    "win_rate": _win,
    "streak": lambda event: event.result == "win",
}


def _sum(row: Row | None, value: int, at: int) -> Row:
    if row is None:
        return [value, at]
    if value:
        row[1] = max(row[1], at) if row[0] else at
    elif not row[0]:
        row[1] = min(row[1], at)
    row[0] += value
    return row


def _best(row: Row | None, value: int, at: int) -> Row:
    if row is None or value > row[0]:
        return [value, at]
    if value == row[0]:
        row[1] = min(row[1], at)
    return row


def _min(row: Row | None, value: int, at: int) -> Row:
    if row is None or value < row[0]:
        return [value, at]
    if value == row[0]:
        row[1] = min(row[1], at)
    return row


def _last(row: Row | None, value: int, at: int) -> Row:
    if row is None:
        return [value, at, 0]
    return row if value == row[0] else [value, at, 1]


def _rate(row: Row | None, value: tuple[int, int], at: int) -> Row:
    numerator, denominator = value
    if row is None:
        return [numerator, denominator, 1, at]
    return [row[0] + numerator, row[1] + denominator, row[2] + 1, max(row[3], at)]


def streak(row: Row | None, won: bool, at: int) -> Row:
    """`row` (None: a player's first match in the run) and one more match."""
    prefix, prefix_at, suffix, best, best_at, broken = row or (0, at, 0, 0, at, 0)
    if not won:
        return [prefix, prefix_at, 0, best, best_at, 1]
    if not broken:
        prefix, prefix_at = prefix + 1, at
    suffix += 1
    if suffix > best:
        best, best_at = suffix, at
    return [prefix, prefix_at, suffix, best, best_at, broken]


def _session(gap_ms: int) -> Callable[[Row | None, int, int], Row]:
    """Adds to the sessions of a row, which stay in order of time."""

    def add(row: Row | None, value: int, at: int) -> Row:
        first = last = at // 1000
        if row is None:
            return [first, last, value]
        low = high = 3 * bisect_right(range(len(row) // 3), first, key=lambda i: row[3 * i])
        if low and first - gap_ms < row[low - 2]:
            low -= 3
            first, last, value = row[low], max(last, row[low + 1]), value + row[low + 2]
        if high < len(row) and row[high] - gap_ms < last:
            last, value = max(last, row[high + 1]), value + row[high + 2]
            high += 3
        row[low:high] = [first, last, value]
        return row

    return add


_ADDS: dict[str, Callable[[Row | None, Any, int], Row]] = {
    "sum": _sum,
    "best": _best,
    "min": _min,
    "last": _last,
    "rate": _rate,
    "streak": streak,
}
