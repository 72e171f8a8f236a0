"""A chart and the slider it depends on.

The function that draws is pure, so that a callback may call it in whichever thread it runs.
Never here: what the chart shows.
"""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]  # ships no types
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab.chartbox import ChartBox
from leaderboard.lab.controls import guarded


class SlidingChart(ChartBox):
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

    def __init__(
        self,
        draw: Callable[[int], go.Figure],
        label: str,
        values: Sequence[int],
        value: int,
        *,
        headless: bool = False,
    ) -> None:
        super().__init__(headless=headless)
        self._draw = draw
        self.value = value
        if headless:
            return
        self.slider = widgets.IntSlider(
            value=self.value, min=values[0], max=values[-1], step=values[1] - values[0],
            description=label, continuous_update=False,
        )  # fmt: skip
        self.slider.observe(guarded(self._say)(self._turned), names="value")
        self.slider.add_class("lbc-wide")
        self._build(self.slider)

    def _turned(self, change: Any) -> str:
        with self._lock:
            if not self.closed:
                self.value = int(change["new"])
                self._draw_anew()
        return ""

    def figure(self) -> go.Figure:
        """The chart as it stands."""
        return self._draw(self.value)

    def __repr__(self) -> str:
        return f"<SlidingChart at {self.value}{', closed' if self.closed else ''}>"
