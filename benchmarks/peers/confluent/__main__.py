"""confluent-kafka; `decode` is bare, json or msgspec."""

from __future__ import annotations

from collections.abc import Iterator

from confluent_kafka import Consumer

from benchmarks import stopwatch
from benchmarks.contestants.sums import SUMS
from benchmarks.stopwatch import Spec


def main() -> None:
    """Consume, and decode and sum where asked."""
    spec = Spec.read()
    totals: dict[str, int] = {}
    if spec.options["decode"] == "bare":
        for _ in batches(spec, values=False):
            pass
    else:
        add = SUMS[spec.options["decode"]]
        for values in batches(spec, values=True):
            add(totals, values)
    stopwatch.end()
    spec.keep_totals(totals)


def batches(spec: Spec, *, values: bool) -> Iterator[list[bytes]]:
    """The records' values (empty unless `values`), until all events came."""
    consumer = Consumer(
        {
            "bootstrap.servers": spec.kafka,
            "group.id": spec.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 20,
        }
    )
    consumer.subscribe([spec.topic])
    left = spec.events
    while left > 0:
        if left == spec.events:
            stopwatch.start()
        messages = consumer.consume(10_000, timeout=0.02)
        left -= len(messages)
        yield [message.value() or b"" for message in messages] if values else []
    consumer.close()


if __name__ == "__main__":
    main()
