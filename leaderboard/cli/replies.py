"""Redis replies as text, in the two ways of redis-cli: for people, and raw for pipes."""

from redis.exceptions import ResponseError

from leaderboard.cli.visible import visible

Reply = None | int | float | bytes | list["Reply"] | ResponseError

STATUSES = {b"OK", b"PONG", b"QUEUED"}  # the client library does not tell these from values
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\"}


def for_people(reply: Reply, indent: int = 0) -> str:
    """Types shown, strings quoted, elements numbered.

    >>> print(for_people([b"NightHawk", 3, None, []]))
    1) "NightHawk"
    2) (integer) 3
    3) (nil)
    4) (empty array)
    """
    match reply:
        case None:
            return "(nil)"
        case int():
            return f"(integer) {reply}"
        case bytes():
            return reply.decode() if reply in STATUSES else _quoted(reply)
        case []:
            return "(empty array)"
        case list():
            return _numbered(reply, indent)
        case ResponseError():
            return f"(error) {visible(str(reply))}"
    return f"(double) {reply}"


def raw(reply: Reply) -> str:
    """One element a line and nothing else; nil is an empty line.

    >>> print(raw([b"NightHawk", [b"1", 2]]))
    NightHawk
    1
    2
    """
    match reply:
        case None:
            return ""
        case bytes():
            return reply.decode("utf-8", "surrogateescape")
        case list():
            return "\n".join(raw(element) for element in reply)
    return str(reply)


def _numbered(replies: list[Reply], indent: int) -> str:
    width = len(str(len(replies)))
    lines = []
    for number, element in enumerate(replies, 1):
        head = f"{number:>{width}}) "
        lines.append(head + for_people(element, indent + len(head)))
    return f"\n{' ' * indent}".join(lines)


def _quoted(value: bytes) -> str:
    """Readable text stays as it is (also names with accents); other bytes are escaped."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
        return '"' + "".join(_escaped(ord(c), ascii_only=True) for c in text) + '"'
    return '"' + visible("".join(_escaped(ord(c), ascii_only=False) for c in text)) + '"'


def _escaped(code: int, *, ascii_only: bool) -> str:
    if code in _ESCAPES:
        return _ESCAPES[code]
    if code < 32 or code == 127 or (ascii_only and code > 127):
        return f"\\x{code:02x}"
    return chr(code)
