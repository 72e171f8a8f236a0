"""All charts of the cockpit as one static figure, placed as on the live panel. Pure."""

import re
from typing import Any, Final

import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab.drawing import figure

HEIGHT_PX: Final = 720

FIRST_AXIS: Final = 10
"""Axes and legends of the charts count from 10, 20, ...: the figure's own stay unused."""

_PLACES: Final = {
    "flow": (0.0, 1.0, 0.79, 0.945),
    "rankings": (0.15, 0.47, 0.42, 0.70),
    "rarity": (0.15, 0.47, 0.06, 0.29),
    "lag": (0.58, 1.0, 0.06, 0.70),
}
"""Left, right, bottom, top of each chart's plot, as shares of the whole."""

_UNDER_EACH_OTHER: Final = {
    "flow": _PLACES["flow"],
    "assignment": (0.06, 1.0, 0.46, 0.70),
    "lag": (0.06, 1.0, 0.06, 0.34),
}
"""The same when there is an assignment: one clock for both charts."""

_TITLE_ABOVE_PX: Final = 26


def overview(figures: dict[str, go.Figure], when: str = "") -> go.Figure:
    """One figure from `flow`, `lag`, and either `assignment` or `rankings` and `rarity`.

    Each title stands above its chart; the flow's, after `when`, is the title of the whole.
    """
    places = _UNDER_EACH_OTHER if "assignment" in figures else _PLACES
    whole = figure("")
    whole.update_layout(title=f"{when}{figures['flow'].layout.title.text}")
    whole.update_layout(
        autosize=True, height=HEIGHT_PX, margin={"l": 16, "r": 16, "t": 20, "b": 20},
        showlegend=True, barmode="overlay", hovermode="closest",
    )  # fmt: skip
    for number, (name, place) in enumerate(places.items()):
        _add(whole, figures[name], place, FIRST_AXIS * (number + 1))
    if "rarity" in places:  # names in a narrow cell: the page's margin gives way to them
        axis = FIRST_AXIS * (list(places).index("rarity") + 1) + 1
        whole.layout[f"yaxis{axis}"].automargin = True
    return whole


def _add(
    whole: go.Figure, part: go.Figure, place: tuple[float, float, float, float], first: int
) -> None:
    """Put `part` at `place`, its axes and legends renumbered from `first`."""
    left, right, bottom, top = place
    for key, axis in _axes(part).items():
        across = key.startswith("x")
        low, high = (left, right) if across else (bottom, top)
        start, end = axis.pop("domain", (0, 1))
        axis["domain"] = [low + start * (high - low), low + end * (high - low)]
        other = axis.get("anchor", "y" if across else "x")
        axis["anchor"] = _renumber(other, first)
        whole.layout[_renumber(key, first, "axis")] = axis
    _legends(whole, part, place, first)
    for trace in part.to_plotly_json()["data"]:
        refs = {k: _renumber(trace.get(k, k[0]), first) for k in ("xaxis", "yaxis")}
        legend = _renumber(trace.get("legend", "legend"), first)
        whole.add_trace({**trace, **refs, "legend": legend})
    for kind in ("shapes", "annotations"):
        for item in part.layout[kind]:
            _move(whole, kind, item.to_plotly_json(), place, first)
    if first > FIRST_AXIS:
        whole.add_annotation(
            text=part.layout.title.text, x=0 if left < 0.5 else left - 0.04, y=top,
            xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=_TITLE_ABOVE_PX,
            showarrow=False, font={"size": 13},
        )  # fmt: skip


def _axes(part: go.Figure) -> dict[str, dict[str, Any]]:
    layout = part.to_plotly_json()["layout"]
    axes = {k: dict(v) for k, v in layout.items() if re.fullmatch(r"[xy]axis\d*", k)}
    return {"xaxis": {}, "yaxis": {}, **axes}


def _renumber(name: str, first: int, word: str = "") -> str:
    """`y2` as `y12`, `legend` as `legend11`: names count from `first`."""
    stem = re.sub(r"\d+$", "", name)
    number = int(name[len(stem) :] or 1)
    return f"{stem if not word or stem.endswith(word) else stem + word}{first + number}"


def _legends(
    whole: go.Figure, part: go.Figure, place: tuple[float, float, float, float], first: int
) -> None:
    _, right, bottom, top = place
    layout = part.to_plotly_json()["layout"]
    for key in ("legend", "legend2"):
        legend = dict(layout.get(key, {}))
        y = bottom + legend.get("y", 1.0) * (top - bottom)
        whole.layout[_renumber(key, first)] = {
            "orientation": "h", **legend, "x": right, "xanchor": "right", "y": y,
            "yanchor": "bottom",
        }  # fmt: skip


def _move(
    whole: go.Figure,
    kind: str,
    item: dict[str, Any],
    place: tuple[float, float, float, float],
    first: int,
) -> None:
    left, right, bottom, top = place
    for ref, key, low, high in (("xref", "x", left, right), ("yref", "y", bottom, top)):
        if item.get(ref) == "paper":
            item[key] = low + item[key] * (high - low)
        else:
            item[ref] = _renumber(item.get(ref, key), first)
    for ref in ("axref", "ayref"):
        if ref in item:
            item[ref] = _renumber(item[ref], first)
    (whole.add_shape if kind == "shapes" else whole.add_annotation)(**item)
