"""Notebook 01's parts: fingerprints, odd records as decoder and oracle judge them, its charts."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from leaderboard.lab.lessons import charts_seeds
from leaderboard.lab.lessons.seeds import digest, odd_records, story
from leaderboard.model.events import BadRecord, PlayerScored, decode
from leaderboard.model.oracle import read
from leaderboard.model.simulate import MIX, simulate

START = datetime(2026, 1, 1, tzinfo=UTC)
SCORED = next(e for e in simulate(7, START) if isinstance(e, PlayerScored))


def test_a_digest_depends_on_every_byte() -> None:
    same = [digest(simulate(7, START, n=100)) for _ in range(2)]

    assert same[0] == same[1]
    assert digest(simulate(8, START, n=100)) != same[0]
    assert digest(simulate(7, START + timedelta(seconds=1), n=100)) != same[0]
    assert digest(simulate(7, START, n=99)) != same[0]


def test_a_story_depends_on_the_seed_alone() -> None:
    told = [story(simulate(7, START + timedelta(hours=h), n=50)) for h in (0, 1)]

    pd.testing.assert_frame_equal(*told)
    assert not told[0].equals(story(simulate(8, START, n=50)))


@pytest.mark.parametrize("record", odd_records(SCORED), ids=lambda record: record.what)
def test_decoder_and_oracle_judge_odd_records_as_stated(record) -> None:  # type: ignore[no-untyped-def]
    assert isinstance(decode(record.value), BadRecord) == (not record.good)
    assert (read(record.value) is None) == (not record.good)


def test_odd_records_have_ids_of_their_own() -> None:
    good = [decode(record.value) for record in odd_records(SCORED) if record.good]
    ids = {event.event_id for event in good if not isinstance(event, BadRecord)}

    assert len(ids) == len(good) == 3
    assert SCORED.event_id not in ids


def table(**counts: int) -> pd.DataFrame:
    rows = [(kind, 200 + i % 9) for kind, n in counts.items() for i in range(n)]
    return pd.DataFrame(rows, columns=["event_type", "size_bytes"])


@pytest.mark.parametrize(
    ("counts", "held"),
    [
        ({"player_scored": 700, "player_joined": 200, "achievement_unlocked": 100}, 3),
        ({"player_scored": 600, "player_joined": 200, "achievement_unlocked": 200}, 1),
    ],
)
def test_the_mix_chart_says_how_many_intervals_hold(counts: dict[str, int], held: int) -> None:
    fig = charts_seeds.mix(table(**counts))

    assert fig.layout.title.text == f"{held} of 3 intervals hold the expected share (n = 1,000)"
    assert list(fig.data[1].x) == [100 * share for share in MIX.values()]


def test_the_size_chart_names_the_lightest_and_the_heaviest() -> None:
    df = pd.DataFrame({"event_type": ["player_joined", "player_scored"], "size_bytes": [190, 250]})

    title = charts_seeds.sizes(df).layout.title.text

    assert "player_joined is the lightest (190" in title
    assert "player_scored the heaviest (250" in title


@pytest.mark.parametrize("chart", [charts_seeds.mix, charts_seeds.sizes])
def test_empty_tables_draw_a_note(chart) -> None:  # type: ignore[no-untyped-def]
    fig = chart(pd.DataFrame(columns=["event_type", "size_bytes"]))

    assert fig.layout.annotations[-1].text == "no data yet"
