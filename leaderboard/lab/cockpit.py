"""The live view: control panel, counters and charts of a lab in one box, at 5 Hz.

The page draws the figures of `charts` with JupyterLab's own copy of Plotly (docs/adr/0005); the
kernel only sends what `feed` says has changed. Headless there are no widgets: the cockpit is the
static twin of its charts. Never here: what a chart looks like, or what a control does.
"""

import json
import threading
from html import escape
from typing import Any, Final

import anywidget
import ipywidgets as widgets  # type: ignore[import-untyped]  # ships no types
import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types
import traitlets
from IPython.display import display

from leaderboard.errors import NotebookError
from leaderboard.lab import charts, frames, tables
from leaderboard.lab.charts_assignment import blank_assignment
from leaderboard.lab.charts_lag import blank_lag
from leaderboard.lab.controls import Controls
from leaderboard.lab.feed import WINDOW_S, Feed
from leaderboard.lab.overview import overview
from leaderboard.lab.page import close_all, send_plotly, static
from leaderboard.lab.panel import Panel
from leaderboard.lab.sample import Sample

_display: Any = display  # has no types
_SCRIPTS: Final = ("plotly.js", "race.js", "charts.js", "flow.js", "view.js")
"""One script to the page: each file is a part, the last exports the widget."""


RECORD_S: Final = 1_800.0
"""What a headless cockpit remembers, in seconds; a live one keeps what it shows."""


SHOWS: Final = {
    "board": ("rankings", "lag", "rarity"),
    "assignment": ("assignment", "lag"),
}
"""What a panel may show, and its charts."""


def live_figures(partitions: list[int], show: str = "board") -> dict[str, Any]:
    """The empty figures that the page fills, with an area or lane for each of `partitions`."""
    blank = {
        "rankings": lambda: charts.rankings(pd.DataFrame()),
        "lag": lambda: blank_lag(partitions),
        "rarity": lambda: charts.rarity(pd.DataFrame()),
        "assignment": lambda: blank_assignment(partitions),
    }
    figures = {name: blank[name]() for name in SHOWS[show]}
    for name, fig in figures.items():
        fig.layout.annotations = ()
        fig.update_layout(title=None, height=None, autosize=True, uirevision=1)
        fig.update_layout(margin={"t": 21, "b": 34, "r": 14, "autoexpand": False})
        if name in ("lag", "assignment"):
            fig.update_xaxes(range=[-WINDOW_S, 0], title="seconds before now (s)")
        if name in ("rankings", "assignment"):
            fig.update_layout(margin={"t": 2})
    return {name: json.loads(fig.to_json()) for name, fig in figures.items()}


class LiveView(anywidget.AnyWidget):
    """Counters and charts in the page."""

    _esm = static(*_SCRIPTS)
    _css = static("cockpit.css")

    figures = traitlets.Dict().tag(sync=True)
    stations = traitlets.List(traitlets.Unicode()).tag(sync=True)
    note = traitlets.Dict().tag(sync=True)


class Cockpit:
    """The live view of one lab; `close` ends it. Get it from `cockpit`."""

    def __init__(self, lab: Controls, show: str = "board") -> None:
        self.lab, self.show = lab, show
        self.headless = bool(lab.headless)
        window_s = RECORD_S if self.headless else WINDOW_S
        self._feed = Feed(window_s, assignment="assignment" in SHOWS[show])
        self._handle: Any = None
        self._lock = threading.Lock()
        self._open = True
        self._partitions: list[int] = []
        if not self.headless:
            self._build()
        self._unsubscribe = lab.subscribe(self._take)

    def _build(self) -> None:
        blank = tables.flow_rows(Sample(t_s=0.0))
        self.view = LiveView(
            figures=live_figures([], self.show), stations=[row.station for row in blank]
        )
        self.view.on_msg(self._answer)
        self.panel = Panel(self.lab, self.say)
        self.box = widgets.VBox([self.panel.box, self.view])
        self.box.add_class("lbc")

    def say(self, text: str, kind: str = "error") -> None:
        """Show `text` on the panel's log line until the next; `kind` is error or info."""
        if not self.headless:
            self.view.note = {"text": text, "kind": kind}

    def _take(self, sample: Sample) -> None:
        """One sample, in the lab's thread."""
        with self._lock:
            if not self._open:
                return
            message = self._feed.tick(sample)
            if self.headless:
                return
            if self._feed.partitions != self._partitions:
                self._partitions = self._feed.partitions
                self.view.figures = live_figures(self._partitions, self.show)
            self.view.send(message)
        self.panel.follow(sample)

    def _answer(self, _view: object, content: dict[str, Any], _buffers: object) -> None:
        """A page that was just opened asks for the story so far, or for Plotly itself."""
        if content.get("kind") == "hello":
            with self._lock:
                self.view.send(self._feed.history())
        elif content.get("kind") == "plotly":
            send_plotly(self.view)

    def figures(self) -> dict[str, go.Figure]:
        """The static twins: what the live charts show now, over the whole last minute."""
        samples = self._feed.samples or [Sample(t_s=0.0)]
        last = samples[-1]
        twins = {
            "flow": lambda: charts.flow(tables.flow_table(last)),
            "rankings": lambda: charts.rankings(tables.ranking_table(last, self._feed.before(5.0))),
            "lag": lambda: charts.lag(tables.lag_table(samples)),
            "rarity": lambda: charts.rarity(tables.rarity_table(last.unlocked)),
            "assignment": lambda: charts.assignment(frames.assignment(samples)),
        }
        figures = {name: twins[name]() for name in ("flow", *SHOWS[self.show])}
        if "assignment" in figures:  # one clock for both
            for name in ("assignment", "lag"):
                figures[name].update_xaxes(range=[samples[0].t_s, last.t_s])
        return figures

    def figure(self) -> go.Figure:
        """The static twins as one figure, placed as on the panel."""
        samples = self._feed.samples
        when = f"After {samples[-1].t_s:,.0f} s: " if samples else ""
        return overview(self.figures(), when)

    def close(self) -> None:
        """End the live view and give every widget back; again: nothing."""
        with self._lock:
            if not self._open:
                return
            self._open = False
        self._unsubscribe()
        if not self.headless:
            close_all(self.box)
        if self._handle is not None and self._feed.samples:
            self._handle.update(self._record(), raw=True)
        _forget(self)

    def _record(self) -> dict[str, Any]:
        """What stays in the notebook: the static twins; headless with a picture for reports."""
        from leaderboard.lab.snapshot import Snapshot  # the picture's library loads slowly

        snapshot = Snapshot(self.figure())
        if self.headless:
            bundle: dict[str, Any] = snapshot._repr_mimebundle_()
            return bundle
        drawn = json.loads(snapshot.figure.to_json())
        return {"text/plain": repr(snapshot), "application/vnd.plotly.v1+json": drawn}

    def __repr__(self) -> str:
        state = "closed" if not self._open else "headless" if self.headless else "live"
        return f"<Cockpit {state}, {len(self._feed.samples)} samples>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"

    def _ipython_display_(self) -> None:
        if not self._open:
            _display(self._record(), raw=True)
            return
        if not self.headless:
            _display(self.box)
        note = "gone.html" if not self.headless else "later.html"
        bundle = {"text/plain": repr(self), "text/html": static(note)}
        self._handle = _display(bundle, raw=True, display_id=True)


_current: list[Cockpit] = []
_opening = threading.Lock()


def cockpit(lab: Controls, show: str = "board") -> Cockpit:
    """The kernel's one live view: that of `lab` if it is open, else a new one in its place.

    Raises
    ------
    NotebookError
        when `show` is none of `SHOWS`.
    """
    if show not in SHOWS:
        raise NotebookError(f"panel: expected one of {', '.join(SHOWS)}, got {show!r}")
    with _opening:
        for old in _current[:]:
            if old.lab is lab and old.show == show:
                return old
            old.close()
        new = Cockpit(lab, show)
        _current.append(new)
        return new


def _forget(closed: Cockpit) -> None:
    if closed in _current:
        _current.remove(closed)
