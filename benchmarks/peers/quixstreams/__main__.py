"""quixstreams: its own JSON deserializer, a function for each event."""

from __future__ import annotations

from typing import Any

from quixstreams import Application

from benchmarks.peers.summing import Sums
from benchmarks.stopwatch import Spec


def main() -> None:
    """Consume, decode and sum."""
    spec = Spec.read()
    sums = Sums(spec.events)
    app = Application(
        broker_address=spec.kafka,
        consumer_group=spec.group,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        loglevel="WARNING",
        consumer_extra_config={"fetch.wait.max.ms": 20},
    )

    def add(event: dict[str, Any]) -> None:
        if sums.add(event):
            app.stop()

    app.dataframe(app.topic(spec.topic, value_deserializer="json")).update(add)
    app.run()
    spec.keep_totals(sums.totals)


if __name__ == "__main__":
    main()
