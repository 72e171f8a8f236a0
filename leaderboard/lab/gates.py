"""The part of a lab that asks, grades and records: `predict`, `grade`, `record`."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from IPython.display import display

from leaderboard.lab import progress
from leaderboard.lab.measures import Measure
from leaderboard.lab.predictions import Grade, Ledger, Prediction, Value


class Gates:
    """Predictions and measured quantities of one lab."""

    def __init__(self, begun: Callable[[], bool]) -> None:
        self._ledger = Ledger(begun)
        self.measures: list[Measure] = []

    def predict(
        self,
        name: str,
        value: Value = None,
        *,
        ask: str = "",
        unit: str = "",
        choices: Sequence[str] = (),
    ) -> Prediction:
        """Ask for a prediction and keep it, with the time, before the experiment.

        `value` is a number, an interval (low, high), or one of `choices`; None asks for it.

        Raises
        ------
        NotebookError
            when `value` is none of these.
        """
        return self._ledger.predict(name, value, ask=ask, unit=unit, choices=choices)

    def remind(self) -> None:
        """Say which predictions are still missing."""
        if self._ledger.missing:
            progress.say(f"No prediction yet for: {', '.join(self._ledger.missing)}.")

    def grade(self, name: str, measured: Any, *, tolerance: float | str = 0) -> Grade:
        """Show the prediction beside what was measured. A wrong one is "off", never an error.

        `tolerance` is a difference in the same unit, or a share as text: "10 %".

        Raises
        ------
        NotebookError
            when nothing of that name was asked for.
        """
        return self._ledger.grade(name, measured, tolerance=tolerance)

    @property
    def predictions(self) -> pd.DataFrame:
        """All predictions and their grades; columns `predictions.GRADES`."""
        return self._ledger.to_frame()

    def record(
        self,
        name: str,
        value: float,
        *,
        unit: str = "",
        expected: float | None = None,
        tolerance: float | str = 0,
    ) -> None:
        """Show a measured quantity and keep it in the notebook, where the runner finds it.

        The runner calls the notebook failed when it differs from `expected` by more than
        `tolerance` (a difference, or a share as text: "15 %").
        """
        measure = Measure(name, float(value), unit, expected, tolerance)
        self.measures.append(measure)
        if progress.in_notebook():
            display(measure)  # type: ignore[no-untyped-call]  # IPython's
