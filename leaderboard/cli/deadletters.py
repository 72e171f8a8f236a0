"""Commands for dead letters: list, replay."""

import base64
import sys
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leaderboard import stack
from leaderboard.pipeline.deadletter import DeadLetter, read_dead_letters
from leaderboard.pipeline.replay import replay
from leaderboard.pipeline.schemas import wire_of
from leaderboard.settings import Settings

deadletters = typer.Typer(
    help="Bad records: look at them, replay those that can be read now.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.add_typer(deadletters, name="deadletters")


@deadletters.command("list")
def list_dead_letters(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """List every bad record once: where it stood, why it was refused, how it begins.

    Example: leaderboard deadletters list
    """
    settings = Settings.load()
    servers = stack.connect(settings)
    letters = list(read_dead_letters(servers.kafka, settings.dead_letter_topic))
    if as_json:
        for letter in letters:
            sys.stdout.write(msgspec.json.encode(_plain(letter)).decode() + "\n")
        return
    table = Table(title=f"{len(letters)} dead letters in {settings.dead_letter_topic}")
    for column in ("From", "Reason", "Begins with", "Replayed"):
        table.add_column(column, overflow="fold")
    for letter in letters:
        source = f"{letter.topic}[{letter.partition}]@{letter.offset}"
        begins = repr(letter.value)[:120]
        replayed = "yes" if letter.replayed else ""
        table.add_row(source, Text(letter.error), Text(begins), replayed)
    Console().print(table)


def _plain(letter: DeadLetter) -> dict[str, object]:
    """The letter with its bytes in base64, as JSON has no bytes."""
    plain = msgspec.structs.asdict(letter)
    for name in ("key", "value"):
        if plain[name] is not None:
            plain[name] = base64.b64encode(plain[name]).decode()
    plain["headers"] = [[n, base64.b64encode(v).decode()] for n, v in letter.headers]
    return plain


@deadletters.command("replay")
def replay_dead_letters(
    reason: Annotated[str, typer.Option(help="only letters whose reason contains this")] = "",
) -> None:
    """Send bad records that can be read now to the event topic again, each once.

    After an upgrade, that is: a record of an unknown schema version. What is still bad stays.

    Example: leaderboard deadletters replay --reason 'Unknown schema'
    """
    settings = Settings.load()
    servers = stack.connect(settings)
    done = replay(
        servers.kafka, settings.topic, settings.dead_letter_topic, wire_of(settings), reason=reason
    )
    sys.stdout.write(
        f"{done.replayed} dead letters replayed into {settings.topic}; {done.bad.total()} are "
        f"still bad, {done.before} were replayed before, {done.passed_over} passed over\n"
    )
    for why, count in done.bad.most_common(20):
        sys.stdout.write(f"still bad: {count} x {why}\n")
