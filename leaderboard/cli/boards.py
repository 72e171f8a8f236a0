"""Commands for boards: list them, hide players and show them again, the trail of it."""

import getpass
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from redis import Redis
from rich.console import Console
from rich.table import Table

from leaderboard import stack
from leaderboard.cli.board import print_boards
from leaderboard.cli.clients import connect_redis, keys_of
from leaderboard.cli.visible import cell, visible
from leaderboard.pipeline.declared import source_of
from leaderboard.settings import Settings
from leaderboard.store import hiding
from leaderboard.store.catalog import catalog
from leaderboard.store.counted import counted
from leaderboard.store.query import run

boards = typer.Typer(help="Boards: list them; hide players, show them again.", no_args_is_help=True)
PlayerId = Annotated[str, typer.Argument(metavar="PLAYER", help="player id, as in the events")]
Reason = Annotated[str, typer.Option(help="why; kept in the audit trail")]
By = Annotated[
    str, typer.Option(help="who asks for it", default_factory=getpass.getuser, show_default="you")
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.add_typer(boards, name="boards")


@boards.command("list")
def list_boards(as_json: AsJson = False) -> None:
    """List the declared boards: what they count, their windows, players and resets.

    Example: leaderboard boards list
    """
    settings = Settings.load()
    source = source_of(settings)
    redis = connect_redis(stack.connect(settings).redis)
    run(redis, counted(source))
    found = run(redis, catalog(source, now=time.time()))
    if not as_json:
        print_boards(found)
        return
    for info in found:
        sys.stdout.write(visible(msgspec.json.encode(info).decode()) + "\n")


@boards.command("hide")
def hide(player: PlayerId, reason: Reason, by: By) -> None:
    """Hide a player on every board; the others close up. What they do goes on counting.

    Example: leaderboard boards hide player_007 --reason "speed hack"
    """
    _move(hiding.hide, player, reason, by, done="hidden on", already="hidden already")


@boards.command("unhide")
def unhide(player: PlayerId, reason: Reason, by: By) -> None:
    """Show a hidden player again, with everything counted since.

    Example: leaderboard boards unhide player_007 --reason "appeal granted"
    """
    _move(hiding.unhide, player, reason, by, done="shown again on", already="not hidden")


@boards.command("audit")
def audit(
    n: Annotated[int, typer.Option("-n", min=1, max=10_000, help="how many, newest first")] = 20,
    as_json: AsJson = False,
) -> None:
    """List who was hidden and shown again, when, by whom and why.

    Example: leaderboard boards audit -n 5
    """
    settings = Settings.load()
    redis = connect_redis(stack.connect(settings).redis)
    trail = hiding.audit_trail(redis, keys_of(settings), n)
    if as_json:
        for entry in trail:
            sys.stdout.write(visible(msgspec.json.encode(entry).decode()) + "\n")
        return
    table = Table(title=f"{len(trail)} entries")
    for column in ("At", "Player", "Was", "By", "Reason"):
        table.add_column(column, overflow="fold")
    for entry in trail:
        was = "hidden" if entry.hidden else "shown"
        told = (entry.at, entry.player_id, was, entry.by, entry.reason)
        table.add_row(*map(cell, told))
    Console().print(table)


def _move(
    change: Callable[..., int | None], player: str, reason: str, by: str, *, done: str, already: str
) -> None:
    settings = Settings.load()
    redis: Redis = connect_redis(stack.connect(settings).redis)
    moved = change(redis, keys_of(settings), player, reason=reason, by=by, now=datetime.now(UTC))
    name = visible(player)
    if moved is None:
        sys.stdout.write(f"{name} is {already}: nothing changed\n")
    elif moved == 0:
        sys.stdout.write(f"{name} stood on no board yet; it holds for what comes\n")
    else:
        sys.stdout.write(f"{name} is {done} {moved} boards\n")
