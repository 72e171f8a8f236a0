"""A group member on kafka-python, in pure Python."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import IllegalStateError, InvalidSessionTimeoutError, KafkaError
from kafka.structs import OffsetAndMetadata

from leaderboard.errors import ServersError, SettingsError
from leaderboard.pipeline.client import client
from leaderboard.pipeline.consumer import METADATA_AGE_S, MOST_FETCH_BYTES, NO_SUCH_SESSION
from leaderboard.pipeline.odd_records import forgiving

log = logging.getLogger(__name__)

LAST_COMMIT_MS = 2000
LOST_WAKE_MS = 10
"""kafka-python 3.0.12 takes an answer that comes while it decides what to ask next for none at all,
and sleeps with the records in its hands; a backoff of its own consumer, 100 ms if not told."""
CLOSE_MS = 5000


class _Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python ships no types
    """Notes what the client reports. It calls from its own thread, so this only queues."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[tuple[str, set[int]]] = SimpleQueue()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.queue.put(("assigned", {tp.partition for tp in assigned}))

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.queue.put(("revoked", {tp.partition for tp in revoked}))


class PythonConsumer:
    """Keeps `consumer.Consumer`; arguments as of `consumer.consumer`."""

    def __init__(
        self,
        kafka: str,
        topic: str,
        group: str,
        *,
        session_timeout_s: float,
        client_id: str,
        fetch_wait_ms: int,
        fetch_min_bytes: int,
    ) -> None:
        self._topic = topic
        self._reading: set[int] = set()
        self._rebalances = _Rebalances()
        try:
            self._client = KafkaConsumer(
                **client(kafka),
                group_id=group,
                client_id=client_id,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                session_timeout_ms=int(session_timeout_s * 1000),
                heartbeat_interval_ms=int(session_timeout_s * 1000 / 3),
                fetch_max_wait_ms=fetch_wait_ms,
                fetch_min_bytes=fetch_min_bytes,
                max_partition_fetch_bytes=MOST_FETCH_BYTES,
                allow_auto_create_topics=False,
                metrics_enabled=False,  # its own, which nobody reads
                metadata_max_age_ms=int(METADATA_AGE_S * 1000),
            )
            self.partitions = sorted(self._client.partitions_for_topic(topic) or ())
        except KafkaError as error:
            raise ServersError(f"no Kafka answers at {kafka}: {error}") from error
        if not self.partitions:
            self._client.close()
            raise ServersError(f"Kafka at {kafka} has no topic {topic}; run `leaderboard up`")
        forgiving(self._client)
        self._client.config["retry_backoff_ms"] = LOST_WAKE_MS  # its parts have copies of theirs
        self._client.subscribe([topic], listener=self._rebalances)

    def rebalances(self) -> Iterator[tuple[str, set[int]]]:
        while True:
            try:
                change, partitions = self._rebalances.queue.get_nowait()
            except Empty:
                return
            self._reading -= partitions
            yield change, partitions

    def read(self, positions: dict[int, int]) -> None:
        for tp in sorted(self._client.assignment()):
            partition = tp.partition
            try:
                if partition not in positions:
                    self._client.pause(tp)
                elif partition not in self._reading:
                    self._client.seek(tp, positions[partition])
                    self._client.resume(tp)
            except IllegalStateError:
                continue  # taken away since: `rebalances` says so next
        self._reading = set(positions)

    def poll(self, timeout_s: float, most: int) -> dict[int, list[ConsumerRecord]]:
        self._keep_joining()
        self._keep_what_was_parked()
        with self._translated():
            polled = self._client.poll(timeout_ms=int(timeout_s * 1000), max_records=most)
        return {  # one just assigned is read before we can say where from
            tp.partition: records for tp, records in polled.items() if tp.partition in self._reading
        }

    def bounds(self, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        parts = [self._part(p) for p in partitions]
        with self._translated():
            begins = self._client.beginning_offsets(parts)
            ends = self._client.end_offsets(parts)
        return {tp.partition: (begins[tp], ends[tp]) for tp in parts}

    def topic_id(self, *, ask: bool = False) -> str | None:
        if ask:
            with self._translated():
                self._client.topics()  # asks Kafka, whatever is remembered
        found = self._client._cluster.topic_id(self._topic)
        return None if found is None else str(found)

    def highwater(self, partition: int) -> int | None:
        try:
            high: int | None = self._client.highwater(self._part(partition))
        except IllegalStateError:
            return None  # taken away since
        return high

    def commit(self, offsets: dict[int, int], *, wait: bool = False) -> None:
        commits = {self._part(p): OffsetAndMetadata(o, "", -1) for p, o in offsets.items()}
        try:
            if wait:
                self._client.commit(commits, timeout_ms=LAST_COMMIT_MS)
            else:
                self._client.commit_async(commits, callback=_note_commit)
        except KafkaError as error:
            _note_commit(offsets, error)

    def close(self) -> None:
        self._client.close(autocommit=False, timeout_ms=CLOSE_MS)

    def _keep_joining(self) -> None:
        """A join that one poll did not finish is taken up by the next.

        kafka-python 3.0.12 forgets it when the join was due to new metadata: it then neither
        completes nor sends heartbeats, for ever. Asking for the join again completes that one.
        """
        coordinator = self._client._coordinator
        if coordinator.rejoining and not coordinator.rejoin_needed:
            coordinator.request_rejoin()

    def _keep_what_was_parked(self) -> None:
        """Records that came while their partition was paused are given out once it is resumed.

        kafka-python 3.0.12 looks for them only while it has none at hand at all, and takes records
        that were all given out for some: it then neither gives out nor fetches any more.
        """
        fetcher = self._client._fetcher
        if not fetcher._next_partition_records:
            fetcher._next_partition_records = None

    def _part(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except InvalidSessionTimeoutError as error:
            raise SettingsError(f"{NO_SUCH_SESSION}: {error}") from error
        except KafkaError as error:
            raise ServersError(f"Kafka failed while {self._topic} was read: {error}") from error


def _note_commit(offsets: Any, response: Any) -> None:
    """A failed commit (after a rebalance, say) harms nothing: Redis holds the offsets."""
    if isinstance(response, Exception):
        log.info("group commit of %d partitions failed: %s", len(offsets), response)
