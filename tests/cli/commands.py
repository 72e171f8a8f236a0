"""Runs the real command line in a process of its own, under a test's settings."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from leaderboard.settings import PREFIX, Settings

COMMAND = [sys.executable, "-m", "leaderboard"]


def environment(settings: Settings | None) -> dict[str, str]:
    """The machine's environment without settings of ours, then those of the test."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    return {**clean, **(settings.environment() if settings else {}), "COLUMNS": "120"}


def run(settings: Settings | None, *args: str) -> "subprocess.CompletedProcess[str]":
    """Run to the end, at most a minute."""
    return subprocess.run(
        [*COMMAND, *args], env=environment(settings), capture_output=True, text=True, timeout=60
    )


class Child:
    """A stage under control: commands in, messages out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def tell(self, **command: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def hear(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next message of that kind that has these fields."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message: dict[str, Any] = json.loads(line)
            if message["type"] == kind and fields.items() <= message.items():
                return message
        raise AssertionError(f"the stage ended before it said {kind} {fields}")


@contextmanager
def child(settings: Settings, *args: str) -> Iterator[Child]:
    with subprocess.Popen(
        [*COMMAND, *args, "--control"],
        env=environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Child(process)
        finally:
            process.kill()
