"""Apply changes to Redis, each exactly once.

One server-side script, `apply`, compares the stored offset of the partition with the offset where
the changes start, and only when they are equal, and none of the ids was counted before, does
everything at once: players, board, achievements, ids, counts and the new offset. Whatever is sent
twice, by whomever, finds the offset moved on and changes nothing. `seen` says which ids were
counted, so that the changes can be made again without them.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from redis import Redis
from redis.client import Pipeline

from leaderboard.errors import BoardsChangedError
from leaderboard.model.boards import DEFAULTS, Board, definitions
from leaderboard.model.fold import RECENT, Changes, utc_text
from leaderboard.model.windows import instant, instant_us
from leaderboard.store.applying import Applying, Outcome, Prepared, counted_anew, other_boards
from leaderboard.store.failures import translated
from leaderboard.store.keys import Keys, place_of
from leaderboard.store.payload import payload
from leaderboard.store.scripts import Call, Scripts
from leaderboard.store.stored import moment, number, utf8


class Writer:
    """Writes for one topic. Not thread-safe; `redis` must return bytes (no decode_responses).

    Whatever asks Redis raises `RefusedError` instead of `StoreError` where no second try helps: a
    key or value is none of ours (it is named), or Redis is a cluster.

    Parameters
    ----------
    redis
        A connected client.
    keys
        Key names.
    topic
        The topic whose offsets are compared.
    ttl_hours
        How long a counted id is remembered at least.
    boards
        What is counted.
    clock
        Seconds since the epoch; decides only which generation of ids is written.
    on_call
        Called after each round trip with the name of the script and the seconds it took.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        topic: str,
        *,
        ttl_hours: int = 192,
        boards: tuple[Board, ...] = DEFAULTS,
        clock: Callable[[], float] = time.time,
        on_call: Callable[[str, float], None] = lambda _script, _seconds: None,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._topic = topic
        self._ttl_s = ttl_hours * 3600
        self._clock = clock
        self._scripts = Scripts(redis, keys, on_call)
        self.boards = boards
        self._horizon_us: int | None = None
        self._fields: list[str] = []
        self._definitions = definitions(boards)
        self._epoch: str | None = None

    def offsets(self, partitions: Sequence[int]) -> dict[int, int | None]:
        """Offset of the next record to apply, per partition; None where nothing is stored.

        Raises
        ------
        StoreError
            when Redis fails.
        """
        return {p: offset for p, (offset, _) in self.positions(partitions).items()}

    def watermarks(self, partitions: Sequence[int]) -> dict[int, int | None]:
        """Latest event time counted, per partition, in microseconds since 1970 UTC; None: none.

        Raises
        ------
        StoreError
            when Redis fails.
        """
        return {p: at for p, (_, at) in self.positions(partitions).items()}

    def positions(self, partitions: Sequence[int]) -> dict[int, tuple[int | None, int | None]]:
        """Offset and watermark, as in `offsets` and `watermarks`, of one moment.

        Raises
        ------
        StoreError
            when Redis fails; once, when the counts are those of another rebuild than before: what
            was learned from the old ones is worth nothing.
        """
        if not partitions:
            return {}
        fields = [self._keys.offset_field(self._topic, p) for p in partitions]
        k = self._keys
        with self._reading("offsets", k.offsets, k.watermarks, k.epoch) as pipe:
            pipe.hmget(k.offsets, fields)
            pipe.hmget(k.watermarks, fields)
            pipe.get(k.epoch)
            offsets, times, epoch = pipe.execute()
        self._follow(utf8(k.epoch, epoch or b""))
        return {
            p: (
                None if offset is None else number(f"{k.offsets} {field}", offset),
                None if at is None else moment(f"{k.watermarks} {field}", at),
            )
            for p, field, offset, at in zip(partitions, fields, offsets, times, strict=True)
        }

    @contextmanager
    def _reading(self, what: str, *names: str) -> Iterator[Pipeline]:
        """A transaction on the keys `names`; its errors are ours."""
        doing = f"cannot read {what} from Redis"
        with translated(self._redis, doing, self._keys, names), self._redis.pipeline() as pipe:
            yield pipe

    def _follow(self, epoch: str) -> None:
        before, self._epoch = self._epoch, epoch
        if before not in (None, epoch):
            raise counted_anew()

    def claim(self, partitions: int) -> None:
        """Note how many partitions the topic has, where nothing is noted.

        Raises
        ------
        BoardsChangedError
            when it had another number: players have moved to other partitions since. Also when
            Redis holds counts of other boards.
        StoreError
            when Redis fails.
        """
        k = self._keys
        with self._reading("what was counted", k.partitions, k.definitions) as pipe:
            pipe.hsetnx(k.partitions, self._topic, str(partitions))
            pipe.hget(k.partitions, self._topic)
            pipe.get(k.definitions)
            _, noted, declared = pipe.execute()
        before = number(f"{k.partitions} {self._topic}", noted)
        if before != partitions:
            raise BoardsChangedError(
                f"{self._topic} has {partitions} partitions, and had {before} when Redis "
                "counted it: nothing was changed. To count the log anew: `leaderboard rebuild`; "
                "if that was done already, start this processor again"
            )
        if declared is not None and declared != self._definitions.encode():
            raise other_boards(len(self.boards))

    def claim_topic(self, topic_id: str) -> str:
        """Note Kafka's id of the topic, where none is noted; returns the one that is.

        Raises
        ------
        StoreError
            when Redis fails.
        """
        topics = self._keys.topics
        with self._reading("the topic's id", topics) as pipe:
            pipe.hsetnx(topics, self._topic, topic_id)
            pipe.hget(topics, self._topic)
            _, noted = pipe.execute()
        return utf8(f"{topics} {self._topic}", noted)

    def expire(self, partitions: Sequence[int]) -> int:
        """Delete the final windows beyond those their boards keep; returns how many keys.

        `partitions` are all those of the topic: while one has no watermark nothing is final.

        Raises
        ------
        StoreError
            when Redis fails.
        """
        marks = self.watermarks(partitions).values()
        lowest = min((-1 if at is None else at for at in marks), default=-1)
        self._horizon_us = lowest if lowest >= 0 else None
        if self._horizon_us is None:
            return 0
        self._fields = fields = [self._keys.offset_field(self._topic, p) for p in partitions]
        calls = []
        for board in (b for b in self.boards if b.is_windowed):
            final = self._final(board, lowest)
            for label, _ in final[: -board.keep]:
                window = {
                    "board": board.name,
                    "label": label,
                    "place": place_of(board.name, label),
                    "fields": fields,
                    "epoch": self._epoch or "",
                    "final_at": utc_text(instant(int(final[-1][1]) + board.lateness_s)),
                    "keys": self._keys.of_boards,
                }
                k = self._keys
                keys = [k.watermarks, k.of_boards["split"], k.epoch]
                calls.append(("expire", keys, [msgspec.msgpack.encode(window)]))
        return sum(self._scripts.run(calls))

    def _final(self, board: Board, watermark: int) -> list[tuple[str, float]]:
        """Label and end of the windows that can not change any more, oldest first."""
        key = f"{self._keys.of_boards['windows']}{board.name}"
        latest = watermark // 1_000_000 - board.lateness_s
        with translated(self._redis, "cannot read windows from Redis", self._keys, [key]):
            found: Any = self._redis.zrangebyscore(key, "-inf", latest, withscores=True)
        return [(utf8(key, label), end) for label, end in found]

    def forget(self) -> None:
        """Drop what was learned from Redis: its state may be another one now."""
        self._horizon_us = None

    def begin(self, partition: int, offset: int) -> None:
        """Store `offset` as the partition's first, where nothing is stored yet.

        Raises
        ------
        StoreError
            when Redis fails.
        BoardsChangedError
            when Redis holds counts of other boards.
        """
        keys = [self._keys.offsets, self._keys.definitions, self._keys.begins]
        args = [self._keys.offset_field(self._topic, partition), str(offset), self._definitions]
        if self._scripts.run([("begin", keys, args)]) == [0]:
            raise other_boards(len(self.boards))

    def seen(self, ids: dict[int, list[bytes]]) -> dict[int, set[bytes]]:
        """Which of `ids` (16 bytes each, per partition) were counted before; one round trip.

        Raises
        ------
        StoreError
            when Redis fails.
        """
        calls = [("seen", self._generations(p), [b"".join(some)]) for p, some in ids.items()]
        found = self._scripts.run(calls)
        return {
            partition: {some[i - 1] for i in places}
            for (partition, some), places in zip(ids.items(), found, strict=True)
        }

    def apply(self, changes: Sequence[tuple[int, Changes]], knows: str = "") -> list[Outcome]:
        """Apply (partition, changes) in turn; one round trip, one atomic call each.

        `knows` says which schemas could be read (`Wire.knows`); it is noted where it changes.

        Raises
        ------
        StoreError, RefusedError, BoardsChangedError
            as `Applying.outcomes`.
        """
        return self.send(self.prepare(changes, knows)).outcomes()

    def prepare(self, changes: Sequence[tuple[int, Changes]], knows: str = "") -> Prepared:
        """What `apply` would send. No network."""
        calls = [self._apply_call(p, c, knows) for p, c in changes]
        return Prepared(changes, knows, calls, self._known)

    def send(self, prepared: Prepared) -> Applying:
        """As `apply`, and do not wait for the outcomes.

        Raises
        ------
        StoreError
            when Redis is away.
        """
        if prepared.known != self._known:
            prepared = self.prepare(prepared.changes, prepared.knows)
        sent = self._scripts.send(prepared.calls) if prepared.calls else None
        return Applying(sent, len(self.boards), self._keys.offsets)

    @property
    def _known(self) -> tuple[str | None, int | None]:
        return self._epoch, self._horizon_us

    def _generations(self, partition: int) -> list[str]:
        now = int(self._clock() // self._ttl_s)
        return [self._keys.processed(self._topic, partition, g) for g in (now, now - 1)]

    def _apply_call(self, partition: int, changes: Changes, knows: str) -> Call:
        k = self._keys
        keys = [
            k.offsets, k.achievements, k.achievement_counts, k.counts,
            *self._generations(partition),
            k.watermarks, k.definitions, k.hidden, k.board_counts, k.schemas, k.epoch,
        ]  # fmt: skip
        watermark = changes.watermark
        horizon = self._horizon_us
        values = payload(changes, horizon) | {
            "field": k.offset_field(self._topic, partition),
            "knows": knows,
            "epoch": self._epoch or "",
            "keys": k.of_boards,
            "definitions": self._definitions,
            "ttl_s": str(2 * self._ttl_s),
            "most_achievements": RECENT,
            "fields": self._fields,
            "horizon": None if horizon is None else utc_text(instant_us(horizon)),
            "watermark": None if watermark is None else utc_text(instant_us(watermark)),
        }
        return "apply", keys, [msgspec.msgpack.encode(values), b"".join(changes.ids)]
