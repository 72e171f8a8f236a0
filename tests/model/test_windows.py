"""Windows: every instant in exactly one, and the calendars agree with the oracle's own."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.model.boards import CALENDAR, Board
from leaderboard.model.oracle_boards import _windows
from leaderboard.model.windows import calendar

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour of summer time
    "America/Sao_Paulo", "Asia/Beirut",  # midnights that do not exist
    "America/St_Johns",  # fell back from 00:01 to the day before
    "Pacific/Apia",  # skipped 2011-12-30
    "Africa/Monrovia",  # an offset of 44 minutes and 30 seconds until 1972
)  # fmt: skip
boards = st.one_of(
    st.builds(
        Board, name=st.just("b"), window=st.sampled_from(CALENDAR), zone=st.sampled_from(ZONES)
    ),
    st.builds(Board, name=st.just("b"), window=st.just("fixed"), size_s=st.integers(1, 10**6)),
    st.integers(1, 5000).flatmap(
        lambda every: st.builds(
            Board, name=st.just("b"), window=st.just("sliding"), every_s=st.just(every),
            size_s=st.integers(every, 20 * every),
        )
    ),
)  # fmt: skip
near_jumps = st.sampled_from([
    int(datetime(*day, tzinfo=UTC).timestamp())
    for day in ((2026, 3, 29), (2026, 10, 25), (2017, 10, 15), (2018, 2, 18), (2011, 12, 30),
                (2006, 10, 29), (2007, 3, 11), (2026, 4, 4), (1972, 1, 7), (2022, 3, 27),
                (2024, 12, 30), (2025, 1, 1), (2024, 2, 29))
])  # fmt: skip
instants = st.one_of(
    st.integers(-50_000, 253_000_000_000),
    st.builds(int.__add__, near_jumps, st.integers(-50 * 3600, 50 * 3600)),
)


@given(boards, instants)
def test_the_calendar_agrees_with_the_oracle(board: Board, at: int):
    windows = calendar(board)(at)
    assert [(w.label, w.end * 1_000_000) for w in windows] == _windows(board, at * 1_000_000)
    assert all(w.start <= at < w.end for w in windows)


@given(boards, instants, st.lists(st.integers(-200_000, 200_000), max_size=5))
def test_what_was_asked_before_changes_nothing(board: Board, at: int, before: list[int]):
    asked = calendar(board)
    for offset in before:
        asked(at + offset)
    assert asked(at) == calendar(board)(at)


@given(boards.filter(lambda b: b.window != "sliding"), instants)
def test_windows_follow_each_other_without_gap_or_overlap(board: Board, at: int):
    asked = calendar(board)
    (window,) = asked(at)
    (after,), (before,) = asked(window.end), asked(window.start - 1)
    assert (before.end, after.start) == (window.start, window.end)
    assert before.label < window.label < after.label
    assert asked(window.start) == asked(window.end - 1) == (window,)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [("Europe/Berlin", (2026, 3, 29), 23), ("Europe/Berlin", (2026, 10, 25), 25),
     ("Australia/Lord_Howe", (2026, 4, 5), 24.5), ("America/Sao_Paulo", (2017, 10, 15), 23),
     ("Pacific/Apia", (2011, 12, 29), 24), ("UTC", (2026, 3, 29), 24)],
)  # fmt: skip
def test_days_have_the_hours_their_clocks_show(zone: str, day: tuple[int, int, int], hours: float):
    noon = int(datetime(*day, 12, tzinfo=UTC).timestamp())
    daily = calendar(Board(name="b", window="daily", zone=zone))
    hourly = calendar(Board(name="b", window="hourly", zone=zone))
    found = next(w for at in (noon, noon - 86400) for w in daily(at)
                 if w.label == f"{datetime(*day):%Y-%m-%d}")  # fmt: skip
    assert (found.end - found.start) / 3600 == hours
    starts = {hourly(at)[0].start for at in range(found.start, found.end, 900)}
    assert len(starts) == -(-int(hours * 2) // 2)


def test_iso_weeks_belong_to_the_year_of_their_thursday():
    weekly = calendar(Board(name="b", window="weekly"))
    labels = {
        day: weekly(int(datetime(*day, tzinfo=UTC).timestamp()))[0].label
        for day in ((2024, 12, 30), (2027, 1, 3), (2026, 12, 31))
    }
    assert labels == {
        (2024, 12, 30): "2025-W01", (2027, 1, 3): "2026-W53", (2026, 12, 31): "2026-W53",
    }  # fmt: skip


def test_a_board_without_windows_has_no_calendar():
    with pytest.raises(ValueError, match="no windows"):
        calendar(Board(name="b"))
