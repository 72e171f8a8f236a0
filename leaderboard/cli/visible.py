"""Text from events, Redis or callers as a terminal may show it: nothing in it acts on the terminal.

Everything that prints such text goes through here: an escape sequence in a player's name would
move the cursor, and a newline in it would make lines of its own.
"""

import logging
import re

from rich.text import Text

_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, those that turn the direction of text, lone surrogates."""


def visible(text: str, keep: str = "") -> str:
    r"""`text` with what acts on a terminal written as JSON does, but for the characters in `keep`.

    JSON stays the same JSON.

    >>> print(visible("Night\x1b[31mHawk\n"))
    Night\u001b[31mHawk\u000a
    """
    return _ACTING.sub(lambda m: m[0] if m[0] in keep else f"\\u{ord(m[0]):04x}", text)


def cell(text: str) -> Text:
    """`text` for a table: visible, and no markup of rich."""
    return Text(visible(text))


class VisibleFormatter(logging.Formatter):
    """A line a message; a traceback below it keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        return visible(super().formatMessage(record))
