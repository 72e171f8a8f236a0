"""The restore drill of docs/faults.md: an empty machine, the log, and maybe an older Redis."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leaderboard import stack
from leaderboard.settings import Settings
from tests.cli.commands import run
from tests.conftest import embedded_in
from tests.recovery import Recovery


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Callable[[str], Settings]]:
    """Makes machines: a data folder with servers of its own; they are stopped at the end."""
    made: list[Settings] = []

    def make(name: str) -> Settings:
        made.append(embedded_in(tmp_path / name))
        return made[-1]

    yield make
    for settings in made:
        stack.down(settings)


def told(settings: Settings, *command: str) -> str:
    """What a command says that has to succeed."""
    result = run(settings, *command)
    assert result.returncode == 0, (command, result.stdout, result.stderr)
    return result.stdout


def produce(settings: Settings, events: int, seed: int) -> None:
    told(settings, "produce", "--rate", "0", "--events", str(events), "--seed", str(seed))


def restored(settings: Settings) -> dict[str, int]:
    """Count what Redis lacks and compare; the report."""
    told(settings, "process", "--drain", "--show-every", "0")
    report: dict[str, int] = json.loads(told(settings, "verify", "--json"))
    return report


@pytest.mark.timeout(300)
def test_the_log_alone_or_with_an_older_redis_restores_everything(
    machine: Callable[[str], Settings], recovery: Recovery
):
    old = machine("old")
    told(old, "up", "--detach")
    produce(old, 2000, seed=1)
    told(old, "process", "--drain", "--show-every", "0")
    copy = old.data_dir.parent / "copy"
    shutil.copytree(old.data_dir / "redis" / "appendonlydir", copy)
    produce(old, 1000, seed=2)
    told(old, "process", "--drain", "--show-every", "0")
    told(old, "down")

    new = machine("new")
    shutil.copytree(old.data_dir / "kafka", new.data_dir / "kafka")
    shutil.copytree(copy, new.data_dir / "redis" / "appendonlydir")
    with recovery("empty machine, the log and an older Redis, servers' start included"):
        told(new, "up", "--detach")
        report = restored(new)
    assert (report["drift"], report["lag"], report["applied"]) == (0, 0, 3000)

    told(new, "redis", "FLUSHALL")
    with recovery("Redis empty, the log alone"):
        report = restored(new)
    assert (report["drift"], report["lag"], report["applied"]) == (0, 0, 3000)
