"""What the routes of boards answer. Never here: how the values are read."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Policy = Literal["ordinal", "competition", "dense"]
Pane = Literal["latest", "on_time"]
State = Literal["open", "closing", "final"]
Score = int | float
_SCORE = Field(description="a whole number, exact to 2^53; on boards of rates a ratio")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Window(_Model):
    """A window of event time, [start, end)."""

    label: str = Field(description="its name, for `at`")
    start: datetime
    end: datetime
    state: State = Field(
        description="by the watermark: before its end; late events may count; nothing changes it"
    )


class Place(_Model):
    """A board, of one window and game, and how it was read."""

    id: str = Field(description="as in the keys: board, window's label, game")
    board: str
    game: str = Field(description="empty: all games")
    policy: Policy
    pane: Pane
    window: Window | None = Field(description="null: the board has no windows")


class Rate(_Model):
    """What a rate is made of: wins / matches, or (kills + assists) / deaths."""

    numerator: int
    denominator: int = Field(description="no death counts as one in the score")
    matches: int
    low: float | None = Field(description="95 % Wilson interval of a win rate; else null")
    high: float | None


class BoardRow(_Model):
    """A line of a board."""

    rank: int = Field(ge=1)
    player_id: str
    player_name: str
    score: Score = _SCORE
    own: bool = Field(description="the player asked for with `around`")
    previous_rank: int | None = Field(
        description="in the window before; null: not there, or not asked with `movement`"
    )
    rate: Rate | None = Field(description="null: no board of rates")


class BoardPage(Place):
    """Rows that follow each other, best first, and cursors to those before and after."""

    previous_reset: datetime | None = Field(
        description="when now's window began to be the live one"
    )
    next_reset: datetime | None = Field(description="when the next one will")
    total_players: int = Field(description="on the whole board")
    count: int = Field(description="players in the part asked for: a range, the best percent, all")
    rows: list[BoardRow]
    previous: str = Field(description="cursor of the page before; empty: there is none")
    next: str = Field(description="cursor of the page after; empty: there is none")
    has_on_time: bool = Field(
        description="late events counted in the window: its on-time result is kept beside it"
    )


class Standing(_Model):
    """Where a player stands on a board."""

    rank: int = Field(ge=1, description="by the policy")
    position: int = Field(ge=1, description="shared with nobody, whatever the policy")
    score: Score = _SCORE
    total: int = Field(description="players on the board")
    percentile: float = Field(description="percent of players whose score follows this one")
    top_percent: float = Field(description="smallest percent of the best that this player is in")
    rate: Rate | None


class Friend(_Model):
    """One of the players asked for; null: not on the board."""

    player_id: str
    player_name: str
    place: int | None = Field(description="among the players asked for, from 1")
    standing: Standing | None


class Friends(Place):
    """The players asked for, best first, those not on the board last."""

    total_players: int
    rows: list[Friend]


class PlayerRank(Place):
    """Where the player stands on one board."""

    standing: Standing
    previous_rank: int | None = Field(description="in the window before; null: not there")


class PlayerRanks(_Model):
    """A player on every board where they stand, in the declared order."""

    player_id: str
    ranks: list[PlayerRank]


class Then(_Model):
    """One window kept, and where the player stood; null: not on the board."""

    window: Window
    total_players: int
    standing: Standing | None


class RankHistory(_Model):
    """A player's ranks over the windows kept, oldest first."""

    player_id: str
    board: str
    game: str = Field(description="empty: all games")
    policy: Policy
    pane: Pane
    windows: list[Then]


class CombinedRow(_Model):
    """A line of boards combined."""

    rank: int = Field(ge=1)
    player_id: str
    player_name: str
    score: Score = _SCORE


class CombinedBoard(_Model):
    """Boards united or intersected, best first."""

    places: list[Place]
    how: Literal["union", "intersection"]
    aggregate: Literal["sum", "min", "max"]
    policy: Literal["ordinal", "competition"]
    total_players: int
    rows: list[CombinedRow]


class BoardInfo(_Model):
    """A board as declared, and what it holds."""

    name: str
    definition: dict[str, Any] = Field(description="every field as in the boards file")
    live: Window | None = Field(description="the window of now; null: no windows")
    previous_reset: datetime | None
    next_reset: datetime | None
    total_players: int | None = Field(description="in the live window; null: a board per game")
    games: list[str] = Field(description="of the live window, a to z")
    windows_kept: int
    windows: list[Window] = Field(description="newest first, at most 100")
    late: int = Field(description="events that came too late for this board")
    out_of_bounds: int = Field(description="events outside of its score bounds")


class Games(_Model):
    """The games of a board of one window, each with a board of its own."""

    board: str
    window: Window | None = Field(description="null: the board has no windows")
    games: list[str] = Field(description="a to z")


class Boards(_Model):
    """Every declared board, in its order."""

    boards: list[BoardInfo]
