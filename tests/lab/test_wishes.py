"""What may be asked of the pipeline."""

import numpy as np
import pytest

from leaderboard.lab.wishes import Wishes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate", 0), ("rate", -1), ("rate", float("nan")), ("rate", "5"), ("rate", True),
        ("players", 0), ("players", 1.5), ("skew", -0.1), ("skew", 9),
        ("processors", -1), ("processors", 5), ("processors", True),
        ("mix", {}), ("mix", {"player_slept": 1}), ("mix", {"player_joined": -1}),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(name: str, value: object):
    with pytest.raises(ValueError, match=name):
        Wishes().with_({name: value})


def test_none_leaves_a_value_as_it_is():
    assert Wishes(rate=7).with_({"rate": None, "players": 3}) == Wishes(rate=7, players=3)


def test_numbers_of_numpy_become_plain_ones_for_the_stages():
    wishes = Wishes(rate=np.float64(5), players=np.int64(3), skew=np.float32(1))
    commands = wishes.for_producer()
    assert {name: type(commands[name]) for name in ("rate", "players", "skew")} == {
        "rate": float, "players": int, "skew": float,
    }  # fmt: skip
