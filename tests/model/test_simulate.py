"""The simulator: reproducible, and true to the shares it promises."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from leaderboard.model.events import ACTIONS, PlayerScored, encode
from leaderboard.model.simulate import (
    MIX,
    Profile,
    Simulator,
    achievement_shares,
    player_name,
    simulate,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_same_seed_same_bytes():
    first, second = ([encode(e) for e in simulate(5, START, n=200)] for _ in range(2))
    assert first == second
    assert first != [encode(e) for e in simulate(6, START, n=200)]


def test_another_start_tells_the_same_story_with_ids_of_its_own():
    a = list(simulate(5, START, n=200))
    b = list(simulate(5, START.replace(year=2027), n=200))
    assert [(e.player_id, type(e)) for e in a] == [(e.player_id, type(e)) for e in b]
    assert not {e.event_id for e in a} & {e.event_id for e in b}


def test_shares_of_types_and_achievements():
    """30,000 draws: a share lies within 5 standard errors of its expectation."""
    n = 30_000
    kinds: Counter[str] = Counter()
    unlocked: Counter[str] = Counter()
    for event in simulate(1, START, n=n):
        kinds[event.__struct_config__.tag] += 1  # type: ignore[index]  # our tags are strings
        if hasattr(event, "achievement_name"):
            unlocked[event.achievement_name] += 1
    for kind, share in MIX.items():
        assert abs(kinds[kind] / n - share) < 5 * (share * (1 - share) / n) ** 0.5
    total = sum(unlocked.values())
    assert sum(achievement_shares().values()) == pytest.approx(1)
    for name, share in achievement_shares().items():
        assert abs(unlocked[name] / total - share) < 5 * (share * (1 - share) / total) ** 0.5


def test_points_are_those_of_the_action():
    scored = [e for e in simulate(2, START, n=2000) if isinstance(e, PlayerScored)]
    assert all(e.points == ACTIONS[e.action] for e in scored)
    assert {e.action for e in scored} == set(ACTIONS)


def test_names_differ():
    assert len({player_name(i) for i in range(2000)}) == 2000


def test_skew_makes_a_hot_player():
    events = list(simulate(3, START, n=2000, profile=Profile(players=100, skew=2)))
    share = Counter(e.player_id for e in events)["player_001"] / 2000
    assert 0.5 < share < 0.7  # 1 / zeta(2) = 0.61


def test_a_new_profile_counts_from_the_next_event():
    simulator = Simulator(1, START)
    simulator.configure(Profile(players=1, mix={"player_joined": 1}))
    assert {simulator.event(START).player_id for _ in range(20)} == {"player_001"}


@pytest.mark.parametrize(
    "wrong",
    [{"players": 0}, {"skew": -1}, {"skew": float("nan")}, {"mix": {"x": 1}}, {"mix": {}},
     {"mix": {"player_scored": -1}}, {"mix": {"player_scored": float("nan")}}],
)  # fmt: skip
def test_wrong_profiles_are_refused_with_their_reason(wrong: dict[str, object]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Profile(**wrong)  # type: ignore[arg-type]  # wrong on purpose
