"""How every chart looks: one Plotly template and one palette, legible on light and dark pages.

Paper and plot are transparent, text and grid are mid-greys, so that one stored figure reads well in
both JupyterLab themes. The hues keep a contrast of at least 3:1 on white and on JupyterLab's dark
grey (WCAG 2.2, 1.4.11) and stay apart for the three kinds of dichromacy (`tests/lab/test_theme.py`
measures both). Colour never stands alone: a text says the same.

Never here: data.
"""

from typing import Final

import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

BLUE: Final = "#3f7fd0"
ORANGE: Final = "#d0700a"
GREEN: Final = "#0f9a7a"
PURPLE: Final = "#b565a7"
RED: Final = "#d6453d"

PALETTE: Final = (BLUE, ORANGE, GREEN, PURPLE)
"""For things without a meaning of their own, such as partitions; red is kept for trouble."""

INK: Final = "#757d87"
"""Text and marks: as far from white as from JupyterLab's dark page."""
GRID: Final = "rgba(125, 133, 144, 0.22)"
CLEAR: Final = "rgba(0, 0, 0, 0)"

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

STATE_COLOURS: Final = {
    "starting": ORANGE,
    "running": GREEN,
    "paused": ORANGE,
    "stopped": INK,
    "killed": RED,
    "failed": RED,
}
"""A colour beside the word that names a stage's state."""

STATE_MARKS: Final = {
    "starting": "◔",
    "running": "●",
    "paused": "❚❚",
    "stopped": "■",
    "killed": "✕",
    "failed": "✕",
}
"""A shape beside the word: states differ without colour too."""


def series(index: int) -> str:
    """The colour of series `index` (from 0); the palette repeats after four."""
    return PALETTE[index % len(PALETTE)]


def faded(colour: str, opacity: float) -> str:
    """`colour` ('#rrggbb') as rgba with `opacity` from 0 to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def template() -> go.layout.Template:
    """The one template: complete in itself, without Plotly's 7 kB default."""
    axis = {
        "gridcolor": GRID,
        "linecolor": GRID,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 3,
        "tickcolor": CLEAR,
        "automargin": False,
        "title": {"font": {"size": 11}, "standoff": 6},
        "tickfont": {"size": 11},
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "font": {"family": FONT, "size": 11, "color": INK},
            "title": {
                "x": 0,
                "xref": "container",
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                "pad": {"l": 12, "t": 12},
                "font": {"size": 15},
            },
            "colorway": list(PALETTE),
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 56, "r": 20, "t": 64, "b": 44},
            "legend": {
                "orientation": "h",
                "x": 1,
                "xanchor": "right",
                "y": 1.0,
                "yanchor": "bottom",
            },
            "hoverlabel": {"font": {"family": FONT, "size": 12}},
            "dragmode": False,
            "separators": ".,",
        }
    )
