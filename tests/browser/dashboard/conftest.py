"""A server whose boards are of every kind, and a page that complains of nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from leaderboard.settings import Settings
from tests.browser.pages import strict
from tests.serving import Feed, Serving, serving

TOML = """
[[board]]
name = "daily"
window = "daily"
lateness_s = 86400

[[board]]
name = "weekly"
window = "weekly"
keep = 5

[[board]]
name = "game"
scope = "game"
ranks = "dense"

[[board]]
name = "game_month"
scope = "game"
window = "monthly"
lateness_s = 86400

[[board]]
name = "kda"
metric = "kda"

[[board]]
name = "win_rate"
metric = "win_rate"
min_games = 3

[[board]]
name = "streak"
metric = "streak"

[[board]]
name = "golf"
operator = "min"
order = "asc"
"""


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    file = tmp_path / "boards.toml"
    file.write_text(TOML)
    return settings.with_(boards_file=str(file))


@pytest.fixture
def api(settings: Settings) -> Iterator[Serving]:
    with serving(settings) as api:
        yield api


@pytest.fixture
def feed(settings: Settings) -> Iterator[Feed]:
    feed = Feed(settings, settings.redis)
    yield feed
    feed.close()


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    with strict(page) as page:
        yield page
