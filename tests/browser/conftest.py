"""How browser tests start Chromium. One that is missing is an error, never a skipped test."""

import os
from typing import Any

import pytest

from tests.chromium import environment, launch_options


@pytest.fixture(scope="session", autouse=True)
def playwright_finds_its_browser() -> None:
    for name, value in environment().items():
        os.environ.setdefault(name, value)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, **launch_options()}


@pytest.fixture(scope="session")
def base_url() -> None:
    """No common address: each test names its own. (The plugin's fixture warns under pytest 9.)"""
