"""Whose the running servers are: of a process that they end with, or of nobody but `down`."""

import json
import shlex
from dataclasses import dataclass

import psutil

from leaderboard.settings import Settings
from leaderboard.stack.launch import KEEPER
from leaderboard.stack.state import read_state

LINE = 100
"""Characters of a command line that are shown."""


@dataclass(frozen=True)
class Owner:
    """A process that servers end with. As text: `process 4711 (leaderboard lab)`."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"


def owner(settings: Settings) -> Owner | None:
    """The process that running embedded servers end with.

    None when none run, or when they go on until `down`.
    """
    for server in read_state(settings.data_dir).of_the_living().servers.values():
        try:
            keeper = psutil.Process(server.process.pid).parent()
            line = keeper.cmdline() if keeper else []
            if str(KEEPER) in line:
                parent = psutil.Process(json.loads(line[-1])["parent"])
                return Owner(parent.pid, shlex.join(parent.cmdline())[:LINE])
        except psutil.Error:
            continue  # just ended, or another user's
    return None
