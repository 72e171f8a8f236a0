"""A chart as a record: drawn once, no widget, with a picture where a Chromium can draw one.

One Chromium draws all pictures of a kernel: starting it takes seconds, a picture then 0.3 s. It
loads nothing from the network.

JupyterLab draws the Plotly data as wide as the cell. The picture is for what can not: an HTML
report, a page without Plotly. It is kept as HTML and not as `image/png`, which JupyterLab would
show in place of the chart, point by point and cut at the cell's edge, until the mouse is over it.
"""

import base64
import logging
import threading
from html import escape, unescape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import plotly.graph_objects as go  # type: ignore[import-untyped]  # ships no types

log = logging.getLogger(__name__)

WIDTH, HEIGHT, SCALE = 900, 420, 1.5
"""In CSS pixels, where there is room for them; and points for each, so that letters stay sharp."""

MIME: Final = "application/vnd.plotly.v1+json"

_drawing = threading.Lock()


class Snapshot:
    """`figure`, displayed as Plotly data and, where a Chromium is found, as a PNG beside it."""

    def __init__(self, figure: "go.Figure") -> None:
        self.figure = figure

    def png(self) -> bytes | None:
        """The picture; None when there is no Chromium to draw it."""
        return draw(self.figure)

    def __repr__(self) -> str:
        return f"<Snapshot: {self.figure.layout.title.text or 'a chart'}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self), MIME: self.figure.to_plotly_json()}
        picture = self.png()
        if picture is not None:
            bundle["text/html"] = self._image(picture)
        return bundle

    def _image(self, picture: bytes) -> str:
        """`picture` as wide as it was drawn, or as there is room."""
        said = escape(unescape(self.figure.layout.title.text or "a chart"))  # it is Plotly's text
        data = base64.b64encode(picture).decode()
        return (
            f'<img alt="{said}" width="{WIDTH}" style="max-width: 100%; height: auto" '
            f'src="data:image/png;base64,{data}">'
        )


def draw(figure: "go.Figure") -> bytes | None:
    """`figure` as a PNG; None when there is no Chromium. Starts the kernel's Chromium."""
    import kaleido  # type: ignore[import-untyped]  # heavy, and only needed here
    from choreographer.errors import BrowserFailedError
    from kaleido.errors import ChromeNotFoundError  # type: ignore[import-untyped]

    height = figure.layout.height or HEIGHT
    options = {"format": "png", "width": WIDTH, "height": height, "scale": SCALE}
    with _drawing:
        try:
            # mathjax: by default the page would load it from a server on the internet
            kaleido.start_sync_server(n=1, mathjax=False, silence_warnings=True)
            return bytes(kaleido.calc_fig_sync(figure, opts=options))
        except (ChromeNotFoundError, BrowserFailedError) as error:
            log.warning("no picture beside the chart: %s", error)
            kaleido.stop_sync_server(silence_warnings=True)
            return None


def close() -> None:
    """End the kernel's Chromium, if one was started."""
    import sys

    if "kaleido" in sys.modules:
        pipe = logging.getLogger("choreographer.channels.pipe")
        level = pipe.level
        with _drawing:
            pipe.setLevel(logging.CRITICAL)  # it may read its own farewell as a broken message
            try:
                sys.modules["kaleido"].stop_sync_server(silence_warnings=True)
            finally:
                pipe.setLevel(level)
