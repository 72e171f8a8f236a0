"""Titles: one sentence that a reader can check against the chart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.lab import findings
from leaderboard.lab.estimate import Share, wilson


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "Nobody is on the board yet"),
        ([("A", 1)], "A is alone on the board with 1 point"),
        ([("A", 50), ("B", 50)], "A and B tie at 50 points"),
        ([("A", 1250), ("B", 50)], "A leads B by 1,200 points"),
    ],
)
def test_ranking(rows: list[tuple[str, int]], text: str) -> None:
    assert findings.ranking(rows) == text


@pytest.mark.parametrize(
    ("lag", "change", "text"),
    [
        (0, 0.0, "The processors keep up: 0 events wait"),
        (90, 2.0, "The processors keep up: 90 events wait"),
        (1200, 50.0, "1,200 events wait, 50 more each second"),
        (1200, -300.0, "1,200 events wait, gone in 4 s at this pace"),
        (1200, 0.0, "1,200 events wait, and the number is steady"),
    ],
)
def test_lag_now_at_a_hundred_events_a_second(lag: int, change: float, text: str) -> None:
    assert findings.lag_now(lag, change, 100.0, 100.0) == text


def test_lag_history() -> None:
    assert findings.lag_history([], []) == "No measurements yet"
    assert findings.lag_history([0, 1], [0, 0]) == "The processors kept up: no event ever waited"
    assert findings.lag_history([0, 1, 2], [0, 7, 1]) == (
        "Lag peaked at 7 events after 1 s and ended at 1"
    )


def test_rarity_counts_the_intervals_that_hold() -> None:
    shares = [Share(0.5, 0.4, 0.6), Share(0.5, 0.4, 0.6)]

    assert findings.rarity(shares, [0.5, 0.9], 10).startswith("1 of 2 intervals")
    assert findings.rarity(shares, [0.5, 0.5], 10) == (
        "All 2 intervals hold the expected share (n = 10)"
    )
    assert findings.rarity(shares, [0.5, 0.5], 0) == "No achievement unlocked yet"


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_an_interval_holds_what_was_observed_and_stays_a_share(total: int, part: float) -> None:
    count = int(total * part)

    share = wilson(count, total)

    assert 0 <= share.low <= share.observed + 1e-12
    assert share.observed - 1e-12 <= share.high <= 1


def test_ten_times_the_data_narrow_the_interval_about_threefold() -> None:
    few, many = wilson(300, 1000), wilson(3000, 10_000)

    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(10**0.5, rel=0.02)


def test_without_data_every_share_is_possible() -> None:
    assert wilson(0, 0) == Share(0.0, 0.0, 1.0)
