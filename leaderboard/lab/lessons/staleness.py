"""How old the board is that a client shows: its distribution, measured and by theory. Pure."""

import pandas as pd

from leaderboard.lab import theme
from leaderboard.lab.drawing import empty_note, figure
from leaderboard.lab.snapshot import Snapshot

_DASHES = ("dot", "solid", "dashdot")
_WORDS = {"poll": "polled", "push": "pushed"}
_COLOURS = {"poll": theme.ORANGE, "push": theme.BLUE}


def summary(measured: pd.DataFrame) -> pd.DataFrame:
    """Median and 95th percentile of the staleness, in seconds, per round and kind.

    `measured` has the columns `round`, `kind`, `staleness_s`; rounds stay in their order.
    """
    groups = measured.groupby(["round", "kind"], sort=False)["staleness_s"]
    return groups.quantile(pd.Index([0.5, 0.95])).unstack().set_axis(["median_s", "p95_s"], axis=1)


def median(measured: pd.DataFrame, round_: str, kind: str) -> float:
    """Median staleness in seconds of one kind of client in one round."""
    some = measured[(measured["round"] == round_) & (measured["kind"] == kind)]
    return float(some["staleness_s"].median())


def ecdf(measured: pd.DataFrame, period_s: float) -> Snapshot:
    """Share of moments at which a client's board was at most so old, a curve per round and kind.

    The dashed line is theory for a client that asks every `period_s` seconds: any age from 0 to
    that is equally likely.
    """
    if not len(measured):
        return Snapshot(empty_note(figure("Nobody has watched yet")))
    medians = measured.groupby("kind")["staleness_s"].median()
    words = [f"a {_WORDS[kind]} one {medians[kind]:.2f} s" for kind in medians.index]
    fig = figure(f"Median age of the board: {', '.join(words)}")
    rounds = list(dict.fromkeys(measured["round"]))
    for kind, colour in _COLOURS.items():
        for place, name in enumerate(rounds):
            some = measured[(measured["kind"] == kind) & (measured["round"] == name)]
            if len(some):
                ages = some["staleness_s"].quantile([n / 200 for n in range(201)])
                fig.add_scatter(
                    x=ages, y=100 * ages.index, mode="lines", name=f"{kind}, {name}", meta=kind,
                    line={"color": colour, "width": 2, "dash": _DASHES[place % len(_DASHES)]},
                )  # fmt: skip
    fig.add_scatter(
        x=[0, period_s], y=[0, 100], mode="lines", name="theory of polling", meta="theory",
        line={"color": theme.INK, "width": 2, "dash": "dash"},
    )  # fmt: skip
    reach = max(period_s, float(measured["staleness_s"].quantile(0.995)))
    fig.update_xaxes(title="age of the board shown (s)", range=[0, 1.1 * reach])
    fig.update_yaxes(title="moments at most that old (%)", range=[0, 102])
    fig.update_layout(
        margin={"r": 230, "t": 48},
        legend={"orientation": "v", "x": 1.02, "xanchor": "left", "y": 1, "yanchor": "top"},
    )
    return Snapshot(fig)
