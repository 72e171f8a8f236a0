"""A chart and the slider it depends on, in one box; headless, its static twin.

The function that draws is pure, so that a callback may call it in whichever thread it runs.
Never here: what the chart shows.
"""

import json
import threading
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, ClassVar, Self

import anywidget
import ipywidgets as widgets  # type: ignore[import-untyped]  # ships no types
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types
import traitlets
from IPython.display import display

from leaderboard.lab.controls import guarded
from leaderboard.lab.page import close_all, send_plotly, static
from leaderboard.lab.snapshot import MIME, Snapshot

_display: Any = display  # has no types


class FigureView(anywidget.AnyWidget):
    """One Plotly figure in the page, drawn with JupyterLab's own Plotly (docs/adr/0005)."""

    _esm = static("plotly.js", "figure.js")
    _css = static("cockpit.css")

    figure = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)


class SlidingChart:
    """`draw(value)` for the slider's value; making another closes the one before it.

    Parameters
    ----------
    draw
        A pure function from a value to a figure of constant height.
    label
        What the slider turns, with its unit.
    values
        What it can be set to, evenly spaced and rising.
    value
        Where it stands at first.
    headless
        Make no widgets: the chart at `value` is all there is.
    """

    _current: ClassVar["SlidingChart | None"] = None

    def __init__(
        self,
        draw: Callable[[int], go.Figure],
        label: str,
        values: Sequence[int],
        value: int,
        *,
        headless: bool = False,
    ) -> None:
        if SlidingChart._current is not None:
            SlidingChart._current.close()
        SlidingChart._current = self
        self._draw, self.headless = draw, headless
        self._lock = threading.Lock()
        self._handle: Any = None
        self.value = value
        self.closed = False
        if not headless:
            self._build(label, values)

    def _build(self, label: str, values: Sequence[int]) -> None:
        self.view = FigureView(figure=_plain(self._draw(self.value)))
        self.view.on_msg(self._answer)
        self.slider = widgets.IntSlider(
            value=self.value, min=values[0], max=values[-1], step=values[1] - values[0],
            description=label, continuous_update=False,
        )  # fmt: skip
        self.slider.observe(guarded(self._say)(self._turned), names="value")
        self.slider.add_class("lbc-wide")
        controls = widgets.HBox([self.slider])
        controls.add_class("lbc-controls")
        self.box = widgets.VBox([controls, self.view])
        self.box.add_class("lbc")

    def _turned(self, change: Any) -> str:
        with self._lock:
            if not self.closed:
                self.value = int(change["new"])
                self.view.figure = _plain(self._draw(self.value))
        return ""

    def _say(self, text: str, kind: str = "error") -> None:
        if not self.closed:
            self.view.note = text if kind == "error" else ""

    def _answer(self, view: Any, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "plotly":
            send_plotly(view)

    def figure(self) -> go.Figure:
        """The chart as it stands."""
        return self._draw(self.value)

    def close(self) -> None:
        """Give the widgets back and leave the chart as it stands; again: nothing."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
        if SlidingChart._current is self:
            SlidingChart._current = None
        if not self.headless:
            close_all(self.box)
        if self._handle is not None:
            self._handle.update({"text/plain": repr(self), MIME: _plain(self.figure())}, raw=True)

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

    def __repr__(self) -> str:
        return f"<SlidingChart at {self.value}{', closed' if self.closed else ''}>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"


def _plain(fig: go.Figure) -> dict[str, Any]:
    """`fig` as plain JSON values."""
    found: dict[str, Any] = json.loads(fig.to_json())
    return found
