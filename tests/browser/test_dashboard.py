"""The live page in a browser: what is pushed is shown, safely, and losses are said and mended."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from leaderboard.settings import Settings
from tests.browser.pages import SOON_MS, open_live, strict
from tests.serving import Feed, Serving, scored, serving, unlocked

EVIL = '<img src=x onerror="document.title=`broken`">'


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


def names(page: Page) -> list[str]:
    return page.locator("#ranking .who").all_text_contents()


def test_an_empty_board_says_how_to_fill_it(page: Page, api: Serving):
    open_live(page, api)

    expect(page.locator("#empty")).to_contain_text("No players yet", timeout=SOON_MS)
    expect(page.locator("#empty")).to_contain_text("leaderboard produce")
    expect(page.locator("#ranking")).to_be_hidden()


def test_rows_counters_and_achievements(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 1500, name="Ann"), scored("b", 900, name="Bob"))
    feed(unlocked("b", "Bob", "Godlike", "epic"))

    open_live(page, api)

    expect(page.locator("#ranking .who")).to_have_text(["Ann", "Bob"], timeout=SOON_MS)
    expect(page.locator("#ranking td.score")).to_have_text(["1,500", "900"])
    expect(page.locator("#players")).to_have_text("2")
    expect(page.locator("#applied")).to_have_text("3")
    expect(page.locator("#achievements li")).to_contain_text(["Godlikeepic"])
    expect(page.locator("#achievements li")).to_contain_text(["Bob"])


def test_a_player_who_rises_is_shown_rising(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 300, name="Ann"), scored("b", 200, name="Bob"))
    open_live(page, api)
    expect(page.locator("#ranking .who")).to_have_text(["Ann", "Bob"], timeout=SOON_MS)

    feed(scored("b", 200, name="Bob"))

    expect(page.locator("#ranking .who")).to_have_text(["Bob", "Ann"], timeout=SOON_MS)
    expect(page.locator("#ranking .moved")).to_have_text(["▲ 1", "▼ 1"])
    expect(page.get_by_label("up 1")).to_be_visible()
    expect(page.locator("#news")).to_have_text("Bob takes the lead with 400 points")


def test_focus_stays_on_a_player_who_moves(page: Page, api: Serving, feed: Feed):
    feed(scored("a", 300, name="Ann"), scored("b", 200, name="Bob"))
    open_live(page, api)
    page.get_by_role("button", name="Ann").focus()

    feed(scored("b", 200, name="Bob"))

    expect(page.locator("#ranking .who").first).to_have_text("Bob", timeout=SOON_MS)
    expect(page.get_by_role("button", name="Ann")).to_be_focused()


def test_events_per_second_move_and_come_to_rest(page: Page, api: Serving, feed: Feed):
    open_live(page, api)
    expect(page.locator("#rate")).to_have_text("0.0", timeout=SOON_MS)

    feed(*(scored("a", 1) for _ in range(20)))

    expect(page.locator("#rate")).to_have_text(re.compile(r"[1-9]"), timeout=SOON_MS)
    expect(page.locator("#rate")).to_have_text("0.0", timeout=SOON_MS)


def test_names_are_text_never_markup(page: Page, api: Serving, feed: Feed):
    feed(scored("evil", 100, name=EVIL), unlocked("evil", EVIL, EVIL[:60], "rare"))

    open_live(page, api)

    expect(page.locator("#ranking .who")).to_have_text([EVIL], timeout=SOON_MS)
    expect(page.locator("#achievements .by")).to_have_text([EVIL])
    page.locator("#ranking .who").click()
    expect(page.locator("#player-name")).to_have_text(EVIL)
    assert page.locator("main img, dialog img").count() == 0
    expect(page).to_have_title(re.compile("live"))


def test_a_player_of_an_odd_id_in_detail(page: Page, api: Serving, feed: Feed):
    feed(scored("a/b c?", 100, name="Odd"))
    open_live(page, api)

    page.get_by_role("button", name="Odd").click()

    expect(page.locator("#player-stats")).to_contain_text("Rank1")
    expect(page.locator("#player-actions")).to_contain_text("kill1")
    page.keyboard.press("Escape")
    expect(page.locator("#player")).to_be_hidden()


def test_more_players_on_demand(page: Page, api: Serving, feed: Feed):
    feed(*(scored(f"p{i:02}", i + 1) for i in range(30)))
    open_live(page, api)
    expect(page.locator("#ranking .who")).to_have_count(10, timeout=SOON_MS)

    page.get_by_label("Show").select_option("25")

    expect(page.locator("#ranking .who")).to_have_count(25, timeout=SOON_MS)


def test_a_server_that_goes_is_said_and_one_that_comes_back_is_found(
    page: Page, api: Serving, feed: Feed
):
    feed(scored("a", 100, name="Ann"))
    open_live(page, api)
    expect(page.locator("#ranking .who")).to_have_text(["Ann"], timeout=SOON_MS)

    api.stop()

    expect(page.locator("#connection")).to_contain_text("Reconnecting in", timeout=SOON_MS)
    expect(page.locator("#notice")).to_contain_text("Disconnected from the server")
    assert names(page) == ["Ann"]

    feed(scored("b", 200, name="Bob"))
    api.start()

    expect(page.locator("#connection")).to_have_text("Live", timeout=SOON_MS)
    expect(page.locator("#ranking .who")).to_have_text(["Bob", "Ann"], timeout=SOON_MS)
    expect(page.locator("#notice")).to_be_hidden()


def test_retry_now_does_not_wait(page: Page, api: Serving):
    open_live(page, api)
    api.stop()
    expect(page.locator("#connection")).to_contain_text("Reconnecting in", timeout=SOON_MS)
    api.start()

    if page.locator("#retry").is_visible():
        page.locator("#retry").click()

    expect(page.locator("#connection")).to_have_text("Live", timeout=SOON_MS)


def test_the_theme_is_the_systems_until_chosen_and_then_remembered(page: Page, api: Serving):
    page.emulate_media(color_scheme="dark")
    open_live(page, api)
    dark = background(page)

    page.get_by_role("button", name="Switch to the light theme").click()

    light = background(page)
    assert sum(light) > sum(dark) + 300
    page.reload()
    assert background(page) == light


def background(page: Page) -> list[int]:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return [int(part) for part in re.findall(r"\d+", colour)][:3]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_sideways_scrolling(page: Page, api: Serving, feed: Feed, width: int):
    feed(*(scored(f"p{i}", 900_000 + i, name="W" * 128) for i in range(10)))
    feed(unlocked("p1", "W" * 128, "A" * 128, "legendary"))
    page.set_viewport_size({"width": width, "height": 800})

    open_live(page, api)

    expect(page.locator("#ranking .who")).to_have_count(10, timeout=SOON_MS)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_rows_do_not_glide_for_those_who_want_calm(browser: Browser, api: Serving, feed: Feed):
    feed(scored("a", 300, name="Ann"), scored("b", 200, name="Bob"))
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    open_live(page, api)
    expect(page.locator("#ranking .who")).to_have_text(["Ann", "Bob"], timeout=SOON_MS)
    page.evaluate("() => { Element.prototype.animate = () => { document.title = 'moved' } }")

    feed(scored("b", 200, name="Bob"))

    expect(page.locator("#ranking .who")).to_have_text(["Bob", "Ann"], timeout=SOON_MS)
    assert page.title() != "moved"
    context.close()


def test_it_works_behind_a_prefix(page: Page, api: Serving, feed: Feed):
    """As jupyter-server-proxy does it: the prefix is cut off before the request reaches us."""
    feed(scored("a", 300, name="Ann"))
    page.route("**/proxy/8000/**", lambda route: route.continue_(url=unprefixed(route.request.url)))
    asked: list[str] = []
    page.on("websocket", lambda socket: asked.append(socket.url))

    page.goto(f"{api.url}/proxy/8000/")

    expect(page.locator("h1")).to_have_text("Top players")
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") != "0px"
    page.wait_for_function("document.querySelector('#connection .words').textContent !== ''")
    assert asked[0].split("?")[0].endswith("/proxy/8000/ws")


def unprefixed(url: str) -> str:
    return url.replace("/proxy/8000/", "/")
