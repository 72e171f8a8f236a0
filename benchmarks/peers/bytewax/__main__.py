"""bytewax: typed decode with msgspec in a map, summed in a sink."""

from __future__ import annotations

from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main
from confluent_kafka import OFFSET_BEGINNING

from benchmarks import stopwatch
from benchmarks.stopwatch import Spec
from leaderboard.model.events import PlayerScored, from_json

BATCH = 10_000


class Sum(StatelessSinkPartition[Any]):
    """Adds up, and stops the clock."""

    def __init__(self, events: int, totals: dict[str, int]) -> None:
        self._left = events
        self._totals = totals

    def write_batch(self, items: list[Any]) -> None:
        """Add a batch of events."""
        totals = self._totals
        for event in items:
            if isinstance(event, PlayerScored):
                totals[event.player_id] = totals.get(event.player_id, 0) + event.points
        self._left -= len(items)
        if not self._left:
            stopwatch.end()


class Sink(DynamicSink[Any]):
    """Makes the only partition there is, in this process."""

    def __init__(self, sum_: Sum) -> None:
        self._sum = sum_

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Sum:
        """The partition of the one worker."""
        return self._sum


def main() -> None:
    """Consume, decode and sum."""
    spec = Spec.read()
    totals: dict[str, int] = {}
    began: list[bool] = []

    def decode(message: Any) -> Any:
        if not began:
            began.append(True)
            stopwatch.start()
        return from_json(message.value)

    flow = Dataflow("sums")
    source = KafkaSource(
        [spec.kafka], [spec.topic], tail=False, starting_offset=OFFSET_BEGINNING, batch_size=BATCH,
        add_config={"fetch.wait.max.ms": "20"},
    )  # fmt: skip
    events = op.map("decode", op.input("kafka", flow, source), decode)
    op.output("sums", events, Sink(Sum(spec.events, totals)))
    run_main(flow)
    spec.keep_totals(totals)


if __name__ == "__main__":
    main()
