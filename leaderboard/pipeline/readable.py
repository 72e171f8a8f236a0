"""Bytes of a record as text for people. Never here: whether the event in them counts."""

from collections.abc import Iterable

import msgspec

from leaderboard.errors import ServersError
from leaderboard.model.events import BadRecord, encode
from leaderboard.model.wire import Wire, schema_id

TEXT_LENGTH = 4000
"""Longest text shown, in characters."""


def readable_value(
    value: bytes | None, headers: Iterable[tuple[str, bytes | None]], wire: Wire
) -> str | None:
    """A record's value as text: an event in Avro as its schema id and JSON, else as `readable`.

    Without the registry that knows the id, too, it is shown as bytes.
    """
    named = schema_id(value, headers)
    if value is None or named is None or isinstance(named, BadRecord):
        return readable(value)
    try:
        event = wire.decode(value, headers)
    except ServersError:
        return readable(value)
    if isinstance(event, BadRecord):
        return readable(value)
    return f"Avro, schema {named[0]}:\n{readable(encode(event))}"


def readable(raw: bytes | None) -> str | None:
    r"""`raw` as text for people; None stays None.

    >>> print(readable(b'{"points":100}'))
    {
      "points": 100
    }
    >>> readable(b"\xff not JSON")
    '\\xff not JSON'
    """
    if raw is None:
        return None
    pretty = raw
    if len(raw) <= TEXT_LENGTH and raw.startswith((b"{", b"[")):
        try:
            pretty = msgspec.json.format(raw, indent=2)
        except (msgspec.DecodeError, RecursionError):
            pretty = raw  # broken JSON is shown as it came
    text = pretty[: 4 * TEXT_LENGTH].decode(errors="backslashreplace")
    return text if len(text) <= TEXT_LENGTH else f"{text[:TEXT_LENGTH]}… ({len(raw):,} bytes)"
