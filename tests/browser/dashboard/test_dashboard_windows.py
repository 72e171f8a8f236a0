"""Windows on the live page: archives stand still, arrows, on-time results, time to reset."""

import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.browser.pages import FRIDAY, MONDAY, SOON_MS, TUESDAY, now, open_live, scores, who
from tests.serving import Feed, Serving, scored


def test_an_archive_does_not_move_with_the_live_board(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 5, at=MONDAY), scored("b", 9, at=MONDAY), scored("a", 1, at=now()))
    open_live(page, api, "?board=daily")
    who(page, "A")

    page.get_by_label("Window").select_option("Mon 2 Mar 2026 · final")

    who(page, "B", "A")
    expect(page.locator("#window-state")).to_have_text("Final")
    expect(page.locator("#reset")).to_be_hidden()
    feed(scored("z", 500, at=now()))
    expect(page.locator("#players")).to_have_text("3", timeout=SOON_MS)
    with page.expect_response(lambda r: "board=daily&top=10&at=2026-03-02" in r.url) as asked:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert asked.value.status == 304
    who(page, "B", "A")
    scores(page, "9", "5")


def test_late_events_make_an_on_time_result_to_choose(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 5, at=MONDAY))
    open_live(page, api, "?board=daily&at=2026-03-02")
    who(page, "A")
    expect(page.get_by_label("Result")).to_be_hidden()

    feed(scored("b", 1, at=TUESDAY), scored("c", 50, at=MONDAY))
    who(page, "C", "A")
    expect(page.locator("#window-state")).to_have_text("Closing")
    page.get_by_label("Result").select_option("Without late events")

    who(page, "A")
    assert page.url.endswith("?board=daily&at=2026-03-02&pane=on_time")


def test_arrows_against_the_window_before(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 9, at=MONDAY), scored("b", 5, at=MONDAY),
         scored("b", 9, at=TUESDAY), scored("a", 5, at=TUESDAY), scored("c", 1, at=TUESDAY),
         scored("c", 1, at=FRIDAY))  # fmt: skip

    open_live(page, api, "?board=daily&at=2026-03-03")

    who(page, "B", "A", "C")
    expect(page.locator("#ranking .moved")).to_have_text(["▲ 1", "▼ 1", "new"])
    expect(page.locator("#rules")).to_contain_text("change since Mon 2 Mar 2026")
    page.get_by_label("Window").select_option("Fri 6 Mar 2026 · open")
    who(page, "C")
    expect(page.get_by_role("columnheader", name="Move")).to_be_hidden()


def test_arrows_of_a_live_board_without_one_before(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 30, game="go"), scored("b", 20, game="go"))
    open_live(page, api, "?board=game&game=go")
    who(page, "A", "B")

    feed(scored("b", 20, game="go"))

    who(page, "B", "A")
    expect(page.locator("#ranking .moved")).to_have_text(["▲ 1", "▼ 1"])
    expect(page.locator("#rules")).to_contain_text("last 30 s")


def seconds(text: str) -> int:
    days, _, clock = text.rpartition(" d ")
    parts = [int(part) for part in clock.split(":")]
    return int(days or 0) * 86_400 + sum(n * 60**i for i, n in enumerate(reversed(parts)))


def test_time_to_reset_is_the_servers_and_does_not_drift(page: Page, api: Serving, feed: Feed):
    """The reader's clock is years behind; then it stops, and its timers with it."""
    feed(scored("a", 5, at=now()))
    page.clock.install(time=datetime(2020, 2, 1, tzinfo=UTC))
    before = now()
    open_live(page, api, "?board=weekly")
    expect(page.locator("#reset")).to_have_text(re.compile(r"Resets in (\d d )?[\d:]+"))
    countdown = page.locator("#countdown")
    shown = seconds(countdown.inner_text())
    reset = datetime.fromisoformat(api.get("/api/leaderboard?board=weekly").json()["next_reset"])
    most = (reset - before).total_seconds()
    assert most - (now() - before).total_seconds() - 4 <= shown <= most + 4

    page.route("**/api/**", lambda route: route.abort())
    page.clock.pause_at(datetime(2020, 2, 1, 1, tzinfo=UTC))
    start = seconds(countdown.inner_text())
    page.clock.run_for(90_000)
    assert seconds(countdown.inner_text()) == start - 90
    page.clock.fast_forward(600_000)  # as of a machine that slept: timers fire once
    page.clock.run_for(1000)
    assert seconds(countdown.inner_text()) == start - 691


def test_a_live_board_that_is_reset_says_so(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 5, at=now()))
    open_live(page, api, "?board=daily")
    who(page, "A")
    tomorrow = api.get("/api/leaderboard?board=daily").json()
    window = tomorrow["window"] | {
        "label": "2030-01-01", "start": "2030-01-01T00:00:00Z", "end": "2030-01-02T00:00:00Z",
    }  # fmt: skip

    page.route(
        "**/api/leaderboard?*",
        lambda route: route.fulfill(json=tomorrow | {"window": window, "rows": []}),
    )

    expect(page.locator("#news")).to_have_text(
        "The board was reset: Tue 1 Jan 2030 begins", timeout=SOON_MS
    )
    expect(page.locator("#empty")).to_contain_text("Nobody is on this board yet")
    expect(page.locator("#ranking")).to_be_hidden()
