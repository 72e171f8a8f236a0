"""Publish events to Kafka, keyed by player so that a player's events keep their order.

A send is only counted when Kafka has acknowledged it (`acks=all`). What Kafka refuses is sent
again with the same id, so a repeat can not count twice; what is still refused at the end is an
error, never a silence.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError

from leaderboard.errors import ServersError, StageError
from leaderboard.model.events import GameEvent
from leaderboard.model.wire import Encode, json_encoder
from leaderboard.pipeline.client import LARGE, client

log = logging.getLogger(__name__)

MOST_UNACKNOWLEDGED = 20_000
"""Sends under way at most: memory stays bounded when Kafka is slow."""

RESEND_PAUSE_S = 0.5

TEACHING = {"linger_ms": 0, "batch_size": 16_384}
THROUGHPUT = {"linger_ms": 20, "batch_size": 262_144}


class Outgoing(NamedTuple):
    """A record on its way, to be sent again as it was when Kafka refuses it."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


class Producer:
    """Sends events to one topic. Use from one thread.

    Parameters
    ----------
    kafka, topic
        Where to: host:port, and a topic that exists.
    throughput
        Batch for throughput instead of sending at once.
    linger_ms
        How long a record waits for company; None: as `throughput` says.
    large
        Send compressed, also records of more than 1 MiB.
    encode
        How events are written; JSON by default.
    on_ack
        Called, in a thread of the Kafka client, with the seconds that one record at a time waited
        for its acknowledgement: the first to be sent once the last such one had come back.

    Attributes
    ----------
    acked
        Records acknowledged by Kafka.
    resent
        Records that had to be sent again.

    Raises
    ------
    ServersError
        when Kafka at `kafka` (host:port) can not be reached.
    """

    def __init__(
        self,
        kafka: str,
        topic: str,
        *,
        throughput: bool = False,
        linger_ms: int | None = None,
        large: bool = False,
        encode: Encode | None = None,
        on_ack: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.topic = topic
        self.acked = 0
        self.resent = 0
        self._encode = encode or json_encoder()
        self._pending: deque[tuple[Any, Outgoing]] = deque()
        self._refused: deque[Outgoing] = deque()
        self._last_error: BaseException | None = None
        self._on_ack = on_ack
        self._timing = False
        batching = THROUGHPUT if throughput else TEACHING
        if linger_ms is not None:
            batching = batching | {"linger_ms": linger_ms}
        sizes = LARGE if large else {}
        try:
            self._kafka = KafkaProducer(
                **client(kafka),
                acks="all",
                retries=3,
                allow_auto_create_topics=False,
                **batching,
                **sizes,
            )
        except KafkaError as error:
            raise ServersError(f"no Kafka answers at {kafka}: {error}") from error

    @property
    def partitions(self) -> set[int]:
        """Those of the topic. Raises as `send`."""
        try:
            found: set[int] = self._kafka.partitions_for(self.topic)
        except KafkaError as error:
            raise self._refused_by_kafka(error) from error
        return found

    def send(self, event: GameEvent) -> None:
        """Send `event`; returns before Kafka has acknowledged it.

        Raises
        ------
        ServersError
            when the topic does not exist or Kafka is away for a minute.
        """
        value, headers = self._encode(event)
        self.send_raw(value, event.player_id.encode(), headers)

    def send_raw(
        self,
        value: bytes | None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
    ) -> None:
        """Send any bytes, as another system might, to the key's or a given partition.

        Otherwise as `send`.
        """
        while len(self._pending) >= MOST_UNACKNOWLEDGED:
            self.reap()
            time.sleep(0.001)
        self._post(Outgoing(value, key, headers, partition))

    def _post(self, record: Outgoing) -> None:
        began = time.monotonic()
        try:
            future = self._kafka.send(
                self.topic,
                value=record.value,
                key=record.key,
                headers=list(record.headers),
                partition=record.partition,
            )
        except KafkaError as error:
            raise self._refused_by_kafka(error) from error
        if not self._timing:
            self._timing = True
            future.add_callback(self._acknowledged, began).add_errback(self._refuse)
        self._pending.append((future, record))

    def _refused_by_kafka(self, error: KafkaError) -> ServersError:
        return ServersError(
            f"Kafka takes no record for topic {self.topic}: {error}; "
            "does the topic exist, is the broker up? (`leaderboard doctor`)"
        )

    def _acknowledged(self, began: float, _metadata: object) -> None:
        self._on_ack(time.monotonic() - began)
        self._timing = False

    def _refuse(self, _error: object) -> None:
        self._timing = False

    def reap(self) -> None:
        """Count what was acknowledged and send again what was refused. Does not wait."""
        while self._pending and self._pending[0][0].is_done:
            future, record = self._pending.popleft()
            if future.succeeded():
                self.acked += 1
            else:
                self._last_error = future.exception
                self._refused.append(record)
        if self._refused:
            n = len(self._refused)
            log.warning("%d records refused, sending again: %s", n, self._last_error)
            time.sleep(RESEND_PAUSE_S)
        while self._refused:
            self._post(self._refused[0])  # kept until it is on its way
            self._refused.popleft()
            self.resent += 1

    def flush(self, timeout_s: float = 30.0) -> None:
        """Wait until everything sent is acknowledged.

        Raises
        ------
        StageError
            when some records are not acknowledged after `timeout_s`: says how many and why.
        """
        deadline = time.monotonic() + timeout_s
        self.reap()
        while self._pending or self._refused:
            if time.monotonic() > deadline:
                left = len(self._pending) + len(self._refused)
                raise StageError(
                    f"{left} records for {self.topic} were not acknowledged "
                    f"within {timeout_s:g} s; last error: {self._last_error}"
                )
            time.sleep(0.002)
            self.reap()

    def close(self, timeout_s: float = 30.0) -> None:
        """Flush and close; a second call does nothing. Raises as `flush`."""
        try:
            self.flush(timeout_s)
        finally:
            self._kafka.close(timeout=5)

    def __enter__(self) -> "Producer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RateMeter:
    """Events per second over the last `window_s` seconds, from a running count."""

    def __init__(self, window_s: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_s = window_s
        self._clock = clock
        self._points: deque[tuple[float, int]] = deque()

    def update(self, count: int) -> float:
        """Note that the count is `count` now; returns the rate."""
        now = self._clock()
        self._points.append((now, count))
        while len(self._points) > 2 and self._points[1][0] <= now - self._window_s:
            self._points.popleft()
        (then, first), (last, newest) = self._points[0], self._points[-1]
        return (newest - first) / (last - then) if last > then else 0.0
