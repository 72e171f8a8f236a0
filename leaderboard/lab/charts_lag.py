"""The chart of lag and rates over time. Pure, as `charts`, where its name is `lag`."""

from typing import Final

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import findings, theme
from leaderboard.lab.drawing import empty_note, figure

RATES: Final = (
    ("send_rate", "produced", theme.BLUE, "solid"),
    ("apply_rate", "applied", theme.ORANGE, "solid"),
    ("target_rate", "target", theme.INK, "dot"),
)
"""Column, name, colour and dash of each rate."""


def lag(
    df: pd.DataFrame, rates: pd.DataFrame | None = None, theory: pd.DataFrame | None = None
) -> go.Figure:
    """Events waiting per partition, stacked; below it what was produced and applied each second.

    Parameters
    ----------
    df
        `t_s` (seconds), `lag` (events waiting) and, when there is a row per partition, `partition`.
    rates
        One row per moment: `t_s`, `send_rate`, `apply_rate` and optionally `target_rate` (events
        per second). Without it `df` may have these columns itself.
    theory
        A ghost line of what the total lag should be: `t_s`, `lag`.
    """
    parts = df.pivot_table(index="t_s", columns=_areas(df), values="lag") if len(df) else df
    times = list(parts.index)
    fig = figure(findings.lag_history(times, _total(parts)))
    for name in parts.columns if len(df) else ():
        _area(fig, str(name), times, list(parts[name]))
    if theory is not None:
        fig.add_scatter(
            x=theory["t_s"], y=theory["lag"], mode="lines", name="theory", meta="theory",
            line={"color": theme.INK, "width": 2, "dash": "dash"},
            hovertemplate="theory %{y:,.0f}<extra></extra>",
        )  # fmt: skip
    _rates(fig, df if rates is None else rates)
    _axes(fig)
    return fig if len(df) else empty_note(fig)


def blank_lag(partitions: list[int]) -> go.Figure:
    """The chart without numbers, with an area for each of `partitions`."""
    fig = figure("")
    for partition in partitions:
        _area(fig, f"p{partition}", [], [])
    _rates(fig, pd.DataFrame(columns=["t_s", *(column for column, *_ in RATES)]))
    _axes(fig)
    return fig


def _areas(df: pd.DataFrame) -> pd.Series:
    """The name of the area that each row belongs to."""
    if "partition" in df:
        return "p" + df["partition"].astype(str)
    return pd.Series("all partitions", index=df.index)


def _total(parts: pd.DataFrame) -> list[int]:
    return [int(total) for total in parts.sum(axis=1)]


def _area(fig: go.Figure, name: str, times: list[float], lags: list[float]) -> None:
    place = len(fig.data)
    colour = theme.series(place)
    fig.add_scatter(
        x=times,
        y=lags,
        mode="lines",
        stackgroup="lag",
        name=name,
        line={"width": 1, "color": colour},
        fillcolor=theme.faded(colour, 0.55),
        hovertemplate=f"{name} %{{y:,}}<extra></extra>",
        meta=f"lag_{place}",
    )


def _rates(fig: go.Figure, table: pd.DataFrame) -> None:
    moments = table.drop_duplicates("t_s") if len(table) else table  # one row per partition
    for column, name, colour, dash in RATES:
        if column not in table:
            continue
        fig.add_scatter(
            x=list(moments["t_s"]),
            y=list(moments[column]),
            yaxis="y2",
            mode="lines",
            name=name,
            legend="legend2",
            line={"width": 2 if dash == "solid" else 1.5, "color": colour, "dash": dash},
            hovertemplate=f"{name} %{{y:,.3~g}}/s<extra></extra>",
            meta=column,
        )


def _axes(fig: go.Figure) -> None:
    """One time axis under two value axes: the eye compares moments straight up and down."""
    value = {"rangemode": "tozero", "tickformat": ","}
    fig.update_layout(
        xaxis={"anchor": "y2", "title": "time (s)"},
        yaxis={**value, "domain": [0.46, 1], "title": "lag (events)", "nticks": 5},
        yaxis2={**value, "domain": [0, 0.34], "title": "rate (events/s)", "nticks": 4},
        legend={"traceorder": "normal"},
        legend2={"orientation": "h", "x": 1, "xanchor": "right", "y": 0.34, "yanchor": "bottom"},
        hovermode="x",
        showlegend=True,
    )
