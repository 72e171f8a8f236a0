"""The API in this process, until it is stopped; alone, or as a stage of a parent process."""

import sys
import threading
from typing import Any

import uvicorn
from fastapi import FastAPI

from leaderboard import stack
from leaderboard.api import create_app, listen, make_server
from leaderboard.api.server import url_of
from leaderboard.api.services import Services
from leaderboard.cli.signals import on_stop_signal
from leaderboard.pipeline.control import Control
from leaderboard.settings import Settings

METRICS_EVERY_S = 1.0
START_POLL_S = 0.05


def run_api(settings: Settings, host: str, port: int, *, control: bool) -> None:
    """Listen on `host` and `port` (0: any free one) and answer until a signal or command ends it.

    Raises
    ------
    ServersError
        when the port is taken, or the servers are not there.
    """
    servers = stack.connect(settings)
    sock = listen(host, port)
    url = url_of(sock)
    app = create_app(settings, redis_url=servers.redis, kafka=servers.kafka)
    server = make_server(app)
    on_stop_signal(lambda: None)  # uvicorn stops in order, then passes the signal on to this
    if control:
        _Stage(server, app, url).start()
    else:
        sys.stdout.write(f"Dashboard {url}/  pipeline {url}/pipeline  API {url}/docs  (Ctrl+C)\n")
        sys.stdout.flush()
    server.run(sockets=[sock])


class _Stage:
    """Reports to the parent process, and takes its commands."""

    def __init__(self, server: uvicorn.Server, app: FastAPI, url: str) -> None:
        self._server = server
        self._services: Services = app.state.services
        self._url = url
        self._stop = threading.Event()
        self._channel = Control(self._command, self._end)

    def start(self) -> None:
        """Start reading and reporting in threads that end with the process."""
        self._channel.start()
        threading.Thread(target=self._report, name="serve-metrics", daemon=True).start()

    def _report(self) -> None:
        while not self._server.started:
            if self._stop.wait(START_POLL_S):
                return
        self._channel.emit({"type": "ready", "url": self._url})
        while not self._stop.wait(METRICS_EVERY_S):
            self._channel.emit({"type": "metrics", **self._services.metrics.line()})

    def _command(self, command: dict[str, Any]) -> None:
        unknown = set(command) - {"stop"}
        if unknown:
            raise ValueError(f"unknown {sorted(unknown)}; known: ['stop']")
        if command.get("stop"):
            self._end()

    def _end(self) -> None:
        self._stop.set()
        self._server.should_exit = True
