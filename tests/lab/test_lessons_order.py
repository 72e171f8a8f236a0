"""Notebook 02's parts: what counts as out of order, the two topics, the ladder."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pandas as pd
import pytest
from kafka import KafkaAdminClient
from redis import Redis

from leaderboard.lab import theme
from leaderboard.lab.frames import table
from leaderboard.lab.lessons.charts_order import ladder
from leaderboard.lab.lessons.order import READ, Twins, late
from leaderboard.model.simulate import Profile, simulate
from leaderboard.settings import Settings

START = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS = list(simulate(7, START, n=120, profile=Profile(players=8)))


@pytest.fixture
def twins(settings: Settings) -> Iterator[Twins]:
    with Redis.from_url(settings.redis) as redis, Twins(settings, redis) as twins:
        yield twins


def reading(*sent: tuple[str, int], topic: str = "unkeyed") -> pd.DataFrame:
    """Read in this order: (player, place in sending)."""
    rows = [(topic, i, n, 0, i - 1, p, p.upper()) for i, (p, n) in enumerate(sent, start=1)]
    return table(rows, READ)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([("a", 1), ("a", 2), ("a", 3)], [False, False, False]),
        ([("a", 2), ("b", 1), ("b", 3)], [False, False, False]),
        ([("a", 3), ("a", 1), ("a", 2)], [False, True, True]),
        ([("a", 1), ("b", 4), ("a", 3), ("b", 2)], [False, False, False, True]),
    ],
)
def test_late_is_what_is_read_after_a_later_event_of_the_same_player(
    sent: list[tuple[str, int]], expected: list[bool]
) -> None:
    df = reading(*sent)

    assert late(df).tolist() == expected
    assert late(df.sample(frac=1, random_state=3)).sort_index().tolist() == expected


def test_topics_do_not_mix() -> None:
    both = pd.concat(
        [reading(("a", 2), topic="keyed"), reading(("a", 1), topic="unkeyed")], ignore_index=True
    )

    assert not late(both).any()


def test_a_key_keeps_a_players_order_and_without_it_is_lost(twins: Twins) -> None:
    assert twins.send(EVENTS) == len(EVENTS)
    df = twins.read()

    assert list(df.columns) == list(READ)
    assert df.groupby("topic").size().to_dict() == {"keyed": 120, "unkeyed": 120}
    wrong = df.assign(late=late(df)).groupby("topic")["late"].sum()
    assert wrong["keyed"] == 0
    assert wrong["unkeyed"] > 0
    homes = df[df["topic"] == "keyed"].groupby("player_id")["partition"].nunique()
    assert (homes == 1).all()


def test_a_new_pair_takes_the_place_of_the_old_and_close_deletes_both(
    twins: Twins, settings: Settings, admin: KafkaAdminClient
) -> None:
    with Redis.from_url(settings.redis) as redis, Twins(settings, redis) as new:
        assert twins.closed
        assert new.read().empty
    new.close()

    assert not [t for t in admin.list_topics() if t.startswith(settings.topic)]


def test_the_ladder_numbers_one_players_events_and_marks_the_late_ones() -> None:
    df = pd.concat(
        [
            reading(("a", 1), ("a", 2), ("b", 3), topic="keyed"),
            reading(("a", 2), ("a", 1), ("b", 3), topic="unkeyed"),
        ],
        ignore_index=True,
    )

    fig = ladder(df, "a")

    title = fig.layout.title.text
    assert title == "A: 0 of 2 events out of order with a key, 1 of 2 without"
    keyed, unkeyed = fig.data[1:]
    assert list(keyed.text) == ["1", "2"]
    assert theme.RED not in keyed.marker.color
    assert list(unkeyed.marker.color) == [theme.RED, theme.BLUE]


def test_an_empty_ladder_says_so() -> None:
    assert ladder(table([], READ)).layout.annotations[-1].text == "no data yet"
