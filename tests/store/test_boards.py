"""Every kind of board on real servers: any log, cut and dealt anyhow, gives what the oracle says.

A log is a list of (partition, event); events come with odd times, so that some are late and some
too late, in zones whose days have 23 and 25 hours.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from redis import Redis

from leaderboard.errors import BoardsChangedError, StoreError
from leaderboard.model.boards import DEFAULTS, EXACT, GLOBAL, Board
from leaderboard.model.events import EVENT_TYPES, PlayerScored, encode
from leaderboard.model.fold import Record, fold
from leaderboard.model.oracle import Oracle
from leaderboard.model.oracle_boards import BoardsOracle
from leaderboard.model.simulate import Profile, Simulator
from leaderboard.model.tally import Book
from leaderboard.pipeline.verify import compare
from leaderboard.pipeline.verify_boards import board_differences
from leaderboard.store.keys import Keys
from leaderboard.store.state import read_state
from leaderboard.store.writer import Writer
from tests.private_redis import PrivateRedis
from tests.store.content import content

KEYS = Keys("b:")
PARTITIONS = [0, 1, 2]
SPRING = datetime(2026, 3, 28, 20, tzinfo=UTC)  # Berlin's clock goes forward that night
AUTUMN = datetime(2026, 10, 24, 20, tzinfo=UTC)  # and back that one
ISLAND = datetime(2026, 4, 4, 10, tzinfo=UTC)  # Lord Howe's goes back by half an hour

PLAIN = tuple(
    Board(
        name=f"{metric}_{operator}_{ranks}_{tie}".replace("_sum", ""),
        metric=metric, operator=operator, ranks=ranks, tie_break=tie,
        order="asc" if operator == "min" else "desc",
    )
    for metric, operator in [
        ("points", "sum"), ("points", "best"), ("points", "last"), ("points", "min"),
        ("kills", "sum"), ("achievements", "sum"), ("achievements", "best"),
        ("kda", "sum"), ("win_rate", "sum"), ("streak", "sum"),
    ]
    for ranks, tie in (("ordinal", "member"), ("dense", "first"))
)  # fmt: skip
TIMED = (
    Board(name="hours", window="hourly", zone="Europe/Berlin", lateness_s=1800, keep=2),
    Board(name="half_hours", window="hourly", zone="Asia/Kolkata", operator="last"),
    Board(name="odd_hours", window="hourly", zone="Australia/Lord_Howe", tie_break="first"),
    Board(name="days", window="daily", zone="Europe/Berlin", lateness_s=3600, ranks="dense"),
    Board(name="weeks", window="weekly", zone="Asia/Kolkata", metric="kda", min_games=2),
    Board(name="months", window="monthly", metric="streak", tie_break="first"),
    Board(name="quarters", window="fixed", size_s=900, tie_break="first", lateness_s=600),
    Board(name="slides", window="sliding", size_s=3600, every_s=900, lateness_s=900, keep=1),
    Board(name="sittings", window="session", gap_s=600, lateness_s=300),
    Board(name="arenas", scope="game", window="hourly", operator="best", lateness_s=3600, keep=1),
    Board(name="duels", scope="game", metric="win_rate", min_games=2, ranks="dense"),
    Board(name="modest", min_score=50, max_score=100),
)
BOARDS = (GLOBAL, *PLAIN, *TIMED)


@pytest.fixture(scope="module")
def shared(server: PrivateRedis) -> Redis:
    return server.client()


def log(
    seed: int, n: int, start: datetime, spread_s: float, scattered: bool = False
) -> list[tuple[int, Record]]:
    """`n` records in three partitions, by player or `scattered`; times jump by up to `spread_s`."""
    random = Random(seed)
    mix = dict.fromkeys(EVENT_TYPES, 1.0) | {"player_scored": 2.0}
    simulator = Simulator(seed, start, Profile(players=6, skew=0, mix=mix))
    ends = dict.fromkeys(PARTITIONS, 0)
    found = []
    for i in range(n):
        at = start + timedelta(seconds=i * 180 + random.uniform(-spread_s, spread_s))
        if random.random() < 0.4:  # edges of windows, and equal times
            at = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
        event = simulator.event(at)
        if isinstance(event, PlayerScored) and random.random() < 0.2:
            event = msgspec.structs.replace(event, points=0)
        partition = random.choice(PARTITIONS) if scattered else sum(event.player_id.encode()) % 3
        logged = at + timedelta(days=random.choice([0, 0, 0, -2]))
        micros = (logged - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        found.append((partition, Record(ends[partition], event, micros)))
        ends[partition] += 1
    return found


def replay(
    redis: Redis, run: list[tuple[int, Record]], boards: tuple[Board, ...], seed: int
) -> None:
    """Apply `run`, cut at random and the partitions dealt in a random order, with some upkeep."""
    redis.flushall()
    random, book = Random(seed), Book(boards)
    writer = Writer(redis, KEYS, "topic", boards=boards)
    queues = {p: [r for q, r in run if q == p] for p in PARTITIONS}
    while any(queues.values()):
        partition = random.choice([p for p, q in queues.items() if q])
        n = random.randint(1, 40)
        piece, queues[partition] = queues[partition][:n], queues[partition][n:]
        watermark = writer.watermarks([partition])[partition]
        changes = fold(piece, piece[0].offset, most=4, book=book, watermark=watermark)
        assert all(o.applied for o in writer.apply([(partition, c) for c in changes]))
        if random.random() < 0.3:
            writer.expire(PARTITIONS)


def oracle_of(run: list[tuple[int, Record]], boards: tuple[Board, ...]) -> Oracle:
    oracle = Oracle(boards=BoardsOracle(boards))
    for partition, record in run:
        oracle.feed(partition, encode(record.event), record.logged_us or 0)
    return oracle


def differences(redis: Redis, oracle: Oracle) -> list[object]:
    state = read_state(redis, KEYS, "topic", PARTITIONS)
    assert state is not None
    return [*compare(oracle, state), *board_differences(oracle, state, "topic", PARTITIONS)]


@settings(max_examples=25, phases=[Phase.explicit, Phase.generate])  # a seed does not shrink
@given(
    seed=st.integers(0, 10**6),
    start=st.sampled_from([SPRING, AUTUMN, ISLAND]),
    spread_s=st.sampled_from([0, 300, 5000, 40_000]),
    scattered=st.booleans(),
)
def test_any_log_however_cut_and_dealt_gives_what_the_oracle_says(
    shared: Redis, seed: int, start: datetime, spread_s: float, scattered: bool
):
    run = log(seed, 200, start, spread_s, scattered)
    replay(shared, run, BOARDS, seed)
    assert differences(shared, oracle_of(run, BOARDS)) == []


def test_counts_of_other_boards_are_refused_and_nothing_changes(shared: Redis):
    run = log(1, 40, SPRING, 0)
    replay(shared, run, DEFAULTS, 1)
    before = content(shared)
    other = (GLOBAL, Board(name="hourly", window="hourly", lateness_s=1))
    writer = Writer(shared, KEYS, "topic", boards=other)
    start = writer.offsets([0])[0] or 0
    (changes,) = fold([Record(start, run[0][1].event)], start, book=Book(other))
    with pytest.raises(BoardsChangedError, match="rebuild"):
        writer.apply([(0, changes)])
    assert content(shared) == before


def test_the_same_boards_in_another_order_are_the_same(shared: Redis):
    run = log(1, 40, SPRING, 0)
    replay(shared, run, DEFAULTS, 1)
    writer = Writer(shared, KEYS, "topic", boards=DEFAULTS[::-1])
    start = writer.offsets([0])[0] or 0
    (changes,) = fold([Record(start, run[0][1].event)], start, book=Book(DEFAULTS))
    assert writer.apply([(0, changes)])[0].applied


@pytest.mark.parametrize("board", ["global", "total"])
def test_a_score_that_would_not_be_exact_is_refused_not_rounded(shared: Redis, board: str):
    shared.flushall()
    boards = (GLOBAL, Board(name="total"))
    writer = Writer(shared, KEYS, "topic", boards=boards)
    event = next(e for _, r in log(3, 99, SPRING, 0) if isinstance(e := r.event, PlayerScored))
    player = event.player_id
    at_limit = msgspec.structs.replace(event, points=25)
    shared.hset(KEYS.player(player), "total_score", str(EXACT - 25 if board == "global" else 0))
    shared.zadd("b:leaderboard:total", {player: EXACT - 25 if board == "total" else 0})
    (changes,) = fold([Record(0, at_limit)], 0, book=Book(boards))
    assert writer.apply([(0, changes)])[0].applied
    assert shared.zscore(f"b:leaderboard:{board}", player) == EXACT
    beyond = msgspec.structs.replace(event, points=1, event_id=UUID(int=1))
    (changes,) = fold([Record(1, beyond)], 1, book=Book(boards))
    with pytest.raises(StoreError, match=f"{player}.*2\\^53"):
        writer.apply([(0, changes)])
    assert shared.zscore(f"b:leaderboard:{board}", player) == EXACT
    assert writer.offsets([0]) == {0: 1}
