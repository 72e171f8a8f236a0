"""The composition root: every command, one module per family. Nothing imports this package.

It reads the settings, builds clients, passes them in, configures logging, and turns the
package's errors into one line and an exit status: 2 for wrong use, 1 for failure.
"""

import logging
import sys

import typer

from leaderboard.cli import process, produce, results, servers
from leaderboard.errors import LeaderboardError, SettingsError

app = typer.Typer(
    name="leaderboard",
    help="A real-time gaming leaderboard: producer -> Kafka -> processor -> Redis -> API.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for family in (servers, produce, process, results):
    family.register(app)


def main() -> None:
    """Run the command line; the package's own errors become one line on standard error."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        app()
    except LeaderboardError as error:
        sys.stderr.write(f"leaderboard: {error}\n")
        sys.exit(2 if isinstance(error, SettingsError) else 1)
