"""A processor on a simulated day: prints, each hour, what memory it and Redis use, as JSON.

The day's events wait in the topic. The clock that ids are kept by follows the events; Redis' own
can not be turned, so ids whose time to live would have passed on that clock are removed here.
"""

import sys
from datetime import timedelta

import msgspec
import psutil

from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.declared import declared_boards
from leaderboard.pipeline.processor import Processor
from leaderboard.settings import Settings
from leaderboard.store.writer import Writer
from tests.pipeline.pipes import START, Pipe
from tests.waiting import until

HOURS = 24
TTL_HOURS = 1


class Hour(msgspec.Struct):
    """Memory in bytes at the end of an hour, and how many keys and ids Redis holds."""

    processor: int
    redis: int
    keys: int
    ids: int


def main(per_hour: int) -> None:
    s = Settings.load()
    pipe = Pipe(s)
    now = [START.timestamp()]
    writer = Writer(
        pipe.redis, pipe.keys, s.topic, ttl_hours=TTL_HOURS, boards=declared_boards(s),
        clock=lambda: now[0],
    )  # fmt: skip
    letters = DeadLetters(s.kafka, s.dead_letter_topic, s.late_topic)
    gone_at: dict[bytes, float] = {}
    with Processor(s.kafka, s.topic, s.group, writer, letters, max_poll_records=500) as processor:
        for hour in range(1, HOURS + 1):
            until(
                lambda hour=hour: processor.step() and processor.totals.applied >= hour * per_hour
            )
            now[0] = (START + timedelta(hours=hour)).timestamp()
            writer.expire(processor.partitions)
            ids = _ids_that_live(pipe, gone_at, now[0])
            sys.stdout.buffer.write(msgspec.json.encode(_measure(pipe, ids)) + b"\n")
    pipe.close()


def _ids_that_live(pipe: Pipe, gone_at: dict[bytes, float], now: float) -> int:
    """Remove the sets of ids whose time to live has passed; how many ids are left."""
    ids = 0
    for key in list(pipe.redis.scan_iter(f"{pipe.keys.processed_prefix}*")):
        left = pipe.redis.ttl(key)
        assert left > 0, f"{key!r} would never go"
        size = pipe.redis.scard(key)
        grown = gone_at.setdefault(b"size " + key, 0) < size
        gone_at[b"size " + key] = size
        if grown:
            gone_at[key] = now + left
        if gone_at[key] <= now:
            pipe.redis.delete(key)
        else:
            ids += size
    return ids


def _measure(pipe: Pipe, ids: int) -> Hour:
    return Hour(
        processor=psutil.Process().memory_info().rss,
        redis=pipe.redis.info("memory")["used_memory"],
        keys=pipe.redis.dbsize(),
        ids=ids,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
