"""The processor's command."""

import gc
import logging
import os
import threading
import time
from typing import Annotated, Any

import typer
from prometheus_client import CollectorRegistry
from redis import Redis

from leaderboard import stack
from leaderboard.cli.board import print_board
from leaderboard.cli.clients import connect_redis, keys_of
from leaderboard.cli.exposing import LOCAL, MetricsHost, MetricsPort
from leaderboard.cli.signals import on_stop_signal
from leaderboard.errors import StoreError
from leaderboard.pipeline.batch import Batch
from leaderboard.pipeline.consumer import FETCH_WAIT_MS, GATHER_BYTES, GATHER_MS
from leaderboard.pipeline.control import Control
from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.declared import writer_of
from leaderboard.pipeline.exposition import exposed
from leaderboard.pipeline.metrics import ProcessorMetrics, redis_calls
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.producer import RateMeter
from leaderboard.pipeline.schemas import wire_of
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings

log = logging.getLogger(__name__)

COLLECT_AFTER = (100_000, 20, 20)
"""Allocations before the garbage collector looks at them. Batches are tens of thousands of fresh
values without cycles: by default it would walk them again and again, a quarter of all CPU time."""
METRICS_EVERY_S = 0.2
LOG_EVERY_S = 5.0
SHOWN_ROWS = 10


def register(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command()(process)


def process(
    drain: Annotated[bool, typer.Option(help="stop at the end of the log, exit 0")] = False,
    show_every: Annotated[
        int, typer.Option(min=0, help="print the board after this many events; 0: never")
    ] = 20,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = LOCAL,
    control: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Read events from Kafka and keep the boards in Redis up to date, counting each event once.

    Example: leaderboard process --show-every 100
    """
    gc.set_threshold(*COLLECT_AFTER)
    settings = Settings.load()
    registry = CollectorRegistry()
    stop = threading.Event()
    on_stop_signal(stop.set)
    with exposed(registry, metrics_host, metrics_port):
        servers = stack.connect(settings)
        ensure_topics(settings, servers.kafka)
        redis = connect_redis(servers.redis)
        with Processor(
            servers.kafka,
            settings.topic,
            settings.group,
            writer_of(redis, settings, redis_calls(registry)),
            DeadLetters(servers.kafka, settings.dead_letter_topic, settings.late_topic),
            kafka_client=settings.kafka_client,
            wire=wire_of(settings),
            session_timeout_s=settings.session_timeout_s,
            idle_after_s=settings.idle_after_s,
            fetch_wait_ms=FETCH_WAIT_MS if drain else GATHER_MS,
            fetch_min_bytes=1 if drain else GATHER_BYTES,
            client_id=f"processor-{os.getpid()}",
        ) as processor:
            metrics = ProcessorMetrics(processor, registry)
            watch = (
                _Metrics(processor, metrics, stop)
                if control
                else _Terminal(processor, redis, settings, show_every)
            )

            def on_batch(batch: Batch) -> None:
                metrics.on_batch(batch)
                watch.on_batch(batch)

            processor.run(drain=drain, stopped=stop.is_set, on_batch=on_batch)
            watch.last()


class _Metrics:
    """Reports to the parent process, and takes its commands."""

    def __init__(
        self, processor: Processor, metrics: ProcessorMetrics, stop: threading.Event
    ) -> None:
        self._processor = processor
        self._metrics = metrics
        self._stop = stop
        self._sent = 0.0
        self._channel = Control(self._command, stop.set)
        self._channel.start()
        self._channel.emit({"type": "ready"})

    def on_batch(self, _batch: Batch) -> None:
        now = time.monotonic()
        if now - self._sent >= METRICS_EVERY_S:
            self._sent = now
            self.last()

    def last(self) -> None:
        member = f"processor-{os.getpid()}"
        self._channel.emit({"type": "metrics", "member": member, **self._metrics.line()})

    def _command(self, command: dict[str, Any]) -> None:
        unknown = set(command) - {"pause", "stop"}
        if unknown:
            raise ValueError(f"unknown {sorted(unknown)}; known: ['pause', 'stop']")
        if "pause" in command:
            self._processor.paused = bool(command["pause"])
        if command.get("stop"):
            self._stop.set()


class _Terminal:
    """Logs a line every few seconds while events come, and prints the board as they do."""

    def __init__(
        self, processor: Processor, redis: Redis, settings: Settings, show_every: int
    ) -> None:
        self._processor = processor
        self._redis = redis
        self._keys = keys_of(settings)
        self._show_every = show_every
        self._shown = 0
        self._logged = (time.monotonic(), 0)
        self._rate = RateMeter(LOG_EVERY_S)
        self._rate.update(0)

    def on_batch(self, _batch: Batch) -> None:
        applied = self._processor.totals.applied
        if self._show_every and applied // self._show_every > self._shown:
            self._shown = applied // self._show_every
            try:
                print_board(self._redis, self._keys, SHOWN_ROWS)
            except StoreError as error:
                log.warning("board not shown: %s", error)
        then, records = self._logged
        if time.monotonic() - then >= LOG_EVERY_S and self._processor.totals.records > records:
            self.last()

    def last(self) -> None:
        totals = self._processor.totals
        self._logged = (time.monotonic(), totals.records)
        log.info(
            "applied %d (%.0f/s), lag %d, duplicates %d, dead letters %d, late %d, refused %d",
            totals.applied,
            self._rate.update(totals.applied),
            sum(self._processor.lag.values()),
            totals.duplicates,
            totals.dead_letters,
            totals.late,
            totals.refused,
        )
