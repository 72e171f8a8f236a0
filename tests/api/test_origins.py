"""Which pages may call: CORS for HTTP, the handshake for WebSocket."""

import doctest
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from leaderboard.api import origins
from leaderboard.settings import Settings
from tests.serving import Serving, serving

FRIEND = "https://friend.example"


@pytest.fixture
def open_api(settings: Settings) -> Iterator[Serving]:
    with serving(settings.with_(cors_origins=(FRIEND,))) as api:
        yield api


def test_examples():
    assert doctest.testmod(origins).failed == 0


@pytest.mark.parametrize(
    ("origin", "host", "allowed", "expected"),
    [
        (None, "h:8000", [], True),
        ("http://h:8000", "h:8000", [], True),
        ("http://H:8000", "h:8000", [], True),
        ("http://h", "h:80", [], True),
        ("https://h:443", "h", [], True),
        ("http://[::1]:8000", "[::1]:8000", [], True),
        ("http://h:8001", "h:8000", [], False),
        ("http://evil", "h:8000", [], False),
        ("http://h:8000.evil", "h:8000", [], False),
        ("http://h:8000@evil", "h:8000", [], False),
        ("null", "h:8000", [], False),
        ("", "", [], False),
        ("http://evil", "h:8000", ["*"], True),
        ("https://friend.example", "h", ["https://Friend.example/"], True),
        ("http://friend.example", "h", ["https://friend.example"], False),
    ],
)
def test_who_is_allowed(origin: str | None, host: str, allowed: list[str], expected: bool):
    assert origins.is_allowed(origin, host, allowed) is expected


def test_a_forged_origin_is_refused_with_the_reason(api: Serving):
    with pytest.raises(InvalidStatus) as refused, api.live(origin="http://evil.example"):
        pass

    assert refused.value.response.status_code == 403
    assert b"LEADERBOARD_CORS_ORIGINS" in refused.value.response.body


def test_its_own_pages_and_no_page_may_connect(api: Serving):
    for origin in (api.url, None):
        with api.live(origin=origin) as client:
            assert client.recv(30)


def test_a_listed_origin_may_connect_and_fetch(open_api: Serving):
    with open_api.live(origin=FRIEND) as client:
        assert client.recv(30)

    answer = open_api.get("/api/leaderboard", Origin=FRIEND)

    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "ETag" in answer.headers["access-control-expose-headers"]


def test_others_get_no_permission_to_read(api: Serving, open_api: Serving):
    for server in (api, open_api):
        answer = server.get("/api/leaderboard", Origin="http://evil.example")

        assert "access-control-allow-origin" not in answer.headers
