"""Charts of notebook 08: a table in, a figure out. Pure."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import theme
from leaderboard.lab.drawing import empty_note, escape, figure
from leaderboard.lab.findings import plural
from leaderboard.lab.lessons.latecomers import LATE, ON_TIME, TOO_LATE

LOOKS = {
    ON_TIME: (theme.BLUE, "circle", 4),
    LATE: (theme.ORANGE, "diamond", 8),
    TOO_LATE: (theme.RED, "x", 8),
}
"""Colour, shape and size of each fate."""
SHADE: dict[str, Any] = {
    "fillcolor": theme.faded(theme.ORANGE, 0.16),
    "line": {"color": theme.faded(theme.ORANGE, 0.6), "width": 1},
}
"""Of the stretch in which a window is closing."""
PANES = (
    (theme.INK, "circle-open", 9),
    (theme.BLUE, "circle", 8),
    (theme.ORANGE, "diamond-open", 9),
    (theme.ORANGE, "diamond", 13),
    (theme.RED, "x-thin", 10),
)
"""Colour, shape and size of each pane, and of what the last one lacks."""
ON_TOP = (0, 2, 3, 1, 4)
"""The order in which these are drawn: equal scores hide none of them."""
FEW = 8
"""So many players are shown."""


def event_times(df: pd.DataFrame, lateness_min: int) -> go.Figure:
    """Each event by when it arrived and when it happened; the watermark, windows and lateness.

    A window's box is open to the right until the watermark passes its end; in the shaded stretch
    after that its late events still count.

    Parameters
    ----------
    df
        As `latecomers.judge` gives it for that lateness.
    """
    if df.empty:
        return empty_note(figure("Nobody has played yet"))
    counts = df["fate"].value_counts()
    late, lost = (int(counts.get(fate, 0)) for fate in (LATE, TOO_LATE))
    fig = figure(
        f"{plural(late + lost, 'event')} came late; with {lateness_min} min of lateness "
        f"{late:,} still {'count' if late != 1 else 'counts'}, {lost:,} do{'es' * (lost == 1)} not"
    )
    _windows(fig, df, pd.Timedelta(minutes=lateness_min))
    for fate, (colour, symbol, size) in LOOKS.items():
        some = df[df["fate"] == fate]
        fig.add_scatter(
            x=_clock(some["arrived"]),
            y=_clock(some["at"]),
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": size, "line": {"width": 0}},
            name=f"{fate} ({len(some):,})",
            customdata=some["player_name"].map(escape),
            hovertemplate=f"%{{customdata}}: happened %{{y|%H:%M:%S}}, arrived %{{x|%H:%M:%S}}, "
            f"{fate}<extra></extra>",
            meta=fate,
        )
    _staircase(fig, df)
    hour = {"tickformat": "%H:%M", "dtick": 3_600_000, "type": "date"}
    fig.update_xaxes(title="arrived in Kafka (UTC)", showgrid=False, **hour)
    fig.update_yaxes(title="happened in the game (UTC)", **hour)
    fig.update_layout(height=460, margin={"l": 64, "t": 76}, legend={"traceorder": "normal"})
    return fig


def _clock(times: pd.Series) -> list[float]:
    """Milliseconds since 1970: what Plotly's time axes take, without a zone to convert."""
    return [stamp.timestamp() * 1000 for stamp in times]


def _windows(fig: go.Figure, df: pd.DataFrame, lateness: pd.Timedelta) -> None:
    """A shaded box where a window is closing; its edges are lines over the whole width."""
    right = df["arrived"].max()
    for end in sorted(df["end"].unique()):
        start = df.loc[df["end"] == end, "start"].iloc[0]
        left, last = (_passed(df, moment, right) for moment in (end, end + lateness))
        x0, x1, y0, y1 = _clock(pd.Series([left, last, start, end]))
        edge = {"color": theme.INK, "width": 1, "dash": "dot"}
        fig.add_shape(type="line", x0=0, x1=1, xref="x domain", y0=y1, y1=y1, line=edge)
        if left < last:
            fig.add_shape(type="rect", x0=x0, x1=x1, y0=y0, y1=y1, **SHADE)
    fig.update_shapes(layer="below")
    fig.add_scatter(
        x=[None], y=[None], mode="markers", name="closing, late events count", meta="closing",
        marker={"symbol": "square", "size": 13, "color": SHADE["fillcolor"], "line": SHADE["line"]},
    )  # fmt: skip


def _passed(df: pd.DataFrame, moment: pd.Timestamp, never: pd.Timestamp) -> pd.Timestamp:
    """When the watermark reached `moment`."""
    reached = df.loc[df["watermark"] >= moment, "arrived"]
    return reached.iloc[0] if len(reached) else never


def _staircase(fig: go.Figure, df: pd.DataFrame) -> None:
    steps = df.drop_duplicates("watermark")
    ends = pd.concat([steps, df.tail(1)])
    fig.add_scatter(
        x=_clock(ends["arrived"]),
        y=_clock(ends["watermark"]),
        mode="lines",
        line={"color": theme.GREEN, "width": 2, "shape": "hv"},
        name="watermark",
        hoverinfo="skip",
        meta="watermark",
    )


def lost(df: pd.DataFrame, lateness_min: int) -> go.Figure:
    """The share of events that come too late, over the lateness; and what the law expects.

    `df` as `latecomers.losses` gives it; `lateness_min` is the one that is marked.
    """
    if df.empty:
        return empty_note(figure("Nobody has played yet"))
    inside = int(df["too_late"].between(df["low"], df["high"]).sum())
    fig = figure(f"{inside} of {len(df)} shares lie in the band of the law")
    x = df["lateness_min"]
    percent = {name: 100 * df[name] / df["events"] for name in ("too_late", "law", "low", "high")}
    fig.add_scatter(x=x, y=percent["high"], mode="lines", line={"width": 0}, hoverinfo="skip",
                    showlegend=False)  # fmt: skip
    fig.add_scatter(
        x=x, y=percent["low"], mode="lines", line={"width": 0}, fill="tonexty",
        fillcolor=theme.faded(theme.INK, 0.2), name="99 % of such evenings", hoverinfo="skip",
    )  # fmt: skip
    fig.add_scatter(
        x=x, y=percent["law"], mode="lines", name="the law",
        line={"color": theme.INK, "width": 2, "dash": "dash"},
        hovertemplate="the law: %{y:.2f} %<extra></extra>", meta="law",
    )  # fmt: skip
    chosen = x == lateness_min
    fig.add_scatter(
        x=x, y=percent["too_late"], mode="markers", name="measured",
        marker={"color": theme.RED, "symbol": "x", "line": {"width": 0},
                "size": [12 if c else 7 for c in chosen]},
        hovertemplate="lateness %{x} min: %{y:.2f} % too late<extra></extra>", meta="measured",
    )  # fmt: skip
    fig.add_vline(
        x=lateness_min, line={"color": theme.INK, "width": 1, "dash": "dot"},
        annotation={"text": f" our hourly board: {lateness_min} min", "yshift": -8},
    )  # fmt: skip
    fig.update_xaxes(title="lateness (min)", dtick=10)
    fig.update_yaxes(title="events too late (%)", rangemode="tozero")
    fig.update_layout(height=320, margin={"t": 68})
    return fig


def panes(
    results: Mapping[str, Mapping[str, int]], lost: Mapping[str, int], names: Mapping[str, str]
) -> go.Figure:
    """The same window's scores in each of its panes, a line per player, best in the end first.

    Parameters
    ----------
    results
        Four panes in the order they appear (early, on time, late, final): score by player.
    lost
        Points by player that came too late: what the final pane lacks.
    names
        What to call them.
    """
    final = list(results.values())[-1] if results else {}
    if not final:
        return empty_note(figure("No pane has appeared yet"))
    players = sorted(final, key=lambda player: (-final[player], player))[:FEW]
    fig = figure(_finding(results))
    columns = {**results, "had nothing been lost": {p: final[p] + lost.get(p, 0) for p in final}}
    for player in players:
        reach = [column[player] for column in columns.values() if player in column]
        fig.add_scatter(
            x=[min(reach), max(reach)], y=[player] * 2, mode="lines", hoverinfo="skip",
            line={"color": theme.faded(theme.INK, 0.45), "width": 2}, showlegend=False,
        )  # fmt: skip
    for rank in ON_TOP:
        name, column = list(columns.items())[rank]
        colour, symbol, size = PANES[rank]
        shown = [player for player in players if player in column]
        fig.add_scatter(
            x=[column[player] for player in shown], y=shown, mode="markers", name=name, meta=name,
            marker={"symbol": symbol, "size": size, "color": colour,
                    "line": {"color": colour, "width": 2}}, legendrank=rank + 1,
            hovertemplate=f"%{{y}}: %{{x:,}} points, {escape(name)}<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(title="score in this window (points)", tickformat=",")
    fig.update_yaxes(
        categoryorder="array", categoryarray=players[::-1], tickvals=players, showgrid=False,
        ticktext=[escape(names.get(player, player)) for player in players],
    )  # fmt: skip
    fig.update_layout(margin={"l": 96, "t": 76}, height=380, legend={"traceorder": "normal"})
    return fig


def _finding(results: Mapping[str, Mapping[str, int]]) -> str:
    """What changed between the on-time result and the final one."""
    on_time, final = list(results.values())[1], list(results.values())[-1]
    gains = [final[player] - on_time.get(player, 0) for player in final]
    changed = sum(gain > 0 for gain in gains)
    places = [sorted(final, key=lambda p: (-pane.get(p, 0), p)) for pane in (on_time, final)]
    moved = sum(before != after for before, after in zip(*places, strict=True))
    return (
        f"Late events raised {changed} of {len(final)} scores, by {sum(gains):,} points; "
        f"{plural(moved, 'place')} changed"
    )
