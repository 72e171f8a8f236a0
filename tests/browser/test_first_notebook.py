"""The first notebook of the course, in JupyterLab, on real servers: every cell, and its panel."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from leaderboard.settings import Settings
from tests.browser.jupyterlab import ROOT, Cockpit, opened, server

pytestmark = pytest.mark.timeout(300)

NOTEBOOK = ROOT / "notebooks" / "00_win_day_one.ipynb"


def test_a_learner_runs_kills_repairs_and_stops(
    browser: Browser, settings: Settings, tmp_path: Path
) -> None:
    with (
        server(tmp_path, NOTEBOOK, **settings.environment()) as url,
        opened(browser, url) as notebook,
    ):
        panel = notebook.find("lab.panel()")
        for index in notebook.code_cells():
            if index <= panel:
                notebook.finish(index)
        notebook.write(panel + 1, "lab.run(seconds=600)")
        notebook.finish(panel + 1)
        cockpit = Cockpit(notebook.page)
        cockpit.appear()
        waiting = cockpit.box.locator(".lbc-card-lag .lbc-title")

        cockpit.slider("Event rate").press("PageUp")
        expect(cockpit.station("Producer")).not_to_contain_text("target 20/s")
        expect(cockpit.box).to_contain_text("processor-1 running")
        cockpit.button("Kill a processor").click()
        expect(cockpit.box).to_contain_text("processor-1 killed")
        expect(waiting).to_contain_text("more each second")

        cockpit.box.locator(".lbc-processors button:text-is('1')").click()
        expect(cockpit.box).to_contain_text("processor-1 running")
        expect(waiting).to_contain_text("keep up", timeout=60_000)

        cockpit.button("Stop").click()
        expect(cockpit.log).to_contain_text("Stopped", timeout=60_000)
        expect(cockpit.box).to_contain_text("producer stopped")
        notebook.write(panel + 1, "lab.check(); lab.close()")
        notebook.finish(panel + 1)
        expect(notebook.page.locator(".jp-RenderedPlotly")).to_contain_text("events applied")
        expect(
            notebook.page.locator("[data-mime-type='application/vnd.jupyter.stderr']")
        ).to_have_count(0)
