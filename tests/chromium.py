"""The browser of the tests: the system's Chromium, else the one `make test` downloaded."""

import os
from pathlib import Path
from typing import Any

from tools.machine import browsers_folder, system_browser

ROOT = Path(__file__).resolve().parents[1]
QUIET = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def launch_options() -> dict[str, Any]:
    """Keyword arguments for Playwright's `chromium.launch`."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # root's Chromium can not have one
    options: dict[str, Any] = {"args": [*QUIET, *sandbox]}
    system = system_browser()
    return {**options, "executable_path": system} if system else options


def environment() -> dict[str, str]:
    """Variables that Playwright needs, before it starts, to find its own browser."""
    return {"PLAYWRIGHT_BROWSERS_PATH": str(browsers_folder(ROOT))}
