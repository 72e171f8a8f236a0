"""Commands of the workbench: lab, notebooks run, notebooks nav."""

import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leaderboard import stack
from leaderboard.cli.visible import visible
from leaderboard.errors import ServersDownError
from leaderboard.settings import Settings, project_root

if TYPE_CHECKING:
    from leaderboard.lab.runner import Outcome

notebooks = typer.Typer(
    help="Run the notebooks headlessly; keep their links.", no_args_is_help=True
)

LAB_PORT = 8888
CELL_TIMEOUT_S = 120.0


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command()(lab)
    app.add_typer(notebooks, name="notebooks")


def lab(
    port: Annotated[
        int, typer.Option(min=1024, max=65535, help="first choice of JupyterLab's port")
    ] = LAB_PORT,
    browser: Annotated[bool, typer.Option(help="open a browser")] = True,
) -> None:
    """Start the servers and open JupyterLab on the first notebook; both stop with Ctrl-C.

    Servers that ran before are used, and stay.

    Example: leaderboard lab --port 8890 --no-browser
    """
    from leaderboard.lab import jupyterlab  # the other commands do not need it

    settings = Settings.load()
    with stack.running(settings, report=_say) as servers:
        whose = stack.owner(settings)
        _say(f"Kafka {servers.kafka}, Redis {stack.shown(servers.redis)}")
        jupyterlab.serve(
            _folder(),
            settings.data_dir / "jupyter",
            port=port,
            browser=browser,
            announce=lambda url: _announce(url, whose),
        )


def _announce(url: str, whose: stack.Owner | None) -> None:
    """Say where JupyterLab is; from here on Ctrl-C ends it as SIGTERM does, without a question."""
    signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))
    if whose is None:
        end = "it; the servers stay"
    elif whose.pid == os.getpid():
        end = "it and the servers"
    else:
        end = f"it; the servers stop with {visible(str(whose))}"
    _say(f"JupyterLab {url}  (Ctrl-C stops {end})")


@notebooks.command()
def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="a number, name or path; none: all"),
    ] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="a parameter's value")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, help="longest a cell may take, in seconds")
    ] = CELL_TIMEOUT_S,
    output: Annotated[Path, typer.Option(help="where copies, reports and results go")] = Path(
        "build/notebooks"
    ),
) -> None:
    """Execute notebooks with papermill; exit status 1 when one fails, 2 for wrong use.

    Example: leaderboard notebooks run 00 05 --set seed=3
    """
    from leaderboard.lab import jupyterlab

    settings = Settings.load()
    jupyterlab.isolate(settings.data_dir / "jupyter")
    for noisy in ("papermill", "traitlets"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    from leaderboard.lab import parameters, report, runner  # after `isolate`: they load Jupyter

    try:
        paths = runner.find(names or [], _folder())
        values = parameters.parse(assignments or [])
        given = {path: parameters.check(path, values) for path in paths}
    except parameters.ParametersError as error:
        sys.stderr.write(f"leaderboard: {error}\n")
        raise typer.Exit(2) from error
    outcomes = []
    with _servers(settings) as settings:
        runs = runner.Runner(settings, output, timeout_s=timeout, progress=sys.stderr.isatty())
        for place, path in enumerate(paths, start=1):
            sys.stderr.write(f"[{place}/{len(paths)}] {path.stem}\n")
            outcomes.append(report.with_page(runs.run(path, given[path])))
    results = report.results(outcomes, output)
    Console().print(_table(outcomes, str(results)))
    for outcome in (o for o in outcomes if not o.ok):
        sys.stdout.write(f"\n{outcome.name} failed ({outcome.path or 'no copy'}):\n")
        sys.stdout.write("\n".join(outcome.failures) + "\n")
    raise typer.Exit(0 if outcomes and all(o.ok for o in outcomes) else 1)


@notebooks.command()
def nav(
    check: Annotated[bool, typer.Option(help="change nothing; exit 1 when stale")] = False,
) -> None:
    """Bring the links between notebooks and their table of contents up to date.

    Example: leaderboard notebooks nav --check
    """
    from leaderboard.lab import navigation

    stale = navigation.update(_folder(), write=not check)
    if check and stale:
        sys.stderr.write(
            f"leaderboard: stale links in {', '.join(stale)}; run `leaderboard notebooks nav`\n"
        )
        raise typer.Exit(1)
    _say(f"updated: {', '.join(stale)}" if stale else "links are up to date")


def _folder() -> Path:
    return project_root() / "notebooks"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def _servers(settings: Settings) -> Iterator[Settings]:
    """Settings with the addresses of the running servers, or of private ones for this block."""
    try:
        servers = stack.connect(settings)
    except ServersDownError:
        if settings.kafka or settings.redis:
            raise  # servers of one's own that are away are for their owner to start
    else:
        yield settings.with_(kafka=servers.kafka, redis=servers.redis)
        return
    with tempfile.TemporaryDirectory(prefix="leaderboard-") as folder:
        private = settings.with_(data_dir=Path(folder))
        with stack.running(private) as servers:
            yield private.with_(kafka=servers.kafka, redis=servers.redis)


def _table(outcomes: list["Outcome"], results: str) -> Table:
    failed = sum(not o.ok for o in outcomes)
    table = Table(
        title=f"{len(outcomes) - failed} notebooks passed, {failed} failed",
        caption=f"reports beside the copies; measured quantities in {results}",
    )
    for column in ("Notebook", "Result", "Time", "Measured"):
        table.add_column(column, justify="right" if column == "Time" else "left")
    for o in outcomes:
        measured = Text("\n".join(repr(m) for m in o.measures))
        table.add_row(o.name, "passed" if o.ok else "FAILED", f"{o.seconds:.1f} s", measured)
    return table
