"""Ours: the command `leaderboard process --drain`, as a user starts it, with a clock in it.

Its settings come from the environment, like a user's. It joins its group paused and tells of its
partitions; when a line comes in, the clock starts and it goes on.
"""

from __future__ import annotations

import site
import sys
import threading
from typing import Any
from unittest.mock import patch

from benchmarks import stopwatch
from benchmarks.gated import Gated
from benchmarks.stopwatch import Spec
from leaderboard.cli import main as leaderboard


class Timed(Gated):
    """Says when it is ready and when it starts, and is told to by a line on standard input."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        threading.Thread(target=self._listen, daemon=True).start()

    def on_ready(self, partitions: int) -> None:
        """Tell how many it owns."""
        stopwatch.say("ready", {"partitions": partitions})

    def on_start(self) -> None:
        """Tell when that was."""
        stopwatch.say("start", self.began)

    def _listen(self) -> None:
        sys.stdin.readline()
        self.go.set()


def main() -> None:
    """Run the command, and tell when it was done."""
    for folder in Spec.read().options.get("packages", ()):
        site.addsitedir(folder)
    made: list[Timed] = []

    def processor(*args: Any, **options: Any) -> Timed:
        made.append(Timed(*args, **options))
        return made[0]

    sys.argv = ["leaderboard", "process", "--drain", "--show-every", "0"]
    try:
        with patch("leaderboard.cli.process.Processor", processor):
            leaderboard()
    finally:
        if made:
            stopwatch.say("end", made[0].last)


if __name__ == "__main__":
    main()
