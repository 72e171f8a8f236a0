"""Ours: the command `leaderboard process --drain`, as a user starts it, with a clock in it.

Its settings come from the environment, like a user's. It joins its group paused and tells of its
partitions; when a line comes in, the clock starts and it goes on.
"""

from __future__ import annotations

import site
import sys
import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from benchmarks import stopwatch
from benchmarks.stopwatch import Spec
from leaderboard.cli import main as leaderboard
from leaderboard.pipeline.batch import Batch
from leaderboard.pipeline.processor import Processor


class Timed(Processor):
    """A processor that starts when told to, and remembers when Redis last acknowledged."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.last = stopwatch.now()
        self._told = threading.Event()
        super().__init__(*args, **options, probe=self._note)
        self.paused = True
        threading.Thread(target=self._listen, daemon=True).start()

    def run(self, *, on_batch: Callable[[Batch], None] = lambda _: None, **options: Any) -> None:
        """As ours; nothing is fetched before it is told to begin."""
        owned = -1

        def watch(batch: Batch) -> None:
            nonlocal owned
            if self.paused:
                if len(self.positions) != owned:
                    owned = len(self.positions)
                    stopwatch.say("ready", {"partitions": owned})
                if self._told.is_set():
                    self.paused = False
                    stopwatch.start()
            on_batch(batch)

        super().run(on_batch=watch, **options)

    def _listen(self) -> None:
        sys.stdin.readline()
        self._told.set()

    def _note(self, place: str) -> None:
        if place == "after_apply":
            self.last = stopwatch.now()


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
