"""What a running stage tells of itself, to Prometheus and to the notebook that started it.

Every metric of the stages is declared here, once (the API's own: `api.metrics`), by the rules of
https://prometheus.io/docs/practices/naming/. Counts are kept nowhere twice: a scrape and a line of
JSON read the objects that the stage itself works with. Only durations are collected for Prometheus
alone. Never here: how the numbers leave the process (`exposition`, `control`).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Protocol

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from leaderboard.pipeline.batch import Batch
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.producer import Producer, RateMeter

FAST_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Buckets of one call to a server on the same machine, which takes a millisecond or less."""
WORK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets of a batch or of an acknowledgement: several calls, and thousands of records at most."""


class Metric(Struct, frozen=True):
    """A metric: name, type, help, base unit (empty for plain numbers), labels, buckets."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    unit: Literal["", "seconds"] = ""
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    def family(self, values: Mapping[tuple[str, ...], float]) -> Family:
        """These values by label values, for one scrape; of a counter or gauge."""
        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        family = make(self.name, self.help, labels=self.labels, unit=self.unit)
        for labels, value in values.items():
            family.add_metric(labels, value)
        return family

    def value(self, value: float) -> Family:
        """The one value of a metric without labels, for one scrape."""
        return self.family({(): value})

    def counter(self, registry: CollectorRegistry) -> Counter:
        """A counter that keeps its values, for what nothing else counts."""
        return Counter(self.name, self.help, self.labels, unit=self.unit, registry=registry)

    def histogram(self, registry: CollectorRegistry) -> Histogram:
        """A histogram; thread-safe."""
        return Histogram(
            self.name, self.help, self.labels,
            unit=self.unit, registry=registry, buckets=self.buckets,
        )  # fmt: skip


def _counter(name: str, text: str) -> Metric:
    return Metric(name, "counter", text)


OUTCOMES = {
    "records": _counter("leaderboard_processor_polled_records_total", "Records polled from Kafka."),
    "applied": _counter("leaderboard_processor_applied_events_total", "Events counted in Redis."),
    "duplicates": _counter(
        "leaderboard_processor_duplicate_events_total", "Redeliveries recognised and left out."
    ),
    "dead_letters": _counter(
        "leaderboard_processor_dead_letters_total", "Bad records put aside with their reason."
    ),
    "late": _counter(
        "leaderboard_processor_late_events_total",
        "Events counted that came too late for at least one board.",
    ),
    "refused": _counter(
        "leaderboard_processor_refused_calls_total",
        "Changes Redis refused because another processor was there first.",
    ),
}
"""A counter for each number of a `Batch`, by the field's name."""

LAG = Metric(
    "leaderboard_processor_lag_records", "gauge",
    "Records between the newest one this processor knows of and the next it applies.",
    labels=("partition",),
)  # fmt: skip
WATERMARK = Metric(
    "leaderboard_processor_watermark_timestamp_seconds", "gauge",
    "The latest event time counted in each partition that has one; seconds since the epoch.",
    "seconds", ("partition",),
)  # fmt: skip
PROCESSOR_PAUSED = Metric(
    "leaderboard_processor_paused", "gauge", "1 while told to read nothing, else 0."
)
LAST_STEP = Metric(
    "leaderboard_processor_last_step_timestamp_seconds", "gauge",
    "When a poll, and what came of it, last ended without an error; seconds since the epoch.",
    "seconds",
)  # fmt: skip
BATCH_DURATION = Metric(
    "leaderboard_processor_batch_duration_seconds", "histogram",
    "From the poll until the batch is applied; polls that bring nothing are left out.",
    "seconds", buckets=WORK_S,
)  # fmt: skip
REDIS_CALL_DURATION = Metric(
    "leaderboard_processor_redis_call_duration_seconds", "histogram",
    "A round trip to Redis, by the script it runs.",
    "seconds", ("script",), FAST_S,
)  # fmt: skip
PROCESSOR = (
    *OUTCOMES.values(), LAG, WATERMARK, PROCESSOR_PAUSED, LAST_STEP,
    BATCH_DURATION, REDIS_CALL_DURATION,
)  # fmt: skip

ACKNOWLEDGED = _counter(
    "leaderboard_producer_acknowledged_events_total", "Events Kafka has acknowledged."
)
RESENT = _counter(
    "leaderboard_producer_resent_events_total", "Events sent again because Kafka refused them."
)
TARGET_RATE = Metric(
    "leaderboard_producer_target_events_per_second", "gauge",
    "Events per second asked for; 0: as fast as it can.",
)  # fmt: skip
PRODUCER_PAUSED = Metric("leaderboard_producer_paused", "gauge", "1 while told to wait, else 0.")
ACK_DURATION = Metric(
    "leaderboard_producer_ack_duration_seconds", "histogram",
    "From the send of an event until Kafka has acknowledged it; of one event at a time.",
    "seconds", buckets=WORK_S,
)  # fmt: skip
PRODUCER = (ACKNOWLEDGED, RESENT, TARGET_RATE, PRODUCER_PAUSED, ACK_DURATION)


def redis_calls(registry: CollectorRegistry) -> Callable[[str, float], None]:
    """What a `Writer` calls with a script's name and the seconds it took."""
    durations = REDIS_CALL_DURATION.histogram(registry)
    return lambda script, seconds: durations.labels(script).observe(seconds)


class ProcessorMetrics(Collector):
    """A processor's numbers. `on_batch` belongs to its thread; a scrape may come from any other."""

    def __init__(self, processor: Processor, registry: CollectorRegistry) -> None:
        self._processor = processor
        self._rate = RateMeter()
        self._lag: dict[int, int] = {}
        self._watermarks: dict[int, int] = {}
        self._stepped_at = time.time()
        self._durations = BATCH_DURATION.histogram(registry)
        registry.register(self)

    def on_batch(self, batch: Batch) -> None:
        """Take note of a step that has ended, with or without records."""
        if batch.records:
            self._durations.observe(batch.seconds)
        self._lag = self._processor.lag
        self._watermarks = self._processor.watermarks
        self._stepped_at = time.time()

    def line(self) -> dict[str, Any]:
        """The numbers for a line of JSON; `rate` is in events per second since a second ago."""
        totals = self._processor.totals
        return {
            "applied": totals.applied,
            "duplicates": totals.duplicates,
            "dead_letters": totals.dead_letters,
            "late": totals.late,
            "refused": totals.refused,
            "rate": round(self._rate.update(totals.applied), 1),
            "positions": self._processor.positions,
            "partitions": sorted(self._processor.positions),
            "paused": self._processor.paused,
        }

    def collect(self) -> Iterator[Family]:
        """The numbers for a scrape."""
        for field, metric in OUTCOMES.items():
            yield metric.value(getattr(self._processor.totals, field))
        yield LAG.family({(str(p),): lag for p, lag in self._lag.items()})
        yield WATERMARK.family({(str(p),): us / 1e6 for p, us in self._watermarks.items()})
        yield PROCESSOR_PAUSED.value(self._processor.paused)
        yield LAST_STEP.value(self._stepped_at)


class Asked(Protocol):
    """What is asked of a producer, see `load.Load`."""

    rate: float
    paused: bool


class ProducerMetrics(Collector):
    """A producer's numbers."""

    def __init__(
        self, producer: Producer, asked: Asked, registry: CollectorRegistry | None = None
    ) -> None:
        self._producer = producer
        self._asked = asked
        self._rate = RateMeter()
        if registry:
            registry.register(self)

    def line(self) -> dict[str, Any]:
        """The numbers for a line of JSON; rates are in events per second."""
        return {
            "sent": self._producer.acked,
            "failed": self._producer.resent,
            "rate": round(self._rate.update(self._producer.acked), 1),
            "target": self._asked.rate,
            "paused": self._asked.paused,
        }

    def collect(self) -> Iterator[Family]:
        """The numbers for a scrape."""
        yield ACKNOWLEDGED.value(self._producer.acked)
        yield RESENT.value(self._producer.resent)
        yield TARGET_RATE.value(self._asked.rate)
        yield PRODUCER_PAUSED.value(self._asked.paused)
