"""Every command, one module per family, and how they log."""

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
from leaderboard.cli.visible import VisibleFormatter

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


def configure_logging(level: str) -> None:
    """Our lines from `level` up, on standard error; of the Kafka client only what matters."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(VisibleFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("kafka").setLevel(logging.WARNING)
    logging.getLogger("kafka.net").setLevel(logging.CRITICAL)  # logs its own reconnects as errors
