"""Notebook 07: one log, three designs that read it and die; what became of every event.

Each design has a consumer group and keys of its own. Its processes are real (`mortal`) and die one
after the other; the last one lives to the end of the log.
"""

import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property, partial
from html import escape
from typing import Any, ClassVar, Final, Self

import pandas as pd
from kafka import KafkaConsumer, TopicPartition
from redis import Redis

from leaderboard.errors import NotebookError, StageError
from leaderboard.lab import frames, runs
from leaderboard.lab.lessons.mortal import LINES, OURS, Death, Life
from leaderboard.lab.lessons.naive import Names
from leaderboard.lab.lessons.nurse import Nurse, until_done
from leaderboard.lab.lessons.toll import ALL, HISTORY, LEDGER, Found
from leaderboard.model.events import decode
from leaderboard.model.oracle import Oracle
from leaderboard.model.simulate import Profile, simulate
from leaderboard.pipeline.client import client
from leaderboard.pipeline.declared import writer_of
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.producer import Producer
from leaderboard.settings import Settings

NTH: Final = 2
"""A process dies in its second batch: the first one shows that it works."""


class Ward:
    """A log of `events` hits and everybody who reads it. Making another one closes it.

    Parameters
    ----------
    settings
        The lab's, with the servers' addresses.
    redis
        A connected client.
    events, batch
        How many in the log, and how many a processor takes at once.
    crashes
        How often each design dies.
    seed
        Same seed: the same players do the same.

    Raises
    ------
    NotebookError
        when there are not enough events for that many deaths in a full batch.
    """

    _current: ClassVar["Ward | None"] = None

    def __init__(
        self, settings: Settings, redis: Redis, *, events: int = 600, batch: int = 50,
        crashes: int = 3, seed: int = 7,
    ) -> None:  # fmt: skip
        if events < NTH * batch * crashes or batch < 2:
            raise NotebookError(
                f"Ward: {crashes} crashes in batches of {batch} (2 or more) need "
                f"{NTH * batch * crashes} events or more, got {events}"
            )
        if Ward._current is not None:
            Ward._current.close()
        own = settings.with_(partitions=1, boards_file="", session_timeout_s=1.0)
        self.settings, self.redis = runs.settings_of("crash", own), redis
        self.batch, self.crashes, self.closed = batch, crashes, False
        self._nurses: dict[str, Nurse] = {}
        runs.empty(self.settings, self.settings.kafka, redis)
        Ward._current = self
        game = Profile(players=20, mix={"player_scored": 1})
        with Producer(self.settings.kafka, self.settings.topic, throughput=True) as producer:
            for event in simulate(seed, datetime.now(UTC), n=events, profile=game):
                producer.send(event)
        log = read_log(self.settings.kafka, self.settings.topic)
        self.log = {record.offset: record.value for record in log}

    def settings_of(self, design: str) -> Settings:
        """Group and keys of one design, on the same topic."""
        found = runs.settings_of(design.replace(" ", "-"), self.settings)
        return found.with_(topic=self.settings.topic)

    def run(self, line: str, show: Callable[[Found], None] = lambda _found: None) -> Found:
        """All designs start anew, and die at `line`; `show` is told what is known after each death.

        Raises
        ------
        NotebookError
            when there is no such line.
        StageError
            when one ends otherwise than planned.
        """
        if line not in LINES:
            raise NotebookError(f"run: expected one of {', '.join(LINES)}, got {line!r}")
        news: queue.SimpleQueue[None] = queue.SimpleQueue()
        rows: list[tuple[object, ...]] = []
        began = time.monotonic()
        for design in ALL:
            self.forget(design)

        def report(design: str, death: Death) -> None:
            rows.append((design, time.monotonic() - began, death.signal > 0, *self._toll(design)))
            news.put(None)

        with ThreadPoolExecutor(len(ALL)) as threads:
            try:
                work = [
                    threads.submit(self._lives, design, line, partial(report, design))
                    for design in ALL
                ]
                for _ in until_done(work, news):
                    show(self._found(line, rows))
            except BaseException:
                self._dismiss()  # the threads wait for them
                raise
        show(found := self._found(line, rows))  # all may be over before the last news is taken
        return found

    def nurse(self, design: str) -> Nurse:
        """Who cares for the processes of that design."""
        if design not in self._nurses or not self._nurses[design].works:
            self._nurses[design] = Nurse(self.settings_of(design))
        return self._nurses[design]

    def _dismiss(self) -> None:
        for nurse in list(self._nurses.values()):
            nurse.close()

    def _lives(self, design: str, line: str, report: Callable[[Death], None]) -> None:
        nurse = self.nurse(design)
        for _ in range(self.crashes):
            death = nurse.live(Life(design, self.batch, line, NTH))
            if not death.signal:
                raise StageError(f"{design} never passed {line!r}: are there events left?")
            report(death)
        report(nurse.live(Life(design, self.batch)))

    def _found(self, line: str, rows: list[tuple[object, ...]]) -> Found:
        ledger = [
            (design, offset, times)
            for design in ALL
            for offset, times in enumerate(self._times(design))
        ]
        return Found(line, frames.table(list(rows), HISTORY), frames.table(ledger, LEDGER))

    def _next(self, design: str) -> int:
        """Where the next process of that design begins."""
        own = self.settings_of(design)
        if design == OURS:
            return writer_of(self.redis, own).offsets([0])[0] or 0
        with KafkaConsumer(
            **client(own.kafka), group_id=own.group, enable_auto_commit=False
        ) as consumer:
            return consumer.committed(TopicPartition(own.topic, 0)) or 0

    def _times(self, design: str, start: int | None = None) -> Iterator[int | None]:
        """How often each event was counted, by offset; None: it still waits."""
        counted = self._counted(design)
        first = self._next(design) if start is None else start
        for offset in self.log:
            times = counted.get(offset, 0)
            yield times if times or offset < first else None

    def _counted(self, design: str) -> dict[int, int]:
        own = self.settings_of(design)
        if design != OURS:
            found: Any = self.redis.hgetall(Names(own.key_prefix).times)
            return {int(offset): int(times) for offset, times in found.items()}
        events: Any = {offset: decode(value) for offset, value in self.log.items()}
        ids = {event.event_id.bytes: offset for offset, event in events.items()}
        seen = writer_of(self.redis, own).seen({0: list(ids)})[0]
        return {ids[event_id]: 1 for event_id in seen}

    def _toll(self, design: str) -> tuple[int, int, int]:
        """Where the next one begins; how many events are lost, how many counted again."""
        start = self._next(design)
        times = [t for t in self._times(design, start) if t is not None]
        again = sum(max(0, t - 1) for t in times)
        if design == OURS:  # it keeps ids, not how often: its players' events say that
            own = self.settings_of(OURS)
            players = frames.Frames(own, own.kafka, self.redis, list).players()
            again = int(players["events_count"].sum()) - sum(times)
        return start, times.count(0), again

    @cached_property
    def oracle(self) -> dict[str, int]:
        """Every player's right score, by id, best first."""
        oracle = Oracle()
        for value in self.log.values():
            oracle.feed(0, value)
        return dict(oracle.ranking())

    def scores(self, design: str) -> dict[str, int]:
        """Every player's score by that design, by id."""
        board = Names(self.settings_of(design).key_prefix).board
        found: Any = self.redis.zrange(board, 0, -1, withscores=True)
        return {member.decode(): int(score) for member, score in found}

    def boards(self) -> pd.DataFrame:
        """Every player's score by the oracle and by each design, best first; indexed by name."""
        events: Any = [decode(value) for value in self.log.values()]
        names = {event.player_id: event.player_name for event in events}
        columns = {"the oracle": self.oracle, **{design: self.scores(design) for design in ALL}}
        scores = pd.DataFrame(columns, index=list(self.oracle)).fillna(0).astype("int64")
        return scores.set_axis([names[player] for player in scores.index]).rename_axis("player")

    def forget(self, design: str) -> None:
        """Delete the group and the keys of one design."""
        own = self.settings_of(design)
        names = Names(own.key_prefix)
        runs.forget(own, own.kafka, self.redis)
        self.redis.delete(names.times, names.next)

    def close(self) -> None:
        """Delete topic, groups and keys; again: nothing."""
        if self.closed:
            return
        self.closed = True
        if Ward._current is self:
            Ward._current = None
        self._dismiss()
        try:
            for design in ALL:
                self.forget(design)
        finally:
            runs.remove(self.settings, self.settings.kafka, self.redis)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"{len(self.log):,} events in batches of {self.batch}"
        return f"<Ward on {self.settings.topic}: {state}; each dies {self.crashes} times>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"
