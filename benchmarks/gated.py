"""Our processor with a gate: it joins its group first, and fetches nothing before the clock starts.

So start-up and joining are not measured, and nothing of what is measured was fetched before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from benchmarks import stopwatch
from leaderboard.pipeline.batch import Batch
from leaderboard.pipeline.processor import Processor


class Gated(Processor):
    """Starts once `go` is set.

    Attributes
    ----------
    began, last
        When it started, and when Redis last acknowledged; as `stopwatch.now` gives moments.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.began = self.last = stopwatch.now()
        self.go = threading.Event()
        self._then: Callable[[str], None] = options.pop("probe", lambda _: None)
        super().__init__(*args, **options, probe=self._note)
        self.paused = True

    def on_ready(self, partitions: int) -> None:
        """Called before the start, whenever the number of its partitions is another one."""

    def on_start(self) -> None:
        """Called once, at the start."""

    def run(self, *, on_batch: Callable[[Batch], None] = lambda _: None, **options: Any) -> None:
        """As ours, behind the gate."""
        owned = -1

        def watch(batch: Batch) -> None:
            nonlocal owned
            if self.paused:
                if len(self.positions) != owned:
                    owned = len(self.positions)
                    self.on_ready(owned)
                if self.go.is_set():
                    self.paused = False
                    self.began = stopwatch.now()
                    self.on_start()
            on_batch(batch)

        super().run(on_batch=watch, **options)

    def _note(self, place: str) -> None:
        if place == "after_apply":
            self.last = stopwatch.now()
        self._then(place)
