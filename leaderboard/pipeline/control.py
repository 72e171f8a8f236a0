"""The child's side of a supervised stage: commands in, metrics out, as JSON lines.

A stage started with `--control` takes one JSON object a line on standard input and writes one a
line on standard output. It ends when its input ends or its parent is gone, so that no stage
outlives the notebook that started it.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from leaderboard.errors import LeaderboardError

PARENT_POLL_S = 0.5


class Control:
    """Reads commands in a thread of its own and hands them to `on_command`.

    `on_command` gets the object without its `id`; it only stores values, or raises `ValueError`,
    `TypeError` or a `LeaderboardError`, which goes back as `{"type": "error", "id", "message"}`.
    What it accepts is answered by `{"type": "ack", "id"}`. `on_orphaned` is called once, when the
    input ended or the parent is gone.
    """

    def __init__(
        self, on_command: Callable[[dict[str, Any]], None], on_orphaned: Callable[[], None]
    ) -> None:
        self._on_command = on_command
        self._on_orphaned = on_orphaned
        self._parent = os.getppid()
        self._lock = threading.Lock()
        self._orphaned = threading.Event()

    def start(self) -> None:
        """Start reading."""
        for target in (self._read, self._watch_parent):
            threading.Thread(target=target, name=f"control{target.__name__}", daemon=True).start()

    def emit(self, message: dict[str, Any]) -> None:
        """Write `message` as one line; silently dropped once nobody reads. Thread-safe."""
        with self._lock:
            try:
                sys.stdout.write(json.dumps(message) + "\n")
                sys.stdout.flush()
            except (BrokenPipeError, ValueError):
                self._orphan()

    def _read(self) -> None:
        for line in sys.stdin:
            if line.strip():
                self._handle(line)
        self._orphan()

    def _handle(self, line: str) -> None:
        message_id = None
        try:
            command = json.loads(line)
            message_id = command.pop("id", None)
            self._on_command(command)
        except (ValueError, TypeError, AttributeError, LeaderboardError) as error:
            self.emit({"type": "error", "id": message_id, "message": str(error)})
        else:
            self.emit({"type": "ack", "id": message_id})

    def _watch_parent(self) -> None:
        while not self._orphaned.is_set():
            if os.getppid() != self._parent:
                self._orphan()
            time.sleep(PARENT_POLL_S)

    def _orphan(self) -> None:
        if not self._orphaned.is_set():
            self._orphaned.set()
            self._on_orphaned()
