"""Which board a question is about: its definition, window, game, and how to rank and read it."""

from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Struct

from leaderboard.errors import NotThereError, QuestionError
from leaderboard.model.boards import GLOBAL, Board
from leaderboard.model.moments import previous_window, window_at, window_of
from leaderboard.model.windows import Window
from leaderboard.store.keys import Keys, id_of, place_of

Policy: TypeAlias = Literal["ordinal", "competition", "dense"]
Pane: TypeAlias = Literal["latest", "on_time"]
LIVE: Final = "live"
"""Stands for the live window in an id such as `daily_game:live:chess`."""


class Place(Struct, frozen=True):
    """One board, of one window and game, and the way it is read.

    `is_live` means that the window was not named: it is the one of now.
    """

    board: Board
    window: Window | None
    game: str
    policy: Policy
    pane: Pane
    is_live: bool

    @property
    def label(self) -> str:
        return self.window.label if self.window else ""

    @property
    def id(self) -> str:
        return id_of(self.board.name, self.label, self.game)

    @property
    def previous(self) -> "Place":
        """The same of the window before.

        Raises
        ------
        QuestionError
            when the board has no windows.
        """
        window = windowed(self.board, self.window, "a previous rank")
        return msgspec.structs.replace(
            self, window=previous_window(self.board, window), is_live=False
        )


class Source(Struct, frozen=True):
    """Where boards are read: key names, the topic whose watermarks count, the declared boards."""

    keys: Keys
    topic: str
    boards: tuple[Board, ...]

    def board(self, name: str) -> Board:
        """The declared board of that name.

        Raises
        ------
        NotThereError
            when there is none.
        """
        for board in self.boards:
            if board.name == name:
                return board
        known = ", ".join(board.name for board in self.boards)
        raise NotThereError(f"no board {name!r}; declared: {known}")

    def place(
        self,
        name: str = GLOBAL.name,
        *,
        now: float,
        at: str = "",
        game: str = "",
        policy: str = "",
        pane: str = "latest",
    ) -> Place:
        """The place that is asked for.

        Parameters
        ----------
        name
            A declared board.
        now
            Seconds since 1970 UTC by the reader's clock: decides which window is live.
        at
            A date, an instant or a label; empty: the live window.
        game
            Which, on a board per game.
        policy
            How equals are ranked; empty: as declared.
        pane
            `latest`: with late events; `on_time`: without.

        Raises
        ------
        NotThereError
            when no such board is declared.
        QuestionError
            when the board can not be asked this way: says why.
        """
        board = self.board(name)
        if board.scope == "all" and game:
            raise QuestionError(f"board {name!r} counts all games together: leave the game out")
        if board.scope == "game" and not game:
            raise QuestionError(f"board {name!r} has a board per game: say which")
        at, known_pane = "" if at == LIVE else at, _pane(pane)
        window = self.window(board, at, now)
        if at or pane != "latest":
            windowed(board, window, f"one of {at}" if at else "an on-time result")
        return Place(board, window, game, ranked(board, policy), known_pane, not at)

    def window(self, board: Board, at: str, now: float) -> Window | None:
        """The window at `at`, or at `now` if empty; None when the board has no windows.

        Raises
        ------
        QuestionError
            when `at` is none of date, instant and label.
        """
        if not board.is_windowed:
            return None
        if not at:
            return window_of(board, int(now))
        try:
            return window_at(board, at)
        except ValueError as error:
            raise QuestionError(str(error)) from error

    def place_of_id(self, text: str, *, now: float, policy: str = "") -> Place:
        """The place of an id: `daily`, `daily:2026-11-25`, `game:chess`, `daily_game:live:chess`.

        Raises as `place`.
        """
        name, _, rest = text.partition(":")
        at, game = "", rest
        if self.board(name).is_windowed:
            at, _, game = rest.partition(":")
        return self.place(name, now=now, at=at, game=game, policy=policy)

    def question(self, **asked: Any) -> bytes:
        """What the scripts read: `asked`, the keys and the topic."""
        keys = self.keys.of_boards | {
            "offsets": self.keys.offsets,
            "watermarks": self.keys.watermarks,
            "partitions": self.keys.partitions,
            "board_counts": self.keys.board_counts,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return msgspec.msgpack.encode({"keys": keys, "topic": self.topic, **given})


def spot(place: Place) -> dict[str, Any]:
    """`place` as the scripts read it."""
    board = place.board
    values = {
        "board": board.name,
        "id": place.id,
        "place": place_of(board.name, place.label),
        "rising": board.order == "asc",
        "first": board.tie_break == "first",
        "rate": board.is_rate,
        "policy": place.policy,
        "on_time": place.pane == "on_time",
        "live": place.is_live,
        "by_game": board.scope == "game",
    }
    if place.label:
        values["label"] = place.label
    if place.game:
        values["game"] = place.game
    return values


def windowed(board: Board, window: Window | None, what: str) -> Window:
    """`window`, or a refusal of `what`."""
    if window is None:
        raise QuestionError(f"board {board.name!r} has no windows, so it has not {what}")
    return window


def ranked(board: Board, policy: str) -> Policy:
    """`policy`, or the declared one; refused where `board` can not do it."""
    for known in get_args(Policy):
        if known == (policy or board.ranks):
            if known == "dense" and board.ranks != "dense":
                raise QuestionError(
                    f"board {board.name!r} has no dense ranks: they need an index of its scores; "
                    'declare it with ranks = "dense", or ask for ordinal or competition'
                )
            return known  # type: ignore[no-any-return]  # get_args is untyped
    raise QuestionError(f"policy {policy!r}: expected one of {', '.join(get_args(Policy))}")


def _pane(pane: str) -> Pane:
    for known in get_args(Pane):
        if known == pane:
            return known  # type: ignore[no-any-return]  # as above
    raise QuestionError(f"pane {pane!r}: expected one of {', '.join(get_args(Pane))}")
