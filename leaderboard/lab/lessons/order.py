"""Notebook 02: the same events on a keyed and an unkeyed topic, and what became of their order."""

from collections.abc import Iterable
from html import escape
from typing import ClassVar, Final, Self

import pandas as pd
from redis import Redis

from leaderboard.lab import frames, runs
from leaderboard.model.events import BadRecord, GameEvent, WatermarkAdvanced, decode, encode
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.producer import Producer
from leaderboard.settings import Settings

SIDES: Final = ("keyed", "unkeyed")

READ: Final = {
    "topic": "str", "read": "int64", "sent": "int64", "partition": "int64", "offset": "int64",
    "player_id": "str", "player_name": "str",
}  # fmt: skip
"""Columns of `Twins.read`: `read` and `sent` are places, from 1, in the one and the other order."""


class Twins:
    """Two topics, "keyed" and "unkeyed", for the same events; `close` deletes both.

    Making a new one takes the place of the one before it in this kernel.

    Parameters
    ----------
    settings
        The lab's, with the servers' addresses.
    redis
        A connected client.
    """

    _current: ClassVar["Twins | None"] = None

    def __init__(self, settings: Settings, redis: Redis) -> None:
        if Twins._current is not None:
            Twins._current.close()
        self._redis = redis
        self._sides = {side: runs.settings_of(side, settings) for side in SIDES}
        self._sent: dict[str, int] = {}
        self.closed = False
        for side in self._sides.values():
            runs.empty(side, side.kafka, redis)
        Twins._current = self

    def send(self, events: Iterable[GameEvent]) -> int:
        """Send each event to both, here with its player as the key, there without; how many.

        Returns once Kafka has acknowledged all of them. Raises as `Producer.flush`.
        """
        count = 0
        with self._producer("keyed") as keyed, self._producer("unkeyed") as unkeyed:
            for count, event in enumerate(events, start=1):  # noqa: B007  # the last one is returned
                self._sent[str(event.event_id)] = len(self._sent) + 1
                keyed.send(event)
                unkeyed.send_raw(encode(event))
        return count

    def _producer(self, side: str) -> Producer:
        return Producer(self._sides[side].kafka, self._sides[side].topic)

    def read(self) -> pd.DataFrame:
        """Both topics as a reader gets them who comes late: one partition after the other.

        Columns `READ`.
        """
        rows = []
        for name, side in self._sides.items():
            for place, record in enumerate(read_log(side.kafka, side.topic), start=1):
                event = decode(record.value)
                if not isinstance(event, BadRecord | WatermarkAdvanced):
                    sent = self._sent[str(event.event_id)]
                    rows.append((name, place, sent, record.partition, record.offset,
                                 event.player_id, event.player_name))  # fmt: skip
        return frames.table(rows, READ)

    def close(self) -> None:
        """Delete both topics; again: nothing."""
        if self.closed:
            return
        self.closed = True
        for side in self._sides.values():
            runs.remove(side, side.kafka, self._redis)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        topics = " and ".join(side.topic for side in self._sides.values())
        return f"<Twins {topics}, {'closed' if self.closed else f'{len(self._sent)} events each'}>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"


def late(df: pd.DataFrame) -> pd.Series:
    """Which rows of `Twins.read` break the order: read after a later event of the same player."""
    in_order = df.sort_values(["topic", "read"])
    newest = in_order.groupby(["topic", "player_id"])["sent"].cummax()
    return (in_order["sent"] < newest).reindex(df.index)
