"""What our widgets share: their script files, Plotly for a page that lacks it, and their end."""

import gzip
from importlib.resources import files
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]  # ships no types

_STATIC = files(__package__) / "static"


def static(*names: str) -> str:
    """The files `names` of the folder `static`, one after the other."""
    return "\n".join((_STATIC / name).read_text() for name in names)


def send_plotly(widget: Any) -> None:
    """Send the kernel's Plotly, packed, to a page that asked `widget` for it (`plotly.js`)."""
    code = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    widget.send({"kind": "plotly"}, [gzip.compress(code, 6)])


def close_all(widget: widgets.Widget) -> None:
    """Close `widget`, what it contains, and their layouts and styles."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    for part in ("layout", "style"):
        if isinstance(owned := getattr(widget, part, None), widgets.Widget):
            owned.close()
    widget.close()
