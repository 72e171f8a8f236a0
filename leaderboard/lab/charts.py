"""Charts of the pipeline: a table in, a Plotly figure out. Pure; no broker, no widget.

Every function accepts an empty table and then says that there is nothing yet. The live view
(`cockpit`) draws these same figures and only replaces their numbers: a trace's `meta` says what it
shows. `tables` makes the tables from samples; any table with the documented columns will do.
"""

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import findings, theme
from leaderboard.lab.charts_assignment import assignment
from leaderboard.lab.charts_flow import flow
from leaderboard.lab.charts_lag import lag
from leaderboard.lab.drawing import empty_note, escape, figure, rank_labels
from leaderboard.lab.estimate import wilson
from leaderboard.model.events import ACHIEVEMENTS
from leaderboard.model.simulate import achievement_shares

__all__ = ["TOP", "assignment", "flow", "lag", "rankings", "rarity"]

TOP = 10
"""Bars in a ranking."""


def rankings(df: pd.DataFrame, theory: pd.DataFrame | None = None) -> go.Figure:
    """The board's first ten as horizontal bars.

    Parameters
    ----------
    df
        One row per player, best first: `rank` (from 1), `player_id`, `player_name`, `score`
        (points); optionally `moved` (places gained, negative: lost, missing: new on the list).
    theory
        What the scores should be, drawn as a tick on each bar: `player_id`, `score`.
    """
    rows = df.sort_values("rank").head(TOP) if len(df) else df
    names = [escape(name) for name in rows.get("player_name", ())]
    scores = [int(score) for score in rows.get("score", ())]
    places = [int(rank) for rank in rows.get("rank", ())]
    moved = list(rows["moved"].astype(object)) if "moved" in rows else [0] * len(rows)
    fig = figure(findings.ranking(list(zip(rows.get("player_name", ()), scores, strict=True))))
    fig.add_bar(
        x=scores,
        y=places,
        orientation="h",
        width=0.68,
        marker={"color": theme.BLUE, "line": {"width": 0}, "cornerradius": 3},
        hovertext=names,
        hovertemplate="%{hovertext}<br>rank %{y}: %{x:,} points<extra></extra>",
        showlegend=False,
        meta="bars",
    )
    text = {"mode": "text", "hoverinfo": "skip", "cliponaxis": False, "showlegend": False}
    fig.add_scatter(
        x=[0] * len(rows), y=places, text=[f"{n}  " for n in names],
        textposition="middle left", meta="names", **text,
    )  # fmt: skip
    fig.add_scatter(
        x=scores, y=places, text=rank_labels(scores, moved),
        textposition="middle right", meta="labels", **text,
    )  # fmt: skip
    if theory is not None:
        _expected_scores(fig, rows, theory)
    reach = max(scores, default=0) * 1.28 or 10
    fig.update_xaxes(
        range=[0, reach], title="score (points)", rangemode="tozero", nticks=6, tickformat="~s"
    )
    fig.update_yaxes(range=[max(places, default=TOP) + 0.55, 0.45], visible=False)
    fig.update_layout(margin={"l": 132}, barmode="overlay")
    return fig if len(rows) else empty_note(fig)


def _expected_scores(fig: go.Figure, rows: pd.DataFrame, theory: pd.DataFrame) -> None:
    both = rows.merge(theory[["player_id", "score"]], on="player_id", suffixes=("", "_expected"))
    fig.add_scatter(
        x=both["score_expected"],
        y=both["rank"],
        mode="markers",
        marker={"symbol": "line-ns", "size": 16, "line": {"width": 3, "color": theme.ORANGE}},
        name="expected",
        hovertemplate="expected %{x:,} points<extra></extra>",
        meta="theory",
    )


def rarity(df: pd.DataFrame, expected: dict[str, float] | None = None) -> go.Figure:
    """Observed share of each achievement with its 95 % interval, and the expected share.

    Parameters
    ----------
    df
        One row per achievement: `achievement`, `unlocked` (how often). Missing ones count 0.
    expected
        Share that is expected of each achievement, from 0 to 1; without it the simulator's.
    """
    expected = achievement_shares() if expected is None else expected
    counts = dict(zip(df.get("achievement", ()), df.get("unlocked", ()), strict=True))
    total = int(sum(counts.get(name, 0) for name in expected))
    shares = [wilson(int(counts.get(name, 0)), total) for name in expected]
    fig = figure(findings.rarity(shares, list(expected.values()), total))
    places = list(range(len(expected)))
    fig.add_scatter(
        x=[100 * share for share in expected.values()],
        y=places,
        mode="markers",
        marker={"symbol": "line-ns", "size": 13, "line": {"width": 3, "color": theme.ORANGE}},
        name="expected",
        hovertemplate="expected %{x:.2f} %<extra></extra>",
        meta="expected",
    )
    fig.add_scatter(
        x=[100 * s.observed if total else None for s in shares],
        y=places,
        mode="markers",
        marker={"size": 9, "color": theme.BLUE},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * (s.high - s.observed) if total else 0 for s in shares],
            "arrayminus": [100 * (s.observed - s.low) if total else 0 for s in shares],
            "color": theme.BLUE,
            "thickness": 2,
            "width": 4,
        },
        name="observed, 95 %",
        hovertemplate="observed %{x:.2f} %, with its 95 % interval<extra></extra>",
        meta="observed",
    )
    ticks = [0.1, 0.3, 1, 3, 10, 30, 100]
    fig.update_xaxes(
        type="log", range=[-1.05, 2.05], tickvals=ticks, ticktext=[f"{t:g}" for t in ticks],
        title="share of all unlocked achievements (%, log scale)",
    )  # fmt: skip
    fig.update_yaxes(
        range=[len(expected) - 0.5, -0.5], tickvals=places, showgrid=False,
        ticktext=[f"{escape(n)} ({ACHIEVEMENTS.get(n, 'other')})" for n in expected],
    )  # fmt: skip
    fig.update_layout(margin={"l": 148})
    return fig if total else empty_note(fig)
