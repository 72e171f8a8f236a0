"""Notebook 08's parts: delays and their law, who is late, what is kept, its charts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from leaderboard.lab.frames import table
from leaderboard.lab.lessons import charts_latecomers as charts
from leaderboard.lab.lessons.by_hand import ByHand
from leaderboard.lab.lessons.latecomers import (
    FATES,
    JUDGED,
    LATE,
    LOST,
    ON_TIME,
    TOO_LATE,
    Delays,
    Delivery,
    judge,
    losses,
    recorded,
    scores,
    send,
    shot,
    until,
)
from leaderboard.model.events import BadRecord
from leaderboard.model.fold import Record
from leaderboard.model.simulate import Profile, simulate
from leaderboard.model.windows import micros
from leaderboard.pipeline.deadletter import read_dead_letters
from leaderboard.settings import Settings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def evening(seed: int = 7, delays: Delays | None = None) -> list[Delivery]:
    game = Profile(players=12, mix={"player_scored": 1})
    events = simulate(seed, NOON, n=1800, step=timedelta(seconds=10), profile=game)
    return (delays or Delays()).deliveries(events, seed)


def log_of(plan: list[Delivery]) -> list[Record]:
    return [Record(i, d.event, micros(d.arrives)) for i, d in enumerate(plan)]


def log_at(*minutes: float) -> list[Record]:
    """Shots at these minutes after noon, in this order."""
    events = [shot(NOON + timedelta(minutes=m), f"p{i}") for i, m in enumerate(minutes)]
    return [Record(i, event, micros(NOON) + i) for i, event in enumerate(events)]


@pytest.fixture
def hand(settings: Settings) -> Iterator[ByHand]:
    with (
        Redis.from_url(settings.redis) as redis,
        ByHand(settings.with_(partitions=1), redis) as hand,
    ):
        yield hand


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([50, 55, 51], [ON_TIME, ON_TIME, ON_TIME]),
        ([59.9, 60, 59], [ON_TIME, ON_TIME, LATE]),
        ([74.9, 59], [ON_TIME, LATE]),
        ([75, 59], [ON_TIME, TOO_LATE]),
        ([75, 59, 61], [ON_TIME, TOO_LATE, ON_TIME]),
        ([140, 59, 61], [ON_TIME, TOO_LATE, TOO_LATE]),
    ],
)
def test_the_watermark_before_an_event_decides(minutes: list[float], expected: list[str]) -> None:
    judged = judge(log_at(*minutes), lateness_s=900)

    assert judged["fate"].tolist() == expected
    assert judged["watermark"].is_monotonic_increasing
    assert judged.astype(JUDGED).equals(judged)


def test_what_is_no_event_or_was_counted_is_not_judged() -> None:
    log = log_at(75, 59)
    log += [Record(2, log[1].event, micros(NOON)), Record(3, BadRecord("nonsense"), micros(NOON))]

    assert judge(log, 900)["offset"].tolist() == [0, 1]


def test_more_lateness_loses_less_and_changes_nothing_else() -> None:
    log = log_of(evening())

    judged = {lateness: judge(log, lateness) for lateness in (0, 900, 86_400)}

    assert not (judged[0]["fate"] == LATE).any()
    assert not (judged[86_400]["fate"] == TOO_LATE).any()
    late = [df["fate"] != ON_TIME for df in judged.values()]
    assert late[0].equals(late[1])
    assert late[1].equals(late[2])
    rest = [df.drop(columns="fate") for df in judged.values()]
    assert rest[0].equals(rest[1])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_so_many_events_are_held_back_and_all_arrive_in_order(share: float) -> None:
    plan = evening(delays=Delays(share=share, mean_s=60))

    held = [d for d in plan if d.arrives > d.event.timestamp]
    assert len(plan) == 1800
    assert len(held) == pytest.approx(1800 * share, abs=100)
    assert [d.arrives for d in plan] == sorted(d.arrives for d in plan)
    assert plan == evening(delays=Delays(share=share, mean_s=60))


def test_losses_follow_the_law_and_another_law_does_not_fit() -> None:
    log = log_of(evening())

    right = losses(log, [0, 15, 30], Delays())
    wrong = losses(log, [0, 15, 30], Delays(share=0.6))

    assert right.astype(LOST).equals(right)
    assert right["too_late"].between(right["low"], right["high"]).all()
    assert not wrong["too_late"].between(wrong["low"], wrong["high"]).any()
    assert (right["events"] == 4 * 360).all()  # hours that ended half an hour before the last event
    assert right["late"].nunique() == 1


def test_until_counts_the_event_that_moves_the_watermark() -> None:
    plan = [Delivery(shot(NOON + timedelta(minutes=m), "a"), NOON) for m in (1, 5, 3, 9)]

    assert until(plan, NOON + timedelta(minutes=5)) == 2
    assert until(plan, NOON + timedelta(minutes=6)) == 4
    assert until(plan, NOON + timedelta(hours=1)) == 4


def test_the_log_keeps_both_times_and_the_service_decides_as_judged(hand: ByHand) -> None:
    plan = evening()

    assert send(hand.kafka, hand.topic, plan) == 1800
    hand.apply()

    log = recorded(hand.kafka, hand.topic)
    assert [record.event for record in log] == [d.event for d in plan]
    judged = judge(log, 900)
    assert [a.timestamp() for a in judged["arrived"]] == pytest.approx(
        [d.arrives.timestamp() for d in plan], abs=0.001
    )
    too_late = set(judged.loc[judged["fate"] == TOO_LATE, "offset"])
    letters = read_dead_letters(hand.kafka, hand.settings.late_topic)
    assert {letter.offset for letter in letters if "hourly" in letter.error} == too_late
    hour = judged[judged["start"] == judged["start"].min()]
    points = hour[hour["fate"] != TOO_LATE].groupby("player_id")["points"].sum()
    on_time = hour[hour["fate"] == ON_TIME].groupby("player_id")["points"].sum()
    label = "20260101T120000Z"
    assert scores(hand.frames, label) == points.to_dict()
    assert scores(hand.frames, label, "on_time") == on_time.to_dict()


# charts ------------------------------------------------------------------------------------------


def test_the_chart_tells_the_fates_apart_by_shape_and_shades_what_is_closing() -> None:
    judged = judge(log_at(10, 61, 50, 77, 40, 62), 900)

    fig = charts.event_times(judged, 15)

    assert (
        fig.layout.title.text
        == "2 events came late; with 15 min of lateness 1 still counts, " + ("1 does not")
    )
    traces = {trace.meta: trace for trace in fig.data}
    assert [len(traces[fate].x) for fate in FATES] == [4, 1, 1]
    assert len({traces[fate].marker.symbol for fate in FATES}) == 3
    assert [shape.type for shape in fig.layout.shapes] == ["line", "rect", "line"]
    assert list(traces["watermark"].y) == sorted(traces["watermark"].y)


def test_the_shade_reaches_from_the_windows_end_to_its_last_moment() -> None:
    judged = judge(log_at(10, 61, 50, 77, 40), 900)

    (box,) = [s for s in charts.event_times(judged, 15).layout.shapes if s.type == "rect"]

    arrived = [stamp.timestamp() * 1000 for stamp in judged["arrived"]]
    assert (box.x0, box.x1) == (arrived[1], arrived[3])
    assert (box.y1 - box.y0) / 3_600_000 == 1


def test_the_chart_of_losses_counts_what_lies_in_the_band() -> None:
    rows = [(0, 1000, 90, 90, 95.0, 70, 120), (15, 1000, 90, 5, 45.0, 28, 63)]

    fig = charts.lost(table(rows, LOST), 15)

    assert fig.layout.title.text == "1 of 2 shares lie in the band of the law"
    (measured,) = [trace for trace in fig.data if trace.meta == "measured"]
    assert list(measured.y) == [9.0, 0.5]


def test_the_panes_say_what_changed_after_the_end() -> None:
    panes = {
        "early": {"a": 100},
        "on time": {"a": 300, "b": 200},
        "late": {"a": 300, "b": 250},
        "final": {"a": 300, "b": 350, "c": 10},
    }

    fig = charts.panes(panes, {"b": 40}, {"a": "Ann", "b": "<b>"})

    title = "Late events raised 2 of 3 scores, by 160 points; 2 places changed"
    assert fig.layout.title.text == title
    dots = {
        trace.meta: dict(zip(trace.y, trace.x, strict=True)) for trace in fig.data if trace.meta
    }
    assert dots == {**panes, "had nothing been lost": {"a": 300, "b": 390, "c": 10}}
    assert list(fig.layout.yaxis.categoryarray) == ["c", "a", "b"]
    assert list(fig.layout.yaxis.ticktext) == ["&lt;b&gt;", "Ann", "c"]


def test_empty_charts_say_so() -> None:
    empty = (
        charts.event_times(table([], JUDGED), 15),
        charts.lost(table([], LOST), 15),
        charts.panes({}, {}, {}),
    )
    for fig in empty:
        assert fig.layout.annotations[-1].text == "no data yet"
