"""What boards there are: their windows, games, resets and what they did not count."""

from typing import Any

from msgspec import Struct

from leaderboard.errors import QuestionError
from leaderboard.model.boards import Board
from leaderboard.model.moments import resets, window_at
from leaderboard.model.windows import Window
from leaderboard.store.board_rows import State, checked, window_state
from leaderboard.store.places import Place, Source, spot, windowed
from leaderboard.store.query import Query, script, unpacked

_CATALOG = script("ranking", "catalog")
_GAMES = script("ranking", "games")


class Kept(Struct, frozen=True):
    """A window and its state."""

    window: Window
    state: State


class BoardInfo(Struct, frozen=True):
    """A board as declared, and what it holds.

    `live`, `previous_reset` and `next_reset` (seconds since 1970 UTC) are None without windows.
    `windows` are the newest of the `windows_kept`, newest first; `games`, a to z, and `total` are
    those of the live window (`total` is None on a board per game). `late` and `out_of_bounds`
    count events that the board did not count.
    """

    board: Board
    live: Kept | None
    previous_reset: int | None
    next_reset: int | None
    windows_kept: int
    windows: list[Kept]
    games: list[str]
    total: int | None
    late: int
    out_of_bounds: int


def catalog(source: Source, *, now: float, most_windows: int = 100) -> Query[list[BoardInfo]]:
    """Every declared board, in its order, with its newest `most_windows` windows."""
    places = [
        Place(board, source.window(board, "", now), "", board.ranks, "latest", True)
        for board in source.boards
    ]

    def parse(reply: list[Any]) -> list[BoardInfo]:
        watermark, *lines = reply
        return [_info(p, now, watermark, line) for p, line in zip(places, lines, strict=True)]

    question = source.question(places=[spot(place) for place in places], most=most_windows)
    return Query(_CATALOG, [], [question], unpacked(parse))


class Games(Struct, frozen=True):
    """The games of a board, a to z; `window` and `state` are None without windows."""

    board: Board
    window: Window | None
    state: State | None
    games: list[str]


def games(source: Source, name: str, *, now: float, at: str = "") -> Query[Games]:
    """Which games a board per game has in its live window, or in the one at `at`.

    Raises
    ------
    QuestionError
        when the board counts all games together; else as `Source.place`.
    NotThereError
        when there is no such board; by `run`: when the window is not kept.
    """
    board = source.board(name)
    if board.scope != "game":
        raise QuestionError(f"board {name!r} counts all games together: it has no list of them")
    if at:
        windowed(board, source.window(board, "", now), f"one of {at}")
    window = source.window(board, at, now)
    place = Place(board, window, "", board.ranks, "latest", not at)

    def parse(reply: list[Any]) -> Games:
        state = checked(place, reply[0])
        return Games(board, window, state, sorted(reply[1]))

    return Query(_GAMES, [], [source.question(place=spot(place))], unpacked(parse))


def _info(place: Place, now: float, watermark: str, line: list[Any]) -> BoardInfo:
    board = place.board
    total, kept, windows, games, late, out_of_bounds = line
    previous, following = resets(board, int(now)) if place.window else (None, None)

    def keep(window: Window) -> Kept:
        return Kept(window, window_state(window.end, board.lateness_s, watermark))

    return BoardInfo(
        board=board,
        live=keep(place.window) if place.window else None,
        previous_reset=previous,
        next_reset=following,
        windows_kept=kept,
        windows=[keep(window_at(board, label)) for label in windows],
        games=sorted(games),
        total=None if board.scope == "game" else total,
        late=int(late),
        out_of_bounds=int(out_of_bounds),
    )
