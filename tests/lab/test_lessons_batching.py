"""Notebook 06's parts: what dominates what, the law of two numbers, its charts."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from leaderboard.errors import NotebookError
from leaderboard.lab import frames
from leaderboard.lab.lessons import batching
from leaderboard.lab.lessons import charts_batching as charts


def points(*rows: tuple[int, int, float, float]) -> pd.DataFrame:
    """(batch, wait, events/s, median age); 99 % are below twice the median."""
    return frames.table([(*row, 2 * row[3]) for row in rows], batching.POINTS)


FOUND = points((1, 20, 500.0, 400.0), (10, 20, 4_000.0, 20.0), (1_000, 20, 20_000.0, 30.0))


def test_dominated_is_who_is_worse_in_one_and_better_in_none() -> None:
    assert batching.dominated(FOUND).tolist() == [2, 0, 0]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ((10, 20, 500.0, 400.0), [0, 0]),  # equal in both
        ((10, 20, 500.0, 399.0), [1, 0]),
        ((10, 20, 501.0, 400.0), [1, 0]),
        ((10, 20, 501.0, 401.0), [0, 0]),
        ((10, 20, 499.0, 401.0), [0, 1]),
    ],
)
def test_equal_choices_dominate_each_other_not(
    other: tuple[int, int, float, float], expected: list[int]
) -> None:
    assert batching.dominated(points((1, 20, 500.0, 400.0), other)).tolist() == expected


def test_the_law_is_found_again_from_two_of_its_points() -> None:
    law = batching.Law(per_batch_us=1_500, per_event_us=40)
    measured = points(*((batch, 20, law.rate(batch), 1.0) for batch in (1_000, 10, 1, 100)))

    found = batching.law_of(measured)

    assert found.per_batch_us == pytest.approx(1_500)
    assert found.per_event_us == pytest.approx(40)


def test_one_batch_size_makes_no_law() -> None:
    with pytest.raises(NotebookError, match="expected two batch sizes or more, got 1"):
        batching.law_of(FOUND.head(1))


def test_explore_asks_for_each_choice_by_itself_in_order() -> None:
    asked: list[tuple[int, int]] = []

    def measure(batches: Sequence[int], waits_ms: Sequence[int]) -> list[dict[str, Any]]:
        asked.append((batches[0], waits_ms[0]))
        row = {"batch": batches[0], "wait_ms": waits_ms[0], "more": "not asked for"}
        return [row | {"events_per_s": 9.0, "p50_ms": 1.0, "p99_ms": 2.0}]

    found = batching.explore(measure, [(1, 20), (1_000, 500)], quiet=True)

    assert asked == [(1, 20), (1_000, 500)]
    assert found.astype(batching.POINTS).equals(found)
    assert found["batch"].tolist() == [1, 1_000]


# charts ------------------------------------------------------------------------------------------


def test_the_curve_joins_the_frontier_and_crosses_out_the_dominated() -> None:
    fig = charts.pareto(FOUND, rate=750.0)

    title = (
        "Batch 1 is dominated: batch 1,000 is 40 times as fast and counts events 13 times as soon"
    )
    assert fig.layout.title.text == title
    traces = {trace.meta: trace for trace in fig.data}
    assert list(traces["frontier"].x) == list(traces["on the frontier"].x) == [4_000, 20_000]
    assert list(traces["dominated"].text) == ["batch 1"]
    assert list(traces["dominated"].error_y.array) == [400.0]
    assert fig.layout.shapes[0].x0 == 750.0


def test_it_does_not_say_dominated_of_what_is_not() -> None:
    fig = charts.pareto(points((1, 20, 500.0, 3.0), (10, 500, 4_000.0, 20.0)), rate=100.0)

    assert fig.layout.title.text == "Batch 1 is dominated by no other choice"
    (best,) = [trace for trace in fig.data if trace.meta == "on the frontier"]
    assert list(best.text) == ["batch 1", "<br>batch 10, wait 500 ms"]


def test_the_law_is_drawn_beside_what_was_measured() -> None:
    fig = charts.capacity(FOUND, batching.Law(per_batch_us=1_950, per_event_us=50))

    assert fig.layout.title.text == "A batch costs 1,950 µs, and 50 µs for each event"
    traces = {trace.meta: trace for trace in fig.data}
    assert traces["law"].y[0] == pytest.approx(500)
    assert list(traces["measured"].y) == [500, 4_000, 20_000]


def test_empty_charts_say_so() -> None:
    nothing = frames.table([], batching.POINTS)
    for fig in (charts.pareto(nothing, 1.0), charts.capacity(nothing, batching.Law(1, 1))):
        assert fig.layout.annotations[-1].text == "no data yet"
