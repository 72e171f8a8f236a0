"""Board definitions: what a board counts, how it ranks, over which time.

A board is declared once, in TOML, and never changed: other rules need another count of the log.

>>> (daily,) = parse('''
... [[board]]
... name = "daily_kills"
... metric = "kills"
... window = "daily"
... zone = "Europe/Berlin"
... ''')
>>> daily.ranks, daily.keep
('ordinal', 30)
"""

import re
import tomllib
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED: Final = ("on_time",)
RATES: Final = ("kda", "win_rate")
MATCHES: Final = (*RATES, "streak")
CALENDAR: Final = ("hourly", "daily", "weekly", "monthly")
MOST_OVERLAP: Final = 100
"""Sliding windows one event may lie in."""
MOST_BOARDS: Final = 50
EXACT: Final = 2**53
"""Scores are IEEE doubles in Redis: whole numbers up to this one are exact."""

RARITY_SCORES: Final = {"common": 1, "uncommon": 2, "rare": 5, "epic": 10, "legendary": 25}
"""What an achievement counts on a board with metric `achievements`."""


class Board(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One board. Times in seconds.

    Attributes
    ----------
    scope
        `all` events together, or a board per `game`.
    metric
        `points`; `kills` (actions kill and headshot, 1 each); `achievements` (`RARITY_SCORES`);
        from finished matches `kda` ((kills + assists) / deaths, no death counts as one),
        `win_rate` (wins / matches) and `streak` (most wins in a row; a draw ends it).
    operator
        How a player's events make a score: their `sum`, the `best` in the board's order, the
        `last` in log order, the `min`. Match metrics have rules of their own and take `sum`.
    order
        `desc`: the highest score leads; `asc`: the lowest.
    ranks
        `ordinal` 1234, `competition` 1224 or `dense` 1223: among equal scores. Dense ranks need
        an index of scores, so only a board declared dense has them.
    tie_break
        The order among equals: player id, a to z (`member`), or who reached the score `first`
        in event time: every event that changes a score sets the time anew, no other does.
    window, zone
        `all` time; `hourly`, `daily`, `weekly` (ISO, from Monday), `monthly` in the time zone;
        `fixed` (`size_s`) and `sliding` (`size_s` long, one every `every_s`), aligned to 1970 UTC;
        `session`: a player's events less than `gap_s` apart; the board ranks best sessions.
    lateness_s
        How long after a window's end, by the watermark, its events still count.
    keep
        How many final windows are kept.
    min_score, max_score
        What a single event may count; one outside is not counted on this board.
    min_games
        Matches a player needs to appear on a `kda` or `win_rate` board.
    """

    name: str
    scope: Literal["all", "game"] = "all"
    metric: Literal["points", "kills", "achievements", "kda", "win_rate", "streak"] = "points"
    operator: Literal["sum", "best", "last", "min"] = "sum"
    order: Literal["desc", "asc"] = "desc"
    ranks: Literal["ordinal", "competition", "dense"] = "ordinal"
    tie_break: Literal["member", "first"] = "member"
    window: Literal[
        "all", "hourly", "daily", "weekly", "monthly", "fixed", "sliding", "session"
    ] = "all"
    zone: str = "UTC"
    size_s: int = 0
    every_s: int = 0
    gap_s: int = 0
    lateness_s: int = 0
    keep: int = 30
    min_score: int | None = None
    max_score: int | None = None
    min_games: int = 0

    @property
    def is_windowed(self) -> bool:
        """Whether scores start anew with each window of time."""
        return self.window not in ("all", "session")

    @property
    def is_rate(self) -> bool:
        """Whether scores are ratios, not whole numbers."""
        return self.metric in RATES

    def __post_init__(self) -> None:
        for wrong, why in self._problems():
            if wrong:
                raise ValueError(f"board {self.name!r}: {why}")

    def _problems(self) -> list[tuple[bool, str]]:
        """(is it so, what is wrong), most basic first."""
        bounded = self.min_score is not None or self.max_score is not None
        low = self.min_score if self.min_score is not None else -EXACT
        high = self.max_score if self.max_score is not None else EXACT
        return [
            (not NAME.fullmatch(self.name), "name: expected a-z, 0-9 and _, a letter first, <= 40"),
            (self.name in RESERVED, f"name: {self.name} is reserved"),
            (self.metric in MATCHES and self.operator != "sum",
             f"operator: {self.metric} has a rule of its own, leave the operator out"),
            (self.metric in MATCHES and bounded,
             "min_score, max_score: only for points, kills and achievements"),
            (self.metric == "achievements" and self.scope == "game",
             "scope: an achievement belongs to no game"),
            (self.min_games != 0 and not self.is_rate, "min_games: only for kda and win_rate"),
            (not 0 <= self.min_games <= 1_000_000, "min_games: expected 0 to 1,000,000"),
            (low > high, f"min_score {self.min_score} is above max_score {self.max_score}"),
            (self.operator == "best" and self.order == "asc",
             "operator: in rising order the best is the min: say operator = \"min\""),
            (not _is_zone(self.zone), f"zone: no IANA time zone {self.zone!r}"),
            (self.zone != "UTC" and self.window not in CALENDAR,
             f"zone: only for {', '.join(CALENDAR)} windows"),
            (self.window in ("fixed", "sliding") and not 1 <= self.size_s <= 366 * 86400,
             "size_s: expected 1 second to 366 days"),
            (self.window not in ("fixed", "sliding") and self.size_s != 0,
             "size_s: only for fixed and sliding windows"),
            (self.window == "sliding"
             and not 1 <= self.every_s <= self.size_s <= MOST_OVERLAP * max(1, self.every_s),
             f"every_s: expected 1 to size_s, and at most {MOST_OVERLAP} windows at a time"),
            (self.window != "sliding" and self.every_s != 0, "every_s: only for sliding windows"),
            (self.window == "session" and not 1 <= self.gap_s <= 30 * 86400,
             "gap_s: expected 1 second to 30 days"),
            (self.window != "session" and self.gap_s != 0, "gap_s: only for sessions"),
            (self.window == "session" and (self.metric in MATCHES or self.operator != "sum"),
             "window: sessions take a sum of points, kills or achievements"),
            (self.window == "session" and self.order == "asc",
             "order: the best session is the one with the highest sum"),
            (self.window == "session" and self.tie_break == "first",
             "tie_break: sessions rank equals by player id"),
            (not 0 <= self.lateness_s <= 366 * 86400, "lateness_s: expected 0 to 366 days"),
            (self.window == "all" and self.lateness_s != 0,
             "lateness_s: nothing is late on a board of all time"),
            (not 1 <= self.keep <= 10_000, "keep: expected 1 to 10,000"),
        ]  # fmt: skip


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no file of that name is a KeyError
        return False
    return True


GLOBAL: Final = Board(name="global")
"""The board that is always there: all points of all time."""

DEFAULTS: Final = (
    GLOBAL,
    Board(name="hourly", window="hourly", lateness_s=900, keep=48),
    Board(name="daily", window="daily", lateness_s=3600, keep=30),
    Board(name="weekly", window="weekly", lateness_s=6 * 3600, keep=12),
    Board(name="monthly", window="monthly", lateness_s=24 * 3600, keep=12),
    Board(name="game", scope="game"),
    Board(name="kda", metric="kda", min_games=3),
    Board(name="win_rate", metric="win_rate", min_games=5),
    Board(name="streak", metric="streak"),
)
"""The boards of a system whose owner declared none."""


class _File(Struct, forbid_unknown_fields=True):
    board: list[Board] = []


def parse(text: str) -> tuple[Board, ...]:
    """The boards declared in TOML `text`, `[[board]]` each, in its order.

    Raises
    ------
    ValueError
        naming the board, the field, what was expected and what was found.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"no TOML: {error}") from error
    try:
        boards = msgspec.convert(document, _File).board
    except msgspec.ValidationError as error:
        raise ValueError(_named(document, str(error))) from error
    names = [board.name for board in boards]
    for name in names:
        if name == GLOBAL.name:
            raise ValueError("board 'global' is always there and can not be declared")
        if names.count(name) > 1:
            raise ValueError(f"board {name!r} is declared {names.count(name)} times")
    if len(boards) >= MOST_BOARDS:
        raise ValueError(f"{len(boards)} boards: expected fewer than {MOST_BOARDS}")
    return tuple(boards)


def _named(document: dict[str, object], problem: str) -> str:
    """`problem` with the board's name in place of its number, where it has one."""
    place = re.search(r"`\$\.board\[(\d+)\]", problem)
    boards = document.get("board")
    if place and isinstance(boards, list) and isinstance(boards[int(place[1])], dict):
        name = boards[int(place[1])].get("name", f"number {int(place[1]) + 1}")
        if not problem.startswith("board "):
            problem = f"board {name!r}: {problem}"
        return re.sub(r" - at `\$\.board\[\d+\]\.?(\w*)`", lambda m: f": {m[1]}" if m[1] else "",
                      problem)  # fmt: skip
    return problem


def definitions(boards: tuple[Board, ...]) -> str:
    """The definitions as one canonical text, equal for equal boards in any order."""
    return msgspec.json.encode(sorted(boards, key=lambda b: b.name)).decode()
