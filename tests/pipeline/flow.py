"""A producer that goes on through any fault, and the ledger of what it sent."""

import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Self

from msgspec import Struct, structs

from leaderboard.errors import ServersError
from leaderboard.model.events import (
    EVENT_TYPES,
    GameEvent,
    PlayerScored,
    WatermarkAdvanced,
    decode,
)
from leaderboard.model.simulate import Profile, Simulator, player_id, player_name
from leaderboard.pipeline.load import Pace
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.verify import Report
from tests.pipeline.pipes import Pipe

BAD = (b"", b"{", b"null", b"\xff\xfe", b'{"event_type":"player_flew"}', b"[" * 2000, None)
PAST_AND_FUTURE_H = (-72.0, -3.0, -0.2, 0.2, 3.0, 72.0)
KEPT = 2000
FLUSH_S = 90.0


class Weather(Struct, frozen=True):
    """What else comes, as shares of the events: sent again, bad records in between, on one
    player, stamped hours or days off.
    """

    again: float = 0.0
    bad: float = 0.0
    hot: float = 0.0
    off: float = 0.0


class Flow:
    """Sends a seed's events at `rate` a second in a thread of its own, until the context ends.

    Attributes
    ----------
    points
        The ledger: points by event id, of every good event that was sent.
    bad
        How many bad records were sent.
    weather
        May be set at any time, from any thread.
    """

    def __init__(self, pipe: Pipe, seed: int = 1, rate: float = 300, players: int = 50) -> None:
        self.points: dict[str, int] = {}
        self.bad = 0
        self.weather = Weather()
        self._rate = rate
        self._random = Random(seed)
        profile = Profile(players=players, mix=dict.fromkeys(EVENT_TYPES, 1.0))
        self._simulator = Simulator(seed, datetime.now(UTC), profile)
        self._earlier: deque[GameEvent] = deque(maxlen=KEPT)
        self._producer = Producer(pipe.settings.kafka, pipe.settings.topic)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="flow")

    @property
    def acked(self) -> int:
        """Records that Kafka has acknowledged."""
        return self._producer.acked

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop, and wait until Kafka has acknowledged everything; raises when it does not."""
        self._stop.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._send_at_rate()
            self._producer.close(FLUSH_S)
        except BaseException as error:  # noqa: BLE001  # handed to the test's thread
            self._error = error

    def _send_at_rate(self) -> None:
        pace = Pace(self._rate, time.monotonic())
        while not self._stop.wait(0.01):
            for _ in range(pace.take(time.monotonic(), 100)):
                self._send_one(self.weather)
            self._producer.reap()

    def _send_one(self, weather: Weather) -> None:
        if self._random.random() < weather.bad:
            self._post(self._random.choice(BAD))
            self.bad += 1
        if self._earlier and self._random.random() < weather.again:
            event = self._random.choice(self._earlier)
        else:
            event = self._event(weather)
            self._earlier.append(event)
            points = event.points if isinstance(event, PlayerScored) else 0
            self.points[str(event.event_id)] = points
        self._post(event)

    def _event(self, weather: Weather) -> GameEvent:
        at = datetime.now(UTC)
        if self._random.random() < weather.off:
            at += timedelta(hours=self._random.choice(PAST_AND_FUTURE_H))
        event = self._simulator.event(at)
        if self._random.random() < weather.hot:
            event = structs.replace(event, player_id=player_id(0), player_name=player_name(0))
        return event

    def _post(self, record: GameEvent | bytes | None) -> None:
        while True:
            try:
                if record is None or isinstance(record, bytes):
                    return self._producer.send_raw(record, b"player_001")
                return self._producer.send(record)
            except ServersError:  # away for long: the same event again, it is one in the ledger
                if self._stop.is_set():
                    raise


def assert_whole(pipe: Pipe, flow: Flow) -> Report:
    """After the drain: what was acknowledged is in the log, and counted exactly once.

    A record that was sent again after its acknowledgement was lost stands in the log twice, so the
    ledger tells how many events must have been counted, and the log how many are duplicates.
    """
    report = pipe.verify()
    assert report.differences == [], f"drift: {report.differences[:10]}"
    assert report.lag == 0, f"lag {report.lag}"
    told = f"{report}, {flow.acked} acknowledged, {flow.bad} bad, {len(flow.points)} good events"
    assert report.applied + report.duplicates + report.dead_letters == report.records, told
    assert report.records >= flow.acked, told
    assert report.applied == len(flow.points.keys() | _marks(pipe)), told
    assert report.dead_letters >= flow.bad, told
    scores = pipe.redis.zrange(pipe.keys.board, 0, -1, withscores=True)
    assert sum(score for _, score in scores) == sum(flow.points.values()), told
    return report


def _marks(pipe: Pipe) -> set[str]:
    """Ids of the records that processors wrote into idle partitions: they count as events."""
    events = (decode(r.value) for r in read_log(pipe.settings.kafka, pipe.settings.topic))
    return {str(e.event_id) for e in events if isinstance(e, WatermarkAdvanced)}
