"""Notebook 08: an evening of events, some of them delayed; who is late, and what was missed.

What is late is never decided here: `judge` folds the recorded log with the boards' own fold.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import exp
from random import Random
from typing import Final
from uuid import NAMESPACE_OID, uuid5

import pandas as pd
from kafka import KafkaProducer
from kafka.errors import KafkaError
from msgspec import Struct

from leaderboard.errors import ServersError
from leaderboard.lab import frames
from leaderboard.lab.lessons.counting import band
from leaderboard.model.boards import Board
from leaderboard.model.events import BadRecord, GameEvent, PlayerScored, decode, encode
from leaderboard.model.fold import Record, fold
from leaderboard.model.tally import Book
from leaderboard.model.windows import calendar, instant, micros
from leaderboard.pipeline.client import client
from leaderboard.pipeline.log import read_log

ON_TIME, LATE, TOO_LATE = FATES = ("on time", "late, counted", "too late")

JUDGED: Final = {
    "offset": "int64", "arrived": frames.INSTANT, "at": frames.INSTANT,
    "watermark": frames.INSTANT, "start": frames.INSTANT, "end": frames.INSTANT,
    "player_id": "str", "player_name": "str", "points": "int64", "fate": "str",
}  # fmt: skip
"""Columns of `judge`: `arrived` is Kafka's time of the record, `at` the event's own; `watermark`
is the latest event time up to this record; `start` and `end` are those of the event's window."""

LOST: Final = {
    "lateness_min": "int64", "events": "int64", "late": "int64", "too_late": "int64",
    "law": "float64", "low": "int64", "high": "int64",
}  # fmt: skip
"""Columns of `losses`; `law`, `low` and `high` in events."""


class Delivery(Struct, frozen=True):
    """An event and the instant it reaches Kafka."""

    event: GameEvent
    arrives: datetime


class Delays(Struct, frozen=True):
    """A `share` of the events is held back, for `mean_s` seconds on average (exponential)."""

    share: float = 0.3
    mean_s: float = 1200.0

    def deliveries(self, events: Iterable[GameEvent], seed: int) -> list[Delivery]:
        """`events` in the order they arrive; same seed, same delays."""
        dice = Random(seed)
        found = []
        for event in events:
            held = dice.random() < self.share
            delay_s = dice.expovariate(1 / self.mean_s) if held else 0.0
            found.append(Delivery(event, event.timestamp + timedelta(seconds=delay_s)))
        return sorted(found, key=lambda delivery: delivery.arrives)

    def too_late(self, window_s: float, lateness_s: float) -> float:
        """The share of all events that come `lateness_s` or more after the end of their window.

        For events spread evenly over a window of `window_s` seconds.

        >>> round(Delays(share=0.3, mean_s=1200).too_late(3600, 0), 3)
        0.095
        """
        mean = self.mean_s
        return self.share * mean / window_s * (1 - exp(-window_s / mean)) * exp(-lateness_s / mean)


def shot(at: datetime, player: str) -> PlayerScored:
    """A headshot of `player` (id and name) at that instant; the same again is the same event."""
    return PlayerScored(
        event_id=uuid5(NAMESPACE_OID, f"{player} {at.isoformat()}"),
        timestamp=at,
        player_id=player,
        player_name=player,
        points=150,
        game_id="game_alpha",
        action="headshot",
    )


def until(plan: Sequence[Delivery], watermark: datetime) -> int:
    """How many deliveries it takes for the watermark to reach `watermark`; all if it never does."""
    for place, delivery in enumerate(plan, start=1):
        if delivery.event.timestamp >= watermark:
            return place
    return len(plan)


def send(kafka: str, topic: str, plan: Sequence[Delivery]) -> int:
    """Send `plan` at once, each record stamped with the instant it arrives in the plan; how many.

    Raises
    ------
    ServersError
        when Kafka does not acknowledge all of them.
    """
    try:
        producer = KafkaProducer(**client(kafka), acks="all", linger_ms=5)
        try:
            sent = [
                producer.send(
                    topic,
                    value=encode(delivery.event),
                    key=delivery.event.player_id.encode(),
                    timestamp_ms=micros(delivery.arrives) // 1000,
                )
                for delivery in plan
            ]
            for future in sent:
                future.get(timeout=30)
        finally:
            producer.close(timeout=5)
    except KafkaError as error:
        raise ServersError(f"{topic} on Kafka at {kafka} took not all events: {error}") from error
    return len(sent)


def recorded(kafka: str, topic: str) -> list[Record]:
    """The log of a topic of one partition, as the processor folds it."""
    return [
        Record(
            record.offset,
            decode(record.value),
            record.timestamp * 1000 if record.timestamp >= 0 else None,
        )
        for record in read_log(kafka, topic)
    ]


def judge(records: Sequence[Record], lateness_s: int) -> pd.DataFrame:
    """What becomes of each scoring event on an hourly board that waits `lateness_s` seconds.

    Folds the log twice in one go: for a board that waits, and for one that does not. What the
    second misses is late, what the first misses is too late. Duplicates are left out. Columns
    `JUDGED`, in log order.
    """
    strict = Board(name="strict", window="hourly")
    patient = Board(name="patient", window="hourly", lateness_s=lateness_s)
    missed: dict[int, list[str]] = {}
    for changes in fold(records, 0, book=Book((strict, patient))):
        missed |= {offset: boards.late for offset, boards in changes.missed.items()}
    window_of = calendar(patient)
    rows: list[tuple[object, ...]] = []
    newest: datetime | None = None
    known = set()
    for record in records:
        event = record.event
        if isinstance(event, BadRecord) or event.event_id in known:
            continue
        known.add(event.event_id)
        newest = max(newest or event.timestamp, event.timestamp)
        if isinstance(event, PlayerScored):
            (window,) = window_of(micros(event.timestamp) // 1_000_000)
            rows.append((
                record.offset, pd.Timestamp(record.logged_us or 0, unit="us", tz="UTC"),
                event.timestamp, newest, instant(window.start), instant(window.end),
                event.player_id, event.player_name, event.points,
                FATES[len(missed.get(record.offset, ()))],
            ))  # fmt: skip
    return frames.table(rows, JUDGED)


def losses(
    records: Sequence[Record], minutes: Sequence[int], delays: Delays, outside: float = 0.01
) -> pd.DataFrame:
    """How many events each lateness loses, and how many the law of `delays` expects.

    Only windows that are final for the longest lateness count. All but a share `outside` of such
    evenings lie from `low` to `high`. Columns `LOST`.
    """
    longest = pd.Timedelta(minutes=max(minutes))
    rows = []
    for lateness in minutes:
        judged = judge(records, 60 * lateness)
        judged = judged[judged["end"] + longest <= judged["watermark"].max()]
        fates = judged["fate"].value_counts()
        share = delays.too_late(3600, 60 * lateness)
        late, too_late = (int(fates.get(fate, 0)) for fate in (LATE, TOO_LATE))
        rows.append((lateness, len(judged), late + too_late, too_late, share * len(judged),
                     *band(len(judged), share, outside)))  # fmt: skip
    return frames.table(rows, LOST)


def scores(tables: frames.Frames, label: str, pane: str = "latest") -> dict[str, int]:
    """Points by player id of an hourly window: the `latest` result, or the `on_time` one.

    Raises as `Frames.board`.
    """
    found = tables.board(1000, board="hourly", at=label, pane=pane)
    return dict(zip(found["player_id"], found["score"].tolist(), strict=True))
