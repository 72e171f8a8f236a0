"""The pages of the API in a browser: opened, and watched for complaints."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.serving import Serving

SOON_MS = 60_000
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
FRIDAY = MONDAY + timedelta(days=4)


@contextmanager
def strict(page: Page) -> Iterator[Page]:
    """A page that fails its test when one of our scripts, or the security policy, complains."""
    page.set_default_timeout(SOON_MS)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if "Content Sec" in m.text else None)
    yield page
    assert complaints == []


def open_live(page: Page, api: Serving, query: str = "") -> None:
    """Open the dashboard and wait until it is connected."""
    page.goto(f"{api.url}/{query}")
    expect(page.locator("#connection")).to_have_text("Live", timeout=SOON_MS)


def now() -> datetime:
    """An instant in the live window of every board."""
    return datetime.now(UTC)


def who(page: Page, *names: str) -> None:
    """Wait until the board shows these names, in this order."""
    expect(page.locator("#ranking .who")).to_have_text(list(names), timeout=SOON_MS)


def scores(page: Page, *texts: str) -> None:
    """Wait until the board shows these scores, in this order."""
    expect(page.locator("#ranking td.score > span:not(.gain)")).to_have_text(list(texts))
