"""The address says what the page shows; what it can not show is explained."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import MONDAY, SOON_MS, TUESDAY, now, open_live, who
from tests.serving import Feed, Serving, scored


def test_the_address_keeps_the_choice(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 5, at=MONDAY), scored("b", 9, at=TUESDAY))
    open_live(page, api)
    who(page, "B", "A")
    page.get_by_label("Board", exact=True).select_option("Daily")
    page.get_by_label("Window").select_option("Mon 2 Mar 2026 · closing")
    who(page, "A")
    page.get_by_label("Show").select_option("25")
    assert page.url.split("/")[-1] == "?board=daily&at=2026-03-02&top=25"

    page.reload()
    who(page, "A")
    expect(page.get_by_label("Window")).to_have_value("2026-03-02")
    expect(page.get_by_label("Show")).to_have_value("25")
    page.go_back()
    page.go_back()
    expect(page.get_by_label("Board", exact=True)).to_have_value("daily")
    expect(page.locator("#empty")).to_contain_text("Nobody is on this board yet", timeout=SOON_MS)
    page.go_back()
    who(page, "B", "A")
    expect(page.locator("h1")).to_have_text("Top players")
    page.go_forward()
    page.go_forward()
    who(page, "A")


def test_a_date_in_a_link_names_its_window(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 5, at=TUESDAY))
    open_live(page, api, "?board=weekly&at=2026-03-03")
    who(page, "A")
    assert page.url.endswith("?board=weekly&at=2026-W10")
    expect(page.get_by_label("Window")).to_have_value("2026-W10")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?board=dayly", "There is no board “dayly”. Declared: global, daily,"),
        ("?board=<img src=x>", "There is no board “<img src=x>”"),
        ("?board=daily&at=2020-01-01", "keeps no window 2020-01-01"),
        ("?board=daily&at=soon", "expected a date such as"),
        ("?at=2026-03-02", "has no windows"),
        ("?board=game&game=go", "No game 'go'"),
        ("?board=daily&game=go", "leave the game out"),
        ("?board=daily&policy=dense", "has no dense ranks"),
        ("?board=daily&policy=best", "ordinal"),
        ("?board=daily&pane=early", "on_time"),
        ("?top=7", "The address asks for the top 7"),
    ],
)
def test_a_wrong_or_stale_address_is_explained(
    page: Page, api: Serving, feed: Feed, query: str, says: str
):
    feed(scored("a", 5, game="chess", at=now()))
    open_live(page, api, query)

    expect(page.get_by_role("alert").filter(has_text=says)).to_be_visible(timeout=SOON_MS)
    expect(page.locator("#ranking")).to_be_hidden()
    page.get_by_role("link", name="Global board").click()
    who(page, "A")
