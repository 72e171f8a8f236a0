"""Notebook 07's control: the line to die at, shown in the code of each design, above the lanes.

Never here: the dying (`mortal`).
"""

import inspect
from collections.abc import Callable, Iterator
from html import escape
from textwrap import dedent
from typing import Any, Final

import ipywidgets as widgets  # type: ignore[import-untyped]  # ships no types
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types
from IPython.display import HTML, display

from leaderboard.errors import NotebookError
from leaderboard.lab import frames
from leaderboard.lab.chartbox import ChartBox
from leaderboard.lab.controls import guarded
from leaderboard.lab.lessons.charts_crashes import lanes
from leaderboard.lab.lessons.mortal import LINES, OURS
from leaderboard.lab.lessons.naive import DESIGNS
from leaderboard.lab.lessons.toll import ALL, HISTORY, LEDGER, Found

_display: Any = display  # has no types

OUTLINE: Final = """\
for batch in log:
    here("nothing done")
    redis.send(points, offset)
    here("half counted")
    redis.reply()  # all, or nothing
    here("between")
    log.commit(batch)  # only a hint, now and then
    here("both done")
"""
"""`Processor`, shortened to what matters for a death."""


class LineToDieAt(ChartBox):
    """A choice of `LINES` with the code of all designs, and what became of the events below it.

    Parameters
    ----------
    line
        Where it stands at first.
    events
        In the log: they all wait.
    headless
        Make no widgets.

    Attributes
    ----------
    line
        The chosen one.

    Raises
    ------
    NotebookError
        when there is no such line.
    """

    def __init__(self, line: str, events: int, *, headless: bool = False) -> None:
        if line not in LINES:
            raise NotebookError(f"line: expected one of {', '.join(LINES)}, got {line!r}")
        super().__init__(headless=headless)
        self.line = line
        waiting = [(design, offset, None) for design in ALL for offset in range(events)]
        self._found = Found(line, frames.table([], HISTORY), frames.table(waiting, LEDGER))
        if headless:
            return
        self.choice = widgets.ToggleButtons(
            options=list(LINES), value=line, description="Every process dies at (line of its code)"
        )
        self.choice.observe(guarded(self._say)(self._chosen), names="value")
        self.choice.add_class("lbc-wide")
        self.code = widgets.HTML(listing(line))
        self._build(self.choice, self.code)

    def _chosen(self, change: Any) -> str:
        with self._lock:
            if not self.closed:
                self.line = str(change["new"])
                self.code.value = listing(self.line)
        return ""

    def show(self, found: Found) -> None:
        """Draw what is known of a run."""
        with self._lock:
            self._found = found
            self._draw_anew()

    def figure(self) -> go.Figure:
        """The lanes as they stand."""
        return lanes(self._found.ledger, self._found.history, self._found.line)

    def _ipython_display_(self) -> None:
        if self.headless:
            _display(HTML(listing(self.line)))  # type: ignore[no-untyped-call]  # IPython's
        super()._ipython_display_()

    def __repr__(self) -> str:
        return f"<LineToDieAt {self.line!r}{', closed' if self.closed else ''}>"


def listing(line: str) -> str:
    """The code of all designs side by side as HTML, the line to die at marked in each."""
    codes = {design: _body(code) for design, code in DESIGNS.items()} | {OURS: OUTLINE}
    columns = "".join(
        f"<pre><b>{design}</b>\n{''.join(_lines(code, _place(design, line)))}</pre>"
        for design, code in codes.items()
    )
    return f'<div class="lbc-listing">{columns}</div>'


def _body(function: Callable[..., None]) -> str:
    """The code of `function` without its first line."""
    return dedent("".join(inspect.getsourcelines(function)[0][1:]))


def _place(design: str, line: str) -> str:
    """What is written in the code of `design` at that line."""
    return line if design == OURS else LINES[line][0]


def _lines(code: str, place: str) -> Iterator[str]:
    for text in code.splitlines():
        if f'here("{place}")' in text:
            yield f"<mark>{escape(text)} ✕ {'half-way' if 'one' in place else 'dies'}</mark>\n"
        else:
            yield f"<i>{escape(text)}</i>\n" if "here(" in text else f"{escape(text)}\n"
