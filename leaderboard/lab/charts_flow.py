"""The chart of an event's journey. Pure, as `charts`, where its name is `flow`."""

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import findings, theme
from leaderboard.lab.drawing import empty_note, escape, figure

HEIGHT_PX = 210


def flow(df: pd.DataFrame) -> go.Figure:
    """The stations of an event's journey with their counters, left to right.

    Parameters
    ----------
    df
        One row per station, in order: `station`, `value` (the counter), `unit`, `detail` (more in
        words), `states` (of its stages, in words), `state` (one of them, for the colour; ""
        when there is none).
    """
    values = dict(zip(df.get("station", ()), df.get("value", ()), strict=True))
    title = findings.flow(
        int(values.get("Producer", 0)),
        int(values.get("Processors", 0)),
        int(values.get("Kafka", 0)),
    )
    fig = figure(title)
    for place, row in enumerate(df.to_dict("records")):
        _station(fig, place, row)
        if place:
            _arrow(fig, place)
    hidden = {"visible": False, "fixedrange": True}
    fig.update_xaxes(range=[-0.5, max(len(df), 1) - 0.5], **hidden)
    fig.update_yaxes(range=[0, 1], **hidden)
    fig.update_layout(height=HEIGHT_PX, margin={"l": 12, "r": 12, "t": 48, "b": 12})
    return fig if len(df) else empty_note(fig)


def _station(fig: go.Figure, place: int, row: dict[Hashable, Any]) -> None:
    state = str(row["state"])
    colour = theme.STATE_COLOURS.get(state, theme.INK)
    left, right = place - 0.42, place + 0.42
    fig.add_shape(
        type="rect", x0=left, x1=right, y0=0, y1=1, line={"width": 1, "color": theme.GRID},
        fillcolor=theme.faded(colour, 0.06),
    )  # fmt: skip
    fig.add_shape(type="line", x0=left, x1=right, y0=1, y1=1, line={"width": 3, "color": colour})
    lines = (
        (0.90, f"<b>{escape(row['station'])}</b>", 12),
        (0.74, escape(row["states"]), 10),
        (0.51, f"<b>{row['value']:,}</b>", 20),
        (0.30, escape(row["unit"]), 12),
        (0.12, escape(row["detail"]).replace(", ", "<br>"), 10),
    )
    for height, text, size in lines:
        fig.add_annotation(x=place, y=height, text=text, showarrow=False, font={"size": size})


def _arrow(fig: go.Figure, place: int) -> None:
    """From the station before `place` to it."""
    fig.add_annotation(
        x=place - 0.43, y=0.5, ax=place - 0.57, ay=0.5, axref="x", ayref="y", text="",
        showarrow=True, arrowhead=2, arrowsize=1.2, arrowwidth=1.5, arrowcolor=theme.INK,
    )  # fmt: skip
