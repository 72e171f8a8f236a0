"""The chart of who reads what over time. Pure, as `charts`, where its name is `assignment`."""

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import findings, theme
from leaderboard.lab.drawing import empty_note, escape, figure
from leaderboard.lab.ownership import IDLE, NOBODY, ORPHANED, OWNED, Lane, Span

_OWN: Final = [f"processor-{n}" for n in range(1, 5)]
"""Members with a colour of their own; any other is drawn as `other`."""

HEIGHT_PX: Final = 320
_LEAD_S: Final = 0.5
"""The chart begins so much before the first owner."""
_BAR_PX: Final = 11
_LABEL_ABOVE: Final = 0.16
"""Of a lane's height: how far above the middle of its bar a label stands."""
_LETTER_SHARE: Final = 0.0075
"""Of the chart's width that a letter takes: a label that does not fit its bar is left out."""

_BARS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    **{name: (name, {"color": theme.series(n), "width": _BAR_PX}) for n, name in enumerate(_OWN)},
    "other": ("another member", {"color": theme.INK, "width": _BAR_PX}),
    ORPHANED: ("✕ orphaned", {"color": theme.RED, "width": _BAR_PX, "dash": "3px,3px"}),
    NOBODY: ("nobody", {"color": theme.INK, "width": 1.5, "dash": "dot"}),
    IDLE: ("idle", {"color": theme.faded(theme.INK, 0.55), "width": 4}),
}  # fmt: skip
"""Name in the legend and line of each kind of bar; a trace's `meta` is the key."""


def kind(member: str, state: str) -> str:
    """Which of the bars shows this: the owner's own, or that of the state."""
    if state != OWNED:
        return state
    return member if member in _OWN else "other"


def label(member: str, state: str) -> str:
    """What stands above a bar."""
    return "✕ dead" if state == ORPHANED else member


def lane(partition: Lane, partitions: list[int]) -> int:
    """Where it is drawn, from 0 at the top; None, the lane of the idle, comes last."""
    return len(partitions) if partition is None else partitions.index(partition)


def assignment(df: pd.DataFrame, timeout_s: float | None = None) -> go.Figure:
    """Each partition's owner as a bar over time; below them the members that have no partition.

    Parameters
    ----------
    df
        One row per stretch of time: `partition` (missing: the row tells who idles), `member`,
        `state` (owned, orphaned, nobody, idle), `from_s`, `to_s` (seconds).
    timeout_s
        The session timeout: a ghost mark on each orphaned bar says when Kafka should miss the dead.
    """
    found = _spans(df)
    partitions = sorted({s.partition for s in found if s.partition is not None})
    fig = figure(findings.assignment_history(found))
    for name in _BARS:
        _bar(fig, name, [s for s in found if kind(s.member, s.state) == name], partitions)
    _labels(fig, found, partitions)
    if timeout_s is not None:
        _expected(fig, [s for s in found if s.state == ORPHANED], partitions, timeout_s)
    _axes(fig, partitions)
    if owned := [s.from_s for s in found if s.state == OWNED]:
        fig.update_xaxes(range=[min(owned) - _LEAD_S, max(s.to_s for s in found)])
    return fig if found else empty_note(fig)


def blank_assignment(partitions: list[int]) -> go.Figure:
    """The chart without bars, with a lane for each of `partitions`."""
    fig = figure("")
    for name in _BARS:
        _bar(fig, name, [], partitions)
    _labels(fig, [], partitions)
    _axes(fig, partitions)
    return fig


def _spans(df: pd.DataFrame) -> list[Span]:
    rows: Any = df[list(Span.__struct_fields__)].itertuples(index=False) if len(df) else ()
    return [Span(None if pd.isna(row[0]) else int(row[0]), *row[1:]) for row in rows]


def _bar(fig: go.Figure, name: str, some: list[Span], partitions: list[int]) -> None:
    text, line = _BARS[name]
    told = [f"{escape(s.member or NOBODY)}: {s.to_s - s.from_s:.1f} s" for s in some]
    fig.add_scatter(
        x=[x for s in some for x in (s.from_s, s.to_s, None)],
        y=[y for s in some for y in [lane(s.partition, partitions)] * 2 + [None]],
        hovertext=[text for one in told for text in (one, one, None)],
        mode="lines",
        line=line,
        name=text,
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=bool(some),
        meta=name,
    )


def _labels(fig: go.Figure, found: list[Span], partitions: list[int]) -> None:
    whole = max((s.to_s for s in found), default=0.0) - min((s.from_s for s in found), default=0.0)
    texts = [(s, label(s.member, s.state)) for s in found]
    fitting = [(s, t) for s, t in texts if s.to_s - s.from_s >= _LETTER_SHARE * len(t) * whole]
    fig.add_scatter(
        x=[s.from_s for s, _ in fitting],
        y=[lane(s.partition, partitions) - _LABEL_ABOVE for s, _ in fitting],
        text=[escape(text) for _, text in fitting],
        mode="text",
        textposition="top right",
        hoverinfo="skip",
        cliponaxis=False,
        showlegend=False,
        meta="labels",
    )


def _expected(fig: go.Figure, dead: list[Span], partitions: list[int], timeout_s: float) -> None:
    fig.add_scatter(
        x=[s.from_s + timeout_s for s in dead],
        y=[lane(s.partition, partitions) for s in dead],
        mode="markers",
        marker={"symbol": "line-ns", "size": 26, "line": {"width": 2.5, "color": theme.INK}},
        name="death + timeout",
        hovertemplate="death + session timeout<extra></extra>",
        meta="theory",
    )


def _axes(fig: go.Figure, partitions: list[int]) -> None:
    fig.update_xaxes(title="time (s)")
    fig.update_yaxes(
        range=[len(partitions) + 0.35, -0.75], tickvals=list(range(len(partitions) + 1)),
        ticktext=[*(f"p{number}" for number in partitions), "idle"], showgrid=False,
    )  # fmt: skip
    fig.update_layout(showlegend=True, hovermode="closest", height=HEIGHT_PX, margin={"t": 92})
