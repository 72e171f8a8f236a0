"""The stages' metrics: names by the rules, numbers those of the stage itself."""

import subprocess

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from leaderboard.model.fold import Record, fold
from leaderboard.model.simulate import Profile
from leaderboard.pipeline.batch import Batch
from leaderboard.pipeline.load import Load
from leaderboard.pipeline.metrics import (
    ACK_DURATION,
    OUTCOMES,
    PROCESSOR,
    PRODUCER,
    Metric,
    ProcessorMetrics,
    ProducerMetrics,
    redis_calls,
)
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.producer import Producer
from leaderboard.store.writer import Writer
from tests.pipeline.pipes import Pipe
from tests.scraping import DECLARED, series_of, shown
from tests.waiting import until


@pytest.mark.parametrize("metric", DECLARED, ids=lambda m: m.name)
def test_a_name_says_what_it_is(metric: Metric):
    assert metric.name.startswith("leaderboard_")
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.removesuffix("_total").endswith(metric.unit)
    assert ("seconds" in metric.name) == (metric.unit == "seconds")
    assert bool(metric.buckets) == (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert metric.help.endswith(".")


def test_no_name_is_used_twice():
    assert len({metric.name for metric in DECLARED}) == len(DECLARED)


def test_every_number_of_a_batch_has_its_counter():
    assert set(OUTCOMES) == set(Batch.__struct_fields__) - {"seconds"}


class Numbers:
    """Stands for a processor where a test wants all numbers to differ."""

    def __init__(self) -> None:
        self.totals = Batch(records=31, applied=11, duplicates=7, dead_letters=5, late=2, refused=3)
        self.lag = {0: 9}
        self.watermarks = {0: 1_500_000}
        self.paused = True


def stepped(processor: Processor, metrics: ProcessorMetrics) -> None:
    metrics.on_batch(processor.step())


def lags(registry: CollectorRegistry) -> dict[str, float]:
    """The lag shown for each partition."""
    name = "leaderboard_processor_lag_records"
    return {dict(k)["partition"]: lag for (key, k), lag in shown(registry).items() if key == name}


def test_each_number_is_shown_under_its_own_name():
    registry = CollectorRegistry()
    metrics = ProcessorMetrics(Numbers(), registry)  # type: ignore[arg-type]  # see its docstring
    metrics.on_batch(Batch(records=1, seconds=0.3))

    values = shown(registry)

    for field, metric in OUTCOMES.items():
        assert values[metric.name, ()] == getattr(Numbers().totals, field)
    assert values["leaderboard_processor_lag_records", (("partition", "0"),)] == 9
    assert values["leaderboard_processor_watermark_timestamp_seconds", (("partition", "0"),)] == 1.5
    assert values["leaderboard_processor_paused", ()] == 1
    assert values["leaderboard_processor_batch_duration_seconds_sum", ()] == 0.3


def test_a_run_shows_the_same_numbers_to_prometheus_redis_and_the_notebook(pipe: Pipe):
    events = pipe.events(50)
    newest = max(event.timestamp for event in events).timestamp()
    pipe.send([*events, *events[:20]])
    pipe.send_raw(b"no event", b"{}")
    registry = CollectorRegistry()
    with pipe.processor() as processor:
        metrics = ProcessorMetrics(processor, registry)
        processor.run(drain=True, on_batch=metrics.on_batch)
        # a member that is just joining again owns nothing for a moment
        until(lambda: stepped(processor, metrics) or lags(registry) == {"0": 0, "1": 0, "2": 0})
        line, values = metrics.line(), shown(registry)
    stored = {k.decode(): int(v) for k, v in pipe.redis.hgetall(pipe.keys.counts).items()}  # type: ignore[union-attr]  # sync client

    assert values["leaderboard_processor_polled_records_total", ()] == 72
    marks = {v for k, v in values.items() if k[0].endswith("_watermark_timestamp_seconds")}
    assert max(marks) == pytest.approx(newest)
    for field, count in stored.items():
        assert count == line[field] == values[OUTCOMES[field].name, ()], field
    assert (stored["applied"], stored["duplicates"], stored["dead_letters"]) == (50, 20, 2)
    assert sum(line["positions"].values()) == 72
    batches = values["leaderboard_processor_batch_duration_seconds_count", ()]
    assert batches >= 1
    seconds = values["leaderboard_processor_batch_duration_seconds_sum", ()]
    assert seconds == pytest.approx(processor.totals.seconds)


def test_lag_is_what_waits_in_the_partitions_that_were_read(pipe: Pipe):
    pipe.send(pipe.events(300))
    with pipe.processor(max_poll_records=10) as processor:
        until(lambda: processor.step().records)
        ends = processor._ends  # as of the start, and nothing came since
        waiting = {p: ends[p] - at for p, at in processor.positions.items()}
        lag = processor.lag

    assert sum(lag.values()) > 0
    assert all(lag[p] in (0, waiting[p]) for p in lag)  # 0: not read yet


def test_a_partition_that_moved_is_shown_by_its_new_owner_only(pipe: Pipe):
    first, second = CollectorRegistry(), CollectorRegistry()

    def divided() -> bool:
        stepped(one, ones)
        stepped(two, twos)
        mine, others = set(lags(first)), set(lags(second))
        return bool(mine and others and mine | others == {"0", "1", "2"} and not mine & others)

    with pipe.processor() as one:
        ones = ProcessorMetrics(one, first)
        until(lambda: stepped(one, ones) or set(lags(first)) == {"0", "1", "2"})
        with pipe.processor() as two:
            twos = ProcessorMetrics(two, second)
            until(divided)


def test_every_round_trip_to_redis_is_timed_by_its_script(pipe: Pipe):
    registry = CollectorRegistry()
    on_call = redis_calls(registry)
    writer = Writer(pipe.redis, pipe.keys, pipe.settings.topic, on_call=on_call)
    records = [Record(i, event) for i, event in enumerate(pipe.events(5))]

    writer.seen({0: [b"0123456789abcdef"]})
    for changes in fold(records, 0):
        writer.apply([(0, changes)])
        writer.apply([(0, changes)])

    values = shown(registry)
    name = "leaderboard_processor_redis_call_duration_seconds"
    assert values[f"{name}_count", (("script", "seen"),)] == 1
    assert values[f"{name}_count", (("script", "apply"),)] == 2
    assert values[f"{name}_sum", (("script", "apply"),)] > 0


def test_a_producer_shows_what_it_counts_itself(pipe: Pipe):
    registry, load = CollectorRegistry(), Load(40, Profile())
    durations = ACK_DURATION.histogram(registry)
    with Producer(pipe.settings.kafka, pipe.settings.topic, on_ack=durations.observe) as producer:
        metrics = ProducerMetrics(producer, load, registry)
        for event in pipe.events(5):
            producer.send(event)
            producer.flush()
        load.command({"pause": True})
        line, values = metrics.line(), shown(registry)

    assert values["leaderboard_producer_acknowledged_events_total", ()] == line["sent"] == 5
    assert values["leaderboard_producer_resent_events_total", ()] == line["failed"] == 0
    assert values["leaderboard_producer_target_events_per_second", ()] == line["target"] == 40
    assert values["leaderboard_producer_paused", ()] == line["paused"] == 1
    assert values["leaderboard_producer_ack_duration_seconds_count", ()] == 5
    assert values["leaderboard_producer_ack_duration_seconds_sum", ()] > 0


def test_one_record_at_a_time_is_timed_and_a_refused_one_is_not(pipe: Pipe):
    waits: list[float] = []
    with Producer(pipe.settings.kafka, pipe.settings.topic, on_ack=waits.append) as producer:
        for event in pipe.events(2000):
            producer.send(event)
        producer.flush()
        timed = len(waits)
        producer._timing = True
        producer._refuse(RuntimeError("Kafka said no"))
        producer.send(pipe.events(1)[0])
        producer.flush()
        assert 1 <= timed < 2000
        assert len(waits) == timed + 1


@pytest.mark.parametrize(("declared", "stage"), [(PROCESSOR, "processor"), (PRODUCER, "producer")])
def test_what_is_declared_is_shown_and_nothing_else(
    pipe: Pipe, declared: tuple[Metric, ...], stage: str
):
    registry = CollectorRegistry()
    if stage == "processor":
        redis_calls(registry)("seen", 0.001)
        metrics = ProcessorMetrics(Numbers(), registry)  # type: ignore[arg-type]  # as above
        metrics.on_batch(Batch())
    else:
        ACK_DURATION.histogram(registry)
        with Producer(pipe.settings.kafka, pipe.settings.topic) as producer:
            ProducerMetrics(producer, Load(1, Profile()), registry)

    text = generate_latest(registry).decode()
    names = {name for name, _ in shown(registry) if not name.endswith("_created")}
    linted = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60
    )

    assert names == series_of(declared)
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")
