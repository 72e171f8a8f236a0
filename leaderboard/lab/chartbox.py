"""Controls and the chart that depends on them, in one box; headless, the chart alone.

Never here: which controls (`sliding`), or what the chart shows.
"""

import json
import threading
from html import escape
from typing import Any, ClassVar, Self

import anywidget
import ipywidgets as widgets  # type: ignore[import-untyped]  # ships no types
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types
import traitlets
from IPython.display import display

from leaderboard.lab.page import close_all, send_plotly, static
from leaderboard.lab.snapshot import MIME, Snapshot

_display: Any = display  # has no types


class FigureView(anywidget.AnyWidget):
    """One Plotly figure in the page, drawn with JupyterLab's own Plotly (docs/adr/0005)."""

    _esm = static("plotly.js", "figure.js")
    _css = static("cockpit.css")

    figure = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)


class ChartBox:
    """Making another one of its kind closes the one before it.

    A subclass has `figure`, the chart as it stands, and calls `_build` unless it is headless.
    """

    _current: ClassVar[dict[type["ChartBox"], "ChartBox"]] = {}

    def __init__(self, *, headless: bool) -> None:
        if before := ChartBox._current.get(type(self)):
            before.close()
        ChartBox._current[type(self)] = self
        self.headless = headless
        self.closed = False
        self._lock = threading.Lock()
        self._handle: Any = None

    def _build(self, control: widgets.Widget, *more: widgets.Widget) -> None:
        """Put `control` above `more` and the chart."""
        self.view = FigureView(figure=plain(self.figure()))
        self.view.on_msg(self._answer)
        controls = widgets.HBox([control])
        controls.add_class("lbc-controls")
        self.box = widgets.VBox([controls, *more, self.view])
        self.box.add_class("lbc")

    def _draw_anew(self) -> None:
        """Show what `figure` is now, if anybody looks."""
        if not (self.headless or self.closed):
            self.view.figure = plain(self.figure())

    def _say(self, text: str, kind: str = "error") -> None:
        if not self.closed:
            self.view.note = text if kind == "error" else ""

    def _answer(self, view: Any, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "plotly":
            send_plotly(view)

    def figure(self) -> go.Figure:
        """The chart as it stands."""
        raise NotImplementedError

    def close(self) -> None:
        """Give the widgets back and leave the chart as it stands; again: nothing."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
        if ChartBox._current.get(type(self)) is self:
            del ChartBox._current[type(self)]
        if not self.headless:
            close_all(self.box)
        if self._handle is not None:
            self._handle.update({"text/plain": repr(self), MIME: plain(self.figure())}, raw=True)

    def _ipython_display_(self) -> None:
        if self.headless or self.closed:
            _display(Snapshot(self.figure()))
            return
        _display(self.box)
        bundle = {"text/plain": repr(self), "text/html": static("gone.html")}
        self._handle = _display(bundle, raw=True, display_id=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"


def plain(fig: go.Figure) -> dict[str, Any]:
    """`fig` as plain JSON values."""
    found: dict[str, Any] = json.loads(fig.to_json())
    return found
