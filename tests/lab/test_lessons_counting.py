"""Counting and estimating of notebook 09."""

import pandas as pd
import pytest
from redis import Redis

from leaderboard.lab.lessons import counting
from leaderboard.model.events import RARITIES
from leaderboard.settings import Settings


@pytest.fixture
def redis(settings: Settings):
    with Redis.from_url(settings.redis) as client:
        yield client


def test_different_players_are_counted_per_rarity_and_no_key_stays(redis, settings):
    unlocked = pd.DataFrame(
        {
            "achievement_rarity": ["rare", "rare", "rare", "epic"],
            "player_id": ["player_001", "player_001", "player_002", "player_001"],
        }
    )

    found = counting.distinct(redis, settings.key_prefix, unlocked).set_index("rarity")

    assert found["exact"].to_dict() == dict.fromkeys(RARITIES, 0) | {"rare": 2, "epic": 1}
    assert (found["estimate"] == found["exact"]).all()
    assert list(redis.scan_iter(f"{settings.key_prefix}*")) == []


def test_a_hyperloglog_keeps_its_weight_while_a_set_grows(redis, settings):
    found = counting.weigh(redis, settings.key_prefix, sizes=(1_000, 20_000))

    assert counting.within_hll_error(found)
    assert found["set_kb"].iloc[1] > 10 * found["set_kb"].iloc[0]
    assert found["hll_kb"].iloc[1] < 20
    assert list(redis.scan_iter(f"{settings.key_prefix}*")) == []


def test_an_error_beyond_three_deviations_is_seen():
    close = pd.DataFrame({"exact": [1000, 10], "estimate": [1024, 11]})
    far = pd.DataFrame({"exact": [1000], "estimate": [1025]})

    assert counting.within_hll_error(close)
    assert not counting.within_hll_error(far)


def test_same_seed_same_samples():
    rarities = pd.Series(["common"] * 90 + ["rare"] * 10)

    first, second = (counting.samples(rarities, 50, 20, seed=1) for _ in range(2))

    assert first.equals(second)
    assert not first.equals(counting.samples(rarities, 50, 20, seed=2))
    assert first.groupby("repeat")["observed"].sum().round(9).eq(1).all()


def test_coverage_of_the_interval_is_near_95_percent_for_every_share():
    for share in (0.6, 0.25, 0.1, 0.04, 0.01):
        assert counting.expected_coverage(share, 200) == pytest.approx(0.95, abs=0.035)


def test_a_band_leaves_out_no_more_than_it_says():
    low, high = counting.band(400, 0.95)

    inside = sum(counting.binomial(k, 400, 0.95) for k in range(low, high + 1))
    assert inside >= 0.999
    assert inside - counting.binomial(low, 400, 0.95) < 0.9995
    assert counting.band(10, 1.0) == (10, 10)


def test_a_band_of_many_trials_does_not_overflow():
    low, high = counting.band(5000, 0.05, outside=0.01)

    deviation = (5000 * 0.05 * 0.95) ** 0.5
    assert low == pytest.approx(250 - 2.576 * deviation, abs=3)
    assert high == pytest.approx(250 + 2.576 * deviation, abs=3)


@pytest.mark.parametrize("seed", range(20))
def test_honest_samples_pass_the_coverage_check(seed):
    rarities = pd.Series(["common"] * 600 + ["uncommon"] * 250 + ["rare"] * 150)

    found = counting.coverage(counting.samples(rarities, 100, 200, seed), 100)

    assert found["held"].between(found["low"], found["high"]).all()


def test_intervals_that_are_too_narrow_fail_the_coverage_check():
    rarities = pd.Series(["common"] * 600 + ["uncommon"] * 400)
    drawn = counting.samples(rarities, 100, 200, seed=1)
    drawn["held"] = (drawn["observed"] - drawn["truth"]).abs() < 0.05  # one deviation, not two

    found = counting.coverage(drawn, 100)

    assert not found["held"].between(found["low"], found["high"]).all()


def test_charts_say_what_they_show_and_stand_an_empty_table():
    pyramid = counting.pyramid(pd.Series({"common": 60, "uncommon": 25, "rare": 10, "epic": 5}))
    assert "intervals hold" in pyramid.figure.layout.title.text
    assert [t.meta for t in pyramid.figure.data] == ["observed", "interval", "expected"]
    assert counting.pyramid(pd.Series(dtype=int)).figure.layout.title.text

    drawn = counting.samples(pd.Series(["common", "rare"]), 10, 30, seed=1)
    title = counting.intervals(drawn, "rare").figure.layout.title.text
    assert title.endswith("of 30 intervals hold the true share of rare")
    assert counting.intervals(drawn.iloc[:0], "rare").figure.layout.title.text
