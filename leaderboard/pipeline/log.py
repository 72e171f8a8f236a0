"""Reading a topic from its beginning to its present end, without a group.

What was aborted, or is not committed yet, is not read: nobody counts it.
"""

from collections.abc import Iterator

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from leaderboard.errors import ServersError
from leaderboard.pipeline.client import client
from leaderboard.pipeline.odd_records import forgiving

FETCH_BYTES = 4 << 20
SMALL_FETCH_BYTES = 64 << 10
POLL_MS = 1000
MOST_POLLS = 30
"""So many seconds without a record, and reading stands still."""


def read_log(
    kafka: str, topic: str, start: dict[int, int] | None = None, end: dict[int, int] | None = None
) -> Iterator[ConsumerRecord]:
    """The records of `topic`, partition by partition in offset order, up to its present end.

    `start` and `end` (exclusive) bound the offsets per partition where given; a partition that
    `end` lacks is skipped.

    Raises
    ------
    ServersError
        when Kafka can not be reached, the topic does not exist, or reading stands still for 30 s.
    """
    try:
        with _consumer(kafka) as consumer:
            numbers = consumer.partitions_for_topic(topic)
            if not numbers:
                raise ServersError(f"Kafka at {kafka} has no topic {topic}; run `leaderboard up`")
            parts = [TopicPartition(topic, p) for p in sorted(numbers)]
            begin, last = consumer.beginning_offsets(parts), consumer.end_offsets(parts)
            for part in parts:
                first = max(begin[part], (start or {}).get(part.partition, 0))
                stop = last[part] if end is None else min(last[part], end.get(part.partition, 0))
                yield from _read_partition(consumer, part, first, stop)
    except KafkaError as error:
        raise ServersError(f"cannot read {topic} from Kafka at {kafka}: {error}") from error


def behind_no_record(kafka: str, topic: str, starts: dict[int, int]) -> dict[int, int]:
    """How far the log goes on without a record from the start of each partition.

    A partition with a record there, or with nothing, is left out. Marks of transactions, and
    records that were aborted or compacted away, have offsets and are no records.

    Raises
    ------
    ServersError
        when Kafka can not be reached.
    """
    parts = {TopicPartition(topic, p): start for p, start in starts.items()}
    found: dict[int, int] = {}
    try:
        with _consumer(kafka, SMALL_FETCH_BYTES) as consumer:
            ends = consumer.end_offsets(list(parts))
            open_ = {part for part, start in parts.items() if start < ends[part]}
            consumer.assign(list(open_))
            for part in open_:
                consumer.seek(part, parts[part])
            for _ in range(MOST_POLLS):
                if not open_:
                    break
                open_ -= consumer.poll(timeout_ms=POLL_MS).keys()
                passed = {part for part in open_ if consumer.position(part) >= ends[part]}
                found |= {part.partition: ends[part] for part in passed}
                open_ -= passed
    except KafkaError as error:
        raise ServersError(f"cannot read {topic} from Kafka at {kafka}: {error}") from error
    return found


def _consumer(kafka: str, most_bytes: int = FETCH_BYTES) -> KafkaConsumer:
    return forgiving(
        KafkaConsumer(
            **client(kafka), group_id=None, enable_auto_commit=False,
            isolation_level="read_committed", auto_offset_reset="none", fetch_max_wait_ms=20,
            max_partition_fetch_bytes=most_bytes,
        )
    )  # fmt: skip


def _read_partition(
    consumer: KafkaConsumer, part: TopicPartition, first: int, stop: int
) -> Iterator[ConsumerRecord]:
    if first >= stop:
        return
    consumer.assign([part])
    consumer.seek(part, first)
    idle = 0
    while consumer.position(part) < stop:
        polled = consumer.poll(timeout_ms=POLL_MS, max_records=10_000).get(part, [])
        idle = 0 if polled else idle + 1
        if idle > MOST_POLLS:
            raise ServersError(f"{part.topic}[{part.partition}]: no record came for {MOST_POLLS} s")
        for record in polled:
            if record.offset >= stop:
                return
            yield record
