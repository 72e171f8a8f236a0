"""What peers that hand over one dict at a time do with it: add its points."""

from __future__ import annotations

from typing import Any

from benchmarks import stopwatch


class Sums:
    """Points per player, and the clock: from the first event to the last of `events`."""

    def __init__(self, events: int) -> None:
        self.totals: dict[str, int] = {}
        self._left = self._events = events

    def add(self, event: dict[str, Any]) -> bool:
        """Count one event; whether it was the last."""
        if self._left == self._events:
            stopwatch.start()
        if event["event_type"] == "player_scored":
            player = event["player_id"]
            self.totals[player] = self.totals.get(player, 0) + event["points"]
        self._left -= 1
        if not self._left:
            stopwatch.end()
        return not self._left
