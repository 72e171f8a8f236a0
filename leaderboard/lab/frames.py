"""The pipeline's content as tidy tables; an empty table keeps its columns and their types.

Each call connects, reads and closes, so it works in any thread and beside running stages.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import pandas as pd
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from redis import Redis

from leaderboard.errors import ServersError
from leaderboard.lab.board_frames import BOARD, BoardFrames, page_table
from leaderboard.lab.ownership import spans
from leaderboard.lab.sample import Sample
from leaderboard.lab.tidy import INSTANT, TEXT, table
from leaderboard.model.boards import GLOBAL
from leaderboard.model.events import ACHIEVEMENTS, BadRecord
from leaderboard.model.simulate import achievement_shares
from leaderboard.model.wire import Wire
from leaderboard.pipeline.client import client
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.schemas import wire_of
from leaderboard.settings import Settings
from leaderboard.store import reader
from leaderboard.store.keys import Keys

__all__ = ["BOARD", "INSTANT", "TEXT", "Frames", "history", "table"]

MAX_PLAYERS: Final = 100_000

EVENTS: Final = {
    "partition": "int64", "offset": "int64", "logged_at": INSTANT, "event_type": TEXT,
    "event_id": TEXT, "timestamp": INSTANT, "player_id": TEXT, "player_name": TEXT,
    "points": "Int64", "game_id": TEXT, "action": TEXT, "achievement_name": TEXT,
    "achievement_rarity": TEXT, "match_id": TEXT, "result": TEXT, "kills": "Int64",
    "deaths": "Int64", "assists": "Int64", "size_bytes": "int64", "bad": TEXT,
}  # fmt: skip
PLAYERS: Final = {
    **BOARD, "events_count": "int64", "games_joined": "int64", "last_active": INSTANT,
}  # fmt: skip
LAG: Final = {
    "t_s": "float64", "partition": "int64", "end": "int64", "stored": "int64", "lag": "int64",
    "owner": TEXT,
}  # fmt: skip
ASSIGNMENT: Final = {
    "partition": "Int64", "member": TEXT, "state": TEXT, "from_s": "float64", "to_s": "float64",
}  # fmt: skip
ACHIEVEMENTS_SEEN: Final = {
    "achievement": TEXT, "rarity": TEXT, "unlocked": "int64", "share": "float64",
    "expected_share": "float64",
}  # fmt: skip
HISTORY: Final = {
    "t_s": "float64", "target_rate": "float64", "sent": "int64", "send_rate": "float64",
    "applied": "int64", "apply_rate": "float64", "duplicates": "int64", "dead_letters": "int64",
    "produced": "int64", "lag": "int64", "total_players": "int64", "clients": "int64",
}  # fmt: skip


def history(samples: Iterable[Sample]) -> pd.DataFrame:
    """One row a sample: `HISTORY`; rates in events/s, `t_s` in seconds since the lab was made."""
    rows = [
        (s.t_s, s.target_rate, s.sent, s.send_rate, s.applied, s.apply_rate, s.duplicates,
         s.dead_letters, sum(s.end.values()), s.total_lag, s.total_players, s.clients)
        for s in samples
    ]  # fmt: skip
    return table(rows, HISTORY)


def assignment(samples: Iterable[Sample]) -> pd.DataFrame:
    """One row per stretch of time in which a partition's owner stayed the same: `ASSIGNMENT`.

    `state` is owned, orphaned (the owner is dead), nobody or idle; rows without a partition tell
    which members idle. By `from_s`, in seconds since the lab was made.
    """
    return table([msgspec.structs.astuple(span) for span in spans(samples)], ASSIGNMENT)


class Frames(BoardFrames):
    """Tables of one lab."""

    def __init__(
        self, settings: Settings, kafka: str, redis: Redis, samples: Callable[[], list[Sample]]
    ) -> None:
        super().__init__(settings, redis)
        self._kafka = kafka
        self._keys = Keys(settings.key_prefix)
        self._samples = samples

    def events(self, limit: int | None = 1000) -> pd.DataFrame:
        """The newest `limit` records of the log (None: all), in the order they were logged.

        Columns `EVENTS`. What an event type lacks is missing; `bad` says why a record is no event.

        Raises
        ------
        ServersError
            when Kafka or the schema registry is away, or the topic does not exist.
        """
        start = None if limit is None else self._tail(limit)
        wire = wire_of(self._settings)
        log = read_log(self._kafka, self._settings.topic, start)
        rows = [_event_row(record, wire) for record in log]
        frame = table(rows, EVENTS).sort_values(
            ["logged_at", "partition", "offset"], ignore_index=True
        )
        return frame if limit is None else frame.tail(limit).reset_index(drop=True)

    def _tail(self, limit: int) -> dict[int, int]:
        topic = self._settings.topic
        try:
            with KafkaConsumer(
                **client(self._kafka), group_id=None, enable_auto_commit=False
            ) as consumer:
                numbers = consumer.partitions_for_topic(topic) or ()
                parts = [TopicPartition(topic, p) for p in numbers]
                ends = consumer.end_offsets(parts)
        except KafkaError as error:
            raise ServersError(f"no Kafka answers at {self._kafka}: {error}") from error
        return {tp.partition: max(0, end - limit) for tp, end in ends.items()}

    def board(
        self, n: int = 10, *, board: str = GLOBAL.name, movement: bool = False, **asked: str
    ) -> pd.DataFrame:
        """The best `n` players of a board, best first; `asked`: at, game, policy, pane.

        Columns `BOARD`; with `movement` also `previous_rank`, on boards of rates also `RATE` and
        scores as floats. Raises as `BoardFrames` says.
        """
        if (board, movement, asked) != (GLOBAL.name, False, {}):
            return page_table(self._page(n, board, asked, movement=movement), movement=movement)
        rows = reader.run(self._redis, reader.snapshot(self._keys, n)).rows
        return table([(r.rank, r.player_id, r.player_name, r.score) for r in rows], BOARD)

    def players(self) -> pd.DataFrame:
        """Every player, best first (at most 100,000). Columns `PLAYERS`; raises `StoreError`."""
        board = self.board(MAX_PLAYERS)
        with self._redis.pipeline(transaction=False) as pipe:
            for player_id in board["player_id"]:
                pipe.hmget(
                    self._keys.player(player_id), ["events_count", "games_joined", "last_active"]
                )
            more = [[value.decode() for value in values] for values in pipe.execute()]
        columns = ["events_count", "games_joined", "last_active"]
        return board.join(pd.DataFrame(more, columns=columns)).astype(PLAYERS)

    def lag(self) -> pd.DataFrame:
        """What each partition's lag was, a row per sample and partition. Columns `LAG`."""
        rows = [
            (s.t_s, p, end, s.stored.get(p, 0), s.lag[p], s.owners.get(p, ""))
            for s in self._samples()
            for p, end in sorted(s.end.items())
        ]
        return table(rows, LAG)

    def assignment(self) -> pd.DataFrame:
        """Who owned each partition when, and who idled. Columns `ASSIGNMENT`; as `assignment`."""
        return assignment(self._samples())

    def achievements(self) -> pd.DataFrame:
        """How often each achievement was unlocked, and its share of all against the expected one.

        Columns `ACHIEVEMENTS_SEEN`, commonest rarity first; raises `StoreError`.
        """
        unlocked = {
            name.decode(): int(n) for name, n in self._hash(self._keys.achievement_counts).items()
        }
        expected, total = achievement_shares(), sum(unlocked.values())
        rows = [
            (name, rarity, n := unlocked.get(name, 0), n / total if total else 0.0, expected[name])
            for name, rarity in ACHIEVEMENTS.items()
        ]
        return table(rows, ACHIEVEMENTS_SEEN)

    def history(self) -> pd.DataFrame:
        """The lab's samples. Columns `HISTORY`."""
        return history(self._samples())

    def _hash(self, key: str) -> dict[bytes, bytes]:
        found: Any = self._redis.hgetall(key)
        return dict(found)


def _event_row(record: Any, wire: Wire) -> tuple[object, ...]:
    logged = pd.Timestamp(record.timestamp, unit="ms", tz="UTC")
    event = wire.decode(record.value, record.headers)
    size = len(record.value or b"")
    if isinstance(event, BadRecord):
        nothing = [None] * (len(EVENTS) - 5)
        return (record.partition, record.offset, logged, *nothing, size, event.reason)
    fields = msgspec.structs.asdict(event)
    kind = event.__struct_config__.tag
    names = ("player_id", "player_name", "points", "game_id", "action", "achievement_name",
             "achievement_rarity", "match_id", "result", "kills", "deaths", "assists")  # fmt: skip
    values = [fields.get(name) for name in names]
    return (record.partition, record.offset, logged, kind, str(event.event_id),
            event.timestamp, *values, size, None)  # fmt: skip
