"""The query parameters that routes of boards share, and what they ask for.

The live window is decided by this server's clock; a client sends none.
"""

import time
from typing import Annotated

from fastapi import Depends, Path, Query
from starlette.requests import Request
from starlette.responses import JSONResponse

from leaderboard.api.board_models import Pane, Policy
from leaderboard.api.models import MAX_TOP
from leaderboard.api.openapi import problem
from leaderboard.errors import CursorError, NotThereError, QuestionError, StaleCursorError
from leaderboard.model.boards import GLOBAL
from leaderboard.store.places import Place, Source

MOST_TEXT = 128
"""Characters of a player or game id, as in events."""
MOST_CURSOR = 2000

Top = Annotated[int, Query(ge=1, le=MAX_TOP, description="how many players")]
PlayerId = Annotated[
    str, Path(description="exactly as in the events, URL-encoded", examples=["player_007"])
]
Board = Annotated[str, Query(max_length=40, description="which board: see `/api/boards`")]
At = Annotated[
    str,
    Query(
        max_length=40,
        description="a past window that is kept: by a date, an instant in it (a local one is of "
        "the board's time zone) or its label; the live window when not given",
        examples=["2026-11-25"],
    ),
]
Game = Annotated[str, Query(max_length=MOST_TEXT, description="which, on a board per game")]
PolicyAsked = Annotated[
    Policy | None,
    Query(
        description="how equals rank: 1234, 1224 or (where declared) 1223; the board's own when "
        "not given"
    ),
]
PaneAsked = Annotated[
    Pane, Query(description="the latest result of a window, or that without late events")
]
Cursor = Annotated[
    str, Query(max_length=MOST_CURSOR, description="`next` or `previous` of an answer")
]
Movement = Annotated[bool, Query(description="with each player's rank in the window before")]

NOT_THERE = problem(
    404,
    "No such board, window, game or player",
    "board 'daily' keeps no window 2026-01-01: nothing was counted in it, or it is more than 30 "
    "windows ago",
)
WRONG_CURSOR = problem(
    409,
    "A cursor of another board, window, game, policy or pane",
    "this cursor is of board 'daily', not of 'global': start anew",
) | problem(
    410,
    "The board was reset since the cursor was given",
    "board 'daily' was reset since: this cursor is of window 2026-11-24, now is 2026-11-25; start "
    "anew, or ask for at=2026-11-24",
)
_STATUS: dict[type[Exception], int] = {
    StaleCursorError: 410,
    CursorError: 409,
    NotThereError: 404,
}


async def _now() -> float:
    """Seconds since 1970 UTC."""
    return time.time()


Now = Annotated[float, Depends(_now)]


class Asked:
    """A place that is asked for, found only when a route wants it."""

    def __init__(self, now: float, board: str, **given: str) -> None:
        self.now = now
        self._board = board
        self._given = given

    def place(self, source: Source) -> Place:
        """The place. Raises `QuestionError`, `NotThereError`."""
        return source.place(self._board, now=self.now, **self._given)


async def _asked(
    now: Now,
    board: Board = GLOBAL.name,
    at: At = "",
    game: Game = "",
    policy: PolicyAsked = None,
    pane: PaneAsked = "latest",
) -> Asked:
    return Asked(now, board, at=at, game=game, policy=policy or "", pane=pane)


AskedPlace = Annotated[Asked, Depends(_asked)]


async def refuse(_request: Request, error: Exception) -> JSONResponse:
    """A `QuestionError` as an answer; 422 in the form of FastAPI's own."""
    status = _STATUS.get(type(error))
    if status is None:
        detail = [{"type": "question", "loc": ["query"], "msg": str(error)}]
        return JSONResponse({"detail": detail}, 422)
    return JSONResponse({"detail": str(error)}, status)


def one_of(**given: object) -> None:
    """Refuse more than one of these parameters."""
    names = [name for name, value in given.items() if value not in (None, "")]
    if len(names) > 1:
        raise QuestionError(f"{' and '.join(names)}: at most one of {', '.join(given)}")
