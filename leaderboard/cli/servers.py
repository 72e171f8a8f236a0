"""Commands for the servers: up, down, status, doctor, kafka, redis."""

import typer


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
