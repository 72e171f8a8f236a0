"""The usual tutorial design: nine round trips an event, and a commit every 20 events."""

from __future__ import annotations

from typing import Any

from redis import Redis

from benchmarks import stopwatch
from benchmarks.contestants.commands import commands, ids_key
from benchmarks.contestants.consumer import batches, reader
from benchmarks.stopwatch import Spec
from leaderboard.model.events import from_json

COMMIT_EVERY = 20


def main() -> None:
    """Count event by event. The option `loses` leaves out every event of that number: a fault."""
    spec = Spec.read()
    loses = spec.options.get("loses", 0)
    redis: Any = Redis.from_url(spec.redis)
    consumer = reader(spec)
    done = 0
    for records in batches(spec, consumer):
        for record in records:
            event = from_json(record.value)
            known = redis.sismember(ids_key(record.topic, record.partition), str(event.event_id))
            if not known and (not loses or (done + 1) % loses):
                for command in commands(record.topic, record.partition, record.offset, event):
                    redis.execute_command(*command)
            done += 1
            if done % COMMIT_EVERY == 0:
                consumer.commit()
    stopwatch.end()
    consumer.close(autocommit=False)


if __name__ == "__main__":
    main()
