"""The prediction gate: ask first, run, then show what was predicted beside what was measured.

A wrong prediction is graded "off" and is no error: it is what the lesson is about. Never here: the
measuring itself.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import pandas as pd
from msgspec import Struct

from leaderboard.errors import NotebookError
from leaderboard.lab import cards

Value: TypeAlias = int | float | str | tuple[float, float] | None
"""A number, an interval (low, high), a choice, or None: not predicted yet."""

GRADES: Final = {
    "name": "str", "asked": "str", "predicted": "str", "measured": "str", "correct": "boolean",
    "predicted_at": "datetime64[us, UTC]", "late": "bool",
}  # fmt: skip


class Prediction(Struct, frozen=True):
    """What was asked and answered; `late` when the experiment had already begun."""

    name: str
    value: Value
    ask: str = ""
    unit: str = ""
    choices: tuple[str, ...] = ()
    at: datetime | None = None
    late: bool = False

    def __repr__(self) -> str:
        if self.value is None:
            return (
                f"{self.ask or self.name}{_of(self.choices)} Write your prediction"
                f"{f', in {self.unit},' if self.unit else ''} into this cell as the second "
                "argument, run the cell again, then go on."
            )
        late = " (made after the experiment began)" if self.late else ""
        return f"{self.ask or self.name} You predict: {cards.shown(self.value, self.unit)}{late}"

    def _repr_html_(self) -> str:
        return cards.note(repr(self))


class Grade(Struct, frozen=True):
    """A prediction beside the measured value. `correct` is None when nothing was predicted."""

    prediction: Prediction
    measured: Any
    correct: bool | None
    tolerance: str = ""

    @property
    def word(self) -> str:
        """right, off or missing."""
        return {True: "right", False: "off", None: "missing"}[self.correct]

    def __bool__(self) -> bool:
        return bool(self.correct)

    def _row(self) -> tuple[str, ...]:
        unit = self.prediction.unit
        return (
            cards.shown(self.prediction.value, unit),
            cards.shown(self.measured, unit),
            self.tolerance,
            f"{cards.MARKS[self.correct]} {self.word}{', late' if self.prediction.late else ''}",
        )

    def __repr__(self) -> str:
        predicted, measured, tolerance, word = self._row()
        allowed = f" ({tolerance})" if tolerance else ""
        return f"{word}: predicted {predicted}, measured {measured}{allowed}"

    def _repr_html_(self) -> str:
        title = self.prediction.ask or self.prediction.name
        return cards.table(title, ("predicted", "measured", "tolerance", "grade"), [self._row()])


class Ledger:
    """The predictions of one lab and their grades. `begun` says whether an experiment has begun."""

    def __init__(self, begun: Callable[[], bool] = lambda: False) -> None:
        self._begun = begun
        self.predictions: dict[str, Prediction] = {}
        self.grades: dict[str, Grade] = {}

    def predict(
        self, name: str, value: Value, *, ask: str = "", unit: str = "", choices: Sequence[str] = ()
    ) -> Prediction:
        """Keep a prediction; the same one again keeps its first time, another replaces it.

        Raises
        ------
        NotebookError
            when `value` is neither a number, an interval (low, high) nor one of `choices`.
        """
        _check(name, value, choices)
        before = self.predictions.get(name)
        if before is not None and before.value == value and value is not None:
            return before
        self.predictions[name] = Prediction(
            name, value, ask, unit, tuple(choices), datetime.now(UTC), self._begun()
        )
        return self.predictions[name]

    @property
    def missing(self) -> list[str]:
        """Names that were asked for and not answered."""
        return [name for name, p in self.predictions.items() if p.value is None]

    def grade(self, name: str, measured: Any, *, tolerance: float | str = 0) -> Grade:
        """Compare with what was measured.

        `tolerance` is a difference in the prediction's unit, or a share of the measured value as
        text ("10 %"). An interval is right when it holds the measured value.

        Raises
        ------
        NotebookError
            when nothing of that name was ever asked for.
        """
        if name not in self.predictions:
            known = ", ".join(self.predictions) or "none"
            raise NotebookError(f"grade: nothing was predicted as {name!r}; known: {known}")
        prediction = self.predictions[name]
        correct = None if prediction.value is None else _right(prediction, measured, tolerance)
        text = "" if isinstance(prediction.value, str | tuple) else allowed(tolerance)
        self.grades[name] = Grade(prediction, measured, correct, text)
        return self.grades[name]

    def to_frame(self) -> pd.DataFrame:
        """One row a prediction: `GRADES`; `correct` is missing until graded."""
        rows = []
        for name, p in self.predictions.items():
            grade = self.grades.get(name)
            measured = "" if grade is None else cards.shown(grade.measured, p.unit)
            correct = None if grade is None else grade.correct
            rows.append((name, p.ask, cards.shown(p.value, p.unit), measured,
                         correct, p.at, p.late))  # fmt: skip
        return pd.DataFrame(rows, columns=list(GRADES)).astype(GRADES)


def near(measured: float, expected: float, tolerance: float | str) -> bool:
    """Whether the two differ by no more than `tolerance` (a share is one of `expected`).

    >>> near(95, 100, 4), near(95, 100, "10 %")
    (False, True)
    """
    return abs(measured - expected) <= _absolute(tolerance, expected) * (1 + 1e-9)


def allowed(tolerance: float | str) -> str:
    """`tolerance` in words.

    >>> allowed(0), allowed(2.5), allowed("10 %")
    ('exact', '± 2.5', '± 10 %')
    """
    _absolute(tolerance, 1.0)
    return "exact" if tolerance == 0 else f"± {tolerance}"


def _absolute(tolerance: float | str, of: float) -> float:
    try:
        if isinstance(tolerance, str):
            return float(tolerance.strip().removesuffix("%")) / 100 * abs(of)
        return float(tolerance)
    except ValueError as error:
        raise NotebookError(
            f"tolerance: expected a number, or a share like '10 %', got {tolerance!r}"
        ) from error


def _right(prediction: Prediction, measured: Any, tolerance: float | str) -> bool:
    value = prediction.value
    if isinstance(value, str):
        return bool(value == measured)
    if isinstance(value, tuple):
        return bool(value[0] <= measured <= value[1])
    # a share is one of what was measured: the truth, not the guess, sets the scale
    return value is not None and near(value, float(measured), tolerance)


def _check(name: str, value: Value, choices: Sequence[str]) -> None:
    if value is None:
        return
    if choices:
        if value not in choices:
            raise NotebookError(
                f"predict {name!r}: expected one of {', '.join(choices)}, got {value!r}"
            )
        return
    pair = isinstance(value, tuple) and len(value) == 2 and value[0] <= value[1]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (pair or number):
        raise NotebookError(
            f"predict {name!r}: expected a number or an interval (low, high), got {value!r}"
        )


def _of(choices: Sequence[str]) -> str:
    return f" ({' / '.join(choices)})" if choices else ""
