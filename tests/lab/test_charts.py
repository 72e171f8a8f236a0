"""Charts: a table in, a figure out; titles state the finding; empty tables are no error."""

import json
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest

from leaderboard.lab import charts, frames, tables, theme
from leaderboard.lab.charts_assignment import blank_assignment
from leaderboard.lab.overview import overview
from leaderboard.lab.sample import Sample
from tests.lab.fake_lab import FakeLab

BOARD = pd.DataFrame(
    {
        "rank": [1, 2, 3],
        "player_id": ["player_001", "player_002", "player_003"],
        "player_name": ["NightHawk", "IronWolf", "<b>Eve</b>"],
        "score": [900, 650, 600],
        "moved": pd.array([0, 2, None], dtype="Int64"),
    }
)
LAG = pd.DataFrame(
    {
        "t_s": [0.0, 0.0, 1.0, 1.0, 2.0, 2.0],
        "partition": [0, 1, 0, 1, 0, 1],
        "lag": [0, 0, 30, 10, 5, 0],
    }
)
RATES = pd.DataFrame(
    {"t_s": [0.0, 1.0, 2.0], "send_rate": [40.0, 40.0, 0.0], "apply_rate": [0.0, 0.0, 35.0]}
)
UNLOCKED = pd.DataFrame(
    {"achievement": ["First Blood", "Double Kill", "Ace"], "unlocked": [30, 60, 10]}
)
ASSIGNMENT = frames.table(
    [
        (0, "processor-1", "owned", 10.0, 14.0),
        (1, "processor-1", "owned", 10.0, 12.0),
        (1, "processor-2", "owned", 12.0, 30.0),
        (None, "processor-2", "idle", 11.0, 12.0),
        (0, "processor-1", "orphaned", 14.0, 17.0),
        (0, "", "nobody", 17.0, 18.0),
        (0, "<desk>", "owned", 18.0, 30.0),
    ],
    frames.ASSIGNMENT,
)
CHARTS: dict[str, Callable[[pd.DataFrame], go.Figure]] = {
    "rankings": charts.rankings, "lag": charts.lag, "rarity": charts.rarity, "flow": charts.flow,
    "assignment": charts.assignment,
}  # fmt: skip


def traces(fig: go.Figure) -> dict[str, go.Figure]:
    return {trace.meta: trace for trace in fig.data}


def samples(n: int) -> list[Sample]:
    lab = FakeLab()
    return [lab.step() for _ in range(n)]


def test_rankings_say_who_leads_and_by_how_much() -> None:
    fig = charts.rankings(BOARD)

    assert fig.layout.title.text == "NightHawk leads IronWolf by 250 points"
    assert list(traces(fig)["bars"].x) == [900, 650, 600]
    assert fig.layout.xaxis.title.text == "score (points)"


def test_movement_is_said_in_words_beside_its_colour() -> None:
    first, second, third = traces(charts.rankings(BOARD))["labels"].text

    assert first.strip() == "900"
    assert "▲ 2" in second
    assert "▲ new" in third


def test_a_name_is_text_never_markup() -> None:
    fig = charts.rankings(BOARD.assign(player_name=["<a href='x'>A</a>", "B", "C"]))

    assert traces(fig)["names"].text[0].startswith("&lt;a href=")
    assert "<a" not in fig.layout.title.text


def test_rankings_can_show_what_the_scores_should_be() -> None:
    oracle = pd.DataFrame({"player_id": ["player_002", "player_001"], "score": [700, 900]})

    ghost = traces(charts.rankings(BOARD, theory=oracle))["theory"]

    assert dict(zip(ghost.y, ghost.x, strict=True)) == {1: 900, 2: 700}


def test_lag_stacks_partitions_and_shows_rates_on_the_same_clock() -> None:
    fig = charts.lag(LAG, RATES)
    drawn = traces(fig)

    assert fig.layout.title.text == "Lag peaked at 40 events after 1 s and ended at 5"
    assert [drawn[f"lag_{p}"].name for p in (0, 1)] == ["p0", "p1"]
    assert list(drawn["lag_0"].y) == [0, 30, 5]
    assert list(drawn["apply_rate"].y) == [0, 0, 35]
    assert drawn["apply_rate"].xaxis is None  # the one time axis
    assert fig.layout.yaxis.title.text == "lag (events)"
    assert fig.layout.yaxis2.title.text == "rate (events/s)"


def test_lag_without_partitions_is_one_area() -> None:
    fig = charts.lag(pd.DataFrame({"t_s": [0.0, 1.0], "lag": [4, 9]}))

    assert traces(fig)["lag_0"].name == "all partitions"


def test_lag_can_show_a_theory_as_a_ghost_line() -> None:
    theory = pd.DataFrame({"t_s": [0.0, 2.0], "lag": [0.0, 80.0]})

    ghost = traces(charts.lag(LAG, theory=theory))["theory"]

    assert (list(ghost.y), ghost.line.dash, ghost.stackgroup) == ([0, 80], "dash", None)


def test_lag_tables_of_samples_carry_the_rates_once_per_moment() -> None:
    history = samples(5)

    drawn = traces(charts.lag(tables.lag_table(history)))

    assert len(drawn["send_rate"].x) == len(drawn["lag_0"].x) == 5


def test_rarity_shows_observed_interval_and_expected_share() -> None:
    fig = charts.rarity(UNLOCKED, expected={"First Blood": 0.3, "Double Kill": 0.3, "Ace": 0.4})
    observed = traces(fig)["observed"]

    assert fig.layout.title.text == "1 of 3 intervals hold the expected share (n = 100)"
    assert list(observed.x) == [30, 60, 10]
    assert observed.x[0] - observed.error_x.arrayminus[0] == pytest.approx(21.9, abs=0.05)
    assert observed.x[0] + observed.error_x.array[0] == pytest.approx(39.6, abs=0.05)
    assert list(traces(fig)["expected"].x) == [30, 30, 40]


def test_flow_counts_and_names_states_in_words() -> None:
    lab = FakeLab()
    lab.set(processors=2)
    lab.kill("processor")
    sample = [lab.step() for _ in range(5)][-1]

    fig = charts.flow(tables.flow_table(sample))
    texts = " ".join(a.text for a in fig.layout.annotations)

    assert "✕ 1 killed  ● 1 running" in texts
    assert f"<b>{sample.applied:,}</b>" in texts
    assert theme.RED in {shape.line.color for shape in fig.layout.shapes}


def test_assignment_has_a_bar_for_each_owner_in_the_lane_of_its_partition() -> None:
    fig = charts.assignment(ASSIGNMENT)
    drawn = traces(fig)

    assert fig.layout.title.text == "p0 had no reader for 4.0 s after processor-1 died"
    assert list(drawn["processor-1"].x) == [10, 14, None, 10, 12, None]
    assert list(drawn["processor-1"].y) == [0, 0, None, 1, 1, None]
    assert list(drawn["idle"].y) == [2, 2, None]
    assert list(fig.layout.yaxis.ticktext) == ["p0", "p1", "idle"]
    assert fig.layout.xaxis.title.text == "time (s)"


def test_an_orphaned_bar_differs_by_colour_dash_and_word() -> None:
    drawn = traces(charts.assignment(ASSIGNMENT))
    orphaned = drawn["orphaned"]

    assert list(orphaned.x) == [14, 17, None]
    assert orphaned.line.color == theme.RED
    assert orphaned.line.dash != drawn["processor-1"].line.dash
    assert "✕ dead" in drawn["labels"].text


def test_bars_are_labelled_where_there_is_room_and_names_are_text() -> None:
    labels = traces(charts.assignment(ASSIGNMENT))["labels"]

    assert "&lt;desk&gt;" in labels.text
    assert "processor-2" in labels.text
    assert (11.0, "processor-2") not in zip(labels.x, labels.text, strict=True)  # a second is short


def test_only_what_is_drawn_is_in_the_legend() -> None:
    shown = {t.meta for t in charts.assignment(ASSIGNMENT).data if t.showlegend}

    assert shown == {"processor-1", "processor-2", "other", "orphaned", "nobody", "idle"}


def test_assignment_can_show_when_the_dead_should_be_missed() -> None:
    ghost = traces(charts.assignment(ASSIGNMENT, timeout_s=2.5))["theory"]

    assert (list(ghost.x), list(ghost.y)) == ([16.5], [0])


def test_the_live_assignment_is_the_static_one_without_bars() -> None:
    blank, full = blank_assignment([0, 1]), charts.assignment(ASSIGNMENT)

    assert [t.meta for t in blank.data] == [t.meta for t in full.data]
    assert blank.layout.yaxis == full.layout.yaxis


@pytest.mark.parametrize("name", CHARTS)
def test_an_empty_table_gives_a_chart_that_says_so(name: str) -> None:
    fig = CHARTS[name](pd.DataFrame())

    assert "no data yet" in {a.text for a in fig.layout.annotations}
    assert "yet" in fig.layout.title.text


@pytest.mark.parametrize("name", CHARTS)
def test_charts_share_one_template_and_have_clear_paper(name: str) -> None:
    fig = CHARTS[name](pd.DataFrame())

    assert fig.layout.template.to_plotly_json() == theme.template().to_plotly_json()
    assert fig.layout.template.layout.paper_bgcolor == theme.CLEAR


def test_empty_tables_of_samples_have_their_columns() -> None:
    nothing = Sample(t_s=0.0)

    assert charts.rankings(tables.ranking_table(nothing)).data
    assert charts.lag(tables.lag_table([nothing])).data
    assert charts.rarity(tables.rarity_table({})).data
    assert charts.flow(tables.flow_table(nothing)).layout.annotations
    assert charts.assignment(frames.assignment([nothing])).data


def test_overview_holds_every_chart_on_axes_of_its_own() -> None:
    history = samples(30)
    parts = {
        "rankings": charts.rankings(tables.ranking_table(history[-1])),
        "lag": charts.lag(tables.lag_table(history)),
        "rarity": charts.rarity(tables.rarity_table(history[-1].unlocked)),
        "flow": charts.flow(tables.flow_table(history[-1])),
    }

    whole = overview(parts, "After 6 s: ")
    text = json.dumps(json.loads(whole.to_json()))

    assert len(whole.data) == sum(len(fig.data) for fig in parts.values())
    assert len({trace.yaxis for trace in whole.data}) == 4  # lag has two
    assert all(fig.layout.title.text in text for fig in parts.values())


def test_overview_of_an_assignment_has_it_above_the_lag() -> None:
    history = samples(30)
    parts = {
        "flow": charts.flow(tables.flow_table(history[-1])),
        "assignment": charts.assignment(frames.assignment(history)),
        "lag": charts.lag(tables.lag_table(history)),
    }

    whole = overview(parts)
    lanes, lag = (
        next(t for t in whole.data if t.meta == meta) for meta in ("processor-1", "lag_0")
    )
    bottom, top = (whole.layout[t.yaxis.replace("y", "yaxis")].domain for t in (lanes, lag))

    assert bottom[0] > top[1]
    assert whole.layout[lanes.xaxis.replace("x", "xaxis")].domain == (
        whole.layout[lag.xaxis.replace("x", "xaxis")].domain
    )
