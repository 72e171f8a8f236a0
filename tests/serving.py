"""The API in tests: the real application on a real port, and events that reach it as they do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from redis import Redis
from websockets.sync.client import ClientConnection, connect

from leaderboard.api import create_app, listen, make_server
from leaderboard.api.server import url_of
from leaderboard.api.services import Services
from leaderboard.model.events import (
    AchievementUnlocked,
    Event,
    MatchFinished,
    PlayerJoined,
    PlayerScored,
)
from leaderboard.model.fold import Record, fold
from leaderboard.model.tally import Book
from leaderboard.pipeline.declared import writer_of
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys
from tests.waiting import until

START = datetime(2026, 1, 1, tzinfo=UTC)
_numbers = count(1)


def _common(player: str, name: str | None, at: datetime | None = None) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "event_id": UUID(int=number),
        "timestamp": at or START + timedelta(seconds=number),
        "player_id": player,
        "player_name": name or player.title(),
    }


def scored(
    player: str, points: int, name: str | None = None, *, game: str = "g",
    at: datetime | None = None,
) -> PlayerScored:  # fmt: skip
    return PlayerScored(**_common(player, name, at), points=points, game_id=game, action="kill")


def finished(player: str, result: Any, *, game: str = "g", kills: int = 1) -> MatchFinished:
    return MatchFinished(
        **_common(player, None), match_id="m", game_id=game, result=result, kills=kills, deaths=2,
        assists=1,
    )  # fmt: skip


def joined(player: str, name: str | None = None) -> PlayerJoined:
    return PlayerJoined(**_common(player, name), game_id="g")


def unlocked(
    player: str, name: str | None = None, achievement: str = "Ace", rarity: Any = "legendary"
) -> AchievementUnlocked:
    return AchievementUnlocked(
        **_common(player, name), achievement_name=achievement, achievement_rarity=rarity
    )


class Feed:
    """Counts events in Redis as the processor does, in partition 0."""

    def __init__(self, settings: Settings, redis_url: str) -> None:
        self.redis = Redis.from_url(redis_url)
        self.keys = Keys(settings.key_prefix)
        self._writer = writer_of(self.redis, settings)
        self._book = Book(self._writer.boards)

    def __call__(self, *events: Event) -> None:
        start = self._writer.offsets([0])[0] or 0
        watermark = self._writer.watermarks([0])[0]
        records = [Record(start + i, event) for i, event in enumerate(events)]
        runs = fold(records, start, book=self._book, watermark=watermark)
        outcomes = self._writer.apply([(0, changes) for changes in runs])
        assert all(outcome.applied for outcome in outcomes)

    def close(self) -> None:
        self.redis.close()


class Serving:
    """The application in a thread, on the same port over restarts."""

    def __init__(self, settings: Settings, redis_url: str = "", kafka: str = "") -> None:
        self._settings = settings
        self._redis_url = redis_url or settings.redis
        self._kafka = kafka or settings.kafka
        self._port = 0
        self.start()

    def start(self) -> None:
        app = create_app(self._settings, redis_url=self._redis_url, kafka=self._kafka)
        sock = listen("127.0.0.1", self._port)
        self.url = url_of(sock)
        self._port = sock.getsockname()[1]
        self.services: Services = app.state.services
        self.server = make_server(app)
        self._thread = threading.Thread(target=self.server.run, args=([sock],))
        self._thread.start()
        until(lambda: self.server.started)

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive(), "the server did not stop"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, **headers)

    def ask(self, method: str, path: str, **headers: str) -> httpx.Response:
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=30)

    def live(self, query: str = "", **options: Any) -> ClientConnection:
        """A WebSocket client; it closes with its `with` block."""
        return connect(
            f"{self.url.replace('http', 'ws')}/ws{query}", proxy=None, open_timeout=30, **options
        )


@contextmanager
def serving(settings: Settings, redis_url: str = "", kafka: str = "") -> Iterator[Serving]:
    api = Serving(settings, redis_url, kafka)
    try:
        yield api
    finally:
        api.stop()
