"""The audience of notebook 10 and its staleness, on a real API."""

from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pandas as pd
import pytest
from redis import Redis

from leaderboard.errors import StageError
from leaderboard.lab.lessons import staleness
from leaderboard.lab.lessons.audience import Audience, Client, Round, _Board
from leaderboard.lab.lessons.by_hand import ByHand
from leaderboard.lab.lessons.serve_by_hand import ServeByHand
from leaderboard.settings import Settings


def test_a_board_ages_from_the_moment_the_api_read_it():
    client = Client("poll")
    client.shown = [(10.0, 9.5), (12.0, 11.75)]

    ages = client.staleness(np.array([10.0, 11.0, 12.0, 13.0]))

    assert ages.tolist() == [0.5, 1.5, 0.25, 1.25]


def test_a_polling_client_is_half_a_period_behind():
    client = Client("poll")
    client.shown = [(float(t), float(t)) for t in range(0, 60, 2)]

    ages = client.staleness(np.arange(0, 60, 0.1))

    assert np.median(ages) == pytest.approx(1.0, abs=0.06)


def test_a_client_counts_boards_and_not_other_messages():
    client = Client("push")
    client.take("{}", None)
    client.take("12345", _Board(datetime.now(UTC) - timedelta(seconds=1)))

    assert client.sizes == [5]


def test_summary_and_chart_keep_the_rounds_in_order():
    measured = pd.DataFrame(
        {
            "round": ["one"] * 4 + ["many"] * 4,
            "kind": ["poll", "push"] * 4,
            "staleness_s": [1.0, 0.5, 3.0, 0.5, 2.0, 0.7, 4.0, 0.7],
        }
    )

    assert staleness.median(measured, "one", "poll") == 2.0
    assert staleness.summary(measured)["median_s"].tolist() == [2.0, 0.5, 3.0, 0.7]
    names = [trace.name for trace in staleness.ecdf(measured, 2.0).figure.data]
    assert names == ["poll, one", "poll, many", "push, one", "push, many", "theory of polling"]
    assert staleness.ecdf(measured.iloc[:0], 2.0).figure.layout.title.text


class Stand:
    """What an audience needs of a lab: an API by hand, and a producer's state."""

    def __init__(self, url: str) -> None:
        self.url, self.state = url, {"producer": "running"}


class EndsSoon(Stand):
    """Its producer is found running a few times, then stopped."""

    def __init__(self, url: str) -> None:
        self.url, self.looks = url, 0

    @property
    def state(self) -> dict[str, str]:
        self.looks += 1
        return {"producer": "running" if self.looks < 10 else "stopped"}


@pytest.fixture
def stand(settings: Settings):
    with (
        Redis.from_url(settings.redis) as redis,
        ByHand(settings, redis) as hand,
        ServeByHand(hand.settings) as api,
    ):
        yield Stand(api.url)


def test_the_api_by_hand_is_the_service(stand):
    assert httpx.get(f"{stand.url}/api/leaderboard").json()["total_players"] == 0


def test_an_audience_measures_every_round(stand):
    rounds = [Round("one", 1, 0.6), Round("three", 3, 0.6, sleepers=1)]

    audience = Audience(stand, rounds, period_s=0.2).wait()

    measured, costs = audience.to_frame(), audience.costs()
    assert measured.groupby("round")["client"].nunique().to_dict() == {"one": 2, "three": 6}
    assert (measured["staleness_s"] >= 0).all()
    assert costs["clients"].tolist() == [1, 1, 3, 3]
    assert (costs.query("kind == 'poll'")["messages_per_s"] > 0).all()


def test_an_audience_goes_home_early_when_closed(stand):
    audience = Audience(stand, [Round("long", 1, 600)], period_s=0.2)
    audience.close()

    assert not audience._thread.is_alive()


def test_a_round_that_could_not_begin_is_an_error(stand):
    rounds = [Round("first", 1, 600), Round("second", 1, 1)]
    audience = Audience(EndsSoon(stand.url), rounds, period_s=0.2)

    with pytest.raises(StageError, match="the producer ended before the round"):
        audience.wait()
