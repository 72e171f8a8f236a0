"""The pages of the API in a browser: opened, and watched for complaints."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from tests.serving import Serving

SOON_MS = 60_000


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
