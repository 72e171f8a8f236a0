"""A machine on which no program runs: what set-up asks of it is written down."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools import pythons

Outcome = int | BaseException


class FakeMachine:
    """Stands for `subprocess.run`: keeps what was asked and leaves behind what it would make.

    `fail["text"]` lists the outcomes of the next commands whose words hold that text; after
    them such a command succeeds.
    """

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.fail: dict[str, list[Outcome]] = {}
        self.python = "3 12 /usr/bin/python3.12"

    def run(self, command: Sequence[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        text = " ".join(command)
        self.commands.append(text)
        status = self._outcome(text)
        if status == 0:
            self._leave(command, text)
        printed = self.python if pythons.PROBE in text else "3 12"
        return subprocess.CompletedProcess(command, status, stdout=printed)

    def installs(self) -> list[str]:
        """The installer and lock (or package) of each installation asked for."""
        return [
            f"{'uv' if '/bin/uv ' in text else 'pip'} {Path(text.split()[-1]).name}"
            for text in self.commands
            if " install " in text
        ]

    def _outcome(self, text: str) -> int:
        for part, outcomes in self.fail.items():
            if part in text and outcomes:
                outcome = outcomes.pop(0)
                if isinstance(outcome, BaseException):
                    raise outcome
                return outcome
        return 0

    def _leave(self, command: Sequence[str], text: str) -> None:
        if " -m venv " in text:
            touch(Path(command[-1]) / "bin/python")
        if "--editable" in text:
            touch(Path(command[-1]) / ".venv/bin/leaderboard")


def touch(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
