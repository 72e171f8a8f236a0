"""The tutorial design with one MULTI for each batch of 500 events, and a commit after it."""

from __future__ import annotations

from typing import Any

from redis import Redis

from benchmarks import stopwatch
from benchmarks.contestants.commands import commands, ids_key
from benchmarks.contestants.consumer import batches, reader
from benchmarks.stopwatch import Spec
from leaderboard.model.events import from_json

BATCH = 500


def main() -> None:
    """Count batch by batch."""
    spec = Spec.read()
    redis: Any = Redis.from_url(spec.redis)
    consumer = reader(spec, most=BATCH)
    for records in batches(spec, consumer):
        count(redis, records)
        consumer.commit()
    stopwatch.end()
    consumer.close(autocommit=False)


def count(redis: Any, records: list[Any]) -> None:
    """The records of one partition: which are new, then all commands of those at once."""
    topic, partition = records[0].topic, records[0].partition
    events = [(record.offset, from_json(record.value)) for record in records]
    ids = [str(event.event_id) for _, event in events]
    known = redis.smismember(ids_key(topic, partition), ids)
    with redis.pipeline(transaction=True) as pipe:
        for (offset, event), old in zip(events, known, strict=True):
            if not old:
                for command in commands(topic, partition, offset, event):
                    pipe.execute_command(*command)
        pipe.execute()


if __name__ == "__main__":
    main()
