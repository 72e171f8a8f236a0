"""Which schemas were known from where on: noted with the counts, or not at all."""

import pytest
from redis import Redis

from leaderboard.errors import StoreError
from leaderboard.model.fold import fold
from leaderboard.store.applying import Outcome
from leaderboard.store.state import delete_state, read_state
from leaderboard.store.writer import Writer
from tests.store.content import content
from tests.store.test_writer import KEYS, records


def spans(redis: Redis) -> list[tuple[int, str]]:
    state = read_state(redis, KEYS, "topic", [0, 1])
    assert state is not None
    assert state.schemas[1] == []
    return state.schemas[0]


def apply(writer: Writer, start: int, knows: str, n: int = 10) -> Outcome:
    run = records(n, start=start, seed=start)
    (outcome,) = writer.apply([(0, c) for c in fold(run, start)], knows)
    return outcome


def test_a_change_is_noted_with_its_offset_and_no_more(redis: Redis):
    writer = Writer(redis, KEYS, "topic")
    for start, knows in enumerate(("v1", "v1", "v2", "v2", "v1", "v2+registry", "v2")):
        assert apply(writer, 10 * start, knows).applied
    assert spans(redis) == [(0, "v1"), (20, "v2"), (40, "v1"), (50, "v2+registry"), (60, "v2")]


def test_nothing_said_is_nothing_noted(redis: Redis):
    writer = Writer(redis, KEYS, "topic")
    apply(writer, 0, "")
    assert spans(redis) == []
    apply(writer, 10, "v1")
    apply(writer, 20, "")
    assert spans(redis) == [(10, "v1")]


def test_a_refused_call_notes_nothing(redis: Redis):
    """A zombie of an older version that wakes up."""
    writer = Writer(redis, KEYS, "topic")
    apply(writer, 0, "v2")
    before = content(redis)
    assert not apply(writer, 0, "v1").applied
    assert not apply(writer, 30, "v1").applied
    assert content(redis) == before


def test_a_key_of_another_type_changes_nothing(redis: Redis):
    writer = Writer(redis, KEYS, "topic")
    apply(writer, 0, "v1")
    redis.delete(KEYS.schemas)
    redis.rpush(KEYS.schemas, "x")
    before = content(redis)
    with pytest.raises(StoreError, match="WRONGTYPE"):
        apply(writer, 10, "v2")
    assert content(redis) == before


def test_a_rebuild_begins_anew(redis: Redis):
    apply(Writer(redis, KEYS, "topic"), 0, "v1")
    delete_state(redis, KEYS)
    assert not redis.exists(KEYS.schemas)
    apply(Writer(redis, KEYS, "topic"), 0, "v2")
    assert spans(redis) == [(0, "v2")]
