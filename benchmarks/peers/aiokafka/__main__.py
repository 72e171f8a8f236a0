"""aiokafka, typed decode with msgspec."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer

from benchmarks import stopwatch
from benchmarks.contestants.sums import sum_events
from benchmarks.stopwatch import Spec


async def main() -> None:
    """Consume, decode and sum."""
    spec = Spec.read()
    totals: dict[str, int] = {}
    consumer = AIOKafkaConsumer(
        spec.topic,
        bootstrap_servers=spec.kafka,
        group_id=spec.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
        max_partition_fetch_bytes=4 << 20,
    )
    await consumer.start()
    left = spec.events
    while left > 0:
        if left == spec.events:
            stopwatch.start()
        polled = await consumer.getmany(timeout_ms=20, max_records=10_000)
        for records in polled.values():
            left -= len(records)
            sum_events(totals, [record.value for record in records])
    stopwatch.end()
    await consumer.stop()
    spec.keep_totals(totals)


if __name__ == "__main__":
    asyncio.run(main())
