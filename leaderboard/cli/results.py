"""Commands for results: top, verify, rebuild."""

import sys
import time
from typing import Annotated, NoReturn, cast

import msgspec
import typer
from redis import Redis
from redis.exceptions import RedisError
from tqdm.auto import tqdm

from leaderboard import stack
from leaderboard.cli import INTERRUPTED
from leaderboard.cli.board import print_board, print_page
from leaderboard.cli.clients import connect_redis, keys_of
from leaderboard.cli.signals import on_stop_signal
from leaderboard.cli.visible import visible
from leaderboard.errors import LeaderboardError, QuestionError, StoreError
from leaderboard.model.boards import GLOBAL
from leaderboard.pipeline.declared import declared_boards, source_of
from leaderboard.pipeline.rebuild import Rebuild
from leaderboard.pipeline.schemas import wire_of
from leaderboard.pipeline.verify import Report, verify
from leaderboard.settings import Settings
from leaderboard.store import pages
from leaderboard.store.catalog import games
from leaderboard.store.counted import counted
from leaderboard.store.places import Source
from leaderboard.store.query import run

SOME = 10
"""Games that a hint lists."""


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command()(top)
    app.command(name="verify")(verify_command)
    app.command()(rebuild)


def top(
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="how many players")] = 10,
    board: Annotated[str, typer.Option(help="which board")] = GLOBAL.name,
    at: Annotated[str, typer.Option(help="a past window: date, instant or label")] = "",
    game: Annotated[str, typer.Option(help="which, on a board per game")] = "",
    policy: Annotated[
        str, typer.Option(help="ordinal, competition or dense", show_default="as declared")
    ] = "",
    pane: Annotated[str, typer.Option(help="latest, or on_time: without late events")] = "latest",
) -> None:
    """Print the best players of a board, best first.

    Example: leaderboard top -n 5 --board daily --at 2026-11-25 --policy competition
    """
    settings = Settings.load()
    if (board, at, game, policy, pane) == (GLOBAL.name, "", "", "", "latest"):
        print_board(connect_redis(stack.connect(settings).redis), keys_of(settings), n)
        return
    source = source_of(settings)
    if not game and source.board(board).scope == "game":
        raise QuestionError(
            f"board {board!r} has a board per game: say which with --game"
            f"{_some_games(settings, source, board, at)}"
        )
    place = source.place(board, now=time.time(), at=at, game=game, policy=policy, pane=pane)
    redis = _redis_of(settings, source)
    print_page(run(redis, pages.top(source, place, n)))


def _redis_of(settings: Settings, source: Source) -> Redis:
    """Redis, if it holds counts of the boards of `source`."""
    redis = connect_redis(stack.connect(settings).redis)
    run(redis, counted(source))
    return redis


def _some_games(settings: Settings, source: Source, board: str, at: str) -> str:
    """The first of the games that such a board has, as the end of a sentence."""
    found = run(_redis_of(settings, source), games(source, board, now=time.time(), at=at)).games
    if not found:
        return "; nothing was counted for any game yet"
    return f": {', '.join(found[:SOME])}" + (", ..." if len(found) > SOME else "")


def verify_command(
    as_json: Annotated[bool, typer.Option("--json", help="the whole report as JSON")] = False,
) -> None:
    """Replay the log through an independent model and compare every value with Redis.

    Exit status 0: drift 0; 1: drift; 2: could not compare.

    Example: leaderboard verify --json
    """
    try:
        settings = Settings.load()
        report = _verify(settings, quiet=as_json)
    except LeaderboardError as error:
        sys.stderr.write(visible(f"leaderboard: could not compare: {error}", keep="\n") + "\n")
        raise typer.Exit(2) from error
    except KeyboardInterrupt as error:
        sys.stderr.write("interrupted: nothing was compared, nothing was changed\n")
        raise typer.Exit(INTERRUPTED) from error
    if as_json:
        sys.stdout.write(visible(msgspec.json.encode(report).decode()) + "\n")
    else:
        _print_report(report)
    raise typer.Exit(1 if report.drift else 0)


def _verify(settings: Settings, *, quiet: bool) -> Report:
    servers = stack.connect(settings)
    with tqdm(unit=" records", unit_scale=True, desc="replaying", disable=quiet, delay=1) as bar:

        def advance(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        redis = connect_redis(servers.redis)
        return verify(
            servers.kafka, redis, keys_of(settings), settings.topic, declared_boards(settings),
            wire=wire_of(settings), on_progress=advance,
        )  # fmt: skip


def _print_report(report: Report) -> None:
    for difference in report.differences[:20]:
        line = f"{difference.where}: expected {difference.expected}, Redis holds {difference.got}"
        if difference.explained_by:
            line += f"; explained by {difference.explained_by}"
        sys.stdout.write(visible(line) + "\n")
    if report.drift > 20:
        sys.stdout.write(f"... and {report.drift - 20} more (`leaderboard verify --json`)\n")
    sys.stdout.write(
        f"drift {report.drift}: {report.records} records = {report.applied} applied "
        f"+ {report.duplicates} duplicates + {report.dead_letters} dead letters; "
        f"{report.players} players; lag {report.lag}\n"
    )


def rebuild() -> None:
    """Count the whole log anew beside the boards, verify it, and swap it in in one step.

    Readers and processors go on meanwhile; interrupted, it has changed nothing. Redis needs room
    for a second set of counts. Exit status 0: verified and swapped.

    Example: leaderboard rebuild
    """
    settings = Settings.load()
    servers = stack.connect(settings)
    redis = connect_redis(servers.redis)
    before = _epoch(redis, settings)
    on_stop_signal(_interrupt)
    try:
        with _Phases() as phases:
            done = Rebuild(settings, servers.kafka, redis, on_progress=phases.show).run()
    except KeyboardInterrupt as error:
        swapped = _epoch(redis, settings) != before
        what = "after the swap: the new counts are in place" if swapped else "nothing was changed"
        sys.stderr.write(f"interrupted: {what}\n")
        raise typer.Exit(INTERRUPTED) from error
    _print_report(done.report)
    if done.swap is None:
        sys.stdout.write("not swapped: the boards are as they were\n")
        raise typer.Exit(1)
    cost = f": {done.swap.keys} keys in {done.swap.seconds * 1000:.0f} ms"
    sys.stdout.write(f"swapped in{cost if done.swap.keys else ''}\n")  # no keys: its reply was lost


def _epoch(redis: Redis, settings: Settings) -> bytes | None:
    """The name of the rebuild that made the counts; None: none did."""
    try:
        return cast("bytes | None", redis.get(keys_of(settings).epoch))
    except RedisError as error:
        raise StoreError(f"cannot read from Redis: {error}") from error


def _interrupt() -> None:
    raise KeyboardInterrupt


class _Phases:
    """A progress bar for each phase, one after another."""

    def __init__(self) -> None:
        self._phase = ""
        self._bar: tqdm[NoReturn] | None = None

    def show(self, phase: str, done: int, of: int) -> None:
        if self._bar is None or self._phase != phase:
            self.close()
            self._phase = phase
            self._bar = tqdm(unit=" records", unit_scale=True, desc=phase)
        self._bar.total = of
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> "_Phases":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
