"""What kafka-python alone does, and how we live with it."""

import time
from collections.abc import Callable
from types import SimpleNamespace

import kafka.consumer.group
import pytest
from kafka.record.default_records import DefaultRecordBatch

from leaderboard.pipeline.python_consumer import LOST_WAKE_MS, PythonConsumer
from tests.pipeline.pipes import Pipe
from tests.waiting import until


def test_it_does_not_sleep_for_long_on_records_in_its_hands(
    make_pipe: Callable[..., Pipe], monkeypatch: pytest.MonkeyPatch
):
    """An answer comes after the client looked for one and before it asks again."""
    pipe = make_pipe(kafka_client="kafka-python", partitions=1)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.sleep(seconds)  # as it would by itself

    with pipe.processor() as processor:
        until(lambda: processor.step(0.05) and processor.positions)
        assert isinstance(processor._consumer, PythonConsumer)
        fetcher = processor._consumer._client._fetcher
        ask = fetcher.send_fetches

        def arrived() -> bool:
            if not fetcher._completed_fetches:
                ask()
            return bool(fetcher._completed_fetches)

        def ask_too_late() -> object:
            monkeypatch.setattr(fetcher, "send_fetches", ask)
            pipe.send(pipe.events(1))
            until(arrived)
            return ask()

        ours = SimpleNamespace(sleep=sleep, monotonic=time.monotonic, time=time.time)
        monkeypatch.setattr(kafka.consumer.group, "time", ours)
        monkeypatch.setattr(fetcher, "send_fetches", ask_too_late)
        until(lambda: processor.step(0.5).applied)

    assert slept
    assert max(slept) <= LOST_WAKE_MS / 1000


def test_records_that_came_for_a_paused_partition_are_given_out_later(
    make_pipe: Callable[..., Pipe],
):
    """Redis goes back in all partitions while records of all of them are at hand."""
    pipe = make_pipe(kafka_client="kafka-python")
    pipe.send(pipe.events(600), throughput=True)
    with pipe.processor(max_poll_records=20) as processor:
        until(lambda: processor.step() and processor.totals.applied)
        processor.step()
        pipe.redis.flushall()
        done = processor._upkeep._done
        until(lambda: processor._upkeep.is_due)
        processor.run(drain=True)
        assert processor._upkeep._done > done
    pipe.assert_right(600)


def test_records_that_could_not_be_unpacked_are_fetched_again(
    make_pipe: Callable[..., Pipe], monkeypatch: pytest.MonkeyPatch
):
    pipe = make_pipe(kafka_client="kafka-python")
    pipe.send(pipe.events(60))
    valid, failed = DefaultRecordBatch.validate_crc, []

    def fails_once(batch: DefaultRecordBatch) -> bool:
        failed.append(batch)
        return bool(valid(batch)) and len(failed) > 1

    with pipe.processor() as processor:
        monkeypatch.setattr(DefaultRecordBatch, "validate_crc", fails_once)
        processor.run(drain=True)
    assert len(failed) > 1
    pipe.assert_right(60)
