"""Pages of boards against a sorted list: every order, tie-break, policy, start and size."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from leaderboard.errors import (
    CursorError,
    NotThereError,
    QuestionError,
    StaleCursorError,
    StoreError,
)
from leaderboard.model.boards import GLOBAL, Board
from leaderboard.store.board_rows import BoardPage
from leaderboard.store.keys import Keys
from leaderboard.store.pages import around, around_score, score_range, top, top_percent
from leaderboard.store.places import Source
from leaderboard.store.query import run
from tests.store.plain import Asking, Line, Plain

NOW = 1_795_608_000  # 2026-11-25 12:00 UTC
KINDS = [
    Board(name=f"{order}_{tie}_{ranks}", order=order, tie_break=tie, ranks=ranks)  # type: ignore[arg-type]  # of the known ones
    for order in ("desc", "asc")
    for tie in ("member", "first")
    for ranks in ("ordinal", "dense")
]
DAILY = Board(name="daily", window="daily", lateness_s=3600)
BOARDS = (
    GLOBAL, DAILY, *KINDS,
    Board(name="game", scope="game"),
    Board(name="daily_game", scope="game", window="daily"),
    Board(name="wins", metric="win_rate"),
    Board(name="kda", metric="kda", tie_break="first"),
)  # fmt: skip
SOURCE = Source(Keys("p:"), "topic", BOARDS)
ANYBODY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3)
LINES = st.lists(
    st.builds(Line, ANYBODY, st.integers(0, 4).map(float),
              st.integers(0, 2).map(lambda t: f"{10**15 + t:018d}")),
    max_size=14, unique_by=lambda line: line.player_id,
)  # fmt: skip
many = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def ask(redis: Redis) -> Asking:
    return Asking(redis, SOURCE)


def shown(page: BoardPage) -> list[tuple[int, str, float]]:
    return [(row.rank, row.player_id, row.score) for row in page.rows]


def boards_of(board: Board, lines: list[Line], redis: Redis) -> list[Plain]:
    """The board filled, once for each policy it can be asked for."""
    redis.flushall()
    policies = ["ordinal", "competition"] + ["dense"] * (board.ranks == "dense")
    made = [Plain(SOURCE.place(board.name, now=NOW, policy=policy), lines) for policy in policies]
    made[0].fill(redis, SOURCE)
    return made


@pytest.mark.parametrize("board", KINDS, ids=lambda board: board.name)
@many
@given(lines=LINES, n=st.integers(1, 16))
def test_any_board_page_by_page_both_ways(ask: Asking, board: Board, lines: list[Line], n: int):
    for plain in boards_of(board, lines, ask.redis):
        pages = [ask(top, plain.place, n)]
        while pages[-1].next:
            pages.append(ask(top, plain.place, n, cursor=pages[-1].next))

        assert [row for page in pages for row in shown(page)] == plain.rows(0, len(lines))
        assert {(page.total, page.count) for page in pages} == {(len(lines), len(lines))}
        assert [len(page.rows) for page in pages[:-1]] == [n] * (len(pages) - 1)
        assert pages[0].previous == ""
        for before, page in pairwise(pages):
            assert shown(ask(top, plain.place, n, cursor=page.previous)) == shown(before)


@pytest.mark.parametrize("board", KINDS, ids=lambda board: board.name)
@many
@given(lines=LINES, n=st.integers(1, 16), score=st.integers(-1, 5))
def test_any_board_around_anybody_and_any_score(
    ask: Asking, board: Board, lines: list[Line], n: int, score: int
):
    for plain in boards_of(board, lines, ask.redis):
        for position, player_id in enumerate(plain.ids):
            first = max(0, min(position - n // 2, len(lines) - n))
            page = ask(around, plain.place, n, player_id)
            assert shown(page) == plain.rows(first, first + n)
            assert [row.player_id for row in page.rows if row.own] == [player_id]
            assert len(page.rows) == min(n, len(lines)), "a full page"
        leading = sum(s < score if board.order == "asc" else s > score for s in plain.scores)
        first = max(0, min(leading - n // 2, len(lines) - n))
        assert shown(ask(around_score, plain.place, n, score)) == plain.rows(first, first + n)


@pytest.mark.parametrize("board", KINDS, ids=lambda board: board.name)
@many
@given(lines=LINES, n=st.integers(1, 16), ends=st.lists(st.integers(-1, 5), min_size=2, max_size=2))
def test_any_board_any_range_and_any_percent(
    ask: Asking, board: Board, lines: list[Line], n: int, ends: list[int]
):
    low, high = sorted(ends)
    for plain in boards_of(board, lines, ask.redis):
        everybody = plain.rows(0, len(lines))
        inside = [row for row in everybody if low <= row[2] <= high]
        percent = 10 * n % 100 + 1
        best = everybody[: max(1, len(lines) * percent // 100)]
        for expected, read, args in (
            (inside, score_range, (low, high)),
            (best, top_percent, (percent,)),
        ):
            pages = [ask(read, plain.place, n, *args)]
            while pages[-1].next:
                pages.append(ask(read, plain.place, n, *args, cursor=pages[-1].next))
            assert [row for page in pages for row in shown(page)] == expected
            assert {page.count for page in pages} == {len(expected)}
            for before, page in pairwise(pages):
                assert shown(ask(read, plain.place, n, *args, cursor=page.previous)) == shown(
                    before
                )


@pytest.mark.parametrize("board", KINDS, ids=lambda board: board.name)
@many
@given(lines=LINES, after=st.integers(1, 13), data=st.data())
def test_a_cursor_stands_still_whoever_comes_and_goes(
    ask: Asking, board: Board, lines: list[Line], after: int, data: Any
):
    """Also when the row it stands beside has gone."""
    (before, *_) = boards_of(board, lines, ask.redis)
    page = ask(top, before.place, min(after, max(1, len(lines) - 1)))
    if not page.next:
        return
    beside = next(line for line in lines if line.player_id == page.rows[-1].player_id)
    new = data.draw(LINES)
    (now, *_) = boards_of(board, new, ask.redis)
    split = sum(1 for line in new if now._key(line) <= before._key(beside))

    following = ask(top, now.place, 20, cursor=page.next)

    assert shown(following) == now.rows(split, len(new))
    if following.previous:
        assert shown(ask(top, now.place, 20, cursor=following.previous)) == now.rows(0, split)


def test_scores_are_exact_to_2_53_and_rates_are_floats(ask: Asking):
    largest = 2**53
    place = SOURCE.place(now=NOW)
    Plain(place, [Line("a", largest), Line("b", largest - 1), Line("c", 0)]).fill(ask.redis, SOURCE)
    page = ask(top, place, 2)
    assert shown(page) == [(1, "a", largest), (2, "b", largest - 1)]
    assert all(type(row.score) is int for row in page.rows)
    assert shown(ask(top, place, 2, cursor=page.next)) == [(3, "c", 0)]
    assert shown(ask(score_range, place, 9, largest - 1, largest - 1)) == [(2, "b", largest - 1)]


@pytest.mark.parametrize("size", [5, 500, 7000])
def test_rows_of_rates_carry_what_they_are_made_of(ask: Asking, size: int):
    keys = SOURCE.keys.of_boards
    wins, kda = (SOURCE.place(name, now=NOW) for name in ("wins", "kda"))
    at = f"{10**15:018d}"
    for i in range(1, size + 1):
        ask.redis.zadd(keys["board"] + "wins", {f"p{i}": 3 / (3 + i)})
        ask.redis.hset(keys["state"] + "wins", f"p{i}", f"3 {3 + i} {3 + i} {at}")
    ask.redis.zadd(keys["board"] + "kda", {f"{at}p": 7 / 3})
    ask.redis.hset(keys["state"] + "kda", "p", f"7 3 4 {at}")

    rows = ask(top, wins, size).rows

    assert [row.score for row in rows] == [3 / (3 + i) for i in range(1, size + 1)]
    assert [row.rate.numerator for row in rows if row.rate] == [3] * size
    assert rows[4].rate is not None
    assert (rows[4].rate.denominator, rows[4].rate.matches) == (8, 8)
    assert rows[4].rate.low == pytest.approx(0.1368, abs=1e-4)  # Wilson, 3 of 8
    assert rows[4].rate.high == pytest.approx(0.6943, abs=1e-4)
    (row,) = ask(top, kda, 5).rows
    assert (row.player_id, row.score) == ("p", 7 / 3)
    assert row.rate is not None
    assert (row.rate.numerator, row.rate.denominator, row.rate.matches) == (7, 3, 4)
    assert (row.rate.low, row.rate.high) == (None, None)


def test_state_follows_the_smallest_watermark(ask: Asking):
    keys = SOURCE.keys
    place = SOURCE.place("daily", now=NOW, at="2026-11-24")  # ends at midnight, an hour of lateness
    Plain(place, [Line("a", 1)]).fill(ask.redis, SOURCE)

    def state(**marks: str) -> str | None:
        ask.redis.delete(keys.watermarks, keys.offsets)
        ask.redis.hset(keys.offsets, mapping={"topic:0": 1, "topic:1": 1, "topic2:0": 1})
        for name, text in marks.items():
            ask.redis.hset(keys.watermarks, f"topic:{name[1:]}", text)
        return ask(top, place, 1).state

    late, closing, final = (
        f"2026-11-{text}Z"
        for text in ("24T23:59:59.999999", "25T00:00:00.000000", "25T01:00:00.000000")
    )
    assert state() == "open"
    assert state(p0=final) == "open", "a partition without events can still bring one"
    assert state(p0=final, p1=late) == "open"
    assert state(p0=closing, p1=final) == "closing"
    assert state(p0=final, p1=final) == "final"
    assert ask(top, SOURCE.place(now=NOW), 1).state is None


def test_the_on_time_pane_where_there_is_one(ask: Asking):
    latest = SOURCE.place("daily", now=NOW)
    on_time = SOURCE.place("daily", now=NOW, pane="on_time")
    Plain(latest, [Line("a", 5), Line("b", 9)]).fill(ask.redis, SOURCE)
    assert shown(ask(top, on_time, 9)) == [(1, "b", 9), (2, "a", 5)], "nothing late counted yet"
    assert not ask(top, latest, 9).has_on_time

    Plain(on_time, [Line("a", 5)]).fill(ask.redis, SOURCE, pane="on_time:")

    assert shown(ask(top, on_time, 9)) == [(1, "a", 5)]
    assert shown(ask(top, latest, 9)) == [(1, "b", 9), (2, "a", 5)]
    assert ask(top, latest, 9).has_on_time
    assert ask(top, on_time, 9).has_on_time


def test_previous_ranks(ask: Asking):
    now = SOURCE.place("daily", now=NOW, policy="competition")
    before = Plain(now.previous, [Line("a", 7), Line("b", 7), Line("c", 1)])
    before.fill(ask.redis, SOURCE)
    Plain(now, [Line("c", 9), Line("new", 5), Line("b", 5)]).fill(ask.redis, SOURCE)

    page = ask(top, now, 9, previous=True)

    assert [(r.rank, r.player_id, r.previous_rank) for r in page.rows] == [
        (1, "c", 3), (2, "b", 1), (2, "new", None),
    ]  # fmt: skip
    assert {row.previous_rank for row in ask(top, now, 9).rows} == {None}
    with pytest.raises(QuestionError, match="'global' has no windows"):
        top(SOURCE, SOURCE.place(now=NOW), 9, previous=True)


def test_what_is_not_there_is_said(ask: Asking):
    Plain(SOURCE.place("daily", now=NOW, at="2026-11-20"), [Line("a", 1)]).fill(ask.redis, SOURCE)
    Plain(SOURCE.place("game", now=NOW, game="chess"), [Line("a", 1)]).fill(ask.redis, SOURCE)
    yesterday = SOURCE.place("daily_game", now=NOW, at="2026-11-24", game="chess")
    Plain(yesterday, [Line("a", 1)]).fill(ask.redis, SOURCE)

    with pytest.raises(NotThereError, match="keeps no window 2026-11-19"):
        ask(top, SOURCE.place("daily", now=NOW, at="2026-11-19"), 1)
    with pytest.raises(NotThereError, match="no game 'go' in board 'game'"):
        ask(top, SOURCE.place("game", now=NOW, game="go"), 1)
    with pytest.raises(NotThereError, match="no game 'go' in window 2026-11-24"):
        ask(top, SOURCE.place("daily_game", now=NOW, at="2026-11-24", game="go"), 1)
    with pytest.raises(NotThereError, match="no game 'go' in window 2026-11-25"):
        ask(top, SOURCE.place("daily_game", now=NOW, game="go"), 1)
    with pytest.raises(NotThereError, match="no player 'b' on board daily:2026-11-20"):
        ask(around, SOURCE.place("daily", now=NOW, at="2026-11-20"), 3, "b")
    # a reset leaves the live window empty, but there
    for place in (
        SOURCE.place("daily", now=NOW),
        SOURCE.place("daily_game", now=NOW, game="chess"),
    ):
        empty = ask(top, place, 1)
        assert (empty.rows, empty.total, empty.previous, empty.next) == ([], 0, "", "")


def test_a_cursor_of_another_question_is_refused(ask: Asking):
    for place in (
        SOURCE.place("daily", now=NOW),
        SOURCE.place("daily", now=NOW, at="2026-11-24"),
        SOURCE.place("game", now=NOW, game="chess"),
        SOURCE.place(now=NOW),
    ):
        Plain(place, [Line("a", 2), Line("b", 1)]).fill(ask.redis, SOURCE)
    daily = ask(top, SOURCE.place("daily", now=NOW), 1).next
    chess = ask(top, SOURCE.place("game", now=NOW, game="chess"), 1).next

    def refused(error: type[Exception], says: str, cursor: str, name: str, **asked: Any) -> None:
        with pytest.raises(error, match=says) as raised:
            top(SOURCE, SOURCE.place(name, **({"now": NOW} | asked)), 1, cursor=cursor)
        assert type(raised.value) is error

    refused(CursorError, "of board 'daily', not of 'global'", daily, "global")
    refused(CursorError, "of game 'chess', not of 'go'", chess, "game", game="go")
    refused(CursorError, "of policy 'ordinal'", daily, "daily", policy="competition")
    refused(CursorError, "of pane 'latest'", daily, "daily", pane="on_time")
    refused(CursorError, "window 2026-11-25, not of 2026-11-24", daily, "daily", at="2026-11-24")
    refused(StaleCursorError, "was reset since", daily, "daily", now=NOW + 86_400)
    for broken in ("x", "%", "é", daily[:-3], daily + "AAAA", "k6FhoWKhYw"):
        refused(QuestionError, "unchanged", broken, "daily")
    # the same window, asked for by its label after the reset
    tomorrow = SOURCE.place("daily", now=NOW + 86_400, at="2026-11-25")
    assert shown(ask(top, tomorrow, 1, cursor=daily)) == [(2, "b", 1)]


def test_redis_away_is_a_store_error():
    with pytest.raises(StoreError, match="Redis"):
        run(Redis(port=1, socket_connect_timeout=1), top(SOURCE, SOURCE.place(now=NOW), 1))
