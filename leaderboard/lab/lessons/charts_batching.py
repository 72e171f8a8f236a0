"""Charts of notebook 06: a table in, a figure out. Pure."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import theme
from leaderboard.lab.drawing import empty_note, figure
from leaderboard.lab.lessons.batching import Law, dominated

USUAL_WAIT_MS = 20
"""The fetch wait of our processor: not worth a word."""
TICKS = [digit * 10**power for power in range(-1, 7) for digit in (1, 3)]


def pareto(points: pd.DataFrame, rate: float) -> go.Figure:
    """Every choice by how fast it is and how old its events get; the frontier, and the dominated.

    Parameters
    ----------
    points
        As `batching.explore` gives them.
    rate
        Events a second that arrived while the age was measured: an upright line.
    """
    if points.empty:
        return empty_note(figure("Nothing has been measured yet"))
    beaten = dominated(points)
    fig = figure(_finding(points, beaten))
    best = points[beaten == 0].sort_values("events_per_s")
    fig.add_scatter(
        x=best["events_per_s"], y=best["p50_ms"], mode="lines", name="frontier", meta="frontier",
        line={"color": theme.BLUE, "width": 2, "shape": "hv"}, hoverinfo="skip",
    )  # fmt: skip
    looks = (("on the frontier", best, theme.BLUE, "circle"),
             ("dominated", points[beaten > 0], theme.RED, "x"))  # fmt: skip
    for name, some, colour, symbol in looks:
        fig.add_scatter(
            x=some["events_per_s"], y=some["p50_ms"], mode="markers+text", name=name, meta=name,
            marker={"color": colour, "symbol": symbol, "size": 11},
            text=[_label(*pair) for pair in zip(some["batch"], some["wait_ms"], strict=True)],
            textposition=[
                f"bottom {'right' if wait_ms == USUAL_WAIT_MS else 'left'}"
                for wait_ms in some["wait_ms"]
            ],
            customdata=some[["wait_ms", "p99_ms"]], cliponaxis=False,
            error_y={"type": "data", "symmetric": False, "array": some["p99_ms"] - some["p50_ms"],
                     "arrayminus": [0] * len(some), "width": 4, "thickness": 1.2},
            hovertemplate="%{text} (fetch wait %{customdata[0]} ms): %{x:,.0f} events/s, "
            "median %{y:,.1f} ms, 99 % below %{customdata[1]:,.1f} ms<extra></extra>",
        )  # fmt: skip
    fig.add_vline(
        x=rate, line={"color": theme.INK, "width": 1.5, "dash": "dash"},
        annotation={"text": f" {rate:,.0f}/s arrive", "yshift": -6, "font": {"size": 11}},
    )  # fmt: skip
    _logarithmic(fig.update_xaxes, "events per second at most", points["events_per_s"], [rate])
    _logarithmic(
        fig.update_yaxes, "age when counted (ms): median, 99 %", points["p50_ms"], points["p99_ms"]
    )
    fig.update_layout(height=400, margin={"l": 70, "t": 72, "b": 48})
    return fig


def _label(batch: int, wait_ms: int) -> str:
    if wait_ms == USUAL_WAIT_MS:
        return f"batch {batch:,}"
    return f"<br>batch {batch:,}, wait {wait_ms} ms"  # a line lower: its twin is near


def _finding(points: pd.DataFrame, beaten: pd.Series) -> str:
    usual = points[points["wait_ms"] == USUAL_WAIT_MS]
    small = points.sort_values("batch").iloc[0]
    best = (usual if len(usual) else points).sort_values("events_per_s").iloc[-1]
    batch = f"Batch {small['batch']:,.0f}"
    if not beaten.to_numpy()[points["batch"].to_numpy().argmin()]:
        return f"{batch} is dominated by no other choice"
    times = best["events_per_s"] / small["events_per_s"]
    age = small["p50_ms"] / best["p50_ms"]
    return (
        f"{batch} is dominated: batch {best['batch']:,.0f} is {times:,.0f} times as fast "
        f"and counts events {age:,.0f} times as soon"
    )


def capacity(points: pd.DataFrame, law: Law) -> go.Figure:
    """Events a second over the batch size, and the law; both axes logarithmic."""
    if points.empty:
        return empty_note(figure("Nothing has been measured yet"))
    fig = figure(
        f"A batch costs {law.per_batch_us:,.0f} µs, and {law.per_event_us:,.0f} µs for each event"
    )
    ordered = points.sort_values("batch")
    batches = np.geomspace(ordered["batch"].iloc[0], ordered["batch"].iloc[-1], 60)
    fig.add_scatter(
        x=batches, y=[law.rate(batch) for batch in batches], mode="lines", name="the law",
        meta="law", line={"color": theme.INK, "width": 2, "dash": "dash"}, hoverinfo="skip",
    )  # fmt: skip
    fig.add_scatter(
        x=ordered["batch"], y=ordered["events_per_s"], mode="markers", name="measured",
        meta="measured", marker={"color": theme.BLUE, "size": 11},
        hovertemplate="batch %{x:,}: %{y:,.0f} events/s<extra></extra>",
    )  # fmt: skip
    fig.update_xaxes(
        type="log", title="batch (records of one poll at most)", tickvals=ordered["batch"],
        ticktext=[f"{batch:,}" for batch in ordered["batch"]],
    )  # fmt: skip
    _logarithmic(fig.update_yaxes, "events per second at most", ordered["events_per_s"], [])
    fig.update_layout(height=320, margin={"l": 70, "t": 66, "b": 48})
    return fig


def _logarithmic(update: Any, title: str, values: Any, more: Any) -> None:
    """An axis from a little below the smallest value to a little above the largest."""
    found = [float(value) for value in (*values, *more) if value > 0]
    low, high = np.log10(min(found)) - 0.3, np.log10(max(found)) + 0.3
    update(
        type="log", title=title, range=[low, high], tickvals=TICKS,
        ticktext=[f"{tick:,g}" for tick in TICKS],
    )  # fmt: skip
