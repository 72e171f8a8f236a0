"""The API's command."""

import sys
import threading
from typing import Annotated, Any

import typer
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


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command()(serve)


def serve(
    host: Annotated[str, typer.Option(help="address to listen on; 0.0.0.0: all")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="0: any free one", show_default="8000, or LEADERBOARD_API_PORT"
        ),
    ] = None,
    control: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve the API, the live dashboard (/), the pipeline page (/pipeline) and the docs (/docs).

    Example: leaderboard serve --port 8001
    """
    settings = Settings.load()
    servers = stack.connect(settings)
    sock = listen(host, settings.api_port if port is None else port)
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
