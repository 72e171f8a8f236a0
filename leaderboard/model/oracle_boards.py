"""What the boards must hold: every key with its content, from a plain replay of the log.

It shares the definitions with the fold, and nothing else: its own calendar, its own rules, every
score kept in all the ways a board might ask for. Slow is fine here.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from leaderboard.model.boards import Board

WEIGHTS = {"common": 1, "uncommon": 2, "rare": 5, "epic": 10, "legendary": 25}
MATCH_METRICS = ("kda", "win_rate", "streak")
SECOND, DAY = 1_000_000, 86_400
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
Place = tuple[str, str, str]
"""Board, window label (or nothing), game (or nothing)."""


@dataclass
class Line:
    """One player on one board: every number any board might rank by, and when it was reached."""

    added: int = 0
    added_at: int = 0
    first_at: int = 0
    highest: tuple[int, int] | None = None
    lowest: tuple[int, int] | None = None
    newest: dict[int, tuple[int, int]] = field(default_factory=dict)
    over: int = 0
    under: int = 0
    matches: int = 0
    match_at: int = 0
    runs: dict[int, list[int]] = field(default_factory=dict)
    moments: list[tuple[int, int]] = field(default_factory=list)


class BoardsOracle:
    """Feed it every counted event, each partition in offset order."""

    def __init__(self, boards: tuple[Board, ...]) -> None:
        self.boards = {b.name: b for b in boards if b.name != "global"}
        self.watermarks: dict[int, int] = {}
        self.lines: dict[Place, dict[str, Line]] = {}
        self.on_time: dict[Place, dict[str, Line]] = {}
        self.had_late: set[Place] = set()
        self.ends: dict[Place, int] = {}
        self.counts: dict[str, int] = defaultdict(int)

    def feed(self, partition: int, event: dict[str, Any], logged_us: int | None) -> None:
        """Count `event` (as `oracle.read` gives it), logged at `logged_us` (None: unknown)."""
        at = _micros(event["timestamp"])
        before = self.watermarks.get(partition, -(10**18))
        for board in self.boards.values():
            for value in _values(board, event):
                self._count(board, partition, event, value, at, before)
        if logged_us is None or at <= logged_us + DAY * SECOND:
            self.watermarks[partition] = max(before, at)

    def _count(
        self, board: Board, partition: int, event: dict[str, Any], value: Any, at: int, before: int
    ) -> None:
        low = -(10**18) if board.min_score is None else board.min_score
        high = 10**18 if board.max_score is None else board.max_score
        if board.metric not in MATCH_METRICS and not low <= value <= high:
            self.counts[f"out_of_bounds:{board.name}"] += 1
            return
        game = event["game_id"] if board.scope == "game" else ""
        missed = False
        for label, end in _windows(board, at):
            place = (board.name, label, game)
            if end is not None and before >= end + board.lateness_s * SECOND:
                missed = True
                continue
            self._add(self.lines, place, event["player_id"], partition, value, at, board)
            if not label:
                continue
            self.ends[place] = end or 0
            if before >= (end or 0):
                self.had_late.add(place)
            else:
                self._add(self.on_time, place, event["player_id"], partition, value, at, board)
        self.counts[f"late:{board.name}"] += missed

    def _add(
        self, lines: dict[Place, dict[str, Line]], place: Place, player: str, partition: int,
        value: Any, at: int, board: Board,
    ) -> None:  # fmt: skip
        of_place = lines.setdefault(place, {})
        line = of_place.get(player)
        if line is None:
            line = of_place[player] = Line(first_at=at, match_at=at)
        if board.window == "session":
            line.moments.append((at // 1000, value))
        elif board.metric == "streak":
            _run(line.runs.setdefault(partition, [0, 0, at]), value, at)
        elif board.metric in MATCH_METRICS:
            line.over, line.under = line.over + value[0], line.under + value[1]
            line.matches, line.match_at = line.matches + 1, max(line.match_at, at)
        else:
            _number(line, partition, value, at)

    def is_final(self, place: Place, partitions: list[int]) -> bool:
        """Whether no event can count in this window any more."""
        board = self.boards[place[0]]
        lowest = min(self.watermarks.get(p, -(10**18)) for p in partitions)
        return lowest >= self.ends[place] + board.lateness_s * SECOND

    def may_grow_after(self, board: Board, partitions: list[int]) -> int:
        """Only sessions of this board that ended later than this (ms) may still grow."""
        lowest = min(self.watermarks.get(p, -(10**18)) for p in partitions)
        return lowest // 1000 - 2000 * board.gap_s - 1000 * board.lateness_s

    def expired(self, partitions: list[int]) -> set[Place]:
        """Windows that may be gone: final, and older than the newest `keep` final ones."""
        gone = set()
        for board in self.boards.values():
            final = {p for p in self.ends if p[0] == board.name and self.is_final(p, partitions)}
            kept = sorted({self.ends[p] for p in final})[-board.keep :]
            gone |= {p for p in final if self.ends[p] not in kept}
        return gone

    def panes(self) -> Iterator[tuple[Place, str, dict[str, Line]]]:
        """Every (place, id, lines): windows as they are, and on-time results split off."""
        for place, lines in self.lines.items():
            yield place, key_id(place), lines
            if place in self.had_late:
                yield place, "on_time:" + key_id(place), self.on_time.get(place, {})


def score_of(board: Board, line: Line) -> tuple[float | None, str, str]:
    """Score (None: too few matches), time it was reached, and stored state (if any is)."""
    if board.metric == "streak":
        current, best, at = next(iter(line.runs.values()))
        return float(best), reached(at), f"{current} {best} {reached(at)}"
    if board.metric in MATCH_METRICS:
        at = line.match_at
        state = f"{line.over} {line.under} {line.matches} {reached(at)}"
        enough = line.matches >= board.min_games
        return line.over / max(1, line.under) if enough else None, reached(at), state
    score, at = _score(board, line)
    return float(score), reached(at), reached(at) if board.tie_break == "first" else ""


def is_defined(board: Board, line: Line) -> bool:
    """Whether the log orders what this player's score depends on: one partition holds it all."""
    ordered = board.operator == "last" or board.metric == "streak"
    return not ordered or max(len(line.runs), len(line.newest)) <= 1


def key_id(place: Place) -> str:
    """The id under which Redis keeps `place`."""
    return ":".join(filter(None, place))


def reached(at: int) -> str:
    """The time as Redis holds it."""
    return str(at + 10**15).rjust(18, "0")


def _score(board: Board, line: Line) -> tuple[int, int]:
    if board.window == "session":
        return max(total for _, _, total in sessions(line.moments, board.gap_s * 1000)), 0
    if board.operator == "sum":
        return line.added, line.added_at if line.added else line.first_at
    if board.operator == "last":
        return next(iter(line.newest.values()))
    extreme = line.highest if board.operator == "best" else line.lowest
    assert extreme is not None
    return (extreme[0], extreme[1]) if board.operator == "min" else (extreme[0], -extreme[1])


def _number(line: Line, partition: int, value: int, at: int) -> None:
    line.first_at = min(line.first_at, at)
    line.added += value
    if value:
        line.added_at = at if line.added == value else max(line.added_at, at)
    line.highest = max(line.highest or (value, -at), (value, -at))
    line.lowest = min(line.lowest or (value, at), (value, at))
    if line.newest.get(partition, (None, 0))[0] != value:
        line.newest[partition] = (value, at)


def _run(run: list[int], won: bool, at: int) -> None:
    run[0] = run[0] + 1 if won else 0
    if run[0] > run[1]:
        run[1], run[2] = run[0], at


def sessions(moments: list[tuple[int, int]], gap_ms: int) -> list[tuple[int, int, int]]:
    """First and last time in milliseconds, and sum, of each session, oldest first."""
    found: list[tuple[int, int, int]] = []
    for at, value in sorted(moments):
        if found and at - found[-1][1] < gap_ms:
            first, _, total = found.pop()
            found.append((first, at, total + value))
        else:
            found.append((at, at, value))
    return found


def _values(board: Board, event: dict[str, Any]) -> list[Any]:
    """What `event` counts on `board`: nothing, or one value."""
    kind = event["event_type"]
    if board.metric in MATCH_METRICS:
        if kind != "match_finished":
            return []
        won = event["result"] == "win"
        pairs = {"kda": (event["kills"] + event["assists"], event["deaths"]), "win_rate": (won, 1)}
        return [pairs.get(board.metric, won)]
    if board.metric == "achievements":
        return [WEIGHTS[event["achievement_rarity"]]] if kind == "achievement_unlocked" else []
    if kind != "player_scored":
        return []
    if board.metric == "kills":
        return [1] if event["action"] in ("kill", "headshot") else []
    return [event["points"]]


def _windows(board: Board, at: int) -> list[tuple[str, int | None]]:
    """(label, end in microseconds) of each window around `at`; a session is judged as if alone."""
    seconds = at // SECOND
    if board.window == "all":
        return [("", None)]
    if board.window == "session":
        return [("", at + board.gap_s * SECOND)]
    if board.window in ("fixed", "sliding"):
        every = board.every_s or board.size_s
        turns = range((seconds - board.size_s) // every + 1, seconds // every + 1)
        return [(_stamp(n * every), (n * every + board.size_s) * SECOND) for n in turns]
    if board.window == "hourly":
        start, end = _hour(board.zone, seconds)
        return [(_stamp(start), end * SECOND)]
    days = {"daily": 1, "weekly": 7, "monthly": 31}[board.window]
    local = (BEGINNING + timedelta(seconds=seconds)).astimezone(ZoneInfo(board.zone)).date()
    for day in (local - timedelta(days=n) for n in range(-1, days + 1)):
        first = _first_day(board.window, day)
        after = _first_day(board.window, first + timedelta(days=days))
        if _midnight(board.zone, first) <= seconds < _midnight(board.zone, after):
            form = {"daily": "%Y-%m-%d", "weekly": "%G-W%V", "monthly": "%Y-%m"}[board.window]
            return [(first.strftime(form), _midnight(board.zone, after) * SECOND)]
    raise AssertionError(f"{board.name}: no window around {seconds}")


def _first_day(window: str, day: date) -> date:
    if window == "weekly":
        return day - timedelta(days=day.isoweekday() - 1)
    return day.replace(day=1) if window == "monthly" else day


def _hour(zone: str, seconds: int) -> tuple[int, int]:
    day = (BEGINNING + timedelta(seconds=seconds)).astimezone(ZoneInfo(zone)).date()
    edges = [_midnight(zone, day + timedelta(days=n)) for n in (-1, 0, 1, 2)]
    start = max(edge for edge in edges if edge <= seconds)
    end = min(edge for edge in edges if edge > seconds)
    hours = (seconds - start) // 3600
    return start + hours * 3600, min(start + hours * 3600 + 3600, end)


@lru_cache(maxsize=100_000)
def _midnight(zone: str, day: date) -> int:
    """The first second whose local clock shows `day` 00:00 or later, sought by half minutes."""
    wanted = datetime(day.year, day.month, day.day)
    local = wanted.replace(tzinfo=ZoneInfo(zone))
    guess = int((local - BEGINNING).total_seconds())
    if (BEGINNING + timedelta(seconds=guess)).astimezone(ZoneInfo(zone)).replace(
        tzinfo=None
    ) == wanted:
        return guess
    utc = int((wanted.replace(tzinfo=UTC) - BEGINNING).total_seconds())
    for second in range(utc - DAY, utc + DAY, 30):
        shown = (BEGINNING + timedelta(seconds=second)).astimezone(ZoneInfo(zone))
        if shown.replace(tzinfo=None) >= wanted:
            return second
    raise AssertionError(f"{zone}: {day} never comes")


def _stamp(seconds: int) -> str:
    return (BEGINNING + timedelta(seconds=seconds)).strftime("%Y%m%dT%H%M%SZ")


def _micros(text: str) -> int:
    since = datetime.fromisoformat(text) - BEGINNING
    return since.days * DAY * SECOND + since.seconds * SECOND + since.microseconds
