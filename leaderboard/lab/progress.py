"""Progress and notes in the cell that waits: static HTML replaced in place, no widgets.

Only for calls made by a cell; background threads never display anything.
"""

import sys
from typing import Any, Final, Self

from IPython.core.getipython import get_ipython
from IPython.display import display

from leaderboard.lab import cards
from leaderboard.lab.experiment import Experiment
from leaderboard.lab.sample import Sample

EVERY_S: Final = 0.2
SHOW_EVERY: Final = 5


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel."""
    return getattr(get_ipython(), "kernel", None) is not None


def say(text: str) -> None:
    """Show a note: in the cell, or on standard error outside a notebook."""
    if in_notebook():
        _display({"text/plain": text, "text/html": cards.note(text)})
    else:
        sys.stderr.write(f"{text}\n")


def _display(bundle: dict[str, str], **options: Any) -> Any:
    return display(bundle, raw=True, **options)  # type: ignore[no-untyped-call]  # IPython's


class Line:
    """One line that is replaced; nothing is shown when `quiet`, or outside a notebook."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet or not in_notebook()
        self._handle: Any = None

    def show(self, text: str, done: float | None = None) -> None:
        """Replace the line; `done` (0 to 1) adds a bar."""
        if self._quiet:
            return
        bundle = {"text/plain": text, "text/html": cards.bar(text, done)}
        if self._handle is None:
            self._handle = _display(bundle, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


class Starting:
    """While the servers start: a context that gives the reporter for `stack.up`."""

    def __init__(self, headless: bool) -> None:
        self._line = Line(headless)

    def __enter__(self) -> Any:
        self._line.show("Looking for Kafka and Redis")
        return self._line.show

    def __exit__(self, error: object, *_: object) -> None:
        if error is None:
            self._line.show("Kafka and Redis are up")


class Waiting:
    """While an experiment runs: a context that gives `show(experiment, sample)`."""

    def __init__(self, headless: bool) -> None:
        self._line = Line(headless)
        self._calls = 0
        self._last: tuple[Experiment, Sample] | None = None

    def __enter__(self) -> Self:
        return self

    def __call__(self, experiment: Experiment, sample: Sample) -> None:
        self._last = experiment, sample
        if self._calls % SHOW_EVERY == 0:
            self._show(experiment, sample)
        self._calls += 1

    def _show(self, experiment: Experiment, sample: Sample) -> None:
        sent = f"{experiment.sent:,} sent, {sample.total_lag:,} waiting"
        time = f"{experiment.elapsed_s:.0f} s" if experiment.phase == "running" else ""
        self._line.show(" · ".join(filter(None, [experiment.phase, time, sent])), experiment.done)

    def __exit__(self, *_: object) -> None:
        if self._last is not None:
            self._show(*self._last)
