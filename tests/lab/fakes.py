"""Stages that do nothing, and a monitor that reads what a test writes."""

import os
import sys
from pathlib import Path

from leaderboard.errors import ServersError
from leaderboard.lab.monitor import Reading
from leaderboard.lab.stages import Stage

SCRIPT = str(Path(__file__).with_name("fake_stage.py"))


def fake_stage(name: str = "producer", how: str = "good", **options: object) -> Stage:
    return Stage(name, [sys.executable, SCRIPT, how], dict(os.environ), **options)


class Starter:
    """For `Crew`: starts fakes, and remembers with which arguments."""

    def __init__(self) -> None:
        self.how: dict[str, str] = {}
        self.started: list[tuple[str, list[str]]] = []

    def __call__(self, name: str, arguments: list[str], *, may_end: bool) -> Stage:
        self.started.append((name, arguments))
        return fake_stage(name, self.how.get(name, "good"), may_end=may_end)


class FakeMonitor:
    """Gives `reading`; raises `away` or `broken` when set."""

    def __init__(self) -> None:
        self.reading = Reading({0: 0}, {0: 0}, {}, 0, [], {}, {})
        self.away = False
        self.broken: Exception | None = None

    def read(self, clients: object = None) -> Reading:
        if self.broken is not None:
            raise self.broken
        if self.away:
            raise ServersError("nobody there")
        return self.reading

    def __enter__(self) -> "FakeMonitor":
        return self

    def __exit__(self, *_: object) -> None:
        pass
