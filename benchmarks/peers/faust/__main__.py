"""faust-streaming: its own JSON decoding, an agent that adds each event."""

from __future__ import annotations

import os
import signal
from typing import Any

import faust

from benchmarks.peers.summing import Sums
from benchmarks.stopwatch import Spec


def main() -> None:
    """Consume, decode and sum."""
    spec = Spec.read()
    sums = Sums(spec.events)
    app = faust.App(
        spec.group,
        broker=f"kafka://{spec.kafka}",
        store="memory://",
        topic_partitions=spec.partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        datadir=f"{spec.totals}.faust",
    )
    topic = app.topic(spec.topic, value_serializer="json", key_type=bytes)

    @app.agent(topic)
    async def add(stream: Any) -> None:
        async for event in stream:
            if sums.add(event):
                spec.keep_totals(sums.totals)
                os.kill(os.getpid(), signal.SIGTERM)

    faust.Worker(app, loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
