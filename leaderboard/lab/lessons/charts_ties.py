"""Charts of notebook 04: a table in, a figure out. Pure."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import theme
from leaderboard.lab.drawing import empty_note, escape, figure
from leaderboard.lab.lessons.ties import OURS, REDIS, SCAN


def slope(ours: Sequence[str], theirs: Sequence[str]) -> go.Figure:
    """The same players in two orders, best first, each joined by a line.

    `ours` is the board's order, `theirs` that of ZREVRANGE; players in one alone are left out.
    """
    places = {member: place for place, member in enumerate(theirs, start=1)}
    pairs = [(m, p, places[m]) for p, m in enumerate(ours, start=1) if m in places]
    if not pairs:
        return empty_note(figure("Nobody ties yet"))
    same = sum(left == right for _, left, right in pairs)
    fig = figure(f"{same} of {len(pairs)} tied players stand at the same place in both orders")
    for member, left, right in pairs:
        stays = left == right
        fig.add_scatter(
            x=[0, 1],
            y=[left, right],
            mode="lines+markers+text",
            line={"width": 2, "color": theme.INK if stays else theme.BLUE},
            marker={"size": 8},
            text=[f"{left}. {escape(member)}  ", f"  {right}. {escape(member)}"],
            textposition=["middle left", "middle right"],
            hoverinfo="skip",
            cliponaxis=False,
        )
    fig.update_xaxes(
        range=[-0.35, 1.35], tickvals=[0, 1], ticktext=["our board: a to z", "ZREVRANGE: z to a"],
        side="top", showgrid=False, tickfont={"size": 12},
    )  # fmt: skip
    fig.update_yaxes(range=[len(pairs) + 0.6, 0.4], visible=False)
    fig.update_layout(showlegend=False, margin={"l": 20, "r": 20, "t": 84, "b": 12})
    return fig


def growth(df: pd.DataFrame, query: str) -> float:
    """How many times the cost of the smallest board the largest one costs."""
    rows = df[df["query"] == query].sort_values("members")["us"]
    return float(rows.iloc[-1] / rows.iloc[0])


def cost(df: pd.DataFrame) -> go.Figure:
    """Microseconds for one rank over the size of the board, both axes logarithmic.

    `df` as `ties.rank_costs` gives it. A dotted line goes up as the size does.
    """
    if df.empty:
        return empty_note(figure("Nothing has been timed yet"))
    sizes = sorted(df["members"].unique())
    more = sizes[-1] / sizes[0]
    fig = figure(f"{more:,.0f} times the members, {growth(df, OURS):.1f} times the cost of a rank")
    for place, query in enumerate((OURS, REDIS, SCAN)):
        rows = df[df["query"] == query].sort_values("members")
        fig.add_scatter(
            x=rows["members"],
            y=rows["us"],
            mode="lines+markers",
            name=query,
            line={"width": 2.5, "color": theme.series(place)},
            marker={"size": 8, "symbol": ("circle", "square", "diamond")[place]},
            hovertemplate=f"{query}<br>%{{x:,}} members: %{{y:,.1f}} µs<extra></extra>",
        )
    base = float(df.loc[(df["query"] == OURS) & (df["members"] == sizes[0]), "us"].iloc[0])
    fig.add_scatter(
        x=sizes,
        y=[base * size / sizes[0] for size in sizes],
        mode="lines",
        name="as the size",
        line={"width": 1.5, "color": theme.INK, "dash": "dot"},
        hoverinfo="skip",
    )
    fig.update_xaxes(
        type="log", title="members of the board", tickvals=sizes,
        ticktext=[f"{size:,}" for size in sizes],
    )  # fmt: skip
    fig.update_yaxes(type="log", title="one query (µs)", dtick=1)
    fig.update_layout(margin={"l": 64, "t": 80})
    return fig
