"""The queue of notebook 05: theory, measurement, and the desk on real servers."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from leaderboard.errors import StageError
from leaderboard.lab.lessons import queue
from leaderboard.lab.lessons.desk import Desk
from leaderboard.lab.sample import Sample
from leaderboard.model.simulate import simulate
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings
from tests.waiting import until

RAMP = queue.Ramp(100, 300, calm_s=2, rise_s=4, hold_s=8)


def test_a_ramp_through_capacity_piles_up_the_area_above_it():
    theory = RAMP.lag(200)

    # half of the rise lies above 200: a triangle of 2 s and 100 events/s, then 8 s of 100
    assert theory["lag"].max() == pytest.approx(900, rel=0.01)
    assert theory["lag"].iloc[-1] == 0
    assert theory["t_s"].iloc[-1] == pytest.approx(RAMP.seconds + 900 / 200, rel=0.01)


def test_below_capacity_nobody_waits():
    assert RAMP.lag(301)["lag"].max() == 0


def perfect_run(capacity: float) -> list[Sample]:
    """Samples of a queue that does what theory says, 1 s after the lab was made."""
    theory = RAMP.lag(capacity)
    arrived = (theory["t_s"].map(RAMP.rate) * queue.STEP_S).cumsum()
    return [
        Sample(t_s=1 + t, end={0: round(came)}, stored={0: round(came) - round(lag)})
        for t, came, lag in list(zip(theory["t_s"], arrived, theory["lag"], strict=True))[::10]
    ] + [Sample(t_s=30, end={0: round(arrived.iloc[-1])}, stored={0: round(arrived.iloc[-1])})]


def test_what_theory_draws_is_measured_as_theory_says():
    found = queue.measure(perfect_run(200), RAMP, began_s=1)

    assert found.slope == pytest.approx(100, rel=0.02)
    assert found.peak == pytest.approx(900, rel=0.02)
    assert found.drain_s > 4


def test_a_queue_of_another_capacity_is_not_taken_for_it():
    found = queue.measure(perfect_run(240), RAMP, began_s=1)

    assert found.slope == pytest.approx(60, rel=0.02)


def test_an_event_waits_from_its_stamp_to_the_step_that_passed_it():
    at = pd.to_datetime([0.0, 1.0, 3.0], unit="s", utc=True)
    events = pd.DataFrame(
        {"partition": 0, "offset": [4, 5, 6, 7, 8], "timestamp": at[[0, 0, 0, 1, 1]]}
    )
    applied = pd.DataFrame({"at": at, "partition": 0, "next": [5, 6, 8]})

    waited = queue.waits(events, applied)

    # offset 4 was served before the desk opened, 8 never
    assert waited["wait_s"].tolist() == [1.0, 3.0, 2.0]


def test_follow_turns_the_rate_when_the_first_event_came_and_stops_at_the_end():
    lab = FakeLab()
    follower = queue.follow(lab, RAMP)
    for tenth in range(0, 200):
        produced = 0 if tenth < 10 else tenth
        if lab.callback:
            lab.callback(Sample(t_s=tenth / 10, end={0: produced}))

    assert follower.began_s == pytest.approx(0.9, abs=0.2)
    assert lab.rates[0] == 100
    assert lab.rates[-1] == 300
    assert lab.callback is None


class FakeLab:
    def __init__(self):
        self.rates, self.callback = [], None

    def subscribe(self, callback):
        self.callback = callback

        def end():
            self.callback = None

        return end

    def set(self, *, rate=None):
        self.rates.append(rate)


def send(settings: Settings, n: int) -> None:
    ensure_topics(settings, settings.kafka)
    with Producer(settings.kafka, settings.topic) as producer:
        for event in simulate(3, datetime.now(UTC), n=n):
            producer.send(event)


def test_a_desk_takes_one_batch_a_step(settings: Settings):
    send(settings, 12)
    with Desk(settings, batch=5) as desk:
        first = desk.step().records

        assert 1 <= first <= 5
        assert desk.lag == 12 - first
        while desk.step().records:
            pass
        assert desk.lag == 0
        assert desk.served == 12


def test_a_desk_that_serves_keeps_its_pace(settings: Settings):
    send(settings, 300)
    with Desk(settings, capacity=100, batch=10).start() as desk:
        with pytest.raises(StageError, match="serves by itself"):
            desk.step()
        until(lambda: desk.lag == 0)
        log = desk.to_frame()

    busy_s = (log["at"].iloc[-1] - log["at"].iloc[0]).total_seconds()
    assert busy_s >= 0.9 * 290 / 100, "never faster than its capacity"
    assert log.groupby("partition")["next"].max().sum() == 300


def test_a_new_desk_closes_the_old_one(settings: Settings):
    send(settings, 3)
    old = Desk(settings).start()
    with Desk(settings) as new:
        assert not old._thread.is_alive()
        assert new.step().records + old.served == 3


def test_a_desk_that_fails_says_so(settings: Settings):
    with pytest.raises(StageError, match="the desk failed"):
        Desk(settings).start()  # no such topic
    Desk._current.close()
