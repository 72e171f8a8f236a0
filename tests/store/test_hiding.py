"""Hiding players: the same boards whenever it is done, totals untouched, a trail of it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis import Redis

from leaderboard.errors import NotThereError, QuestionError, StoreError
from leaderboard.model.boards import DEFAULTS, Board
from leaderboard.model.events import AchievementUnlocked, Event, MatchFinished, PlayerScored
from leaderboard.model.fold import Record, fold
from leaderboard.model.tally import Book
from leaderboard.store.hiding import Audit, audit_trail, hide, unhide
from leaderboard.store.keys import Keys
from leaderboard.store.pages import around, top
from leaderboard.store.places import Source
from leaderboard.store.query import run
from leaderboard.store.reader import player, snapshot
from leaderboard.store.standings import friends
from leaderboard.store.writer import Writer
from tests.store.content import content

KEYS = Keys("h:")
START = datetime(2026, 11, 25, 12, tzinfo=UTC)
BOARDS = (
    *DEFAULTS,
    Board(name="first", tie_break="first", ranks="dense"),
    Board(name="dense_kda", metric="kda", ranks="dense", tie_break="first"),
    Board(name="hourly_game", scope="game", window="hourly", lateness_s=7200, ranks="dense",
          tie_break="first"),
    Board(name="best", operator="best", ranks="dense"),
    Board(name="last", operator="last"),
    Board(name="sliding", window="sliding", size_s=1200, every_s=600, lateness_s=3600),
    Board(name="sittings", window="session", gap_s=300, lateness_s=600),
    Board(name="rarity", metric="achievements"),
)  # fmt: skip
SOURCE = Source(KEYS, "topic", BOARDS)
PLAYERS = ("ann", "bob", "cid")


def make_events(seed: int, n: int) -> list[Event]:
    """Scores, matches and achievements of two hours, some of them late."""
    dice = Random(seed)
    made: list[Event] = []
    for number in range(n):
        common: dict[str, Any] = {
            "event_id": UUID(int=number),
            "timestamp": START + timedelta(seconds=240 * number - dice.choice([0, 0, 4000])),
            "player_id": (name := dice.choice(PLAYERS)),
            "player_name": name.title(),
        }
        game = dice.choice(["go", "chess"])
        made.append(dice.choice([
            PlayerScored(**common, points=dice.randrange(3), game_id=game, action="kill"),
            MatchFinished(**common, match_id="m", game_id=game, kills=dice.randrange(3),
                          result=dice.choice(["win", "loss"]), deaths=dice.randrange(4),
                          assists=1),
            AchievementUnlocked(**common, achievement_name="Ace", achievement_rarity="rare"),
        ]))  # fmt: skip
    return made


class Story:
    """Events are counted as the processor does, and players hidden and shown, one after another."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        redis.flushall()
        self._writer = Writer(redis, KEYS, "topic", boards=BOARDS)
        self._book = Book(BOARDS)

    def count(self, events: Iterable[Event]) -> None:
        start = self._writer.offsets([0])[0] or 0
        watermark = self._writer.watermarks([0])[0]
        records = [Record(start + i, event) for i, event in enumerate(events)]
        calls = [
            (0, changes) for changes in fold(records, start, book=self._book, watermark=watermark)
        ]
        assert all(outcome.applied for outcome in self._writer.apply(calls))

    def hide(self, name: str) -> int | None:
        return hide(self._redis, KEYS, name, reason="cheats", by="test", now=START)

    def unhide(self, name: str) -> int | None:
        return unhide(self._redis, KEYS, name, reason="appeal", by="test", now=START)

    def content(self) -> dict[bytes, Any]:
        """Every key but the audit trail."""
        return {
            key: held for key, held in content(self._redis).items() if key != KEYS.audit.encode()
        }


STEPS = st.lists(
    st.one_of(
        st.integers(1, 12),  # so many events
        st.tuples(st.sampled_from(["hide", "unhide"]), st.sampled_from([*PLAYERS, "nobody"])),
    ),
    max_size=12,
)


@settings(
    phases=[Phase.explicit, Phase.generate],
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 999), steps=STEPS)
def test_whenever_players_are_hidden_and_shown_it_is_as_if_at_the_end(
    redis: Redis, seed: int, steps: list[Any]
):
    total = sum(step for step in steps if isinstance(step, int))
    events, counted, hidden = make_events(seed, total), 0, set()
    story = Story(redis)
    for step in steps:
        if isinstance(step, int):
            story.count(events[counted : counted + step])
            counted += step
            continue
        what, name = step
        changed = getattr(story, what)(name)
        assert (changed is not None) == ((name in hidden) == (what == "unhide"))
        (hidden.add if what == "hide" else hidden.discard)(name)
    found = story.content()

    plain = Story(redis)
    plain.count(events)
    shown = plain.content()
    for name in hidden:
        plain.hide(name)
    assert found == plain.content()
    for name in hidden:
        plain.unhide(name)
    assert plain.content() == shown, "there and back"

    of_players = {k: v for k, v in shown.items() if k.startswith(b"h:player:")}
    assert {k: v for k, v in found.items() if k.startswith(b"h:player:")} == of_players


def test_others_close_up_and_totals_stay(redis: Redis):
    story = Story(redis)
    story.count(make_events(1, 60))
    place = SOURCE.place("first", now=START.timestamp())
    before = run(redis, top(SOURCE, place, 9)).rows
    assert len(before) == 3
    best = before[0].player_id
    total = run(redis, player(KEYS, best))
    assert total is not None

    boards = story.hide(best)

    assert boards is not None
    assert boards > 20
    after = run(redis, top(SOURCE, place, 9))
    assert [row.player_id for row in after.rows] == [row.player_id for row in before[1:]]
    assert (after.rows[0].rank, after.total) == (1, 2)
    assert best not in {row.player_id for row in run(redis, snapshot(KEYS, 9)).rows}
    with pytest.raises(NotThereError, match=f"no player '{best}' on board first"):
        run(redis, around(SOURCE, place, 3, best))
    (friend,) = run(redis, friends(SOURCE, place, [best])).rows
    assert friend.standing is None
    hidden = run(redis, player(KEYS, best))
    assert hidden is not None
    assert (hidden.rank, hidden.total_score) == (None, total.total_score)
    story.count([PlayerScored(
        event_id=UUID(int=1000), timestamp=START, player_id=best, player_name="X", points=50,
        game_id="go", action="kill",
    )])  # fmt: skip
    counted = run(redis, player(KEYS, best))
    assert counted is not None
    assert counted.total_score == total.total_score + 50
    assert story.unhide(best) == boards
    assert run(redis, top(SOURCE, place, 9)).rows[0].score == before[0].score + 50


def test_twice_is_once_and_everything_is_in_the_trail(redis: Redis):
    story = Story(redis)
    assert story.unhide("ann") is None
    assert story.hide("ann") == 0, "never seen"
    assert story.hide("ann") is None
    story.count(make_events(2, 30))
    assert (story.unhide("ann") or 0) > 0
    assert audit_trail(redis, KEYS) == [
        Audit("2026-11-25T12:00:00.000000Z", "ann", False, "appeal", "test"),
        Audit("2026-11-25T12:00:00.000000Z", "ann", True, "cheats", "test"),
    ]
    assert len(audit_trail(redis, KEYS, 1)) == 1


def test_a_reason_and_an_id_are_needed(redis: Redis):
    for player_id, reason, says in (("", "x", "id"), ("a" * 129, "x", "id"), ("a", " ", "reason")):
        with pytest.raises(QuestionError, match=says):
            hide(redis, KEYS, player_id, reason=reason, by="me", now=START)
    assert audit_trail(redis, KEYS) == []


@pytest.mark.parametrize(
    "key", [KEYS.audit, KEYS.hidden, "h:board:hidden:first", "h:board:distinct:best"]
)
def test_a_call_that_fails_has_changed_nothing(redis: Redis, key: str):
    story = Story(redis)
    story.count(make_events(1, 60))
    redis.delete(key)
    redis.set(key, "not what it should be")
    before = story.content(), redis.type(KEYS.audit)

    with pytest.raises(StoreError, match="WRONGTYPE"):
        story.hide("ann")

    assert (story.content(), redis.type(KEYS.audit)) == before


def test_redis_away_is_a_store_error():
    away = Redis(port=1, socket_connect_timeout=1)
    with pytest.raises(StoreError, match="Redis"):
        hide(away, KEYS, "a", reason="x", by="me", now=START)
    with pytest.raises(StoreError, match="Redis"):
        audit_trail(away, KEYS)
