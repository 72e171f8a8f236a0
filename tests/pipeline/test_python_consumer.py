"""What kafka-python alone does, and how we live with it."""

import time
from collections.abc import Callable
from types import SimpleNamespace

import kafka.consumer.group
import pytest

from leaderboard.pipeline.python_consumer import LOST_WAKE_MS, PythonConsumer
from tests.pipeline.pipes import Pipe
from tests.waiting import until


@pytest.fixture
def pipe(make_pipe: Callable[..., Pipe]) -> Pipe:
    return make_pipe(kafka_client="kafka-python")


def test_it_does_not_sleep_for_long_on_records_in_its_hands(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
):
    """An answer comes after the client looked for one and before it asks again."""
    pipe.settings = pipe.settings.with_(session_timeout_s=3)
    with pipe.processor(fetch_wait_ms=5000) as processor:
        until(lambda: processor.step(0.05) and set(processor.positions) == set(pipe.partitions()))
        client = processor._consumer._client
        fetcher = client._fetcher
        ask = fetcher.send_fetches
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            time.sleep(seconds)

        def ask_too_late() -> object:
            monkeypatch.setattr(fetcher, "send_fetches", ask)
            ask()
            pipe.send(pipe.events(1))
            until(lambda: fetcher._completed_fetches)
            return ask()

        assert isinstance(processor._consumer, PythonConsumer)
        ours = SimpleNamespace(sleep=sleep, monotonic=time.monotonic, time=time.time)
        monkeypatch.setattr(kafka.consumer.group, "time", ours)
        monkeypatch.setattr(fetcher, "send_fetches", ask_too_late)
        batch = processor.step(10)

    assert batch.applied == 1
    assert slept
    assert max(slept) <= LOST_WAKE_MS / 1000
