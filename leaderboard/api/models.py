"""What the API answers, as typed models: the source of `/openapi.json` and of every body.

Never here: how the values are read.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TOP = 100
MAX_RECENT = 50
DEFAULT_TOP = 10
DEFAULT_RECENT = 10

Rarity = Literal["common", "uncommon", "rare", "epic", "legendary"]
InstantText = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""An instant as Redis holds it: UTC, microseconds, ending in Z."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class RankedPlayer(_Model):
    """A line of the board."""

    rank: int = Field(ge=1, description="from 1, no gaps, none shared")
    player_id: str = Field(description="who it is; names may change and be shared")
    player_name: str = Field(description="the name of the player's latest event")
    score: int = Field(ge=0, description="all points ever scored")


class Counts(_Model):
    """Records of the log by what became of them."""

    applied: int = Field(0, description="events counted")
    duplicates: int = Field(0, description="redeliveries recognised and left out")
    dead_letters: int = Field(0, description="bad records put aside")


class Leaderboard(_Model):
    """The best players of one moment. Equal scores stand in order of player id, a to z."""

    updated_at: datetime = Field(
        description="when this server first read this content (UTC); it stands still while "
        "nothing changes"
    )
    total_players: int = Field(ge=0, description="players on the whole board")
    counts: Counts = Field(description="records processed so far")
    top_players: list[RankedPlayer] = Field(description="best first")


class RecentAchievement(_Model):
    """An achievement somebody unlocked."""

    timestamp: InstantText = Field(description="when it was unlocked (event time, UTC)")
    event_id: str = Field(description="UUID of the event")
    player_id: str
    player: str = Field(description="the player's name at that time")
    achievement: str
    rarity: Rarity = Field(description="from common to legendary")


class Matches(_Model):
    """Finished matches. A streak is of wins in a row; a draw ends it."""

    matches: int = Field(ge=1)
    wins: int
    losses: int
    draws: int
    kills: int
    deaths: int
    assists: int
    kda: float = Field(description="(kills + assists) / deaths; no death counts as one")
    win_rate: float = Field(description="wins / matches")
    win_rate_low: float = Field(description="95 % Wilson interval of the win rate")
    win_rate_high: float
    current_streak: int
    best_streak: int


class PlayerStats(_Model):
    """Everything counted for one player."""

    player_id: str
    player_name: str
    rank: int | None = Field(
        ge=1, description="on the whole global board, from 1; null: hidden from the boards"
    )
    total_score: int = Field(ge=0)
    events_count: int = Field(ge=0, description="events of any type")
    games_joined: int = Field(ge=0)
    last_active: InstantText = Field(description="time of the latest event (UTC)")
    actions: dict[str, int] = Field(description="how often each action was done")
    matches: Matches | None = Field(description="of all games; null: none finished")
    matches_by_game: dict[str, Matches]


class LiveData(_Model):
    """What a push carries: both parts of one moment."""

    leaderboard: Leaderboard
    recent_achievements: list[RecentAchievement]


class LeaderboardUpdate(_Model):
    """Pushed on connect and whenever something changed, at most once a second."""

    type: Literal["leaderboard_update"] = "leaderboard_update"
    data: LiveData


class Availability(_Model):
    """Whether Redis answers."""

    available: bool
    reason: str = Field(description="why not; empty when it does")


class ServiceStatus(_Model):
    """Pushed when Redis stops answering, and when it answers again."""

    type: Literal["service_status"] = "service_status"
    data: Availability


class Health(_Model):
    """It is well."""

    status: Literal["ok"] = "ok"


class Problem(_Model):
    """Why there is no answer."""

    detail: str = Field(description="what is wrong, where, and what to do")
