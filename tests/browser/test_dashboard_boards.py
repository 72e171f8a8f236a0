"""Any board on the live page: chosen, kept in the address, moving or not, and said when absent."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leaderboard.settings import Settings
from tests.browser.pages import SOON_MS, open_live, strict
from tests.serving import Feed, Serving, finished, scored, serving

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
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
FRIDAY = MONDAY + timedelta(days=4)


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


def now() -> datetime:
    return datetime.now(UTC)


def who(page: Page, *names: str) -> None:
    expect(page.locator("#ranking .who")).to_have_text(list(names), timeout=SOON_MS)


def scores(page: Page, *texts: str) -> None:
    expect(page.locator("#ranking td.score > span:not(.gain)")).to_have_text(list(texts))


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
