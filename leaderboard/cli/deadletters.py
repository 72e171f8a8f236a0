"""Commands for dead letters: list, show, replay."""

import base64
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from leaderboard import stack
from leaderboard.cli.visible import cell, visible
from leaderboard.errors import NotThereError, QuestionError
from leaderboard.model.wire import Wire
from leaderboard.pipeline.deadletter import DeadLetter, read_dead_letters
from leaderboard.pipeline.readable import readable, readable_value
from leaderboard.pipeline.replay import replay
from leaderboard.pipeline.schemas import wire_of
from leaderboard.pipeline.topics import is_present
from leaderboard.settings import Settings

deadletters = typer.Typer(
    help="Bad records: look at them, replay those that can be read now.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
BEGINNING = 120
"""Characters of the value in a line of `list`."""
HEX_ROW = 16
"""Bytes in a line of `show`."""


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.add_typer(deadletters, name="deadletters")


@deadletters.command("list")
def list_dead_letters(
    reason: Annotated[str, typer.Option(help="only letters whose reason contains this")] = "",
    n: Annotated[int | None, typer.Option("-n", min=1, help="only so many, the newest")] = None,
    waiting: Annotated[bool, typer.Option(help="only letters not replayed yet")] = False,
    as_json: AsJson = False,
) -> None:
    """List every bad record once: where it stood, why it was refused, how it begins.

    Example: leaderboard deadletters list --reason 'Unknown schema' -n 20
    """
    settings = Settings.load()
    servers = stack.connect(settings)
    if not _any_yet(servers.kafka, settings.dead_letter_topic):
        return
    letters = [
        letter
        for letter in read_dead_letters(servers.kafka, settings.dead_letter_topic)
        if reason in letter.error and not (waiting and letter.replayed)
    ]
    if n is not None:
        letters = sorted(letters, key=lambda letter: letter.timestamp_ms)[-n:]
    if as_json:
        for letter in letters:
            sys.stdout.write(visible(msgspec.json.encode(_plain(letter)).decode()) + "\n")
        return
    table = Table(title=f"{len(letters)} dead letters in {settings.dead_letter_topic}")
    for column in ("From", "Reason", "Begins with", "Replayed"):
        table.add_column(column, overflow="fold")
    for letter in letters:
        replayed = "yes" if letter.replayed else ""
        table.add_row(*map(cell, (letter.place, letter.error, _begins(letter), replayed)))
    Console().print(table)


@deadletters.command("show")
def show_dead_letter(
    place: Annotated[str, typer.Argument(help="where the record stood: topic[partition]@offset")],
    as_json: AsJson = False,
) -> None:
    """Show all of one bad record, or late event: reason, time, key, headers, and every byte.

    Two are shown where the topic was made anew and has that offset again.

    Example: leaderboard deadletters show 'game-events[0]@42'
    """
    if not re.fullmatch(r".+\[\d+\]@\d+", place):
        raise QuestionError(f"{place!r}: expected topic[partition]@offset, as `list` shows it")
    settings = Settings.load()
    servers = stack.connect(settings)
    wire, found = wire_of(settings), False
    topics = (settings.dead_letter_topic, settings.late_topic)
    for kept_in in (topic for topic in topics if is_present(servers.kafka, topic)):
        for letter in read_dead_letters(servers.kafka, kept_in):
            if letter.place == place:
                found = True
                if as_json:
                    sys.stdout.write(visible(msgspec.json.encode(_plain(letter)).decode()) + "\n")
                else:
                    sys.stdout.write("\n".join(_lines(letter, kept_in, wire)) + "\n")
    if not found:
        raise NotThereError(f"no letter of {place}: `leaderboard deadletters list` shows them")


def _begins(letter: DeadLetter) -> str:
    if letter.value is None:
        return "None"
    begins = repr(letter.value[:BEGINNING])[:BEGINNING]
    return begins if letter.truncated is None else f"{begins} (cut, {letter.truncated} bytes)"


def _any_yet(kafka: str, topic: str) -> bool:
    """Whether there can be letters; says so on standard error if not."""
    if is_present(kafka, topic):
        return True
    sys.stderr.write(
        f"no dead letters yet: nothing was produced or processed, so there is no topic {topic}\n"
    )
    return False


def _lines(letter: DeadLetter, kept_in: str, wire: Wire) -> Iterator[str]:
    """A letter for people. Time is that of the record in the log."""
    yield f"{visible(letter.place)}, kept in {kept_in}"
    yield f"reason    {visible(letter.error)}"
    yield f"time      {_time(letter.timestamp_ms)}"
    yield f"replayed  {'yes' if letter.replayed else 'no'}"
    key = "null" if letter.key is None else readable(letter.key) or ""
    yield f"key       {visible(key)}"
    if letter.truncated is not None:
        yield (
            "cut       it was too large: here is its start, without headers; the log has all of "
            f"it at {visible(letter.place)}"
        )
    for name, value in letter.headers:
        yield visible(f"header    {name}: {readable(value)}")
    if letter.value is None:
        yield "value     null"
        return
    of = "" if letter.truncated is None else f" of {letter.truncated}"
    yield f"value     {len(letter.value)}{of} bytes"
    text = readable_value(letter.value, letter.headers, wire) or ""
    yield visible(text, keep="\n")
    yield "as hex"
    for start in range(0, len(letter.value), HEX_ROW):
        yield f"{start:08x}  {letter.value[start : start + HEX_ROW].hex(' ')}"
    yield "as base64"
    yield base64.b64encode(letter.value).decode()


def _time(ms: int) -> str:
    if ms < 0:
        return "unknown"
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    return at.isoformat(timespec="milliseconds")


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
    if not _any_yet(servers.kafka, settings.dead_letter_topic):
        return
    done = replay(
        servers.kafka, settings.topic, settings.dead_letter_topic, wire_of(settings), reason=reason
    )
    sys.stdout.write(
        f"{done.replayed} dead letters replayed into {settings.topic}; {done.bad.total()} are "
        f"still bad, {done.before} were replayed before, {done.passed_over} passed over\n"
    )
    for why, count in done.bad.most_common(20):
        sys.stdout.write(f"still bad: {count} x {visible(why)}\n")
