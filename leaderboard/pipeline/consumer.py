"""The seam to a Kafka client: what the processor asks of a member of a consumer group.

`python_consumer` and `confluent_consumer` keep it; which one is used is a setting. Never here:
offsets in Redis, or what a record means.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from leaderboard.errors import SettingsError

FETCH_WAIT_MS = 20
"""How long the broker waits for more records; more of it slows clients with several partitions."""
GATHER_MS = 125
"""A batch costs a millisecond however small it is, so where nobody waits for the end of the log the
broker gathers records, while few come, for this long at most; less than a chart waits for."""
GATHER_BYTES = 16 << 10
"""It stops gathering once it has about fifty events: ten milliseconds of a busy game."""
MOST_FETCH_BYTES = 2 << 20
"""Of one partition in one answer."""
METADATA_AGE_S = 2.0
"""So long may it go unnoticed that, in a pause of ours, a topic was made anew and filled beyond our
offset."""

NO_SUCH_SESSION = (
    "LEADERBOARD_SESSION_TIMEOUT_S: Kafka refuses it; it takes what lies between the broker's "
    "group.min.session.timeout.ms and group.max.session.timeout.ms"
)


class Raw(Protocol):
    """A record as Kafka carries it; `timestamp` in milliseconds since 1970 UTC, -1: unknown."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Consumer(Protocol):
    """A member of a consumer group that reads what is committed of one topic. Use from one thread.

    Whatever asks Kafka raises `ServersError` when Kafka is away or refuses, or the bytes it sends
    are not those that were written; `SettingsError` when it will not take such a member.
    """

    partitions: list[int]
    """All those of the topic, ascending."""

    def rebalances(self) -> Iterable[tuple[str, set[int]]]:
        """What happened since the last call: ("assigned" or "revoked", partitions). No network."""

    def read(self, positions: dict[int, int]) -> None:
        """Read these partitions and no others: the one that is read already goes on from where it
        is, any other starts at the offset. One that is not ours any more is left out."""

    def poll(self, timeout_s: float, most: int) -> Mapping[int, Sequence[Raw]]:
        """At most `most` records of what is read, by partition in offset order; waits only while
        there is none."""

    def bounds(self, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Offset of the first record in the log, and the one after the last."""

    def topic_id(self, *, ask: bool = False) -> str | None:
        """The id of the topic as a UUID: with `ask` by Kafka now, else as learned while polling, at
        most about `METADATA_AGE_S` old. None: the topic is not there, or its broker is older than
        topic ids."""

    def highwater(self, partition: int) -> int | None:
        """The offset after the last record, as of the last poll; None: unknown. No network."""

    def commit(self, offsets: dict[int, int], *, wait: bool = False) -> None:
        """Tell the group how far we are, for displays; failures are logged, not raised."""

    def close(self) -> None:
        """Leave the group."""


def consumer(
    kind: str,
    kafka: str,
    topic: str,
    group: str,
    *,
    session_timeout_s: float,
    client_id: str,
    fetch_wait_ms: int = FETCH_WAIT_MS,
    fetch_min_bytes: int = 1,
) -> Consumer:
    """A new member of `group`, of the client `kind` ("kafka-python" or "confluent").

    The broker answers once it has `fetch_min_bytes`, or after `fetch_wait_ms`.

    Raises
    ------
    ServersError
        when Kafka can not be reached or the topic does not exist.
    SettingsError
        when the client is not installed.
    """
    options: dict[str, Any] = {
        "session_timeout_s": session_timeout_s, "client_id": client_id,
        "fetch_wait_ms": fetch_wait_ms, "fetch_min_bytes": fetch_min_bytes,
    }  # fmt: skip
    if kind == "kafka-python":
        from leaderboard.pipeline.python_consumer import PythonConsumer

        return PythonConsumer(kafka, topic, group, **options)
    try:
        from leaderboard.pipeline.confluent_consumer import ConfluentConsumer
    except ImportError as error:
        raise SettingsError(
            f"LEADERBOARD_KAFKA_CLIENT={kind}: the package confluent-kafka is not installed; "
            "install it into the same environment (`pip install 'confluent-kafka>=2.14,<3'`)"
        ) from error
    return ConfluentConsumer(kafka, topic, group, **options)
