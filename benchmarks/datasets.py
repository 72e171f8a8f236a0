"""The events that are measured with: the same for every contestant, in Kafka before any starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from leaderboard.model.boards import DEFAULTS, Board
from leaderboard.model.events import GameEvent
from leaderboard.model.oracle import Oracle
from leaderboard.model.oracle_boards import BoardsOracle
from leaderboard.model.simulate import Profile, simulate
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
STEP: Final = timedelta(milliseconds=1)
SEED: Final = 1


class Dataset(Struct, frozen=True):
    """Events of `players`, chosen by Zipf's law with exponent `skew` (0: uniform)."""

    name: str
    players: int
    skew: float

    def events(self, n: int) -> Iterator[GameEvent]:
        """The first `n`; the same ones each time."""
        profile = Profile(players=self.players, skew=self.skew)
        return simulate(SEED, START, n=n, step=STEP, profile=profile)


ZIPF: Final = Dataset("zipf", 10_000, 1.0)
UNIFORM: Final = Dataset("uniform", 10_000, 0.0)
MILLION: Final = Dataset("uniform 1M", 1_000_000, 0.0)


class Topic(Struct):
    """A data set's first `events` in Kafka, and what an independent count says of them."""

    name: str
    dataset: Dataset
    events: int
    partitions: int
    oracle: Oracle

    @property
    def totals(self) -> dict[str, int]:
        """Points per player, of those who have any."""
        return {i: player.score for i, player in self.oracle.players.items() if player.score}


def fill(
    kafka: str,
    settings: Settings,
    dataset: Dataset,
    events: int,
    *,
    partitions: int = 3,
    boards: tuple[Board, ...] = DEFAULTS,
) -> Topic:
    """Make a topic, send it the events, and count them by the oracle, on these `boards`.

    Raises
    ------
    ServersError
        when Kafka fails.
    """
    name = f"{dataset.name.replace(' ', '-').lower()}-{events}-p{partitions}"
    ensure_topics(settings.with_(topic=name, partitions=partitions), kafka)
    with Producer(kafka, name, throughput=True) as producer:
        for event in dataset.events(events):
            producer.send(event)
    oracle = Oracle(boards=BoardsOracle(boards))
    records = 0
    for record in read_log(kafka, name):
        logged_us = record.timestamp * 1000 if record.timestamp >= 0 else None
        oracle.feed(record.partition, record.value, logged_us)
        records += 1
    if not records == oracle.applied == events:
        raise AssertionError(f"{name} holds {records} records, expected {events}")
    return Topic(name, dataset, events, partitions, oracle)
