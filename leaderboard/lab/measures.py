"""Measured quantities, kept in the notebook itself: the runner reads them from the executed copy.

Each is displayed as a line of text with a JSON twin of the type `MIME`.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from leaderboard.lab import cards
from leaderboard.lab.predictions import allowed, near

MIME: Final = "application/vnd.leaderboard.measure+json"


class Measure(Struct, frozen=True):
    """A quantity: its name, value and unit, what was expected and how far off it may be."""

    name: str
    value: float
    unit: str = ""
    expected: float | None = None
    tolerance: float | str = 0

    @property
    def ok(self) -> bool | None:
        """Whether it is as expected; None when nothing was."""
        if self.expected is None:
            return None
        return near(self.value, self.expected, self.tolerance)

    def __repr__(self) -> str:
        text = f"{self.name} = {cards.shown(self.value, self.unit)}"
        if self.expected is None:
            return text
        word = "as expected" if self.ok else "not as expected"
        expected = f"{cards.shown(self.expected, self.unit)}, {allowed(self.tolerance)}"
        return f"{cards.MARKS[self.ok]} {text}, {word} ({expected})"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {
            "text/plain": repr(self),
            "text/html": cards.note(repr(self)),
            MIME: msgspec.structs.asdict(self),
        }


def read(notebook: Any) -> Iterator[Measure]:
    """The measures in the outputs of an executed notebook, in order."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if MIME in output.get("data", {}):
                yield msgspec.convert(output["data"][MIME], Measure)
