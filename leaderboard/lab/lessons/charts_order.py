"""The chart of notebook 02: a table in, a figure out. Pure."""

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import theme
from leaderboard.lab.drawing import empty_note, escape, figure
from leaderboard.lab.lessons.order import SIDES, late

FEW = 10
"""About so many numbered rungs can still be read."""


def ladder(df: pd.DataFrame, player_id: str | None = None) -> go.Figure:
    """Every record at its partition and offset; one player's events numbered as they were sent.

    Parameters
    ----------
    df
        As `order.Twins.read` gives it.
    player_id
        Whose events are numbered and joined in the order of sending; else somebody with about
        `FEW` of them.
    """
    if df.empty:
        return empty_note(figure("Nothing has been sent yet"))
    df = df.assign(late=late(df), lane=_lanes(df))
    if player_id is None:
        counts = df.loc[df["topic"] == SIDES[0], "player_id"].value_counts()
        player_id = str((counts - FEW).abs().idxmin())
    mine = df[df["player_id"] == player_id].sort_values(["topic", "sent"])
    mine = mine.assign(number=mine.groupby("topic").cumcount() + 1)
    fig = figure(_finding(mine))
    _rungs(fig, df)
    for side in SIDES:
        _path(fig, mine[mine["topic"] == side])
    _axes(fig, df)
    return fig


def _lanes(df: pd.DataFrame) -> pd.Series:
    """Keyed partitions above, unkeyed ones below, a gap between."""
    gap = int(df["partition"].max()) + 2
    return df["partition"] + df["topic"].eq(SIDES[1]) * gap


def _finding(mine: pd.DataFrame) -> str:
    name = mine["player_name"].iloc[-1]
    keyed, unkeyed = (mine[mine["topic"] == side] for side in SIDES)
    return (
        f"{name}: {keyed['late'].sum()} of {len(keyed)} events out of order with a key, "
        f"{unkeyed['late'].sum()} of {len(unkeyed)} without"
    )


def _rungs(fig: go.Figure, df: pd.DataFrame) -> None:
    fig.add_scatter(
        x=df["offset"],
        y=df["lane"],
        mode="markers",
        marker={"symbol": "line-ns", "size": 14, "line": {"width": 1.5, "color": theme.GRID}},
        name="all records",
        customdata=df[["sent", "player_name"]],
        hovertemplate="%{customdata[1]}, sent as number %{customdata[0]}<extra></extra>",
    )


def _path(fig: go.Figure, mine: pd.DataFrame) -> None:
    if mine.empty:
        return
    side = mine["topic"].iloc[0]
    colours = [theme.RED if wrong else theme.BLUE for wrong in mine["late"]]
    fig.add_scatter(
        x=mine["offset"],
        y=mine["lane"],
        mode="lines+markers+text",
        line={"width": 1, "color": theme.faded(theme.INK, 0.6)},
        marker={
            "size": 11,
            "color": colours,
            "symbol": ["x" if wrong else "circle" for wrong in mine["late"]],
        },
        text=mine["number"].astype(str),
        textposition="top center",
        name=f"{escape(mine['player_name'].iloc[-1])}, {side}, in the order sent",
        hovertemplate="%{text}: offset %{x}<extra></extra>",
        showlegend=False,
        cliponaxis=False,
    )


def _axes(fig: go.Figure, df: pd.DataFrame) -> None:
    lanes = df[["lane", "topic", "partition"]].drop_duplicates().sort_values("lane")
    fig.update_xaxes(
        title="offset (✕: read after a later event of the same player)",
        rangemode="tozero",
        showgrid=False,
    )
    fig.update_yaxes(
        tickvals=lanes["lane"],
        ticktext=[f"{t} p{p}" for t, p in zip(lanes["topic"], lanes["partition"], strict=True)],
        range=[lanes["lane"].max() + 0.6, -0.8],
    )
    fig.update_layout(margin={"l": 96, "t": 56}, height=400, showlegend=False)
