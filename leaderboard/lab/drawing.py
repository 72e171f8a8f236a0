"""What the charts share: a blank figure with a title, labels, and the note on an empty chart."""

from collections.abc import Sequence
from html import escape as escape_html
from typing import Any

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import theme

HEIGHT_PX = 360


def escape(name: object) -> str:
    """`name` as Plotly text: names come from events, and Plotly reads markup."""
    return escape_html(str(name))


def figure(title: str) -> go.Figure:
    """An empty figure in the one template, titled with the finding."""
    fig = go.Figure()
    fig.update_layout(template=theme.template(), title=escape(title), height=HEIGHT_PX)
    return fig


def empty_note(fig: go.Figure) -> go.Figure:
    """`fig`, with a note in its middle that data will come."""
    fig.add_annotation(
        text="no data yet", showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper"
    )
    return fig


def move_text(moved: Any) -> str:
    """'▲ 2', '▼ 1', 'new', or nothing for a player who stays."""
    if moved is None or pd.isna(moved):
        return "▲ new"
    if moved == 0:
        return ""
    return f"▲ {moved}" if moved > 0 else f"▼ {-moved}"


def rank_labels(scores: Sequence[int], moved: Sequence[Any]) -> list[str]:
    """What stands behind each bar: the score, and the movement in words and colour."""
    labels = []
    for score, places in zip(scores, moved, strict=True):
        text = move_text(places)
        colour = theme.ORANGE if text.startswith("▼") else theme.GREEN
        labels.append(
            f"  {score:,}" + (f"  <span style='color:{colour}'>{text}</span>" if text else "")
        )
    return labels
