"""A chart with its slider in JupyterLab: it turns by key, outlives a reload, leaves a record."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.jupyterlab import Notebook, opened, server
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)

NOTEBOOK = Path(__file__).parent / "notebooks" / "sliding.ipynb"
DRAW, CHART, CLOSE = 1, 2, 3  # cells


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server(tmp_path_factory.mktemp("jupyter"), NOTEBOOK) as address:
        yield address


@pytest.fixture
def notebook(browser: Browser, url: str) -> Iterator[Notebook]:
    """The notebook with its chart drawn."""
    with opened(browser, url) as notebook:
        notebook.finish(DRAW)
        notebook.finish(CHART)
        expect(title(notebook)).to_have_text("value 11")
        yield notebook


def title(notebook: Notebook) -> Locator:
    return notebook.page.locator(".lbc .js-plotly-plot .gtitle")


def handle(notebook: Notebook) -> Locator:
    return notebook.page.locator(".lbc .widget-hslider .noUi-handle")


def drawn(notebook: Notebook) -> list[Any]:
    """Where the line goes from and to, as Plotly draws it."""
    found: list[Any] = notebook.page.evaluate(
        "() => [...document.querySelector('.lbc .js-plotly-plot').data[0].x]"
    )
    return found


def test_the_chart_follows_the_keyboard_and_shows_what_goes_wrong(notebook: Notebook) -> None:
    handle(notebook).press("ArrowRight")
    expect(title(notebook)).to_have_text("value 12")
    assert drawn(notebook) == [0, 12]

    handle(notebook).press("ArrowRight")
    expect(notebook.page.locator(".lbc-log")).to_have_text("ValueError: 13 is bad luck")

    handle(notebook).press("ArrowUp")
    expect(title(notebook)).to_have_text("value 14")
    expect(notebook.page.locator(".lbc-log")).to_have_text("")
    assert notebook.page.locator(".jp-Cell.jp-mod-active .lbc").count() == 1


def test_run_again_there_is_one_and_closed_it_leaves_its_picture(notebook: Notebook) -> None:
    notebook.finish(CHART)
    expect(notebook.page.locator(".lbc .js-plotly-plot")).to_have_count(1)
    handle(notebook).press("ArrowRight")
    expect(title(notebook)).to_have_text("value 12")

    notebook.finish(CLOSE)

    expect(notebook.page.locator(".lbc")).to_have_count(0)
    expect(notebook.page.locator(".jp-RenderedPlotly .gtitle")).to_have_text("value 12")


def test_a_reloaded_page_goes_on_with_the_living_kernel(notebook: Notebook) -> None:
    notebook.command("docmanager:save")
    notebook.page.wait_for_function(
        "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
    )
    notebook.page.reload()
    notebook.ready()
    expect(title(notebook)).to_have_text("value 11")

    handle(notebook).press("ArrowRight")

    until(lambda: drawn(notebook) == [0, 12])
