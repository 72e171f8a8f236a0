"""Which web pages may open a WebSocket. Pure.

Browsers let any page open one anywhere and only tell its origin (RFC 6455, 10.2); the CORS
middleware never sees such a request.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def is_allowed(origin: str | None, host: str, allowed: Collection[str]) -> bool:
    """Whether a page of `origin` may connect to us, whom it knows as `host` (name or name:port).

    No origin means no browser: allowed. So is our own; others must be in `allowed`, or that
    holds "*".

    >>> is_allowed("https://game.example", "localhost:8000", ["https://game.example"])
    True
    >>> is_allowed("http://evil.example", "localhost:8000", [])
    False
    """
    if origin is None or "*" in allowed:
        return True
    if origin.lower() in {o.lower().rstrip("/") for o in allowed}:
        return True
    return _is_same(origin, host)


def _is_same(origin: str, host: str) -> bool:
    try:
        page, ours = urlsplit(origin), urlsplit(f"//{host}")
        default = DEFAULT_PORTS.get(page.scheme)
        return (
            page.hostname is not None
            and page.hostname == ours.hostname
            and (page.port or default) == (ours.port or default)
        )
    except ValueError:  # a port that is no number
        return False
