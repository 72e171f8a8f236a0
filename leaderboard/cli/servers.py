"""Commands for the servers: up, down, status, doctor, kafka, redis."""

import json
import threading
from typing import Annotated

import typer

from leaderboard import stack
from leaderboard.cli.signals import on_stop_signal
from leaderboard.settings import Settings


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    for command in (up, down, status):
        app.command()(command)


def up(
    detach: Annotated[bool, typer.Option("--detach", help="leave them running and return")] = False,
) -> None:
    """Start Kafka and Redis; stay until Ctrl-C and stop them then, or leave them with --detach.

    Example: leaderboard up --detach
    """
    settings = Settings.load()
    if detach:
        _say(stack.up(settings, report=typer.echo))
        return
    stop = threading.Event()
    on_stop_signal(stop.set)
    with stack.running(settings, report=typer.echo) as servers:
        _say(servers)
        stop.wait()


def _say(servers: stack.Servers) -> None:
    typer.echo(f"Kafka at {servers.kafka}, Redis at {servers.redis}")


def down() -> None:
    """Stop the embedded servers; their data stays.

    Example: leaderboard down
    """
    for stopped in stack.down(Settings.load()):
        typer.echo(f"stopped {stopped}")


def status(
    as_json: Annotated[bool, typer.Option("--json", help="as one JSON object")] = False,
) -> None:
    """Say where the servers are; exit 1 when one is missing.

    Example: leaderboard status --json
    """
    found = stack.status(Settings.load())
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo(f"Kafka at {found['kafka']}, Redis at {found['redis']}")
