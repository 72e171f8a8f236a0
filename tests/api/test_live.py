"""Pushes over WebSocket."""

import json
import time
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from leaderboard.api.live import PUSH_EVERY_S
from tests.serving import Feed, Serving, scored, unlocked
from tests.waiting import until

QUIET_S = 2.5
"""Longer than a push can be away."""


def data(client: ClientConnection) -> dict:
    message = json.loads(client.recv(60))
    assert message["type"] == "leaderboard_update"
    return message["data"]


def test_the_content_comes_on_connect_as_over_http(api: Serving, feed: Feed):
    feed(scored("p", 5), unlocked("p"))

    with api.live() as client:
        first = data(client)

    assert first["leaderboard"] == api.get("/api/leaderboard").json()
    assert first["recent_achievements"] == api.get("/api/achievements").json()


def test_a_client_chooses_how_much(api: Serving, feed: Feed):
    feed(*(scored(f"p{i}", i) for i in range(20)), *(unlocked("p1") for _ in range(20)))

    with api.live("?top=15&limit=3") as client:
        first = data(client)

    assert len(first["leaderboard"]["top_players"]) == 15
    assert len(first["recent_achievements"]) == 3


def test_a_change_is_pushed(api: Serving, feed: Feed):
    with api.live() as client:
        assert data(client)["leaderboard"]["top_players"] == []

        feed(scored("p", 5))

        assert data(client)["leaderboard"]["top_players"][0]["score"] == 5


def test_an_achievement_alone_is_pushed(api: Serving, feed: Feed):
    feed(scored("p", 5))
    with api.live() as client:
        data(client)

        feed(unlocked("p"))

        assert data(client)["recent_achievements"][0]["player_id"] == "p"


def test_mistake_09_nothing_is_pushed_while_nothing_changes(api: Serving, feed: Feed):
    feed(scored("p", 5))
    with api.live() as client:
        data(client)

        with pytest.raises(TimeoutError):
            client.recv(QUIET_S)


def test_at_most_one_push_a_second(api: Serving, feed: Feed):
    with api.live() as client:
        data(client)
        began = time.monotonic()
        seen = 0
        while seen < 60:
            feed(*(scored("p", 1) for _ in range(5)))
            seen = last_score(client, seen)
        pushes = api.services.hub.pushes

        assert pushes - 1 <= (time.monotonic() - began) / PUSH_EVERY_S + 1


def last_score(client: ClientConnection, before: int) -> int:
    try:
        return data_within(client, 0.05)["leaderboard"]["top_players"][0]["score"]
    except TimeoutError:
        return before


def data_within(client: ClientConnection, seconds: float) -> dict:
    return json.loads(client.recv(seconds))["data"]


def test_what_a_client_says_is_ignored(api: Serving, feed: Feed):
    with api.live() as client:
        data(client)
        for message in ("hello", b"\x00\xff", "{}"):
            client.send(message)

        feed(scored("p", 5))

        assert data(client)["leaderboard"]["total_players"] == 1


def test_an_oversize_message_closes_the_connection(api: Serving):
    with api.live() as client:
        data(client)
        client.send("x" * 2000)

        with pytest.raises(ConnectionClosed) as closed:
            client.recv(60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    until(lambda: api.services.hub.clients == 0)


@pytest.mark.parametrize("query", ["?top=0", "?top=101", "?limit=51", "?top=abc"])
def test_bounds_hold_here_too(api: Serving, query: str):
    with pytest.raises(InvalidStatus) as refused, api.live(query):
        pass
    assert refused.value.response.status_code == 403


def test_clients_that_come_and_go_leave_nothing(api: Serving, feed: Feed):
    for _ in range(20):
        with api.live() as client:
            data(client)
            feed(scored("p", 1))

    until(lambda: api.services.hub.clients == 0)


def test_the_end_of_the_server_closes_clients(api: Serving):
    with api.live() as client:
        data(client)

        api.stop()

        with pytest.raises(ConnectionClosed) as closed:
            client.recv(60)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
    api.start()


@pytest.mark.timeout(300)
def test_hundreds_of_clients_get_the_same_push(api: Serving, feed: Feed):
    """One task each. (A thread each on this side keeps the number below a thousand.)"""
    with ExitStack() as stack:
        clients = [stack.enter_context(api.live()) for _ in range(200)]
        for client in clients:
            data(client)

        feed(scored("p", 5))

        assert all(data(c)["leaderboard"]["total_players"] == 1 for c in clients)
        assert api.services.hub.clients == 200
    until(lambda: api.services.hub.clients == 0)
