"""Looks at Kafka and Redis for the lab: ends of the log, offsets applied, owners, boards, counts.

Never here: writes of any kind, or stages (that is `crew`).
"""

from collections.abc import Mapping
from typing import Any, Final, Self, cast

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from msgspec import Struct
from redis import Redis
from redis.exceptions import RedisError

from leaderboard.errors import ServersError, StoreError
from leaderboard.pipeline.client import client
from leaderboard.pipeline.declared import writer_of
from leaderboard.pipeline.lag import owners
from leaderboard.settings import Settings
from leaderboard.store import reader
from leaderboard.store.keys import Keys

TOP: Final = 10
TIMEOUT_MS: Final = 5000


class Reading(Struct, frozen=True):
    """Kafka and Redis at one moment; names as in `Sample`.

    The board was read after the offsets, and the log's end last: `stored` never exceeds `end`.
    """

    end: dict[int, int]
    stored: dict[int, int]
    owners: dict[int, str]
    total_players: int
    top: list[reader.Row]
    unlocked: dict[str, int]
    counts: dict[str, int]

    @property
    def produced(self) -> int:
        """Records in the log, from its start."""
        return sum(self.end.values())

    @property
    def lag(self) -> int:
        """Records not yet applied."""
        return self.produced - sum(self.stored.values())


class Monitor:
    """Reads for one topic. Create, use and close in one thread: kafka-python asks for that.

    Raises
    ------
    ServersError
        when Kafka can not be reached.
    """

    def __init__(self, settings: Settings, kafka: str, redis: str) -> None:
        self._settings = settings
        self._keys = Keys(settings.key_prefix)
        self._redis = Redis.from_url(redis, socket_timeout=5, socket_connect_timeout=5)
        self._writer = writer_of(self._redis, settings)
        self._kafka = kafka
        try:
            self._consumer = KafkaConsumer(
                **client(kafka) | {"request_timeout_ms": TIMEOUT_MS},
                group_id=None,
                enable_auto_commit=False,
            )
            self._admin = KafkaAdminClient(**client(kafka))
            found = self._consumer.partitions_for_topic(settings.topic)
        except KafkaError as error:
            raise ServersError(f"no Kafka answers at {kafka}: {error}") from error
        self._partitions = sorted(found or range(settings.partitions))

    def read(self, clients: Mapping[int, str] | None = None) -> Reading:
        """Everything at once; `clients` names our stages by process id.

        Raises
        ------
        ServersError, StoreError
            when Kafka or Redis is away.
        """
        stored = {p: o or 0 for p, o in self._writer.offsets(self._partitions).items()}
        snapshot = reader.run(self._redis, reader.snapshot(self._keys, TOP))
        try:
            unlocked = cast(
                "dict[bytes, bytes]", self._redis.hgetall(self._keys.achievement_counts)
            )
        except RedisError as error:
            raise StoreError(f"cannot read from Redis: {error}") from error
        members, end = self._ask_kafka()
        return Reading(
            end=end,
            stored=stored,
            owners={p: _known(name, clients or {}) for p, name in members.items()},
            total_players=snapshot.total_players,
            top=snapshot.rows,
            unlocked={name.decode(): int(n) for name, n in unlocked.items()},
            counts=snapshot.counts,
        )

    def _ask_kafka(self) -> tuple[dict[int, str], dict[int, int]]:
        topic = self._settings.topic
        parts = [TopicPartition(topic, p) for p in self._partitions]
        try:
            members = owners(self._admin, self._settings.group, topic)
            ends: dict[Any, int] = self._consumer.end_offsets(parts)
        except KafkaError as error:
            raise ServersError(f"cannot ask Kafka at {self._kafka}: {error}") from error
        return members, {tp.partition: end for tp, end in ends.items()}

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()
        self._admin.close()
        self._redis.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _known(client_id: str, clients: Mapping[int, str]) -> str:
    """The stage's name for a client id like `processor-4711`; others as they are."""
    number = client_id.rpartition("-")[2]
    return clients.get(int(number), client_id) if number.isdigit() else client_id
