"""Properties of the fold: duplicates, cuts and order between players change nothing."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.model.events import BadRecord, Event, encode
from leaderboard.model.fold import RECENT, Changes, Record, fold
from leaderboard.model.oracle import Oracle
from leaderboard.model.simulate import Profile, simulate
from leaderboard.model.windows import micros

START = datetime(2026, 1, 1, tzinfo=UTC)


def events(n: int, seed: int = 0, players: int = 8) -> list[Event]:
    return list(simulate(seed, START, n=n, profile=Profile(players=players)))


def records(values: list[Event | BadRecord], start: int = 0) -> list[Record]:
    return [Record(start + i, v) for i, v in enumerate(values)]


def total(pieces: list[Changes]) -> dict[str, Any]:
    """What applying the pieces in turn gives."""
    players: dict[str, dict[str, Any]] = {}
    achievements: list[str] = []
    unlocked: Counter[str] = Counter()
    for piece in pieces:
        for player_id, change in piece.players.items():
            p = players.setdefault(
                player_id, {"score": 0, "events": 0, "joins": 0, "last": None, "actions": Counter()}
            )
            p["score"] += change.score
            p["events"] += change.events
            p["joins"] += change.joins
            p["actions"].update(change.actions)
            p["name"] = change.name
            p["last"] = max(filter(None, (p["last"], change.last_active)))
        achievements = sorted([*achievements, *piece.achievements], reverse=True)[:RECENT]
        unlocked.update(piece.unlocked)
    return {"players": players, "achievements": achievements, "unlocked": unlocked}


def test_fold_agrees_with_the_oracle():
    values = events(3000, players=50)
    oracle = Oracle()
    for value in values:
        oracle.feed(0, encode(value))
    result = total(list(fold(records(values), 0)))
    assert {i: p["score"] for i, p in result["players"].items()} == dict(oracle.ranking())
    assert result["unlocked"] == oracle.unlocked


@given(st.integers(0, 10**6), st.lists(st.integers(1, 119), max_size=6))
def test_cutting_a_log_anywhere_changes_nothing(seed: int, cuts: list[int]):
    run = records(events(120, seed))
    edges = [0, *sorted(set(cuts)), 120]
    pieces = [piece for a, b in pairwise(edges) for piece in fold(run[a:b], a, most=5)]
    assert total(pieces) == total(list(fold(run, 0)))
    assert [p.start for p in pieces] == [0, *(p.next for p in pieces[:-1])]
    assert pieces[-1].next == 120


@given(st.lists(st.integers(0, 59), min_size=1, max_size=40))
def test_duplicates_change_nothing_but_their_count(again: list[int]):
    values = events(60)
    repeated = [*values, *(values[i] for i in again)]
    assert total(list(fold(records(repeated), 0))) == total(list(fold(records(values), 0)))
    assert sum(p.duplicates for p in fold(records(repeated), 0)) == len(again)


@given(st.sets(st.integers(0, 59)))
def test_ids_seen_before_count_as_duplicates(before: set[int]):
    values = events(60)
    seen = {values[i].event_id.bytes for i in before}
    pieces = list(fold(records(values), 0, seen))
    rest = [v for i, v in enumerate(values) if i not in before]
    assert sum(p.duplicates for p in pieces) == len(before)
    assert total(pieces) == total(list(fold(records(rest), 0)))


@settings(max_examples=50)
@given(st.integers(0, 10**6))
def test_events_of_different_players_commute(seed: int):
    values = events(80, seed)
    by_player: dict[str, list[Event]] = {}
    for value in values:
        by_player.setdefault(value.player_id, []).append(value)
    shuffled: list[Event] = []
    queues, random = list(by_player.values()), Random(seed)
    queues = [list(q) for q in queues]
    while queues:
        queue = random.choice(queues)
        shuffled.append(queue.pop(0))
        queues = [q for q in queues if q]
    assert total(list(fold(records(shuffled), 0))) == total(list(fold(records(values), 0)))


def test_bad_records_move_the_offset_and_are_counted():
    (changes,) = fold(records([BadRecord("x"), BadRecord("y")], start=7), 7)
    assert (changes.start, changes.next, changes.dead_letters, changes.players) == (7, 9, 2, {})


def test_a_gap_in_the_offsets_is_passed():
    (changes,) = fold([Record(12, events(1)[0])], 10)
    assert (changes.start, changes.next, changes.applied) == (10, 13, 1)


def test_no_records_give_no_changes():
    assert list(fold([], 5)) == []


def test_a_rename_keeps_the_player_whole():
    """Mistake 3: the id is the identity, the last name wins."""
    first, second = (e for e in events(2, players=1))
    renamed = type(second)(
        **{**{f: getattr(second, f) for f in second.__struct_fields__}, "player_name": "New"}
    )
    (changes,) = fold(records([first, renamed]), 0)
    assert list(changes.players) == ["player_001"]
    assert changes.players["player_001"].name == "New"


@pytest.mark.parametrize(
    ("logged", "moves"),
    [(START, False), (START + timedelta(days=2), True), (START + timedelta(days=3), True),
     (None, True)],
)  # fmt: skip
def test_the_watermark_is_capped_by_the_time_of_the_record_if_that_is_known(
    logged: datetime | None, moves: bool
):
    """An event two and a half days after the start; the oracle says the same."""
    at = START + timedelta(days=2, hours=12)
    event = msgspec.structs.replace(events(1)[0], timestamp=at)
    logged_us = None if logged is None else micros(logged)
    (changes,) = fold([Record(0, event, logged_us)], 0)
    oracle = Oracle()
    oracle.feed(0, encode(event), logged_us)
    assert changes.watermark == oracle.boards.watermarks.get(0) == (micros(at) if moves else None)
