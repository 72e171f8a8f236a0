"""Notebook 07: what crashes cost, as found and by law. Pure."""

from typing import Final

import pandas as pd
from msgspec import Struct

from leaderboard.lab.lessons.mortal import OURS
from leaderboard.lab.lessons.naive import DESIGNS

ALL: Final = (*DESIGNS, OURS)

HISTORY: Final = {
    "design": "str", "t_s": "float64", "died": "bool", "next": "int64", "lost": "int64",
    "doubled": "int64",
}  # fmt: skip
"""A row per life, when it ended: `next` is the offset at which the next one begins, `lost` the
events before that which were never counted, `doubled` how often one was counted once more."""

LEDGER: Final = {"design": "str", "offset": "int64", "times": "Int64"}
"""How often each event was counted; missing: it still waits."""


class Found(Struct):
    """What became of a run: `HISTORY` and `LEDGER`, and where everybody died."""

    line: str
    history: pd.DataFrame
    ledger: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """A row per design: `died`, then events `lost`, `doubled` and `exact` (counted once)."""
        rows = {}
        for design in ALL:
            lives = self.history[self.history["design"] == design]
            times = self.ledger.loc[self.ledger["design"] == design, "times"]
            last = lives[["lost", "doubled"]].tail(1).sum()
            exact = int((times == 1).sum())
            rows[design] = (int(lives["died"].sum()), last["lost"], last["doubled"], exact)
        names = ["died", "lost", "doubled", "exact"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=names).astype("int64")


def law(design: str, line: str, batch: int, crashes: int) -> tuple[int, int]:
    """How many events are lost, and how many counted twice: what the second step missed.

    >>> law("commit first", "between", 50, 3), law("apply first", "half counted", 50, 3)
    ((150, 0), (0, 75))
    """
    half = batch // 2
    behind, again = {"between": (batch, batch), "half counted": (batch - half, half)}.get(
        line, (0, 0)
    )
    lost = crashes * behind if design == "commit first" else 0
    return lost, crashes * again if design == "apply first" else 0
