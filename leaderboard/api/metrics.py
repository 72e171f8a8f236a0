"""The API's own metrics, declared once; `GET /metrics` and the stage's JSON lines show them."""

import time
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard.api.live import Hub
from leaderboard.api.snapshot import Board
from leaderboard.pipeline.metrics import Metric

ANSWER_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Buckets of an answer: from a cached board to a Redis that is given up after two seconds."""

CLIENTS = Metric("leaderboard_api_websocket_clients", "gauge", "WebSocket clients connected.")
PUSHES = Metric("leaderboard_api_pushes_total", "counter", "Messages sent to WebSocket clients.")
SNAPSHOT_AGE = Metric(
    "leaderboard_api_snapshot_age_seconds", "gauge",
    "Since the board was last read; +Inf before. It is read while somebody asks or is connected.",
    "seconds",
)  # fmt: skip
REQUESTS = Metric(
    "leaderboard_api_requests_total", "counter",
    "Requests answered, by route template and status; route other: static files, unknown paths.",
    labels=("route", "status"),
)  # fmt: skip
REQUEST_DURATION = Metric(
    "leaderboard_api_request_duration_seconds", "histogram",
    "From a request until its answer is sent, by route template.",
    "seconds", ("route",), ANSWER_S,
)  # fmt: skip
API = (CLIENTS, PUSHES, SNAPSHOT_AGE, REQUESTS, REQUEST_DURATION)

OTHER = "other"


class ApiMetrics(Collector):
    """The numbers of one application, in a registry of its own."""

    def __init__(self, board: Board, hub: Hub) -> None:
        self._board = board
        self._hub = hub
        self.registry = CollectorRegistry()
        self._requests = REQUESTS.counter(self.registry)
        self._durations = REQUEST_DURATION.histogram(self.registry)
        self.registry.register(self)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, status).inc()
        self._durations.labels(route).observe(seconds)

    def line(self) -> dict[str, Any]:
        """The numbers for a line of JSON; the age is None before the first read."""
        return {
            "clients": self._hub.clients,
            "pushes": self._hub.pushes,
            "snapshot_age_s": round(self._board.age_s, 3) if self._board.moment else None,
        }

    def collect(self) -> Iterator[Family]:
        """The numbers for a scrape."""
        yield CLIENTS.value(self._hub.clients)
        yield PUSHES.value(self._hub.pushes)
        yield SNAPSHOT_AGE.value(self._board.age_s)


class MeasureRequests:
    """ASGI middleware that counts every HTTP request under the template of its route."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # what the client gets when no answer was begun

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.monotonic()
        try:
            await self._app(scope, receive, send_and_look)
        finally:
            # a path is the client's to choose, so that only templates, which are ours, are labels
            route = getattr(scope.get("route"), "path_format", OTHER)
            self._metrics.answered(route, status, time.monotonic() - began)
