"""Notebook 07's exercise: a learner's `add` that must survive any death, tried at unseen places.

Apply first with that function: a process dies again and again while it adds an event, each time
after one reply of Redis more; the next one gets the same batch once more.
"""

import inspect
import textwrap
from collections.abc import Callable
from random import Random
from typing import Final

from msgspec import Struct

from leaderboard.errors import StageError
from leaderboard.lab import cards
from leaderboard.lab.lessons.crashes import Ward
from leaderboard.lab.lessons.mortal import GUARDED, Life
from leaderboard.model.events import ACTIONS

BATCH: Final = 10
DEATHS: Final = 6
"""After so many replies in one `add` nearly everything that may be tried has ended."""

FEW: Final = DEATHS * max(ACTIONS.values())
"""Points of one event a death at most; each comes half a batch or more after a commit."""


class Attempt(Struct, frozen=True):
    """What became of a try: points missing, points too many, or the `error` of the function."""

    missing: int = 0
    excess: int = 0
    error: str = ""
    places: tuple[tuple[int, int], ...] = ()

    @property
    def right(self) -> bool:
        """Whether every player has the oracle's score."""
        return not (self.missing or self.excess or self.error)

    @property
    def hint(self) -> str:
        """What to think about next."""
        if self.error:
            return f"your function failed: {self.error}"
        if self.missing and self.excess:
            return "some events are lost and others counted twice: begin with the stub again."
        if self.excess > FEW:
            return (
                f"{self.excess:,} points too many: a batch that comes again is counted again. "
                "Who could say what was counted before?"
            )
        if self.excess:
            return (
                f"nearly, but {self.excess:,} points too many: it died after the points and before "
                "Redis remembered them. What happens at once, or not at all?"
            )
        if self.missing > FEW:
            return (
                f"{self.missing:,} points are missing: new events are turned away. After offset 4 "
                "was counted, which offset is the first that is new?"
            )
        if self.missing:
            return (
                f"nearly, but {self.missing:,} points are missing: it died after Redis remembered "
                "an event and before its points. What happens at once, or not at all?"
            )
        return f"every score is the oracle's, after {len(self.places)} deaths."

    def __repr__(self) -> str:
        dead = ", ".join(f"at offset {offset} after reply {n}" for offset, n in self.places)
        word = "Yes" if self.right else "Not yet"
        died = f" It died {dead}." if dead and not self.error else ""
        return f"{cards.MARKS[self.right]} {word}: {self.hint}{died}"

    def _repr_html_(self) -> str:
        return cards.note(repr(self))


def check(ward: Ward, add: Callable[..., None], seed: int | None = None) -> Attempt:
    """Try `add(redis, names, record)` with real deaths on the events of `ward`.

    Same seed, same places; None: others each time.
    """
    dice = Random(seed)
    places = tuple(
        (BATCH * batch + dice.randrange(BATCH // 2, BATCH), batch + 1) for batch in range(DEATHS)
    )
    source = textwrap.dedent(inspect.getsource(add))
    ward.forget(GUARDED)
    try:
        nurse = ward.nurse(GUARDED)
        for offset, replies in places:
            nurse.live(Life(GUARDED, BATCH, nth=replies, source=source, offset=offset))
        nurse.live(Life(GUARDED, BATCH, source=source))
        scores = ward.scores(GUARDED)
    except StageError as error:
        return Attempt(error=str(error).splitlines()[-1])
    finally:
        ward.forget(GUARDED)
    wrong = [scores.get(player, 0) - right for player, right in ward.oracle.items()]
    missing, excess = -sum(w for w in wrong if w < 0), sum(w for w in wrong if w > 0)
    return Attempt(missing, excess, places=places)
