"""The log is not what it was: records gone or a topic made anew. Stop and say so, never jump."""

from collections.abc import Callable

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from leaderboard.errors import OffsetGapError
from leaderboard.pipeline.client import client
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.topics import delete_topics, ensure_topics
from leaderboard.store.state import delete_state
from tests.pipeline.pipes import Pipe
from tests.waiting import until


def applied(pipe: Pipe) -> int:
    return int(pipe.redis.hget(pipe.keys.counts, "applied") or 0)


def make_anew(pipe: Pipe) -> None:
    """Delete the topic with all its records and create it again."""
    delete_topics(pipe.settings, pipe.settings.kafka)
    with KafkaAdminClient(**client(pipe.settings.kafka)) as admin:
        until(lambda: pipe.settings.topic not in admin.list_topics())
    ensure_topics(pipe.settings, pipe.settings.kafka)


def delete_records(pipe: Pipe) -> None:
    """Delete all present records, as retention does."""
    parts = [TopicPartition(pipe.settings.topic, p) for p in range(3)]
    with KafkaConsumer(**client(pipe.settings.kafka)) as consumer:
        ends = consumer.end_offsets(parts)
    with KafkaAdminClient(**client(pipe.settings.kafka)) as admin:
        admin.delete_records(ends)


def step_until(processor: Processor, condition: Callable[[], bool] = lambda: False) -> None:
    until(lambda: processor.step() and condition())


def test_retention_overtakes_a_processor_that_runs(pipe: Pipe):
    """It is paused while records come and go: it asks for the next one, and that is gone."""
    pipe.send(pipe.events(100))
    with pipe.processor() as processor:
        step_until(processor, lambda: applied(pipe) == 100)
        processor.paused = True
        processor.step()
        pipe.send(pipe.events(100, seed=2))
        delete_records(pipe)
        pipe.send(pipe.events(100, seed=3))
        processor.paused = False
        with pytest.raises(OffsetGapError, match=r"retention.*leaderboard rebuild"):
            step_until(processor)
    assert applied(pipe) == 100


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("more", [10, 400])
def test_a_topic_made_anew_under_a_processor_that_runs(pipe: Pipe, more: int, paused: bool):
    """Shorter than the old one, or beyond it."""
    pipe.send(pipe.events(100))
    with pipe.processor() as processor:
        step_until(processor, lambda: applied(pipe) == 100)
        processor.paused = paused
        processor.step()
        make_anew(pipe)
        pipe.send(pipe.events(more, seed=2))
        processor.paused = False
        with pytest.raises(OffsetGapError, match=r"made anew.*leaderboard rebuild"):
            step_until(processor)
    assert applied(pipe) == 100 or (more, paused) == (400, False)  # see METADATA_AGE_S


def test_a_longer_topic_made_anew_is_another_log(pipe: Pipe):
    """Its offsets reach beyond the stored ones, so only the topic's own id tells."""
    pipe.send(pipe.events(100))
    pipe.drain()
    make_anew(pipe)
    pipe.send(pipe.events(400, seed=2))
    with pytest.raises(OffsetGapError, match=r"made anew.*leaderboard rebuild"):
        pipe.drain()
    assert applied(pipe) == 100
    delete_state(pipe.redis, pipe.keys)
    pipe.drain()
    pipe.assert_right(400)
