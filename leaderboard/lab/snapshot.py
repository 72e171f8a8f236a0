"""A chart as a record: drawn once, no widget, with a picture where a Chromium can draw one."""

import base64
import logging
from typing import Any

import pandas as pd
import plotly.graph_objects as go

log = logging.getLogger(__name__)

WIDTH, HEIGHT, SCALE = 900, 420, 1.5


class Snapshot:
    """`figure`, displayed as Plotly data and, where a Chromium is found, as a PNG beside it."""

    def __init__(self, figure: go.Figure) -> None:
        self.figure = figure

    def to_frame(self) -> pd.DataFrame:
        """What is drawn: one row a trace, with its name, type and numbers."""
        return pd.DataFrame([trace.to_plotly_json() for trace in self.figure.data])

    def png(self) -> bytes | None:
        """The picture; None when there is no Chromium to draw it."""
        if not _browser():
            return None
        return bytes(self.figure.to_image(format="png", width=WIDTH, height=HEIGHT, scale=SCALE))

    def __repr__(self) -> str:
        return f"<Snapshot: {self.figure.layout.title.text or len(self.figure.data)}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        bundle: dict[str, Any] = {
            "text/plain": repr(self),
            "application/vnd.plotly.v1+json": self.figure.to_plotly_json(),
        }
        picture = self.png()
        if picture is not None:
            bundle["image/png"] = base64.b64encode(picture).decode()
        return bundle


def _browser() -> str | None:
    """Path of the Chromium that would draw; None when there is none."""
    from choreographer.browsers.chromium import Chromium

    path: str | None = Chromium.find_browser(skip_local=False)
    return path
