"""JupyterLab keeps a picture of each chart it drew: opened again in a narrower cell, it fits."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from leaderboard.lab.snapshot import MIME
from leaderboard.stack.ports import free_port
from tests.browser.jupyterlab import ROOT

pytestmark = pytest.mark.timeout(200)

WIDE, HIGH = 1112, 300
SERVE = """
import sys
from pathlib import Path
from leaderboard.lab.jupyterlab import serve

notebooks, folder, port = sys.argv[1:]
serve(Path(notebooks), Path(folder), port=int(port), browser=False, announce=print)
"""


@pytest.fixture
def url(browser: Browser, tmp_path: Path) -> Iterator[str]:
    """JupyterLab as `make lab` starts it, on a notebook with a chart as wide as `WIDE`."""
    blank = browser.new_page(viewport={"width": WIDE, "height": HIGH})
    picture = base64.b64encode(blank.screenshot()).decode()
    blank.close()
    data = {MIME: {"data": [], "layout": {}}, "image/png": picture}
    cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", data)])
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "00_kept.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    words = [str(path.parent), str(tmp_path / "jupyter"), str(free_port())]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, *words],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout
    status = None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        status = process.wait(120)
        process.stdout.close()
    assert status == 0


def test_the_kept_picture_of_a_chart_shrinks_to_its_cell(browser: Browser, url: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(url)
    picture = page.locator(".jp-RenderedPlotly .plot-img")
    expect(picture).to_be_visible(timeout=60_000)

    room = page.locator(".jp-RenderedPlotly").evaluate("(node) => node.clientWidth")
    width, height = picture.evaluate("(image) => [image.width, image.height]")

    assert width == room < WIDE
    assert height == pytest.approx(HIGH * width / WIDE, abs=1)
    page.close()


def test_it_ends_at_sigterm_while_a_page_is_loading(browser: Browser, url: str) -> None:
    """The fixture ends it in the middle of requests whose threads once stayed for ever."""
    page = browser.new_page()
    page.goto(url, wait_until="commit")
    page.locator(".jp-Notebook").wait_for(timeout=60_000)
    page.close()
