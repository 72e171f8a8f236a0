"""The composition root: every command, one module per family. Nothing imports this package.

It reads the settings, builds clients, passes them in, configures logging, and turns the
package's errors into one line and an exit status: 2 for wrong use, 1 for failure.
"""

import logging
import sys

import typer

from leaderboard.cli import (
    boards,
    deadletters,
    process,
    produce,
    results,
    schemas,
    serve,
    servers,
    workbench,
)
from leaderboard.errors import LeaderboardError, QuestionError, SettingsError
from leaderboard.settings import Settings

app = typer.Typer(
    name="leaderboard",
    help="A real-time gaming leaderboard: producer -> Kafka -> processor -> Redis -> API.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for family in (
    servers, produce, process, serve, results, boards, deadletters, schemas, workbench,
):  # fmt: skip
    family.register(app)


def main() -> None:
    """Run the command line; the package's own errors become one line on standard error."""
    try:
        configure_logging(Settings.load().log_level)
        app()
    except LeaderboardError as error:
        sys.stderr.write(f"leaderboard: {error}\n")
        sys.exit(2 if isinstance(error, SettingsError | QuestionError) else 1)


def configure_logging(level: str) -> None:
    """Our lines from `level` up, on standard error; of the Kafka client only what matters."""
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("kafka").setLevel(logging.WARNING)
    logging.getLogger("kafka.net").setLevel(logging.CRITICAL)  # logs its own reconnects as errors
