"""The API's command."""

from typing import Annotated

import typer

from leaderboard.settings import Settings


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
    from leaderboard.cli.api_stage import run_api  # FastAPI alone is a fifth of a command's start

    settings = Settings.load()
    run_api(settings, host, settings.api_port if port is None else port, control=control)
