"""Boards as tidy tables: any board, window, game and rank policy, and what can be asked of them.

The same reads as the REST routes; an empty table keeps its columns and their types.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pandas as pd
from redis import Redis

from leaderboard.lab.tidy import INSTANT, TEXT, table
from leaderboard.model.boards import GLOBAL
from leaderboard.model.windows import instant
from leaderboard.pipeline.declared import source_of
from leaderboard.settings import Settings
from leaderboard.store import pages, standings
from leaderboard.store.board_rows import BoardPage, Rate, Score, Standing
from leaderboard.store.catalog import catalog
from leaderboard.store.combine import combined, names
from leaderboard.store.places import Place, Source
from leaderboard.store.query import Query, T, run

BOARD: Final = {"rank": "int64", "player_id": TEXT, "player_name": TEXT, "score": "int64"}
RATE: Final = {
    "numerator": "Int64", "denominator": "Int64", "matches": "Int64", "low": "float64",
    "high": "float64",
}  # fmt: skip
"""More columns of boards of rates: `low` to `high` is the 95 % Wilson interval of a win rate."""
STANDING: Final = {
    "rank": "Int64", "score": "Float64", "total_players": "int64", "percentile": "Float64",
    "top_percent": "Float64",
}  # fmt: skip
FRIENDS: Final = {"place": "Int64", "player_id": TEXT, "player_name": TEXT, **STANDING}
RANKS: Final = {
    "id": TEXT, "board": TEXT, "window": TEXT, "game": TEXT, "state": TEXT, **STANDING,
    "previous_rank": "Int64",
}  # fmt: skip
RANK_HISTORY: Final = {
    "window": TEXT, "start": INSTANT, "end": INSTANT, "state": TEXT, **STANDING,
}  # fmt: skip
BOARDS: Final = {
    "board": TEXT, "scope": TEXT, "metric": TEXT, "operator": TEXT, "order": TEXT, "ranks": TEXT,
    "tie_break": TEXT, "window": TEXT, "live": TEXT, "previous_reset": INSTANT,
    "next_reset": INSTANT, "total_players": "Int64", "games": "int64", "windows_kept": "int64",
    "late": "int64", "out_of_bounds": "int64",
}  # fmt: skip


class BoardFrames:
    """Tables of boards. `at`, `game`, `policy` and `pane` mean the same everywhere:

    `at` is a date, an instant or a label of a window that is kept (empty: the live one), `game`
    names the game on a board per game, `policy` is ordinal, competition or dense (empty: as
    declared), `pane` is latest or on_time.

    All raise `QuestionError` and `NotThereError` for what a board can not say, `StoreError` when
    Redis is away.
    """

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._settings = settings
        self._redis = redis

    def around(
        self, player_id: str, n: int = 10, *, board: str = GLOBAL.name, movement: bool = False,
        **asked: str,
    ) -> pd.DataFrame:  # fmt: skip
        """`n` rows with the player among them. Columns `BOARD` and `own`, as `board`."""
        source, place = self._place(board, asked)
        page = self._ask(pages.around(source, place, n, player_id, previous=movement))
        return page_table(page, movement=movement).assign(own=[row.own for row in page.rows])

    def around_score(
        self, score: float, n: int = 10, *, board: str = GLOBAL.name, **asked: str
    ) -> pd.DataFrame:
        """`n` rows around where `score` stands or would stand. Columns as `board`."""
        source, place = self._place(board, asked)
        return page_table(self._ask(pages.around_score(source, place, n, score)))

    def score_range(
        self, low: float, high: float, n: int = 1000, *, board: str = GLOBAL.name, **asked: str
    ) -> pd.DataFrame:
        """The best `n` players with a score from `low` to `high`. Columns as `board`."""
        source, place = self._place(board, asked)
        return page_table(self._ask(pages.score_range(source, place, n, low, high)))

    def top_percent(
        self, percent: int, n: int = 1000, *, board: str = GLOBAL.name, **asked: str
    ) -> pd.DataFrame:
        """The first `n` players of the best `percent` (1 to 100). Columns as `board`."""
        source, place = self._place(board, asked)
        return page_table(self._ask(pages.top_percent(source, place, n, percent)))

    def friends(
        self, player_ids: Sequence[str], *, board: str = GLOBAL.name, missing: bool = True,
        **asked: str,
    ) -> pd.DataFrame:  # fmt: skip
        """Some players, best first; those not on the board last, or left out. Columns `FRIENDS`."""
        source, place = self._place(board, asked)
        question = standings.friends(source, place, player_ids, keep_missing=missing)
        found = self._ask(question)
        rows = [
            (r.place, r.player_id, r.player_name, *_standing(r.standing, found.total))
            for r in found.rows
        ]
        return table(rows, FRIENDS)

    def ranks(self, player_id: str, *, at: str = "", policy: str = "") -> pd.DataFrame:
        """A player on every board where they stand. Columns `RANKS`."""
        source = source_of(self._settings)
        question = standings.ranks(source, player_id, now=time.time(), at=at, policy=policy)
        rows = [
            (r.place.id, r.place.board.name, r.place.label, r.place.game, r.state,
             *_standing(r.standing, r.standing.total), r.previous_rank)
            for r in self._ask(question)
        ]  # fmt: skip
        return table(rows, RANKS)

    def rank_history(
        self, player_id: str, board: str, windows: int = 100, **asked: str
    ) -> pd.DataFrame:
        """A player in the newest `windows` kept, oldest first. Columns `RANK_HISTORY`."""
        source, place = self._place(board, asked)
        rows = [
            (t.window.label, instant(t.window.start), instant(t.window.end), t.state,
             *_standing(t.standing, t.total))
            for t in self._ask(standings.history(source, place, player_id, windows))
        ]  # fmt: skip
        return table(rows, RANK_HISTORY)

    def boards(self) -> pd.DataFrame:
        """The declared boards. Columns `BOARDS`."""
        found = self._ask(catalog(source_of(self._settings), now=time.time(), most_windows=0))
        rows = [
            (b.name, b.scope, b.metric, b.operator, b.order, b.ranks, b.tie_break, b.window,
             info.live.window.label if info.live else None,
             info.previous_reset and instant(info.previous_reset),
             info.next_reset and instant(info.next_reset), info.total, len(info.games),
             info.windows_kept, info.late, info.out_of_bounds)
            for info in found
            for b in (info.board,)
        ]  # fmt: skip
        return table(rows, BOARDS)

    def combined(
        self, ids: Sequence[str], n: int = 1000, *, how: str = "union", aggregate: str = "sum",
        policy: str = "ordinal",
    ) -> pd.DataFrame:  # fmt: skip
        """Boards named by ids (such as `daily:2026-11-25`) put together. Columns `BOARD`."""
        source, now = source_of(self._settings), time.time()
        places = [source.place_of_id(text, now=now) for text in ids]
        rows = self._ask(combined(source, places, how, aggregate, policy)).rows[:n]
        known = self._ask(names(source, [row.player_id for row in rows]))
        lines = [(r.rank, r.player_id, known[r.player_id], r.score) for r in rows]
        return table(lines, _scored(any(place.board.is_rate for place in places)))

    def _page(
        self, n: int, board: str, asked: dict[str, str], *, movement: bool = False
    ) -> BoardPage:
        source, place = self._place(board, asked)
        return self._ask(pages.top(source, place, n, previous=movement))

    def _place(self, board: str, asked: dict[str, str]) -> tuple[Source, Place]:
        source = source_of(self._settings)
        return source, source.place(board, now=time.time(), **asked)

    def _ask(self, question: Query[T]) -> T:
        return run(self._redis, question)


def page_table(page: BoardPage, *, movement: bool = False) -> pd.DataFrame:
    """A page's rows: `BOARD`, `previous_rank` with `movement`, `RATE` on boards of rates."""
    is_rate = page.place.board.is_rate
    columns = _scored(is_rate)
    columns |= {"previous_rank": "Int64"} if movement else {}
    columns |= RATE if is_rate else {}
    rows: Iterable[list[Any]] = (
        [r.rank, r.player_id, r.player_name, r.score]
        + [r.previous_rank] * movement
        + (_rate(r.rate) if is_rate else [])
        for r in page.rows
    )
    return table(rows, columns)


def _scored(is_rate: bool) -> dict[str, str]:
    return BOARD | ({"score": "float64"} if is_rate else {})


def _rate(rate: Rate | None) -> list[Score | None]:
    if rate is None:
        return [None] * len(RATE)
    return [rate.numerator, rate.denominator, rate.matches, rate.low, rate.high]


def _standing(standing: Standing | None, total: int) -> tuple[Any, ...]:
    if standing is None:
        return (None, None, total, None, None)
    return (standing.rank, standing.score, total, standing.percentile, standing.top_percent)
