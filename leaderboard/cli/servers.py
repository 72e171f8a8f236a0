"""Commands for the servers: up, down, status, doctor, kafka, redis."""

import json
import os
import sys
import threading
from typing import Annotated, NoReturn

import typer

from leaderboard import stack
from leaderboard.cli.replies import Reply, for_people, raw
from leaderboard.cli.signals import on_stop_signal
from leaderboard.cli.visible import visible
from leaderboard.errors import ServersDownError, ServersError
from leaderboard.settings import Settings

PASS_ON = {"allow_interspersed_args": False, "ignore_unknown_options": True}
STREAMING = {"MONITOR", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"}
WATCH_S = 0.5

Arguments = Annotated[list[str] | None, typer.Argument(metavar="ARGS...")]


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)
    app.command()(doctor)
    app.command(context_settings=PASS_ON)(kafka)
    app.command(context_settings=PASS_ON)(redis)


def up(
    detach: Annotated[bool, typer.Option("--detach", help="leave them running and return")] = False,
) -> None:
    """Start Kafka and Redis; stay until Ctrl-C and stop them then, or leave them with --detach.

    Example: leaderboard up --detach
    """
    settings = Settings.load()
    if detach:
        _say(stack.up(settings, report=_tell))
        if whose := stack.owner(settings):
            typer.echo(
                f"they run already and stop with {visible(str(whose))}; for servers that stay: end "
                "that, then `leaderboard up --detach`"
            )
        return
    try:
        servers = stack.connect(settings)
    except ServersDownError:
        _stay(settings)
        return
    _say(servers)
    whose = stack.owner(settings)
    typer.echo(
        f"they run already and stop with {visible(str(whose))}"
        if whose
        else "they run already; to stop embedded ones: leaderboard down"
    )


def _stay(settings: Settings) -> None:
    stop = threading.Event()
    on_stop_signal(stop.set)
    with stack.running(settings, report=_tell) as servers:
        _say(servers)
        typer.echo("Ctrl-C stops them")
        while not stop.wait(WATCH_S):
            if not stack.still_up(settings):
                typer.echo("stopped by `leaderboard down`")
                return


def _say(servers: stack.Servers) -> None:
    typer.echo(f"Kafka at {servers.kafka}, Redis at {stack.shown(servers.redis)}")


def _tell(line: str) -> None:
    typer.echo(line, err=True)


def down() -> None:
    """Stop the embedded servers; their data stays.

    Example: leaderboard down
    """
    stopped = stack.down(Settings.load())
    typer.echo("\n".join(f"stopped {server}" for server in stopped) or "nothing was running")


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
    for name, value in found.items():
        typer.echo(f"{name:9} {value if isinstance(value, str) else json.dumps(value)}")


def doctor() -> None:
    """Check everything the servers need, with a fix for what fails; exit 1 when anything does.

    Example: leaderboard doctor
    """
    checks = stack.doctor(Settings.load())
    for check in checks:
        typer.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name:12} {check.detail}")
        if check.fix:
            typer.echo(f"     fix: {check.fix}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def kafka(
    tool: Annotated[str, typer.Argument(help=", ".join(sorted(stack.TOOLS)))],
    args: Arguments = None,
) -> NoReturn:
    """Run one of Kafka's own tools against the running broker; ARGS are the tool's.

    Example: leaderboard kafka groups --describe --group leaderboard-processor
    """
    command = stack.kafka_tool_command(Settings.load(), tool, args or [], report=_tell)
    # becomes the tool: signals, input, output and exit status are its own
    os.execve(command[0], command, stack.java_environment())


def redis(command: str, args: Arguments = None) -> None:
    """Run any Redis command against the running server; output as redis-cli's.

    Example: leaderboard redis ZREVRANGE leaderboard:global 0 -1 WITHSCORES
    """
    from redis import Redis
    from redis.exceptions import RedisError, ResponseError

    url = stack.connect(Settings.load()).redis
    words = [command, *(args or [])]
    with Redis.from_url(url, protocol=2) as client:
        # the pool's connection gives replies as they are; the client would reshape them
        connection = client.connection_pool.get_connection()
        try:
            connection.send_command(*words)
            _show(connection.read_response())
            while command.upper() in STREAMING:
                _show(connection.read_response())
        except ResponseError as error:
            _show(error)
            raise typer.Exit(1) from error
        except RedisError as error:
            raise ServersError(f"redis {' '.join(words)} at {stack.shown(url)}: {error}") from error
        finally:
            client.connection_pool.release(connection)


def _show(reply: Reply) -> None:
    """As redis-cli does: types and numbers for a terminal, bare values for a pipe."""
    if sys.stdout.isatty():
        typer.echo(for_people(reply))
    else:
        typer.echo(raw(reply).encode("utf-8", "surrogateescape"))
