"""JupyterLab as a person meets it: a server on a copy of a notebook, and a page that shows it."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from playwright.sync_api import Browser, Locator, Page, Route, expect

from leaderboard.stack.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "walk"
START_TIMEOUT_S = 60.0

expect.set_options(timeout=30_000)  # generous: the machine may be busy with other tests

PAGE = {
    # it removes itself twice when it is shown twice within 200 ms, and the page then has an error
    "disabledExtensions": {"@jupyterlab/apputils-extension:splash": True},
}
SETTINGS = {
    "@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Light"},
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


@contextmanager
def server(folder: Path, notebook: Path, **variables: str) -> Iterator[str]:
    """A JupyterLab on a copy of `notebook` with settings of its own; gives the page's address."""
    for name in ("notebooks", "config/labconfig"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(notebook, folder / "notebooks")
    config = folder / "config/labconfig"
    (config / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    (config / "page_config.json").write_text(json.dumps(PAGE))
    port = free_port()
    own = {name: str(folder / name.lower()) for name in
           ("JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR",
            "IPYTHONDIR", "JUPYTER_DATA_DIR")}  # fmt: skip
    own |= {"JUPYTER_CONFIG_DIR": str(folder / "config"), "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser",
        f"--port={port}", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder / 'notebooks'}", *_as_root(),
    ]  # fmt: skip
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **own, **variables}, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api", folder / "server.log")
        yield f"http://127.0.0.1:{port}/doc/tree/{notebook.name}?token={TOKEN}&reset"
    finally:
        process.terminate()
        process.wait(30)


def _as_root() -> list[str]:
    return ["--allow-root"] if os.geteuid() == 0 else []


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


class Notebook:
    """One open notebook; `strangers` are addresses the page asked for beyond this machine."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.strangers: list[str] = []
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        page.route("**/*", self._watch)
        page.goto(url)
        self.ready()

    def _watch(self, route: Route) -> None:
        url = urlparse(route.request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.hostname != "127.0.0.1":
            self.strangers.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def ready(self) -> None:
        """Wait until the kernel is connected: cells run before that are lost."""
        self.page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
        self.page.wait_for_function(
            """() => {
              const notebook = window.jupyterapp?.shell.currentWidget;
              const kernel = notebook?.sessionContext?.session?.kernel;
              return kernel?.connectionStatus === "connected" && kernel.status === "idle";
            }""",
            timeout=60_000,
        )

    def command(self, name: str, **arguments: Any) -> None:
        """Execute one of JupyterLab's commands without waiting for what it starts."""
        self.page.evaluate(
            "([name, args]) => { window.jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")

    def run(self, index: int) -> None:
        """Run the cell `index` (from 0), without waiting for its end."""
        self.page.evaluate(
            "(i) => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", index
        )
        self.command("notebook:run-cell")

    def finish(self, index: int) -> None:
        """Run the cell `index` and wait for its end."""
        before = self.prompt(index).text_content() or ""
        self.run(index)
        expect(self.prompt(index)).not_to_have_text(before)
        expect(self.prompt(index)).to_have_text(re.compile(r"\[\d+\]:"))

    def find(self, source: str) -> int:
        """The cell that holds exactly `source`."""
        sources: list[str] = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content
              .widgets.map((cell) => cell.model.sharedModel.getSource())"""
        )
        return sources.index(source)

    def code_cells(self) -> list[int]:
        """Where the code cells are."""
        kinds: list[str] = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content
              .widgets.map((cell) => cell.model.type)"""
        )
        return [i for i, kind in enumerate(kinds) if kind == "code"]

    def write(self, index: int, source: str) -> None:
        """Put `source` into the cell `index`."""
        self.page.evaluate(
            """([i, source]) => window.jupyterapp.shell.currentWidget.content
              .widgets[i].model.sharedModel.setSource(source)""",
            [index, source],
        )

    def output(self, index: int) -> Locator:
        """Where the outputs of the cell `index` stand."""
        return self.page.locator(".jp-Cell").nth(index).locator(".jp-OutputArea-output")

    def prompt(self, index: int) -> Locator:
        """`[*]:` while the cell `index` runs, then its number."""
        return self.page.locator(".jp-Cell").nth(index).locator(".jp-InputArea-prompt")


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Notebook]:
    """The notebook in a page and kernel of its own; in the end nothing was wrong with either."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    notebook = Notebook(page, url)
    yield notebook
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()
    assert notebook.strangers == [], notebook.strangers
    assert notebook.errors == [], notebook.errors


class Cockpit:
    """The live view in a page, as a reader sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.locator(".lbc")

    def appear(self) -> None:
        """Wait until bars are drawn."""
        self.box.locator(".barlayer .point").first.wait_for(timeout=60_000)

    def station(self, name: str) -> Locator:
        """The counters of one station."""
        return self.box.locator(".lbc-station").filter(has_text=name)

    def slider(self, label: str) -> Locator:
        """The handle of the slider with that label."""
        return self.box.locator(".widget-hslider").filter(has_text=label).locator(".noUi-handle")

    def button(self, text: str) -> Locator:
        return self.box.locator(f"button:text-is('{text}')")

    def chart(self, name: str) -> list[dict[str, Any]]:
        """The numbers that Plotly draws: a list of traces."""
        found: list[dict[str, Any]] = self.page.evaluate(
            """(name) => document.querySelector(`.lbc-card-${name} .js-plotly-plot`).data
              .map(({ meta, x, y }) => ({ meta, x: [...x], y: [...y] }))""",
            name,
        )
        return found

    def texts(self, name: str) -> list[str]:
        """What is written in a chart, and seen."""
        return self.box.locator(f".lbc-card-{name} .js-plotly-plot text").all_text_contents()

    def lag(self) -> float:
        """Events waiting now, as drawn."""
        areas = [t for t in self.chart("lag") if t["meta"].startswith("lag_")]
        return sum(area["y"][-1] for area in areas)

    def lag_story(self) -> list[tuple[float, ...]]:
        """What the lines of the lag chart show, a tuple for each moment, oldest first."""
        return list(zip(*(trace["y"] for trace in self.chart("lag")), strict=True))

    @property
    def log(self) -> Locator:
        return self.box.locator(".lbc-log")
