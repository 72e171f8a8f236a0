"""Counts that must not go wrong: odd names, lost states, calls too large, keys tampered with."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from redis import Redis

from leaderboard.errors import BoardsChangedError, NotThereError
from leaderboard.model.boards import DEFAULTS, GLOBAL, Board
from leaderboard.model.events import AchievementUnlocked, GameEvent, MatchFinished, PlayerScored
from leaderboard.model.fold import MOST_WEIGHT, Changes, Record, fold
from leaderboard.model.tally import PART_WEIGHT, Book
from leaderboard.store.applying import Outcome
from leaderboard.store.hiding import hide, unhide
from leaderboard.store.pages import around
from leaderboard.store.places import Source
from leaderboard.store.query import run
from leaderboard.store.writer import Writer
from tests.store.content import content
from tests.store.test_boards import BOARDS, KEYS, SPRING, differences, log, oracle_of, replay

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def scored(n: int, player: str, points: int, seconds: float = 0) -> GameEvent:
    return PlayerScored(
        event_id=uuid5(UUID(int=0), str(n)), timestamp=NOON + timedelta(seconds=seconds),
        player_id=player, player_name=player, points=points, game_id="g", action="kill",
    )  # fmt: skip


def changes(events: list[GameEvent], boards: tuple[Board, ...], start: int = 0) -> list[Changes]:
    records = [Record(start + i, e) for i, e in enumerate(events)]
    return list(fold(records, start, book=Book(boards)))


def count(
    redis: Redis, boards: tuple[Board, ...], events: list[GameEvent], partition: int = 0
) -> list[Outcome]:
    writer = Writer(redis, KEYS, "topic", boards=boards)
    start = writer.offsets([partition])[partition] or 0
    return writer.apply([(partition, c) for c in changes(events, boards, start)])


def test_thousands_of_names_in_one_run_count_once(redis: Redis):
    """More than one command of Redis takes: achievements and games with names of their own."""
    events: list[GameEvent] = []
    for n in range(4500):
        common = {"event_id": UUID(int=n), "timestamp": NOON, "player_id": "p", "player_name": "p"}
        if n % 2:
            events.append(
                AchievementUnlocked(**common, achievement_name=f"a{n}", achievement_rarity="rare")
            )
        else:
            events.append(
                MatchFinished(**common, match_id="m", game_id=f"g{n}", result="win", kills=1,
                              deaths=0, assists=0)
            )  # fmt: skip
    assert all(o.applied for o in count(redis, DEFAULTS, events))
    assert redis.hget(KEYS.player("p"), "events_count") == b"4500"
    assert redis.hlen(KEYS.achievement_counts) == 2250
    assert redis.hlen(f"{KEYS.of_boards['matches']}p") == 2251


def test_counts_from_before_there_were_boards_ask_for_a_rebuild(redis: Redis):
    redis.hset(KEYS.offsets, "topic:0", "5")
    before = content(redis)
    writer = Writer(redis, KEYS, "topic")
    for call in (
        lambda: writer.apply([(1, c) for c in changes([scored(1, "a", 1)], DEFAULTS)]),
        lambda: writer.begin(1, 7),
    ):
        with pytest.raises(BoardsChangedError, match="rebuild"):
            call()
    assert content(redis) == before


def test_an_id_that_looks_like_another_players_member_is_its_own(redis: Redis):
    boards = (GLOBAL, Board(name="race", tie_break="first"))
    count(redis, boards, [scored(1, "alice", 700)])
    ((member, _),) = redis.zrange("b:leaderboard:race", 0, -1, withscores=True)
    thief = member.decode()
    assert hide(redis, KEYS, thief, reason="test", by="test", now=NOON) == 0
    assert unhide(redis, KEYS, thief, reason="test", by="test", now=NOON) == 0
    source = Source(KEYS, "topic", boards)
    with pytest.raises(NotThereError):
        run(redis, around(source, source.place("race", now=NOON.timestamp()), thief, 3))
    assert redis.zscore("b:leaderboard:race", member) == 700
    count(redis, boards, [scored(2, thief, 1)])
    scores = dict(redis.zrange("b:leaderboard:race", 0, -1, withscores=True))
    assert scores == {member: 700, member[:18] + member: 1}


def test_a_horizon_from_before_the_state_was_lost_cuts_no_session(redis: Redis):
    boards = (GLOBAL, Board(name="sittings", window="session", gap_s=600))
    writer = Writer(redis, KEYS, "topic", boards=boards)
    early, late = [scored(1, "p", 10), scored(2, "p", 10, 300)], [scored(3, "q", 5, 90_000)]
    writer.apply([(0, c) for c in changes([*early, *late], boards)])
    writer.expire([0])
    redis.flushall()
    for start, event in enumerate(early):
        writer.apply([(0, c) for c in changes([event], boards, start)])
    assert redis.zscore("b:leaderboard:sittings", "p") == 20


@pytest.mark.parametrize(
    "board",
    [Board(name="b", window="sliding", size_s=100, every_s=1),
     Board(name="b", window="session", gap_s=1), Board(name="b", scope="game")],
    ids=lambda board: board.window,
)  # fmt: skip
def test_no_call_is_so_large_that_it_holds_redis_up(redis: Redis, board: Board):
    boards = (GLOBAL, board)
    events = [scored(n, "p", 1, 100 * n) for n in range(3000)]
    pieces = changes(events, boards)
    most = 100 * (PART_WEIGHT + 1)
    assert all(piece.parts.weight <= MOST_WEIGHT + most for piece in pieces)
    assert sum(piece.applied for piece in pieces) == 3000
    writer = Writer(redis, KEYS, "topic", boards=boards)
    assert all(o.applied for o in writer.apply([(0, c) for c in pieces[:3]]))


def test_what_stands_where_a_pane_is_split_off_is_replaced(redis: Redis):
    boards = (GLOBAL, Board(name="quarters", window="fixed", size_s=900, lateness_s=900))
    count(redis, boards, [scored(1, "p", 1), scored(2, "p", 1, 901)])
    pane = "b:leaderboard:on_time:quarters:20260101T120000Z"
    redis.set(pane, "no board")
    writer = Writer(redis, KEYS, "topic", boards=boards)
    late = fold([Record(2, scored(3, "p", 1, 5))], 2, book=Book(boards),
                watermark=writer.watermarks([0])[0])  # fmt: skip
    assert all(o.applied for o in writer.apply([(0, c) for c in late]))
    assert redis.zscore(pane, "p") == 1
    assert redis.zscore(pane.replace("on_time:", ""), "p") == 2


def test_whatever_is_tampered_with_is_seen(redis: Redis):
    """Of every key of the boards one entry is changed, then all removed: a difference each time."""
    run = log(5, 120, SPRING, 5000)
    oracle = oracle_of(run, BOARDS)
    replay(redis, run, BOARDS, 5)
    assert differences(redis, oracle) == []
    # ids expire; by offsets and definitions `verify` decides what it compares at all
    apart = (b"b:processed:events", b"b:processed:offsets", b"b:boards:definitions")
    keys = [key for key in sorted(redis.scan_iter()) if not key.startswith(apart)]
    blind = []
    for key in keys:
        kept = redis.dump(key)
        for tamper in (_change, _remove):
            tamper(redis, key)
            if not differences(redis, oracle):
                blind.append((key, tamper.__name__))
            redis.restore(key, 0, kept, replace=True)
    assert blind == []
    assert len(keys) > 100
    assert differences(redis, oracle) == []


def _change(redis: Redis, key: bytes) -> None:
    match redis.type(key):
        case b"zset":
            redis.zincrby(key, 1, redis.zrange(key, 0, 0)[0])
        case b"hash":
            field = min(redis.hkeys(key))
            value = redis.hget(key, field)
            changed = value[:-1] + (b"1" if value[-1:] != b"1" else b"2")
            redis.hset(key, field, changed)
        case b"set":
            redis.sadd(key, "stranger")
        case b"list":
            redis.rpop(key)


def _remove(redis: Redis, key: bytes) -> None:
    redis.delete(key)
