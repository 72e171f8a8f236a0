"""Panel and live view on a fake lab: what they send, what they call, what they leave behind."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances

from leaderboard.errors import NotebookError
from leaderboard.lab.cockpit import Cockpit, LiveView, cockpit, live_figures
from leaderboard.lab.feed import Feed
from leaderboard.lab.panel import Panel
from leaderboard.model.events import EVENT_TYPES
from tests.lab.fake_lab import FakeLab


@pytest.fixture
def lab() -> FakeLab:
    return FakeLab()


@pytest.fixture
def view(lab: FakeLab) -> Iterator[Cockpit]:
    opened = cockpit(lab)
    yield opened
    opened.close()


@pytest.fixture
def sent(view: Cockpit, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(view.view, "send", lambda content, buffers=None: messages.append(content))
    return messages


def widgets_alive() -> int:
    return len(_instances)


def click(button: ipywidgets.Button) -> None:
    """As the browser does."""
    button._handle_custom_msg({"event": "click"}, [])


# what travels ------------------------------------------------------------------------------------


def test_a_tick_carries_only_what_changed(lab: FakeLab) -> None:
    feed = Feed()
    first = feed.tick(lab.step())
    lab.stop()
    lab.step()
    again = [feed.tick(lab.step()) for _ in range(3)][-1]

    assert {"titles", "flow", "labels", "shares", "stages"} <= set(first)
    assert set(again) == {"kind", "point"}


def test_a_tick_stays_small_however_long_the_story(lab: FakeLab) -> None:
    feed = Feed()
    ticks = [feed.tick(lab.step()) for _ in range(400)]

    assert len(json.dumps(ticks[-1])) < 2_500
    assert len(feed.history()["points"]) <= 301  # a minute at 5 Hz


def test_history_holds_all_that_a_new_page_needs(lab: FakeLab) -> None:
    feed = Feed()
    first = feed.tick(lab.step())
    for _ in range(5):
        feed.tick(lab.step())

    history = feed.history()

    assert set(first) - {"point", "kind"} <= set(history)
    assert len(history["points"]) == 6


def test_owners_travel_when_they_are_shown_and_only_when_they_change(lab: FakeLab) -> None:
    plain, feed = Feed(), Feed(assignment=True)
    assert "spans" not in plain.tick(lab.step())

    first = feed.tick(lab.step())["spans"]
    quiet = [feed.tick(lab.step()) for _ in range(400)]
    lab.kill("processor")
    change = [feed.tick(lab.step()) for _ in range(2)][-1]["spans"]

    assert first == [[lane, "processor-1", "processor-1", None, None] for lane in range(3)]
    assert not any("spans" in tick for tick in quiet)
    assert [span[1:3] for span in change[-3:]] == [["orphaned", "✕ dead"]] * 3
    assert [span[4] for span in change[:3]] == [span[3] for span in change[3:]]
    assert feed.history()["spans"] == change


def test_time_that_runs_back_starts_a_new_story(lab: FakeLab) -> None:
    feed = Feed()
    for _ in range(10):
        feed.tick(lab.step())
    lab.reset()
    feed.tick(lab.step())

    assert len(feed.history()["points"]) == 1


def test_numbers_go_to_the_page_with_every_sample(
    lab: FakeLab, view: Cockpit, sent: list[dict[str, Any]]
) -> None:
    lab.step()
    lab.step()

    assert [m["kind"] for m in sent] == ["tick", "tick"]
    assert sent[0]["titles"]["lag"].startswith("The processors keep up")


def test_a_page_that_says_hello_gets_the_story(
    lab: FakeLab, view: Cockpit, sent: list[dict[str, Any]]
) -> None:
    lab.step()
    view.view._handle_custom_msg({"kind": "hello"}, [])

    assert sent[-1]["kind"] == "history"
    assert sent[-1]["points"]


def test_figures_of_the_page_are_those_of_charts(lab: FakeLab, view: Cockpit) -> None:
    lab.step()

    metas = [trace["meta"] for trace in view.view.figures["lag"]["data"]]

    assert metas == ["lag_0", "lag_1", "lag_2", "send_rate", "apply_rate", "target_rate"]
    assert live_figures([0, 1, 2]) == view.view.figures


def test_a_panel_of_the_assignment_has_its_figures_and_their_twins(lab: FakeLab) -> None:
    opened = cockpit(lab, "assignment")
    lab.step()

    assert list(opened.view.figures) == ["assignment", "lag"]
    assert opened.view.figures == live_figures([0, 1, 2], "assignment")
    assert list(opened.figures()) == ["flow", "assignment", "lag"]
    assert opened.figure().layout.title.text.startswith("After 0 s: ")
    opened.close()


def test_a_panel_of_something_else_takes_the_place(lab: FakeLab, view: Cockpit) -> None:
    other = cockpit(lab, "assignment")

    assert repr(view).startswith("<Cockpit closed")
    assert lab.subscribers == 1
    other.close()


def test_an_unknown_panel_is_an_error_that_names_the_known(lab: FakeLab) -> None:
    with pytest.raises(NotebookError, match="expected one of board, assignment, got 'clock'"):
        cockpit(lab, "clock")


def test_the_script_names_no_other_machine() -> None:
    assert "//" not in LiveView._esm.replace("// ", "")
    assert "http" not in LiveView._esm + LiveView._css


# the controls ------------------------------------------------------------------------------------


def test_every_control_has_a_label_with_its_unit_and_sends_at_the_end(view: Cockpit) -> None:
    panel = view.panel
    controls = [panel.rate, panel.mix, panel.players, panel.skew, panel.processors]

    assert all(w.description.endswith(")") and "(" in w.description for w in controls)
    assert [w.continuous_update for w in (panel.rate, panel.players, panel.skew)] == [False] * 3
    assert round(10**panel.rate.max) == 5_000
    assert 10**panel.rate.min == 1


def test_controls_set_values(lab: FakeLab, view: Cockpit) -> None:
    view.panel.rate.value = 1258.9
    view.panel.players.value = 7
    view.panel.skew.value = 1.2
    view.panel.processors.value = "3"
    view.panel.mix.value = "100 / 0 / 0 (only scores)"

    mix = dict.fromkeys(EVENT_TYPES, 0.0) | {"player_scored": 1.0}
    values = ({"rate": 1300.0}, {"players": 7}, {"skew": 1.2}, {"processors": 3}, {"mix": mix})
    assert lab.calls == [("set", value) for value in values]


def test_buttons_pause_kill_and_stop(lab: FakeLab, view: Cockpit) -> None:
    panel = view.panel
    click(panel.pause)
    assert panel.pause.description == "Resume"
    click(panel.pause)
    click(panel.kill)
    assert view.view.note["text"].startswith("Killed processor-1")
    click(panel.stop)

    assert lab.calls == [
        ("set", {"paused": True}),
        ("set", {"paused": False}),
        ("kill", "processor"),
        ("stop", None),
    ]


def test_reset_asks_first(lab: FakeLab, view: Cockpit) -> None:
    panel = view.panel
    click(panel.reset)
    click(panel.keep)
    assert lab.calls == []

    click(panel.reset)
    click(panel.sure)
    assert lab.calls == [("reset", None)]


def test_a_callback_from_any_thread_sets_values(lab: FakeLab, view: Cockpit) -> None:
    def turn() -> None:
        view.panel.rate.value = 50.0

    thread = threading.Thread(target=turn)
    thread.start()
    thread.join()

    assert lab.calls == [("set", {"rate": 50.0})]


def test_an_exception_in_a_callback_is_shown_on_the_panel(view: Cockpit) -> None:
    view.panel.skew.value = 2.0
    assert view.view.note == {"text": "ValueError: skew: this fake refuses 2", "kind": "error"}

    view.panel.skew.value = 1.0
    assert view.view.note["text"] == ""


def test_the_panel_follows_what_a_cell_sets_and_does_not_echo_it(
    lab: FakeLab, view: Cockpit
) -> None:
    storm = {"player_scored": 1.0, "achievement_unlocked": 1.0}
    lab.set(rate=1000.0, paused=True, processors=3, players=7, skew=1.5, mix=storm)
    lab.calls.clear()
    lab.step()

    assert view.panel.rate.value == pytest.approx(1000)
    assert view.panel.processors.value == "3"
    assert (view.panel.players.value, view.panel.skew.value) == (7, 1.5)
    assert view.panel.mix.value == "50 / 0 / 50"
    assert view.panel.pause.description == "Resume"
    assert lab.calls == []


def test_a_fresh_turn_of_a_control_is_not_undone_by_older_news(lab: FakeLab, view: Cockpit) -> None:
    lab.step()
    view.panel.rate.value = 800.0
    lab.asked = lab.asked.with_({"rate": 300.0})  # older news

    lab.step()

    assert view.panel.rate.value == 800


def test_a_killed_processor_can_be_chosen_again(lab: FakeLab, view: Cockpit) -> None:
    lab.step()
    click(view.panel.kill)
    lab.step()
    assert view.panel.processors.value == "0"

    view.panel.processors.value = "1"
    assert lab.step().stages["processor-1"] == "running"


# one view, and nothing left ----------------------------------------------------------------------


def test_a_lab_has_one_cockpit(lab: FakeLab, view: Cockpit) -> None:
    before = widgets_alive()

    assert cockpit(lab) is view
    assert (lab.subscribers, widgets_alive()) == (1, before)


def test_another_lab_takes_the_place(lab: FakeLab, view: Cockpit) -> None:
    before = widgets_alive()
    other = cockpit(FakeLab())

    assert repr(view).startswith("<Cockpit closed")
    assert (lab.subscribers, widgets_alive()) == (0, before)
    other.close()


def test_close_gives_back_every_widget_and_the_subscription(lab: FakeLab) -> None:
    before = widgets_alive()
    opened = cockpit(lab)
    lab.step()

    opened.close()
    opened.close()

    assert widgets_alive() == before
    assert lab.subscribers == 0


def test_opening_and_closing_many_times_leaves_nothing() -> None:
    before = widgets_alive(), threading.active_count()
    for _ in range(5):
        cockpit(FakeLab()).close()

    assert (widgets_alive(), threading.active_count()) == before


def test_headless_makes_no_widget_and_keeps_the_whole_story() -> None:
    before = widgets_alive()
    lab = FakeLab(headless=True)
    opened = cockpit(lab)
    for _ in range(500):
        lab.step()

    areas = [t for t in opened.figures()["lag"].data if t.stackgroup]
    assert widgets_alive() == before
    assert len(areas[0].x) == 500
    assert opened.figure().layout.title.text.startswith("After 100 s: ")
    opened.close()


def test_it_says_what_it_is_in_one_line(view: Cockpit, lab: FakeLab) -> None:
    lab.step()

    assert repr(view) == "<Cockpit live, 1 samples>"
    assert view._repr_html_() == "<code>&lt;Cockpit live, 1 samples&gt;</code>"


def test_a_panel_needs_no_more_than_controls(lab: FakeLab) -> None:
    said: list[str] = []
    panel = Panel(lab, lambda text, kind="error": said.append(text))

    click(panel.kill)
    click(panel.kill)

    assert said[-1].startswith("RuntimeError: kill: expected a running stage")
    panel.box.close_all()
