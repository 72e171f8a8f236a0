"""The pipeline in tests: the real classes on the real servers, wired by a test's settings."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from redis import Redis

from leaderboard.model.events import EVENT_TYPES, Event
from leaderboard.model.simulate import Profile, simulate
from leaderboard.model.wire import Encode, Wire
from leaderboard.pipeline.deadletter import DeadLetter, DeadLetters, read_dead_letters
from leaderboard.pipeline.declared import declared_boards, writer_of
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.rebuild import Rebuild, Rebuilt
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.pipeline.verify import Report, verify
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys

START = datetime(2026, 1, 1, tzinfo=UTC)
VICTIM = Path(__file__).with_name("victim.py")


class Pipe:
    """One topic, group and key prefix, and what tests do with them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keys = Keys(settings.key_prefix)
        self.redis = Redis.from_url(settings.redis)
        ensure_topics(settings, settings.kafka)

    def close(self) -> None:
        self.redis.close()

    def events(self, n: int, seed: int = 1, players: int = 30) -> list[Event]:
        profile = Profile(players=players, mix=dict.fromkeys(EVENT_TYPES, 1.0))
        return list(simulate(seed, START, n=n, profile=profile))

    def send(
        self, events: list[Event], encode: Encode | None = None, *, throughput: bool = False
    ) -> None:
        s = self.settings
        with Producer(s.kafka, s.topic, encode=encode, throughput=throughput) as producer:
            for event in events:
                producer.send(event)

    def send_raw(self, *values: bytes | None, key: bytes | None = b"player_001") -> None:
        with Producer(self.settings.kafka, self.settings.topic) as producer:
            for value in values:
                producer.send_raw(value, key)

    def processor(self, redis: Redis | None = None, **options: Any) -> Processor:
        s = self.settings
        return Processor(
            s.kafka,
            s.topic,
            options.pop("group", s.group),
            writer_of(redis or self.redis, s),
            DeadLetters(s.kafka, s.dead_letter_topic, s.late_topic),
            session_timeout_s=s.session_timeout_s,
            kafka_client=s.kafka_client,
            **options,
        )

    def rebuild(self, redis: Redis | None = None, **options: Any) -> Rebuilt:
        return Rebuild(self.settings, self.settings.kafka, redis or self.redis, **options).run()

    def letters(self) -> list[DeadLetter]:
        return list(read_dead_letters(self.settings.kafka, self.settings.dead_letter_topic))

    def partitions(self) -> set[int]:
        with KafkaConsumer(bootstrap_servers=self.settings.kafka) as consumer:
            return consumer.partitions_for_topic(self.settings.topic) or set()

    def delete_records(self) -> None:
        """Delete all present records, as retention does."""
        parts = [TopicPartition(self.settings.topic, p) for p in sorted(self.partitions())]
        with KafkaConsumer(bootstrap_servers=self.settings.kafka) as consumer:
            ends = consumer.end_offsets(parts)
        with KafkaAdminClient(bootstrap_servers=self.settings.kafka) as admin:
            admin.delete_records(ends)

    def drain(self, redis: Redis | None = None, **options: Any) -> Processor:
        """Drain with a processor of our own; returns it, closed."""
        with self.processor(redis, **options) as processor:
            processor.run(drain=True)
        return processor

    def verify(self, redis: Redis | None = None, wire: Wire | None = None) -> Report:
        s = self.settings
        boards = declared_boards(s)
        return verify(s.kafka, redis or self.redis, self.keys, s.topic, boards, wire=wire)

    def assert_right(
        self, produced: int, redis: Redis | None = None, wire: Wire | None = None
    ) -> Report:
        """Everything produced has one outcome, and every value equals the oracle's."""
        report = self.verify(redis, wire)
        assert report.differences == []
        assert report.lag == 0
        assert report.applied + report.duplicates + report.dead_letters == produced
        return report

    @contextmanager
    def victim(
        self, place: str, how: str = "kill", nth: int = 2, program: Path = VICTIM
    ) -> Iterator["subprocess.Popen[str]"]:
        """A processor in a process of its own that does something to itself at its nth batch."""
        with subprocess.Popen(
            [sys.executable, program, place, how, str(nth)],
            env={**os.environ, **self.settings.environment()},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def running(self, redis: Redis | None = None, **options: Any) -> Iterator[Processor]:
        """A processor that runs in a thread; what it raises is raised at the end."""
        stop = threading.Event()
        errors: list[BaseException] = []
        ready: list[Processor] = []
        created = threading.Event()

        def target() -> None:
            try:
                with self.processor(redis, **options) as processor:
                    ready.append(processor)
                    created.set()
                    processor.run(stopped=stop.is_set)
            except BaseException as error:  # noqa: BLE001  # handed to the test's thread
                errors.append(error)
            finally:
                created.set()

        thread = threading.Thread(target=target)
        thread.start()
        created.wait(30)
        try:
            if ready:
                yield ready[0]
        finally:
            stop.set()
            thread.join(30)
        if errors:
            raise errors[0]
