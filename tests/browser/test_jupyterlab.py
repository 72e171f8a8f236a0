"""A walk through the cockpit in JupyterLab, with a fake lab behind it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.jupyterlab import Cockpit, Notebook, opened, server
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)

NOTEBOOK = Path(__file__).parent / "notebooks" / "cockpit.ipynb"
LAB, PANEL, WAIT, COUNT = 1, 2, 3, 4  # cells

SNAPSHOT = """from leaderboard.lab import charts, tables
from leaderboard.lab.snapshot import Snapshot

Snapshot(charts.rarity(tables.rarity_table(lab.step().unlocked)))"""

WIDTHS = """(node) => {
  const edge = node.getBoundingClientRect().left;
  const texts = [...node.querySelectorAll("text")].map((text) => text.getBoundingClientRect());
  const [lefts, rights] = ["left", "right"].map((side) => texts.map((text) => text[side] - edge));
  return [node.clientWidth, node.scrollWidth, Math.min(...lefts), Math.max(...rights)];
}"""
"""Of a chart: its room, what it needs, and from where to where its texts go."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jupyter")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with server(folder, NOTEBOOK) as address:
        yield address


@pytest.fixture(scope="module")
def shared(browser: Browser, url: str) -> Iterator[Notebook]:
    with opened(browser, url) as notebook:
        yield notebook


@pytest.fixture
def alone(browser: Browser, url: str, folder: Path) -> Iterator[Notebook]:
    """The notebook without what other tests saved in it."""
    shutil.copy(NOTEBOOK, folder / "notebooks" / "alone.ipynb")
    with opened(browser, url.replace(NOTEBOOK.name, "alone.ipynb")) as notebook:
        yield notebook


@pytest.fixture
def beside_files(browser: Browser, url: str, folder: Path) -> Iterator[Notebook]:
    """The notebook in the whole of JupyterLab, whose file browser takes a quarter of the page."""
    shutil.copy(NOTEBOOK, folder / "notebooks" / "narrow.ipynb")
    page = url.replace(f"/doc/tree/{NOTEBOOK.name}", "/lab/tree/narrow.ipynb")
    with opened(browser, page) as notebook:
        expect(notebook.page.locator(".jp-FileBrowser")).to_be_visible()
        yield notebook


def started(notebook: Notebook) -> Cockpit:
    """A new lab, and its panel."""
    notebook.finish(LAB)
    notebook.finish(PANEL)
    view = Cockpit(notebook.page)
    view.appear()
    return view


@pytest.fixture
def cockpit(shared: Notebook) -> Cockpit:
    """A new lab and its panel, in the page that the tests share."""
    return started(shared)


def test_panel_counters_and_charts_fit_the_page(cockpit: Cockpit, shared: Notebook) -> None:
    expect(cockpit.box.locator(".js-plotly-plot")).to_have_count(3)
    expect(cockpit.box.locator(".lbc-station")).to_have_count(5)
    expect(cockpit.station("Producer")).to_contain_text("target 200/s, measured")

    cell = shared.page.locator(".jp-Cell").nth(PANEL)
    height = cell.evaluate("(node) => node.offsetHeight")
    room = shared.page.locator(".jp-WindowedPanel-outer").evaluate("(node) => node.clientHeight")
    assert height <= room
    wide = cockpit.box.evaluate("(node) => [node.scrollWidth, node.clientWidth]")
    assert wide[0] <= wide[1]


def test_the_rate_turns_by_keyboard_before_during_and_after_a_wait(
    cockpit: Cockpit, shared: Notebook
) -> None:
    handle = cockpit.slider("Event rate")
    producer = cockpit.station("Producer")

    handle.press("ArrowRight")
    expect(producer).to_contain_text("target 250/s")
    shared.run(WAIT)
    expect(shared.prompt(WAIT)).to_have_text("[*]:")
    handle.press("ArrowRight")
    expect(producer).to_contain_text("target 320/s")
    expect(shared.prompt(WAIT)).to_have_text(re.compile(r"\d"))
    handle.press("ArrowRight")
    expect(producer).to_contain_text("target 400/s")

    sent = next(t for t in cockpit.chart("lag") if t["meta"] == "target_rate")
    assert sent["y"][-1] == 400
    assert sent["x"][-1] == 0


def test_keys_on_a_control_stay_with_the_control(cockpit: Cockpit, shared: Notebook) -> None:
    cells = shared.page.locator(".jp-Cell").count()
    cockpit.button("Pause").focus()

    shared.page.keyboard.press("a")  # in command mode: a new cell above

    assert shared.page.locator(".jp-Cell").count() == cells


def test_a_killed_processor_lets_the_lag_rise_until_it_is_replaced(cockpit: Cockpit) -> None:
    cockpit.button("Kill a processor").click()

    expect(cockpit.box).to_contain_text("processor-1 killed")
    expect(cockpit.log).to_contain_text("Killed processor-1")
    expect(cockpit.box.locator(".lbc-card-lag .lbc-title")).to_contain_text("more each second")
    high = cockpit.lag()
    assert high > 0

    cockpit.box.locator(".lbc-processors button:text-is('2')").click()
    expect(cockpit.box).to_contain_text("processor-2 running")
    expect(cockpit.box.locator(".lbc-card-lag .lbc-title")).to_contain_text("keep up")
    assert cockpit.lag() < high


def test_an_exception_in_a_callback_is_seen(cockpit: Cockpit) -> None:
    cockpit.slider("Skew").press("End")

    expect(cockpit.log).to_have_text("ValueError: skew: this fake refuses 2")


def test_pause_reset_and_stop(cockpit: Cockpit) -> None:
    cockpit.button("Pause").click()
    expect(cockpit.box).to_contain_text("producer paused")
    cockpit.button("Resume").click()
    expect(cockpit.box).to_contain_text("producer running")

    cockpit.button("Reset…").click()
    cockpit.button("Yes, empty the board").click()
    expect(cockpit.log).to_contain_text("Log and board are empty")
    expect(cockpit.button("Reset…")).to_be_visible()

    cockpit.button("Stop").click()
    expect(cockpit.box).to_contain_text("producer stopped")


def test_every_cell_twice_leaves_one_of_everything(cockpit: Cockpit, shared: Notebook) -> None:
    shared.finish(COUNT)
    expect(shared.output(COUNT)).to_contain_text("1 views")
    once = shared.output(COUNT).text_content()

    shared.run_all()
    expect(shared.prompt(COUNT)).to_have_text("[*]:")
    expect(shared.prompt(COUNT)).to_have_text(re.compile(r"\d"))

    cockpit.appear()
    expect(cockpit.box.locator(".js-plotly-plot")).to_have_count(3)
    assert shared.output(COUNT).text_content() == once


def test_the_theme_changes_under_the_living_view(cockpit: Cockpit, shared: Notebook) -> None:
    label = cockpit.box.locator(".js-plotly-plot .ytick text").first
    dark, light = (re.compile(rf"^rgba?\({c}, {c}, {c}\b") for c in (0, 255))

    expect(label).to_have_css("fill", dark)
    shared.command("apputils:change-theme", theme="JupyterLab Dark")
    expect(label).to_have_css("fill", light)
    shared.command("apputils:change-theme", theme="JupyterLab Light")
    expect(label).to_have_css("fill", dark)


def test_the_assignment_shows_owners_and_orphans_over_the_lag(alone: Notebook) -> None:
    alone.finish(LAB)
    alone.write(PANEL, 'lab.set(processors=3)\nfrom leaderboard.lab.cockpit import cockpit\n\n'
                'cockpit(lab, "assignment")')  # fmt: skip
    alone.finish(PANEL)
    cockpit = Cockpit(alone.page)
    title = cockpit.box.locator(".lbc-card-assignment .lbc-title")

    expect(title).to_have_text("3 members share 3 partitions")
    expect(cockpit.box.locator(".js-plotly-plot")).to_have_count(2)
    until(lambda: "processor-3" in cockpit.texts("assignment"))
    ends = {t["meta"]: t["x"][-2] for t in cockpit.chart("assignment") if len(t["x"]) > 1}
    assert {ends[f"processor-{n}"] for n in (1, 2, 3)} == {0}

    cockpit.button("Kill a processor").click()
    expect(title).to_have_text("p2 is orphaned: Kafka still waits for processor-3, which is dead")
    until(lambda: "✕ dead" in cockpit.texts("assignment"))

    cell = alone.page.locator(".jp-Cell").nth(PANEL)
    room = alone.page.locator(".jp-WindowedPanel-outer").evaluate("(node) => node.clientHeight")
    assert cell.locator(".jp-Cell-outputWrapper").evaluate("(node) => node.offsetHeight") <= room


def test_shown_in_two_cells_it_lives_in_the_newer(cockpit: Cockpit, shared: Notebook) -> None:
    shared.write(WAIT, "cockpit(lab)")
    shared.finish(WAIT)

    expect(shared.page.locator(".lbc-moved")).to_have_text(
        "The live view has moved to a later cell."
    )
    expect(shared.page.locator(".js-plotly-plot")).to_have_count(3)


def test_a_reloaded_page_goes_on_with_the_living_kernel(alone: Notebook) -> None:
    cockpit = started(alone)
    until(lambda: len(cockpit.lag_story()) > 5)
    alone.write(WAIT, "lab.close()")  # its clock stands: however slow the page, nothing is too old
    alone.finish(WAIT)
    story = cockpit.lag_story()
    alone.command("docmanager:save")
    alone.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    alone.page.reload()
    alone.ready()
    cockpit.appear()

    until(lambda: cockpit.lag_story()[: len(story)] == story)
    told = len(cockpit.lag_story())
    alone.write(WAIT, "lab.start();")
    alone.finish(WAIT)
    expect(cockpit.log).to_contain_text("Live")
    until(lambda: len(cockpit.lag_story()) > told)
    assert cockpit.lag_story()[: len(story)] == story


def test_a_restarted_kernel_leaves_a_word_not_a_ruin(alone: Notebook) -> None:
    cockpit = started(alone)
    alone.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )

    expect(cockpit.log).to_contain_text("run this cell again")
    alone.ready()
    started(alone)
    expect(cockpit.log).to_contain_text("Live")
    expect(cockpit.box.locator(".js-plotly-plot")).to_have_count(3)


def test_a_closed_view_leaves_its_charts_as_a_record(alone: Notebook) -> None:
    started(alone)
    alone.write(WAIT, "cockpit(lab).close()")
    alone.finish(WAIT)

    expect(alone.page.locator(".lbc")).to_have_count(0)
    expect(alone.page.locator(".jp-RenderedPlotly")).to_contain_text("events applied")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_beside_the_file_browser_controls_record_and_charts_are_whole(
    beside_files: Notebook, theme: str
) -> None:
    beside_files.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    cockpit = started(beside_files)
    tops = cockpit.box.locator(".lbc-controls > :not(.lbc-actions)").evaluate_all(
        "(all) => all.map((one) => one.offsetTop)"
    )
    assert len(tops) == 5
    assert len(set(tops)) == 1
    assert cockpit.box.locator(".lbc-mix select").evaluate("(box) => box.clientWidth") >= 190

    beside_files.write(WAIT, "cockpit(lab).close()")
    beside_files.finish(WAIT)
    beside_files.write(COUNT, SNAPSHOT)
    beside_files.finish(COUNT)
    charts = beside_files.page.locator(".jp-RenderedPlotly")
    expect(charts.locator(".plot-container")).to_have_count(2)
    for chart in charts.all():
        room, needed, left, right = chart.evaluate(WIDTHS)
        assert needed <= room
        assert 0 <= left < right <= room


def test_without_jupyterlabs_plotly_the_kernel_sends_its_own(alone: Notebook) -> None:
    alone.page.evaluate("() => { delete window._JUPYTERLAB['jupyterlab-plotly']; }")
    assert alone.page.evaluate("() => window.Plotly === undefined")

    started(alone)
