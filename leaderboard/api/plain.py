"""The short way to the two answers that are asked for most.

FastAPI's parameters and dependencies cost several times what these answers do. So a question that
is certainly right, `?top=N` or `?limit=N` alone or nothing at all, is answered here from the shared
moment. Any other is left to the FastAPI route of the same path: it answers the same, refuses what
is wrong, and is what the schema describes.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from leaderboard.api.bodies import Body, cached
from leaderboard.api.models import DEFAULT_RECENT, DEFAULT_TOP, MAX_RECENT, MAX_TOP
from leaderboard.api.snapshot import Board, Moment

Answer: TypeAlias = Callable[[Moment, int], Body]


def plain_routes(board: Board) -> list[Route]:
    """The routes; they belong before those of the same paths."""
    return [
        PlainRoute(
            "/api/leaderboard", "top", DEFAULT_TOP, MAX_TOP, board,
            lambda moment, top: moment.leaderboard(top),
        ),
        PlainRoute(
            "/api/achievements", "limit", DEFAULT_RECENT, MAX_RECENT, board,
            lambda moment, limit: moment.achievements(limit),
        ),
    ]  # fmt: skip


class PlainRoute(Route):
    """GET of `path` with no query, or only with parameter `name` from 1 to `most`."""

    def __init__(
        self, path: str, name: str, default: int, most: int, board: Board, answer: Answer
    ) -> None:
        super().__init__(path, self, include_in_schema=False)
        self._query = re.compile(rb"%s=([1-9][0-9]{0,8})" % name.encode())
        self._default = default
        self._most = most
        self._board = board
        self._answer = answer

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == self.path:
            n = self._asked(scope["query_string"])
            if n <= self._most:
                return Match.FULL, {"route": self, "endpoint": self, "path_params": {"n": n}}
        return Match.NONE, {}

    def _asked(self, query: bytes) -> float:
        """How many; infinitely many when the query is not plain."""
        if not query:
            return self._default
        found = self._query.fullmatch(query)
        return int(found[1]) if found else float("inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        moment, age_s = await self._board.served()
        body = self._answer(moment, scope["path_params"]["n"])
        await cached(Request(scope), body, age_s)(scope, receive, send)
