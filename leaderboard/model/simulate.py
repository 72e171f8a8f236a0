"""Simulated players: typed events from a seed and a start time. Same seed, same bytes.

>>> from datetime import UTC, datetime
>>> start = datetime(2026, 1, 1, tzinfo=UTC)
>>> first, second = (list(simulate(7, start, n=3)) for _ in range(2))
>>> first == second
True
>>> first[0].player_id
'player_014'
"""

from bisect import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate, count, islice
from random import Random
from typing import Final
from uuid import UUID

from msgspec import Struct, field

from leaderboard.model.events import (
    ACHIEVEMENTS,
    ACTIONS,
    EVENT_TYPES,
    GAMES,
    AchievementUnlocked,
    GameEvent,
    MatchFinished,
    PlayerJoined,
    PlayerScored,
)

MIX: Final = {"player_scored": 0.7, "player_joined": 0.2, "achievement_unlocked": 0.1}
"""Share of each event type; `match_finished` takes part when a mix names it."""

RESULT_WEIGHTS: Final = {"win": 0.48, "loss": 0.48, "draw": 0.04}
"""Share of each result among finished matches."""

RARITY_WEIGHTS: Final = {
    "common": 0.60,
    "uncommon": 0.25,
    "rare": 0.10,
    "epic": 0.04,
    "legendary": 0.01,
}
"""Share of each rarity among unlocked achievements; equal among achievements of one rarity."""

_FIRST = (
    "Night", "Iron", "Shadow", "Storm", "Frost", "Ember", "Silent", "Crimson", "Lunar", "Solar",
    "Rapid", "Ghost", "Steel", "Wild", "Neon", "Arctic", "Cobalt", "Amber", "Velvet", "Thunder",
)  # fmt: skip
_SECOND = (
    "Hawk", "Wolf", "Fox", "Raven", "Tiger", "Viper", "Falcon", "Lynx", "Bear", "Otter",
    "Cobra", "Puma", "Owl", "Shark", "Bison", "Heron", "Mantis", "Badger", "Panther", "Crane",
)  # fmt: skip


def achievement_shares() -> dict[str, float]:
    """Expected share of each achievement among all unlocked ones; they add up to 1."""
    rarities = list(ACHIEVEMENTS.values())
    return {
        name: RARITY_WEIGHTS[rarity] / rarities.count(rarity)
        for name, rarity in ACHIEVEMENTS.items()
    }


def player_id(index: int) -> str:
    """`player_001` for 0."""
    return f"player_{index + 1:03d}"


def player_name(index: int) -> str:
    """A name for player `index` (from 0): 'NightHawk' first; numbered after 400 players."""
    round_, place = divmod(index, len(_FIRST) * len(_SECOND))
    turn, first = divmod(place, len(_FIRST))
    second = (first + turn) % len(_SECOND)
    return f"{_FIRST[first]}{_SECOND[second]}{round_ + 1 if round_ else ''}"


class Profile(Struct, frozen=True):
    """Who plays and what they do.

    `players` from 1; `skew` is the exponent s of Zipf's law (player k is chosen in proportion to
    1/k**s): 0 is uniform, 1 a typical game, 2 a hot key. `mix` gives weights per event type.
    """

    players: int = 100
    skew: float = 0.5
    mix: dict[str, float] = field(default_factory=MIX.copy)

    def __post_init__(self) -> None:
        if not 1 <= self.players <= 10_000_000:
            raise ValueError(f"players: expected 1 to 10,000,000, got {self.players}")
        if not 0 <= self.skew <= 5:
            raise ValueError(f"skew: expected 0 to 5, got {self.skew}")
        unknown = set(self.mix) - set(EVENT_TYPES)
        if unknown:
            raise ValueError(f"mix: unknown event types {sorted(unknown)}; known: {EVENT_TYPES}")
        total = sum(self.mix.values())
        if any(not w >= 0 for w in self.mix.values()) or not 0 < total < float("inf"):
            raise ValueError(
                f"mix: expected finite weights >= 0, one of them positive, got {self.mix}"
            )


class Simulator:
    """A seeded source of events.

    Choices (who, what) depend on `seed` alone; event ids on `seed` and `start`, so that two live
    runs of one seed tell the same story with events of their own.
    """

    def __init__(self, seed: int, start: datetime, profile: Profile | None = None) -> None:
        self._choices = Random(seed)
        self._ids = Random(f"{seed}/{start.isoformat()}")
        self.profile: Profile | None = None
        self.configure(profile or Profile())

    def configure(self, profile: Profile) -> None:
        """Play by `profile` from the next event on."""
        if profile is self.profile:
            return
        self.profile = profile
        self._types = [t for t in EVENT_TYPES if profile.mix.get(t)]
        self._type_steps = list(accumulate(profile.mix[t] for t in self._types))
        self._player_steps = list(
            accumulate((k + 1) ** -profile.skew for k in range(profile.players))
        )

    def event(self, at: datetime) -> GameEvent:
        """The next event, stamped `at` (an aware instant)."""
        player = self._pick(self._player_steps)
        event_type = self._types[self._pick(self._type_steps)]
        common = {
            "event_id": UUID(int=self._ids.getrandbits(128), version=4),
            "timestamp": at,
            "player_id": player_id(player),
            "player_name": player_name(player),
        }
        if event_type == "player_scored":
            action = self._choices.choice(_ACTION_NAMES)
            game = self._choices.choice(GAMES)
            return PlayerScored(**common, points=ACTIONS[action], game_id=game, action=action)  # type: ignore[arg-type]  # keyword dict
        if event_type == "player_joined":
            return PlayerJoined(**common, game_id=self._choices.choice(GAMES))  # type: ignore[arg-type]  # keyword dict
        if event_type == "match_finished":
            return MatchFinished(**common, **self._match())  # type: ignore[arg-type]  # keyword dict
        name = _ACHIEVEMENT_NAMES[self._pick(_ACHIEVEMENT_STEPS)]
        return AchievementUnlocked(
            **common,  # type: ignore[arg-type]  # keyword dict
            achievement_name=name,
            achievement_rarity=ACHIEVEMENTS[name],  # type: ignore[arg-type]  # a known rarity
        )

    def _match(self) -> dict[str, object]:
        choices = self._choices
        return {
            "match_id": f"match_{choices.getrandbits(32):08x}",
            "game_id": choices.choice(GAMES),
            "result": _RESULTS[self._pick(_RESULT_STEPS)],
            "kills": choices.randrange(21),
            "deaths": choices.randrange(13),
            "assists": choices.randrange(16),
        }

    def _pick(self, steps: list[float]) -> int:
        """An index in proportion to the weights whose running sums are `steps`."""
        return min(bisect(steps, self._choices.random() * steps[-1]), len(steps) - 1)


_ACTION_NAMES = tuple(ACTIONS)
_RESULTS = tuple(RESULT_WEIGHTS)
_RESULT_STEPS = list(accumulate(RESULT_WEIGHTS.values()))
_ACHIEVEMENT_NAMES = tuple(ACHIEVEMENTS)
_ACHIEVEMENT_STEPS = list(accumulate(achievement_shares().values()))


def simulate(
    seed: int,
    start: datetime,
    *,
    n: int | None = None,
    step: timedelta = timedelta(milliseconds=200),
    profile: Profile | None = None,
) -> Iterator[GameEvent]:
    """`n` events (None: without end), the k-th stamped `start + k * step`."""
    simulator = Simulator(seed, start, profile)
    events = (simulator.event(start + k * step) for k in count())
    return events if n is None else islice(events, n)
