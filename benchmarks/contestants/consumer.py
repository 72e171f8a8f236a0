"""kafka-python as fast as it goes: the consumer of contestants and limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from benchmarks import stopwatch
from benchmarks.stopwatch import Spec

FIRST_WAIT_MS = 20
WAIT_MS = 1000


def reader(spec: Spec, *, most: int = 10_000) -> KafkaConsumer:
    """A consumer of all partitions, with the settings that make polls fastest.

    It commits for its group but does not join it: kafka-python 3.0.12 may forget a join that takes
    longer than a poll.
    """
    consumer = KafkaConsumer(
        bootstrap_servers=spec.kafka,
        group_id=spec.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
        max_partition_fetch_bytes=4 << 20,
        max_poll_records=most,
    )
    parts = [TopicPartition(spec.topic, p) for p in range(spec.partitions)]
    consumer.assign(parts)
    consumer.seek_to_beginning(*parts)
    return consumer


def batches(spec: Spec, consumer: KafkaConsumer) -> Iterator[list[Any]]:
    """Polled records, partition by partition, until all events came; starts the clock."""
    left, wait_ms = spec.events, FIRST_WAIT_MS
    while left > 0:
        if left == spec.events:
            stopwatch.start()
        for records in consumer.poll(timeout_ms=wait_ms).values():
            left, wait_ms = left - len(records), WAIT_MS
            yield records
