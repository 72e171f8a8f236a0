"""Charts of notebook 07: tables in, a figure out. Pure."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab import theme
from leaderboard.lab.drawing import empty_note, figure
from leaderboard.lab.findings import plural
from leaderboard.lab.lessons.mortal import OURS
from leaderboard.lab.lessons.naive import DESIGNS
from leaderboard.lab.lessons.toll import ALL

WAITS: Final = -1
LOOKS: Final[dict[int, tuple[str, str, float]]] = {
    WAITS: ("still waits", theme.faded(theme.INK, 0.18), 0.36),
    1: ("counted once", theme.faded(theme.BLUE, 0.75), 0.36),
    0: ("lost", theme.RED, 0.06),
    2: ("counted twice", theme.ORANGE, 0.72),
}
"""What each kind of stretch is called, its colour and its height: twice as high, or hardly any."""
LINES: Final = {"commit first": theme.RED, "apply first": theme.ORANGE, OURS: theme.BLUE}
SHAPES: Final = {"commit first": "square", "apply first": "diamond", OURS: "circle"}


def finding(history: pd.DataFrame) -> str:
    """What each design did wrong, in words.

    >>> rows = [("ours", 1.0, True, 5, 0, 0), ("commit first", 1.0, True, 9, 4, 0)]
    >>> names = ["design", "t_s", "died", "next", "lost", "doubled"]
    >>> finding(pd.DataFrame(rows, columns=names))
    'Commit first lost 4; ours neither lost nor doubled one'
    """
    words = []
    for design in ALL:
        last = history[history["design"] == design].tail(1)
        if len(last):
            lost, doubled = int(last["lost"].sum()), int(last["doubled"].sum())
            told = [f"lost {lost:,}"] * (lost > 0) + [f"counted {doubled:,} twice"] * (doubled > 0)
            words.append(f"{design} {' and '.join(told) or 'neither lost nor doubled one'}")
    text = "; ".join(words) or "Nobody has run yet"
    return text[0].upper() + text[1:]


def lanes(ledger: pd.DataFrame, history: pd.DataFrame, line: str) -> go.Figure:
    """A lane per design: what became of every event, in log order; a cross where one died.

    `ledger`, `history` and `line` as in `toll.Found`. A cross stands where the next one begins.
    """
    fig = figure(finding(history))
    for kind, (name, colour, height) in LOOKS.items():
        found = [s for s in _stretches(ledger) if s[1] == kind]
        fig.add_bar(
            y=[s[0] for s in found], base=[s[2] for s in found], x=[s[3] for s in found],
            orientation="h", width=height, name=name, meta=name,
            marker={"color": colour, "line": {"width": 0}},
            customdata=[s[2] + s[3] - 1 for s in found],
            hovertemplate=f"%{{y}}: offsets %{{base}} to %{{customdata}} {name}<extra></extra>",
        )  # fmt: skip
    deaths = history[history["died"]]
    fig.add_scatter(
        x=deaths["next"], y=deaths["design"], mode="markers", meta="died",
        name=f"died at {line!r} (the next begins here)",
        hovertemplate="%{y} died; the next one begins at %{x}<extra></extra>",
        marker={"symbol": "x-thin", "size": 15, "line": {"width": 3, "color": theme.INK}},
    )  # fmt: skip
    end = int(ledger["offset"].max() + 1) if len(ledger) else 1
    fig.update_xaxes(title="offset of the event in the log", range=[-0.01 * end, 1.01 * end])
    fig.update_yaxes(
        categoryorder="array", categoryarray=ALL[::-1], showgrid=False, range=[-0.5, 2.5]
    )
    fig.update_layout(
        barmode="overlay", height=250, margin={"l": 92, "t": 66},
        legend={"traceorder": "normal", "itemclick": False, "itemdoubleclick": False},
    )  # fmt: skip
    return fig if len(ledger) else empty_note(fig)


def _stretches(ledger: pd.DataFrame) -> list[tuple[str, int, int, int]]:
    """(design, kind, first offset, length) of equal neighbours; kinds as in `LOOKS`."""
    found = []
    for design, rows in ledger.groupby("design", sort=False):
        times = rows["times"].fillna(WAITS).clip(upper=2).astype(int)
        for kind, some in groupby(
            zip(times, rows["offset"], strict=True), key=lambda pair: pair[0]
        ):
            offsets = [offset for _, offset in some]
            found.append((str(design), kind, offsets[0], len(offsets)))
    return found


def over_time(history: pd.DataFrame, laws: Mapping[str, tuple[int, int]]) -> go.Figure:
    """Events counted too often (above 0) or never (below) over time; what the law says, dashed.

    `history` as in `toll.Found`; `laws` the (lost, doubled) of each design in the end.
    """
    fig = figure(_per_death(history))
    seconds = float(history["t_s"].max()) if len(history) else 1.0
    for design in ALL:
        rows = history[history["design"] == design]
        net = [0, *(rows["doubled"] - rows["lost"])]
        times = [0.0, *rows["t_s"]]
        died = [False, *rows["died"]]
        marks = [f"{SHAPES[design]}-open" if not d else "x" for d in died]
        fig.add_scatter(
            x=[*times, seconds], y=[*net, net[-1]], mode="lines+markers", name=design, meta=design,
            line={"color": LINES[design], "width": 2.5, "shape": "hv"},
            marker={"symbol": [*marks, "circle"], "size": [0, *[10] * len(rows), 0]},
            hovertemplate=f"{design}: %{{y:+d}} events after %{{x:.1f}} s<extra></extra>",
        )  # fmt: skip
        lost, doubled = laws.get(design, (0, 0))
        if lost or doubled:
            fig.add_hline(
                y=doubled - lost, line={"color": theme.INK, "width": 1.5, "dash": "dash"},
                annotation={
                    "text": f"the law: {plural(lost, 'event')} lost" if lost else
                    f"the law: {plural(doubled, 'event')} twice",
                    "xanchor": "left", "x": 0.01, "yanchor": "bottom" if doubled else "top",
                },
            )  # fmt: skip
    most = max([1, *(max(pair) for pair in laws.values())])
    fig.update_xaxes(title="time (s after the start)", range=[0, seconds * 1.03])
    fig.update_yaxes(title="events too many (+) or lost (-)", range=[-1.3 * most, 1.3 * most])
    fig.update_layout(height=320, margin={"l": 66, "t": 66})
    return fig if len(history) else empty_note(fig)


def _per_death(history: pd.DataFrame) -> str:
    naive = history[history["design"].isin(list(DESIGNS))]
    wrong: Any = naive.groupby("design")[["lost", "doubled"]].last().to_numpy().sum()
    deaths = int(naive["died"].sum())
    if not deaths:
        return "Nobody has died yet"
    if not wrong:
        return f"{plural(deaths, 'death')} of naive designs, and no harm: a matter of the line"
    return f"Each death of a naive design made {wrong / deaths:,.0f} events wrong on average"
