"""Routes below a path parameter that may hold slashes.

A player id may contain slashes, even end in `/ranks`. The slash before a subroute's own name is
told from one in an id by the path as it was sent: the separator is a plain `/`, one of an id is
encoded, `%2F`. So `/api/player/a/ranks` asks for the ranks of `a`, and `/api/player/a%2Franks` for
the player `a/ranks`.
"""

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class Subroute(APIRoute):
    """A route whose last part must have been sent behind a plain slash."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        own = self.path[self.path.rindex("/") :].encode()
        sent: bytes = scope.get("raw_path") or scope["path"].encode()
        if not sent.split(b"?")[0].endswith(own):
            return Match.NONE, {}
        return super().matches(scope)
