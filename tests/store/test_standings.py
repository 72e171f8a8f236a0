"""Friends, ranks everywhere, history, the catalogue, and boards combined."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from leaderboard.errors import NotThereError, QuestionError
from leaderboard.model.boards import GLOBAL, Board
from leaderboard.store import combine
from leaderboard.store.catalog import catalog
from leaderboard.store.combine import combined, names
from leaderboard.store.keys import Keys
from leaderboard.store.places import Source
from leaderboard.store.standings import Standing, friends, history, ranks
from tests.store.plain import Asking, Line, Plain
from tests.store.test_pages import KINDS, LINES, NOW, boards_of, many
from tests.store.test_pages import SOURCE as PAGES

DAILY = Board(name="daily", window="daily")
BOARDS = (
    GLOBAL, DAILY,
    Board(name="game", scope="game", ranks="dense"),
    Board(name="weekly_game", scope="game", window="weekly", tie_break="first"),
    Board(name="first", tie_break="first"),
    Board(name="golf", order="asc", operator="min"),
    Board(name="wins", metric="win_rate"),
    Board(name="quarter", window="sliding", size_s=900, every_s=300, lateness_s=60, keep=500),
)  # fmt: skip
SOURCE = Source(Keys("s:"), "topic", BOARDS)


@pytest.fixture
def ask(redis: Redis) -> Asking:
    return Asking(redis, SOURCE)


def fill(ask: Asking, name: str, scores: dict[str, float], at: str = "", game: str = "") -> Plain:
    plain = Plain(
        SOURCE.place(name, now=NOW, at=at, game=game),
        [Line(player_id, score) for player_id, score in scores.items()],
    )
    plain.fill(ask.redis, SOURCE)
    return plain


@pytest.mark.parametrize("board", KINDS, ids=lambda board: board.name)
@many
@given(lines=LINES, absent=st.lists(st.integers(), max_size=2, unique=True), dice=st.randoms())
def test_any_list_of_friends(
    redis: Redis, board: Board, lines: list[Line], absent: list[int], dice: object
):
    ask = Asking(redis, PAGES)
    for plain in boards_of(board, lines, redis):
        missing = [f"absent {i}" for i in absent]
        asked = [*plain.ids[::2], *missing]
        dice.shuffle(asked)  # type: ignore[attr-defined]  # hypothesis gives a Random
        if not asked:
            continue
        found = ask(friends, plain.place, asked)

        there = [row for row in found.rows if row.standing]
        assert [row.player_id for row in there] == plain.ids[::2]
        assert [row.place for row in there] == list(range(1, len(there) + 1))
        assert {row.player_id for row in found.rows[len(there) :]} == set(missing)
        assert found.total == len(lines)
        kept = ask(friends, plain.place, asked, keep_missing=False)
        assert kept.rows == there
        for row in there:
            assert row.standing is not None
            assert row.standing == expected(plain, row.player_id)


def expected(plain: Plain, player_id: str) -> Standing:
    position, total = plain.ids.index(player_id), len(plain.ids)
    own = plain.scores[position]
    falling = plain.place.board.order == "desc"
    ahead = sum(s > own if falling else s < own for s in plain.scores)
    return Standing(
        rank=plain.rank(position),
        position=position + 1,
        score=own,
        total=total,
        percentile=100 * sum(s < own if falling else s > own for s in plain.scores) / total,
        top_percent=100 * (ahead + 1) / total,
    )


def test_friends_are_bounded(ask: Asking):
    place = SOURCE.place(now=NOW)
    for wrong in ([], [str(i) for i in range(1001)]):
        with pytest.raises(QuestionError, match="expected 1 to 1,000"):
            friends(SOURCE, place, wrong)
    assert len(ask(friends, place, ["a", "a", "b"]).rows) == 2


def test_percentile_without_equals_is_what_agoragames_documents(ask: Asking):
    """ceil((total - rank from 0 - 1) / total * 100)."""
    fill(ask, "global", {f"p{i}": i for i in range(12)})
    rows = ask(friends, SOURCE.place(now=NOW), [f"p{i}" for i in range(12)]).rows
    standings = [row.standing for row in rows if row.standing]
    assert [-(-s.percentile // 1) for s in standings] == [
        -((12 - i - 1) * -100 // 12) for i in range(12)
    ]
    assert [s.top_percent for s in standings] == [100 * (i + 1) / 12 for i in range(12)]


def test_one_player_on_every_board(ask: Asking):
    fill(ask, "global", {"me": 5, "you": 9})
    fill(ask, "daily", {"me": 5})
    fill(ask, "daily", {"me": 1, "you": 2}, at="2026-11-24")
    fill(ask, "game", {"me": 3, "you": 3, "they": 4}, game="go")
    fill(ask, "game", {"you": 3}, game="chess")
    fill(ask, "game", {"me": 3}, game="checkers")
    fill(ask, "weekly_game", {"me": 3, "you": 4}, game="go")
    fill(ask, "golf", {"me": 3, "you": 4})

    found = ask(ranks, "me", now=NOW)

    assert [
        (r.place.id, r.standing.rank, r.standing.total, r.previous_rank, r.state) for r in found
    ] == [
        ("global", 2, 2, None, None), ("daily:2026-11-25", 1, 1, 2, "open"),
        ("game:checkers", 1, 1, None, None), ("game:go", 2, 3, None, None),
        ("weekly_game:2026-W48:go", 2, 2, None, "open"), ("golf", 1, 2, None, None),
    ]  # fmt: skip
    then = ask(ranks, "me", now=NOW, at="2026-11-24", policy="competition")
    assert [(r.place.id, r.standing.rank) for r in then] == [
        ("global", 2), ("daily:2026-11-24", 2), ("game:checkers", 1), ("game:go", 2),
        ("weekly_game:2026-W48:go", 2), ("golf", 1),
    ]  # fmt: skip
    with pytest.raises(NotThereError, match="'nobody'"):
        ask(ranks, "nobody", now=NOW)
    with pytest.raises(QuestionError, match="'global' has no dense ranks"):
        ranks(SOURCE, "me", now=NOW, policy="dense")
    ask.redis.hset(SOURCE.keys.player("hidden"), "player_name", "counted, on no board")
    assert ask(ranks, "hidden", now=NOW) == []


def test_history_is_every_window_kept_oldest_first(ask: Asking):
    fill(ask, "daily", {"me": 1, "you": 2}, at="2026-11-20")
    fill(ask, "daily", {"you": 2}, at="2026-11-22")
    fill(ask, "daily", {"me": 5, "you": 2})
    ask.redis.hset(SOURCE.keys.watermarks, "topic:0", "2026-11-25T00:00:00.000000Z")

    then = ask(history, SOURCE.place("daily", now=NOW), "me")

    assert [
        (t.window.label, t.state, t.total, t.standing and t.standing.rank) for t in then
    ] == [
        ("2026-11-20", "final", 2, 2), ("2026-11-22", "final", 1, None),
        ("2026-11-25", "open", 2, 1),
    ]  # fmt: skip
    newest = ask(history, SOURCE.place("daily", now=NOW), "me", windows=2)
    assert [t.window.label for t in newest] == ["2026-11-22", "2026-11-25"]
    with pytest.raises(QuestionError, match="'global' has no windows, so it has not a history"):
        history(SOURCE, SOURCE.place(now=NOW), "me")
    with pytest.raises(NotThereError, match="'nobody'"):
        ask(history, SOURCE.place("daily", now=NOW), "nobody")


def test_history_of_a_game_and_of_sliding_windows(ask: Asking):
    for at, scores in (("2026-W46", {"me": 1.0}), ("2026-W48", {"me": 4, "you": 9})):
        fill(ask, "weekly_game", scores, at=at, game="go")
        fill(ask, "weekly_game", {"me": 1}, at=at, game="chess")
    for stamp in ("20261125T115000Z", "20261125T115500Z"):
        fill(ask, "quarter", {"me": 1}, at=stamp)

    go = ask(history, SOURCE.place("weekly_game", now=NOW, game="go"), "me")
    quarters = ask(history, SOURCE.place("quarter", now=NOW), "me")

    assert [(t.window.label, t.total, t.standing and t.standing.rank) for t in go] == [
        ("2026-W46", 1, 1), ("2026-W48", 2, 2),
    ]  # fmt: skip
    assert [t.window.label for t in quarters] == ["20261125T115000Z", "20261125T115500Z"]


def test_the_catalogue(ask: Asking):
    fill(ask, "global", {"me": 1, "you": 2})
    for at in ("2026-11-20", "2026-11-22", ""):
        fill(ask, "daily", {"me": 1}, at=at)
    fill(ask, "game", {"me": 1}, game="go")
    fill(ask, "game", {"me": 1}, game="chess")
    ask.redis.hset(SOURCE.keys.board_counts, mapping={"late:daily": 3, "out_of_bounds:game": 4})
    ask.redis.hset(SOURCE.keys.watermarks, "topic:0", "2026-11-23T00:00:00.000000Z")

    found = {info.board.name: info for info in ask(catalog, now=NOW, most_windows=2)}

    assert list(found) == [board.name for board in BOARDS]
    assert found["global"].total == 2
    assert (found["global"].live, found["global"].next_reset) == (None, None)
    daily = found["daily"]
    assert daily.live is not None
    assert (daily.live.window.label, daily.total, daily.late, daily.windows_kept) == (
        "2026-11-25", 1, 3, 3,
    )  # fmt: skip
    assert (daily.previous_reset, daily.next_reset) == (NOW - 43_200, NOW + 43_200)
    assert [(k.window.label, k.state) for k in daily.windows] == [
        ("2026-11-25", "open"), ("2026-11-22", "final"),
    ]  # fmt: skip
    assert (found["game"].games, found["game"].total) == (["chess", "go"], None)
    assert found["game"].out_of_bounds == 4
    assert (found["quarter"].previous_reset, found["quarter"].next_reset) == (NOW, NOW + 300)


SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), max_size=8)


@many
@given(
    boards=st.lists(SCORES, min_size=2, max_size=2),
    how=st.sampled_from(["union", "intersection"]),
    aggregate=st.sampled_from(["sum", "min", "max"]),
    policy=st.sampled_from(["ordinal", "competition"]),
    falling=st.booleans(),
)
def test_any_boards_combined(
    ask: Asking, boards: list[dict[str, float]], how: str, aggregate: str, policy: str,
    falling: bool,
):  # fmt: skip
    """A board whose members carry a time, and one whose members do not."""
    ask.redis.flushall()
    source = Source(SOURCE.keys, "topic", (
        GLOBAL,
        Board(name="a", order="desc" if falling else "asc", tie_break="first"),
        Board(name="b", order="desc" if falling else "asc"),
    ))  # fmt: skip
    places = [source.place(name, now=NOW) for name in "ab"]
    for place, scores in zip(places, boards, strict=True):
        Plain(place, [Line(i, s) for i, s in scores.items()]).fill(ask.redis, source)

    ask.source = source
    lines = ask(combined, places, how, aggregate, policy).rows

    one, two = boards
    players = one.keys() & two.keys() if how == "intersection" else one.keys() | two.keys()
    scores = {
        i: {"sum": sum, "min": min, "max": max}[aggregate]([b[i] for b in boards if i in b])  # type: ignore[operator]  # three functions of a list
        for i in players
    }
    order = sorted(scores, key=lambda i: (-scores[i] if falling else scores[i], i))
    assert [(line.player_id, line.score) for line in lines] == [(i, scores[i]) for i in order]
    ordinal = list(range(1, len(order) + 1))
    shared = [1 + min(order.index(j) for j in order if scores[j] == scores[i]) for i in order]
    assert [line.rank for line in lines] == (ordinal if policy == "ordinal" else shared)


def test_what_can_not_be_combined_is_refused(ask: Asking, monkeypatch: pytest.MonkeyPatch):
    fill(ask, "global", {"a": 2**53})
    fill(ask, "daily", {"a": 1, "b": 1})
    globe, daily = SOURCE.place(now=NOW), SOURCE.place("daily", now=NOW)
    for says, wrong in (
        ("1 boards: expected 2 to 10", ([globe],)),
        ("named twice", ([globe, globe],)),
        ("rising order", ([globe, SOURCE.place("golf", now=NOW)],)),
        ("aggregate 'mean'", ([globe, daily], "union", "mean")),
        ("how 'xor'", ([globe, daily], "xor")),
        ("policy 'dense'", ([globe, daily], "union", "sum", "dense")),
    ):
        with pytest.raises(QuestionError, match=says):
            combined(SOURCE, *wrong)  # type: ignore[arg-type]  # of different lengths
    with pytest.raises(QuestionError, match="the sum of a passes 2"):
        ask(combined, [globe, daily])
    with pytest.raises(NotThereError, match="2026-11-01"):
        ask(combined, [globe, SOURCE.place("daily", now=NOW, at="2026-11-01")])
    monkeypatch.setattr(combine, "MOST_MEMBERS", 2)
    with pytest.raises(QuestionError, match="hold 3 players: at most 2"):
        ask(combined, [globe, daily])


def test_names(ask: Asking):
    ask.redis.hset(SOURCE.keys.player("a"), "player_name", "Ann")
    assert ask(names, ["b", "a"]) == {"b": "b", "a": "Ann"}
