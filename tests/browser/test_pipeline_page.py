"""The pages beside the dashboard: Kafka from the inside, and the API reference."""

import re
from collections.abc import Iterator

import pytest
from kafka import KafkaProducer
from playwright.sync_api import Page, expect

from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings
from tests.serving import Feed, Serving, scored, serving

SOON_MS = 60_000
EVIL = '<img src=x onerror="document.title=`broken`">'


@pytest.fixture
def api(settings: Settings) -> Iterator[Serving]:
    with serving(settings) as api:
        yield api


@pytest.fixture
def producer(settings: Settings) -> Iterator[KafkaProducer]:
    ensure_topics(settings, settings.kafka)
    producer = KafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    yield producer
    producer.close()


def test_partitions_and_lag(page: Page, api: Serving, settings: Settings, producer: KafkaProducer):
    for _ in range(3):
        producer.send(settings.topic, b"{}", partition=1).get(30)
    feed = Feed(settings, settings.redis)
    feed(scored("a", 1))
    feed.close()

    page.goto(f"{api.url}/pipeline")

    rows = page.locator("#partitions tbody tr")
    expect(rows).to_have_count(3, timeout=SOON_MS)
    expect(rows.nth(1)).to_have_text(re.compile(r"^1\D*0\D+3"))
    expect(page.locator("#records-held")).to_have_text("3")
    expect(page.locator("#no-members")).to_be_visible()


def test_records_are_text_never_markup_and_stay_open(
    page: Page, api: Serving, settings: Settings, producer: KafkaProducer
):
    producer.send(settings.topic, EVIL.encode(), EVIL.encode()).get(30)
    page.goto(f"{api.url}/pipeline")
    page.locator("#records summary").click(timeout=SOON_MS)

    expect(page.locator("#records pre")).to_have_text(EVIL)
    producer.send(settings.topic, b'{"event_type":"later"}').get(30)

    expect(page.locator("#records summary").first).to_contain_text("later", timeout=SOON_MS)
    expect(page.locator("#records pre").last).to_be_visible()
    assert page.locator("main img").count() == 0
    expect(page).to_have_title(re.compile("Pipeline"))


def test_another_topic_is_a_click_away(
    page: Page, api: Serving, settings: Settings, producer: KafkaProducer
):
    producer.send(settings.dead_letter_topic, b"bad", headers=[("error", b"why it is bad")]).get(30)
    page.goto(f"{api.url}/pipeline")

    page.get_by_role("button", name=settings.dead_letter_topic).click(timeout=SOON_MS)

    page.locator("#records summary").click(timeout=SOON_MS)
    expect(page.locator("#records dl")).to_contain_text("why it is bad")
    assert page.url.endswith(f"?topic={settings.dead_letter_topic}")


def test_kafka_away_is_said(page: Page, settings: Settings):
    with serving(settings, kafka="127.0.0.1:1") as api:
        page.goto(f"{api.url}/pipeline")

        expect(page.locator("#notice")).to_contain_text("does not answer", timeout=SOON_MS)
        expect(page.locator("#connection")).to_have_text("No data")


def test_the_reference_lists_and_tries_every_route(page: Page, api: Serving):
    paths = api.get("/openapi.json").json()["paths"]
    page.goto(f"{api.url}/docs")
    expect(page.locator(".operation")).to_have_count(
        sum(len(methods) for methods in paths.values()), timeout=SOON_MS
    )

    board = page.locator("[id='get/api/leaderboard']")
    if not board.get_by_role("button", name="Send").is_visible():
        board.locator("summary").click()
    board.get_by_role("button", name="Send").click()

    expect(board.locator("pre").first).to_contain_text("200", timeout=SOON_MS)
    expect(board.locator("pre").first).to_contain_text('"total_players": 0')


def test_the_reference_listens_to_pushes(page: Page, api: Serving):
    page.goto(f"{api.url}/docs")
    live = page.locator(".operation", has_text="/ws")
    live.locator("summary").click(timeout=SOON_MS)

    live.get_by_role("button", name="Connect").click()

    expect(live.locator("pre").first).to_contain_text("leaderboard_update", timeout=SOON_MS)
