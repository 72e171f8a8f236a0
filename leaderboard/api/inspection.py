"""Kafka's side for `/api/pipeline`: one thread looks, everybody shares a look for a second."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from leaderboard.api.pipeline_models import Group, Partition, Pipeline, Record, Topic
from leaderboard.api.reads import Reads
from leaderboard.errors import ServersError, StoreError
from leaderboard.pipeline.inspect import Inspector, Look, PartitionOffsets
from leaderboard.pipeline.inspect import Topic as LookedTopic
from leaderboard.store.keys import Keys

SHARED_S = 1.0
"""How long a look, or its failure, is shared."""
NEWEST = 20
"""Records shown."""


class Inspection:
    """Looks at most once a `SHARED_S` per topic. The thread is started by the first look."""

    def __init__(self, inspector: Inspector, reads: Reads) -> None:
        self._inspector = inspector
        self._reads = reads
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inspect-kafka")
        self._lock = asyncio.Lock()
        self._topic = ""
        self._until = 0.0
        self._last: Look | ServersError = ServersError("Kafka was not asked yet")

    async def pipeline(self, topic: str) -> Pipeline:
        """Kafka and the stored offsets; without Redis still Kafka, and why Redis is missing.

        Raises
        ------
        ServersError
            when Kafka does not answer.
        """
        look = await self._look(topic)
        try:
            stored, redis_problem = await self._reads.offsets(), ""
        except StoreError as error:
            stored, redis_problem = {}, str(error)
        return Pipeline(
            read_at=look.read_at,
            topics=[_topic(t, stored) for t in look.topics],
            group=Group.model_validate(look.group),
            topic=look.topic,
            records=[Record.model_validate(r) for r in look.records],
            redis_problem=redis_problem,
        )

    async def close(self) -> None:
        """Close the Kafka clients in their thread, and end it."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._inspector.close)
        self._thread.shutdown()

    async def _look(self, topic: str) -> Look:
        async with self._lock:
            if topic != self._topic or time.monotonic() > self._until:
                await self._look_now(topic)
        if isinstance(self._last, ServersError):
            raise self._last
        return self._last

    async def _look_now(self, topic: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._last = await loop.run_in_executor(
                self._thread, self._inspector.look, topic, NEWEST
            )
        except ServersError as error:
            self._last = error
        self._topic, self._until = topic, time.monotonic() + SHARED_S


def _topic(topic: LookedTopic, stored: dict[str, int]) -> Topic:
    keys = Keys()
    return Topic(
        name=topic.name,
        partitions=[
            _partition(p, stored.get(keys.offset_field(topic.name, p.partition)))
            for p in topic.partitions
        ],
    )


def _partition(offsets: PartitionOffsets, stored: int | None) -> Partition:
    return Partition(
        partition=offsets.partition,
        begin=offsets.begin,
        end=offsets.end,
        committed=offsets.committed,
        committed_lag=_lag(offsets, offsets.committed),
        stored=stored,
        stored_lag=_lag(offsets, stored),
    )


def _lag(offsets: PartitionOffsets, position: int | None) -> int | None:
    """Records held from `position` on; 0 for a position ahead of `end`, which moved since."""
    if position is None:
        return None
    return max(0, offsets.end - max(position, offsets.begin))
