"""Bytes of a record as text for people. Never here: what the bytes mean."""

import msgspec

TEXT_LENGTH = 4000
"""Longest text shown, in characters."""


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
