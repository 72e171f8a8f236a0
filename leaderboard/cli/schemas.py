"""Commands for the event schemas: list, check."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from leaderboard.pipeline.compatibility import steps
from leaderboard.pipeline.schemas import FOLDER, declared, known, load

schemas = typer.Typer(help="Versions of the event schema.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.add_typer(schemas, name="schemas")


@schemas.command("list")
def list_schemas() -> None:
    """List the versions in `schemas/`: the id that records carry, and the event types.

    Example: leaderboard schemas list
    """
    table = Table(title="event schemas")
    for column in ("Version", "Id", "Event types"):
        table.add_column(column)
    for version, schema in known().versions.items():
        names = ", ".join(branch.event.__name__ for branch in schema.branches.values())
        table.add_row(f"v{version}", str(schema.id), names)
    Console().print(table)


@schemas.command("check")
def check(
    folder: Annotated[Path, typer.Option(help="where the versions are")] = FOLDER,
) -> None:
    """Compute what each version can read of the one before it, and the other way round.

    Exit status 1 when that is less than `schemas.toml` beside them declares.

    Example: leaderboard schemas check
    """
    level = declared(folder)
    table = Table(title=f"event schemas, declared {level}")
    for column in ("Step", "Backward", "Forward", "Full", "Declared"):
        table.add_column(column, overflow="fold")
    found = steps(load(folder))
    for step in found:
        table.add_row(
            f"v{step.old} -> v{step.new}",
            _said(step.backward),
            _said(step.forward),
            "no" if step.backward or step.forward else "yes",
            "kept" if step.keeps(level) else "[red]broken[/red]",
        )
    Console().print(table)
    broken = [step for step in found if not step.keeps(level)]
    for step in broken:
        sys.stderr.write(
            f"schemas: v{step.old} -> v{step.new} is not {level}: make v{step.new} compatible, or "
            f"declare less in {folder / 'schemas.toml'}\n"
        )
    raise typer.Exit(1 if broken else 0)


def _said(obstacles: list[str]) -> str:
    return "no: " + "; ".join(obstacles) if obstacles else "yes"
