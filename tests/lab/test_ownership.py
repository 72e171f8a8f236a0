"""Who owned what, and since when: from samples alone."""

import pandas as pd
import pytest

from leaderboard.lab import findings, frames
from leaderboard.lab.ownership import IDLE, NOBODY, ORPHANED, OWNED, Gap, Lane, Span, gaps, spans
from leaderboard.lab.sample import Sample

ONE, TWO, THREE = "processor-1", "processor-2", "processor-3"


def sample(t_s: float, owners: str, **states: str) -> Sample:
    """`owners`: who has p0, p1, ...: a digit each, `-` for nobody; all others but `states` run."""
    stages = dict.fromkeys((ONE, TWO), "running") | {
        k.replace("_", "-"): v for k, v in states.items()
    }
    owned = {p: f"processor-{n}" for p, n in enumerate(owners) if n != "-"}
    return Sample(t_s=t_s, end=dict.fromkeys(range(len(owners)), 9), owners=owned, stages=stages)


STORY = [
    sample(0.0, "--", processor_1="starting", processor_2="starting"),
    sample(1.0, "11", processor_2="starting"),
    sample(2.0, "11"),
    sample(3.0, "12"),
    sample(4.0, "12", processor_2="killed"),
    sample(6.0, "1-", processor_2="killed"),
    sample(7.0, "11", processor_2="killed"),
    sample(8.0, "11", processor_2="killed"),
]


def of(lane: Lane) -> list[Span]:
    return [span for span in spans(STORY) if span.partition == lane]


def test_a_stretch_lasts_until_the_sample_that_ends_it() -> None:
    assert of(1) == [
        Span(1, "", NOBODY, 0, 1),
        Span(1, ONE, OWNED, 1, 3),
        Span(1, TWO, OWNED, 3, 4),
        Span(1, TWO, ORPHANED, 4, 6),
        Span(1, "", NOBODY, 6, 7),
        Span(1, ONE, OWNED, 7, 8),
    ]


def test_the_stretches_of_a_partition_fill_the_time() -> None:
    for lane in (0, 1):
        found = of(lane)
        assert [s.to_s for s in found[:-1]] == [s.from_s for s in found[1:]]
        assert (found[0].from_s, found[-1].to_s) == (STORY[0].t_s, STORY[-1].t_s)


def test_who_runs_and_owns_nothing_is_idle() -> None:
    assert of(None) == [Span(None, TWO, IDLE, 2, 3)]
    both = spans([sample(0.0, "3", processor_3="running"), sample(1.0, "3", processor_3="running")])
    assert both[-1] == Span(None, f"{ONE}, {TWO}", IDLE, 0, 1)


def test_a_gap_lasts_from_the_death_to_the_heir() -> None:
    assert gaps(spans(STORY)) == [Gap(1, TWO, 4, 3, ONE)]


def test_a_gap_without_an_heir_lasts_until_now() -> None:
    assert gaps(spans(STORY[:6])) == [Gap(1, TWO, 4, 2, "")]


def test_no_sample_no_stretch() -> None:
    assert spans([]) == []
    assert gaps([]) == []


def test_the_table_says_the_same_and_may_be_empty() -> None:
    table = frames.assignment(STORY)

    assert table.dtypes.astype(str).to_dict() == frames.ASSIGNMENT
    assert len(table) == len(spans(STORY))
    assert pd.isna(table.loc[table["state"] == IDLE, "partition"]).all()
    assert frames.assignment([]).dtypes.astype(str).to_dict() == frames.ASSIGNMENT


@pytest.mark.parametrize(
    ("lanes", "text"),
    [
        ({}, "No partition has an owner yet"),
        ({0: ("", NOBODY), 1: ("", NOBODY)}, "No partition has an owner yet"),
        ({0: (ONE, OWNED), 1: (ONE, OWNED)}, "1 member shares 2 partitions"),
        ({0: (ONE, OWNED), None: (TWO, IDLE)}, "1 member shares 1 partition; processor-2 idles"),
        (
            {0: (ONE, OWNED), None: (f"{TWO}, {THREE}", IDLE)},
            "1 member shares 1 partition; processor-2, processor-3 idle",
        ),
        ({0: (ONE, OWNED), 1: ("", NOBODY)}, "p1 without an owner: Kafka is looking for one"),
        (
            {0: (ONE, OWNED), 1: (TWO, ORPHANED)},
            "p1 is orphaned: Kafka still waits for processor-2, which is dead",
        ),
    ],
)
def test_the_title_of_a_moment(lanes: dict[Lane, tuple[str, str]], text: str) -> None:
    assert findings.assignment_now(lanes) == text


def test_the_title_of_a_story() -> None:
    assert findings.assignment_history([]) == "No partition has an owner yet"
    assert findings.assignment_history(spans(STORY[:4])) == (
        "Partitions changed hands 1 time, and none was orphaned"
    )
    assert findings.assignment_history(spans(STORY)) == (
        "p1 had no reader for 3.0 s after processor-2 died"
    )
