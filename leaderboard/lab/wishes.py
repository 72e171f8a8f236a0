"""What a learner asks of the pipeline, checked where it is asked. Pure values."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Final, Self

import msgspec
from msgspec import Struct

from leaderboard.model.simulate import MIX, Profile

MAX_RATE: Final = 1_000_000.0
MAX_PROCESSORS: Final = 4


class Wishes(Struct, frozen=True):
    """How the stages shall run.

    `rate` in events per second; `players` from 1; `skew` the exponent of Zipf's law, 0 to 5; `mix`
    weights by event type; `paused` and `processing_paused` for producer and processors;
    `processors` 0 to 4.
    """

    rate: float = 20.0
    players: int = 100
    skew: float = 0.5
    mix: dict[str, float] = msgspec.field(default_factory=MIX.copy)
    paused: bool = False
    processing_paused: bool = False
    processors: int = 1

    def __post_init__(self) -> None:
        if not _number(self.rate) or not 0 < self.rate <= MAX_RATE:
            raise ValueError(f"rate: expected above 0 to {MAX_RATE:,.0f} events/s, got {self.rate}")
        if not _whole(self.players):
            raise ValueError(f"players: expected a whole number, got {self.players!r}")
        if not _number(self.skew):
            raise ValueError(f"skew: expected a number from 0 to 5, got {self.skew!r}")
        if not _whole(self.processors) or not 0 <= self.processors <= MAX_PROCESSORS:
            raise ValueError(f"processors: expected 0 to {MAX_PROCESSORS}, got {self.processors!r}")
        Profile(players=self.players, skew=self.skew, mix=self.mix)

    def with_(self, changes: Mapping[str, Any]) -> Self:
        """A copy with `changes`; values that are None are left as they are.

        Raises
        ------
        ValueError
            when a value is out of range; names it, what was expected and what it was.
        """
        given = {name: value for name, value in changes.items() if value is not None}
        if isinstance(given.get("mix"), Mapping):
            given["mix"] = dict(given["mix"])
        return msgspec.structs.replace(self, **given)

    def for_producer(self) -> dict[str, Any]:
        """As the producer's commands."""
        return {
            "rate": float(self.rate),
            "players": int(self.players),
            "skew": float(self.skew),
            "mix": {name: float(weight) for name, weight in self.mix.items()},
            "pause": self.paused,
        }


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
