"""Static HTML and text for results in a notebook: escaped, no script, readable in both themes."""

from collections.abc import Iterable, Sequence
from html import escape

MARKS = {True: "✓", False: "✗", None: "·"}
"""A sign that goes before the word that says the same."""


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table under a title; every cell is escaped."""
    head = "".join(f"<th>{escape(c)}</th>" for c in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<table><caption>{escape(title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def note(text: str) -> str:
    """A line set off from the text around it."""
    return f'<p style="border-left: 3px solid #757d87; padding-left: 0.7em">{escape(text)}</p>'


def shown(value: object, unit: str = "") -> str:
    """`value` as people read it, with its unit.

    >>> shown(1234.5678, "events/s"), shown(400, "events"), shown((1, 2.5), "s"), shown(None)
    ('1,235 events/s', '400 events', '1 to 2.5 s', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, tuple | list) and len(value) == 2:
        text = f"{shown(value[0])} to {shown(value[1])}"
    elif isinstance(value, bool) or not isinstance(value, int | float):
        text = str(value)
    elif isinstance(value, int) or abs(value) >= 1000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.4g}"
    return f"{text} {unit}".rstrip()


def bar(text: str, done: float | None = None) -> str:
    """A line of text, after a progress bar when `done` (0 to 1) is given."""
    gauge = "" if done is None else f'<progress max="1" value="{done:.3f}"></progress> '
    return f"<div>{gauge}{escape(text)}</div>"
