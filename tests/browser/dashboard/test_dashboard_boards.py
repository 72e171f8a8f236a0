"""Any board on the live page: chosen, scored its way, found again, legible."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import MONDAY, SOON_MS, now, open_live, scores, who
from tests.serving import Feed, Serving, finished, scored


def test_every_declared_board_is_offered_and_one_chosen_is_live(
    page: Page, api: Serving, feed: Feed
):
    feed(scored("a", 300, at=MONDAY), scored("b", 50, at=now()))
    open_live(page, api)
    who(page, "A", "B")
    expect(page.get_by_label("Board", exact=True).locator("option")).to_have_text(
        ["Global", "Daily", "Weekly", "Game", "Game month", "KDA", "Win rate", "Streak", "Golf"]
    )
    expect(page.locator("#reset")).to_be_hidden()

    page.get_by_label("Board", exact=True).select_option("Daily")

    who(page, "B")
    expect(page.locator("h1")).to_have_text("Daily")
    expect(page.locator("#window-state")).to_have_text("Open")
    feed(scored("c", 60, at=now()))
    who(page, "C", "B")
    expect(page.locator("#players")).to_have_text("3")
    expect(page.locator("#where")).to_contain_text("2 players")
    expect(page.locator("#news")).to_have_text("C takes the lead with 60 points")


def test_an_unchanged_board_is_asked_for_by_its_tag(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 5, at=now()))
    with page.expect_response(lambda r: "leaderboard?" in r.url) as first:
        open_live(page, api, "?board=daily")
    who(page, "A")

    with page.expect_response(lambda r: "leaderboard?" in r.url and r.status == 304) as again:
        expect(page.locator("#ranking")).to_be_visible()

    assert first.value.status == 200
    assert again.value.request.headers["if-none-match"] == first.value.headers["etag"]


def test_rates_as_rates_and_too_few_matches(page: Page, api: Serving, feed: Feed):
    feed(*(finished("a", result, kills=4) for result in ("win", "loss", "win")),
         finished("b", "win"))  # fmt: skip
    open_live(page, api, "?board=win_rate")
    who(page, "A")
    scores(page, "66.7 %")
    expect(page.locator("#ranking .detail")).to_have_text("20.8\u201393.9 %")
    expect(page.get_by_label("2 of 3 matches won; 95 % interval from 20.8 %")).to_be_visible()
    expect(page.locator("#rules")).to_contain_text("fewer than 3 finished matches are not shown")

    page.get_by_label("Board", exact=True).select_option("KDA")
    who(page, "A", "B")
    scores(page, "2.50", "1.00")  # (12 + 3) / 6 and (1 + 1) / 2
    expect(page.get_by_role("columnheader", name="KDA")).to_be_visible()
    page.get_by_label("Board", exact=True).select_option("Streak")
    who(page, "A", "B")
    scores(page, "1", "1")

    page.get_by_role("button", name="B", exact=True).click()
    expect(page.locator("#player-few")).to_have_text("Not on Win rate: 1 of 3 matches needed.")
    expect(page.locator("#player-ranks li")).to_have_text(
        ["Global2 of 20", "KDA2 of 21.00", "Streak2 of 21"]
    )


def test_nobody_with_enough_matches(page: Page, api: Serving, feed: Feed):
    feed(finished("a", "win"))
    open_live(page, api, "?board=win_rate")
    expect(page.locator("#empty")).to_contain_text("Nobody has 3 finished matches yet")


def test_games_and_shared_ranks(page: Page, api: Serving, feed: Feed):
    feed(*(scored(p, n, game="go") for p, n in (("a", 5), ("b", 5), ("c", 3))),
         scored("d", 1, game="<b>chess"))  # fmt: skip
    open_live(page, api, "?board=game")
    who(page, "D")
    expect(page.locator("h1")).to_have_text("Game · <b>chess")

    page.get_by_label("Game", exact=True).select_option("go")

    who(page, "A", "B", "C")
    expect(page.locator("#ranking .medal")).to_have_text(["1", "1", "2"])
    for policy, ranks in (("Shared 1224", ["1", "1", "3"]), ("Ordinal 1234", ["1", "2", "3"])):
        page.get_by_label("Equal scores").select_option(policy)
        expect(page.locator("#ranking .medal")).to_have_text(ranks, timeout=SOON_MS)
    page.get_by_label("Board", exact=True).select_option("Daily")
    expect(page.get_by_label("Equal scores").locator("option")).to_have_text(
        ["Ordinal 1234", "Shared 1224"]
    )
    expect(page.get_by_label("Game", exact=True)).to_be_hidden()


def test_games_of_an_archive(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 5, game="go", at=MONDAY),
         scored("b", 5, game="chess", at=MONDAY + timedelta(days=40)))  # fmt: skip

    open_live(page, api, "?board=game_month&at=2026-03")

    who(page, "A")
    expect(page.get_by_label("Game", exact=True).locator("option")).to_have_text(["go"])
    expect(page.locator("#where")).to_have_text("March 2026 · 1 player")


def test_the_lowest_leads_without_bars_that_say_the_contrary(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 70), scored("b", 68))
    open_live(page, api, "?board=golf")
    who(page, "B", "A")
    expect(page.locator("#rules")).to_contain_text("The lowest score leads")
    expect(page.locator("#ranking .share").first).to_be_hidden()


def test_a_server_that_comes_back_is_found_on_any_board(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 5, at=now()))
    open_live(page, api, "?board=daily")
    who(page, "A")

    api.stop()
    expect(page.locator("#notice")).to_contain_text("Disconnected from the server", timeout=SOON_MS)
    who(page, "A")
    feed(scored("b", 9, at=now()))
    api.start()

    who(page, "B", "A")
    expect(page.locator("#notice")).to_be_hidden()


def test_the_keyboard_chooses_a_board(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 5, at=now()))
    open_live(page, api)
    who(page, "A")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip to the board
    page.keyboard.press("Tab")
    expect(page.get_by_label("Board", exact=True)).to_be_focused()
    expect(page.locator("#board-choice option")).to_have_count(9, timeout=SOON_MS)

    page.keyboard.press("ArrowDown")

    expect(page.locator("h1")).to_have_text("Daily", timeout=SOON_MS)
    expect(page.get_by_label("Board", exact=True)).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_all_is_labelled_and_legible(page: Page, api: Serving, feed: Feed, scheme: str):
    feed(*(finished(f"p{i}", "win") for i in range(3) for _ in range(3)),
         scored("x", 2**53 - 1, name="W" * 128, game="G" * 128, at=now()))  # fmt: skip
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the known ones
    page.set_viewport_size({"width": 390, "height": 844})
    for query in ("?board=daily", "?board=win_rate", "?board=game", "?board=daily&at=2020-01-01"):
        open_live(page, api, query)
        expect(page.locator("#ranking:visible, #problem:visible")).to_be_visible(timeout=SOON_MS)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for select in page.locator("select:visible").all():
            assert select.evaluate("e => e.labels.length === 1 && e.clientHeight >= 30")
        for cell in page.locator("#ranking td.score:visible > :not(.gain)").all():
            assert cell.evaluate("e => e.scrollWidth <= e.closest('td').clientWidth")
