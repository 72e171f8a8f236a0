"""A chart with its slider: what turning it does, what is shown headless, what is left behind."""

import threading
from collections.abc import Iterator

import plotly.graph_objects as go
import pytest
from ipywidgets.widgets.widget import _instances

from leaderboard.lab.chartbox import FigureView
from leaderboard.lab.sliding import SlidingChart
from leaderboard.lab.snapshot import Snapshot


def draw(value: int) -> go.Figure:
    if value == 13:
        raise ValueError("13 is bad luck")
    return go.Figure(go.Scatter(x=[0, value], y=[0, 1]), {"title": f"value {value}"})


def made(*, headless: bool = False) -> SlidingChart:
    return SlidingChart(draw, "Lateness (min)", range(0, 61, 1), 15, headless=headless)


@pytest.fixture
def chart() -> Iterator[SlidingChart]:
    with made() as chart:
        yield chart


def test_turning_the_slider_draws_anew(chart: SlidingChart) -> None:
    assert chart.view.figure["data"][0]["x"] == [0, 15]

    chart.slider.value = 20

    assert chart.view.figure["data"][0]["x"] == [0, 20]
    assert chart.figure().layout.title.text == "value 20"


def test_it_may_be_turned_from_any_thread(chart: SlidingChart) -> None:
    def turn(value: int) -> None:
        chart.slider.value = value

    threads = [threading.Thread(target=turn, args=(value,)) for value in range(20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert chart.view.figure["data"][0]["x"] == [0, chart.value]


def test_an_exception_is_seen_and_the_next_turn_works(chart: SlidingChart) -> None:
    chart.slider.value = 13
    assert chart.view.note == "ValueError: 13 is bad luck"

    chart.slider.value = 14
    assert chart.view.note == ""
    assert chart.view.figure["data"][0]["x"] == [0, 14]


def test_the_slider_has_a_label_with_its_unit_and_sends_at_the_end(chart: SlidingChart) -> None:
    assert chart.slider.description == "Lateness (min)"
    assert chart.slider.continuous_update is False
    assert (chart.slider.min, chart.slider.max, chart.slider.step) == (0, 60, 1)


def test_a_page_without_plotly_is_sent_the_kernels(
    chart: SlidingChart, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    monkeypatch.setattr(chart.view, "send", lambda content, buffers: sent.append(content))

    chart.view._handle_custom_msg({"kind": "plotly"}, [])

    assert sent == [{"kind": "plotly"}]


def test_headless_there_are_no_widgets_but_the_static_twin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[Snapshot] = []
    monkeypatch.setattr("leaderboard.lab.chartbox._display", shown.append)
    before = len(_instances)

    with made(headless=True) as chart:
        chart._ipython_display_()

    assert len(_instances) == before
    assert [snapshot.figure.layout.title.text for snapshot in shown] == ["value 15"]


def test_a_new_one_takes_the_place_of_the_old_and_close_gives_all_back() -> None:
    before = len(_instances)
    with made() as old:
        once = len(_instances)
        with made() as new:
            assert old.closed
            assert len(_instances) == once
        new.close()

    assert len(_instances) == before
    assert repr(new) == "<SlidingChart at 15, closed>"


def test_the_script_names_no_other_machine() -> None:
    assert "http" not in FigureView._esm + FigureView._css
