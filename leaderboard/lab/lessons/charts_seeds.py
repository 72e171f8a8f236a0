"""Charts of notebook 01: a table in, a figure out. Pure."""

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import theme
from leaderboard.lab.drawing import empty_note, figure
from leaderboard.lab.estimate import wilson
from leaderboard.model.simulate import MIX


def mix(df: pd.DataFrame, expected: dict[str, float] | None = None) -> go.Figure:
    """Share of each event type with its 95 % interval, and the expected share as a tick.

    `df` has one row per event and a column `event_type`; `expected` adds up to 1.
    """
    expected = expected or MIX
    kinds = list(expected)
    counts = [int((df["event_type"] == kind).sum()) for kind in kinds] if len(df) else [0] * 3
    total = sum(counts)
    shares = [wilson(count, total) for count in counts]
    held = sum(s.holds(expected[kind]) for s, kind in zip(shares, kinds, strict=True))
    fig = figure(f"{held} of {len(kinds)} intervals hold the expected share (n = {total:,})")
    fig.add_bar(
        x=[100 * s.observed for s in shares],
        y=kinds,
        orientation="h",
        width=0.5,
        marker={"color": theme.faded(theme.BLUE, 0.7), "line": {"width": 0}},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * (s.high - s.observed) for s in shares],
            "arrayminus": [100 * (s.observed - s.low) for s in shares],
            "color": theme.INK,
            "thickness": 2,
            "width": 6,
        },
        name="observed, 95 % interval",
        customdata=counts,
        hovertemplate="%{y}<br>%{x:.1f} % (%{customdata:,} events)<extra></extra>",
    )
    fig.add_scatter(
        x=[100 * share for share in expected.values()],
        y=kinds,
        mode="markers",
        marker={"symbol": "line-ns", "size": 30, "line": {"width": 3, "color": theme.ORANGE}},
        name="expected",
        hovertemplate="expected %{x:.0f} %<extra></extra>",
    )
    fig.update_xaxes(title="share of all events (%)", range=[0, 100])
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_layout(margin={"l": 148}, height=260)
    return fig if total else empty_note(fig)


def sizes(df: pd.DataFrame) -> go.Figure:
    """How many events of each type have which size.

    `df` has one row per event: `event_type` and `size_bytes`.
    """
    kinds = [kind for kind in MIX if len(df) and (df["event_type"] == kind).any()]
    medians = {kind: df.loc[df["event_type"] == kind, "size_bytes"].median() for kind in kinds}
    title = "Nothing has been weighed yet"
    if kinds:
        light, heavy = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
        title = f"{light} is the lightest ({medians[light]:.0f} bytes in the median), "
        title += f"{heavy} the heaviest ({medians[heavy]:.0f})"
    fig = figure(title)
    for place, kind in enumerate(kinds):
        size = df.loc[df["event_type"] == kind, "size_bytes"]
        fig.add_histogram(
            x=size,
            name=kind,
            xbins={"size": 4},
            marker={"color": theme.faded(theme.series(place), 0.75), "line": {"width": 0}},
            hovertemplate=f"{kind}<br>%{{x}} bytes: %{{y}} events<extra></extra>",
        )
    fig.update_xaxes(title="size of one event (bytes)")
    fig.update_yaxes(title="events", rangemode="tozero")
    fig.update_layout(barmode="overlay", height=280, margin={"t": 72})
    return fig if kinds else empty_note(fig)
