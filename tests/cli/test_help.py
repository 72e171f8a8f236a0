"""Every command explains itself with an example."""

import pytest
import typer
from typer.testing import CliRunner

from leaderboard.cli.commands import app


def commands(group: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in getattr(group, "commands", {}).items():
        below = commands(command, (*path, name))
        found += below or [(*path, name)]
    return found


COMMANDS = commands(typer.main.get_command(app))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_an_example(command: tuple[str, ...]):
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "100"})
    assert result.exit_code == 0
    assert "Example: leaderboard " + " ".join(command) in " ".join(result.output.split())


def test_the_contract_of_commands():
    """DESIGN.md promises these."""
    names = {command[0] for command in COMMANDS}
    assert {
        "up", "down", "doctor", "status", "produce", "process", "serve", "top", "verify",
        "rebuild", "deadletters", "kafka", "redis", "notebooks", "lab",
    } <= names  # fmt: skip
