"""Servers, members and load of one mix, all its own: a Kafka and a Redis, each behind a proxy."""

import shutil
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from redis import Redis
from redis.exceptions import RedisError

from leaderboard.pipeline.client import client
from leaderboard.settings import Settings
from leaderboard.stack.ports import HOST, free_port
from tests.mixes.crew import Crew
from tests.mixes.schedule import Schedule
from tests.pipeline.flow import Flow
from tests.pipeline.pipes import Pipe
from tests.private_kafka import ProxiedKafka
from tests.private_redis import PrivateRedis
from tests.proxy import Proxy

SESSION_S = 3.0


class World:
    """What a schedule is played on, made in `folder`; as a context it ends with all it started.

    Members and load reach the servers through `proxies`; `pipe` asks them directly.
    """

    def __init__(self, plan: Schedule, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.copies: list[Path] = []
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        with self._ends as ends:
            self._start_servers(ends)
            self.crew = Crew(self._behind_proxies.settings, self.folder, Random(self.plan.seed))
            ends.callback(self.crew.kill_all)
            self.flow = Flow(self._behind_proxies, self.plan.seed, self.plan.rate)
            self.flow.weather = self.plan.weather
            ends.enter_context(self.flow)
            self.crew.resize(self.plan.members)
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _start_servers(self, ends: ExitStack) -> None:
        (self.folder / "redis").mkdir(parents=True)
        self.redis = PrivateRedis(self.folder / "redis").start()
        ends.callback(self.redis.stop)
        own = Settings.load(
            kafka="", redis=self.redis.url, data_dir=self.folder / "kafka", kafka_port=free_port()
        )
        self.kafka = ProxiedKafka(own).start()
        ends.callback(self.kafka.stop)
        to_redis = ends.enter_context(Proxy(f"{HOST}:{self.redis.port}"))
        self.proxies = {"redis": to_redis, "kafka": self.kafka.proxy}
        settings = own.with_(
            kafka=self.kafka.address,
            session_timeout_s=SESSION_S,
            partitions=self.plan.partitions,
            idle_after_s=self.plan.idle_after_s,
        )
        self.pipe = Pipe(settings)
        ends.callback(self.pipe.close)
        self._behind_proxies = Pipe(
            settings.with_(kafka=self.kafka.proxied, redis=f"redis://{to_redis.address}/0")
        )
        ends.callback(self._behind_proxies.close)

    def copy_redis(self) -> None:
        """Copy the files of Redis as they are now, to be restored later."""
        copy = self.folder / f"copy-{len(self.copies)}"
        shutil.copytree(self.redis.folder / "appendonlydir", copy)
        self.copies.append(copy)

    def ends(self) -> dict[int, int]:
        """End offset of each partition; raises KafkaError while Kafka is away."""
        parts = [TopicPartition(self.pipe.settings.topic, p) for p in range(self.plan.partitions)]
        with KafkaConsumer(**client(self.kafka.address)) as consumer:
            return {tp.partition: end for tp, end in consumer.end_offsets(parts).items()}

    def counted(self, ends: dict[int, int]) -> bool:
        """Whether Redis has counted up to these offsets."""
        self.crew.check()
        fields = [self.pipe.keys.offset_field(self.pipe.settings.topic, p) for p in ends]
        try:
            with Redis.from_url(self.redis.url, socket_timeout=1) as redis:
                stored = redis.hmget(self.pipe.keys.offsets, fields)
        except RedisError:
            return False
        return all(int(s or 0) >= end for s, end in zip(stored, ends.values(), strict=True))

    def drained(self) -> bool:
        """Whether Redis has counted all there is."""
        try:
            return self.counted(self.ends())
        except KafkaError:
            return False
