"""The processor: poll records, fold them to changes, apply those to Redis, exactly once.

While Redis works on one batch, the next is polled, decoded and folded; it is sent once the outcome
of the one before is known. Redis holds the truth about where to go on: its stored offset moves in
the same atomic call as the counts. Kafka's own commit comes once a second and is only a hint for
lag displays. Whatever happens between two lines here, the next owner of the partition asks Redis
and goes on from there.
"""

import logging
import time
from collections.abc import Callable, Container, Iterable

from leaderboard.errors import (
    BoardsChangedError,
    OffsetGapError,
    RefusedError,
    ServersError,
    StoreError,
)
from leaderboard.model.events import BadRecord
from leaderboard.model.fold import Changes, Record, fold, id_bytes
from leaderboard.model.tally import Book
from leaderboard.model.wire import Wire
from leaderboard.pipeline.assignment import Assignment
from leaderboard.pipeline.batch import Batch
from leaderboard.pipeline.consumer import FETCH_WAIT_MS, consumer
from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.inflight import InFlight, Position
from leaderboard.pipeline.schemas import local_wire
from leaderboard.pipeline.upkeep import Upkeep
from leaderboard.store.applying import Outcome
from leaderboard.store.writer import Writer

log = logging.getLogger(__name__)

POLL_S = 0.2
"""How long a poll waits for records while nothing is under way."""
LONGEST_RETRY_S = 2.0
COMMIT_EVERY_S = 1.0
"""Kafka is told where we stand only for lag displays, and each time costs as much as a poll."""


class Processor:
    """One member of the consumer group. Create, step and close in one thread.

    Parameters
    ----------
    kafka
        Bootstrap address, host:port.
    kafka_client
        "kafka-python" or "confluent".
    topic, group
        What to read and as which group.
    writer
        Applies the changes; its offsets decide where reading goes on.
    dead_letters
        Keeps the bad records and the late events.
    wire
        Reads the records; by default with the schemas of this program and no registry.
    session_timeout_s
        After how long without a heartbeat Kafka gives this member's partitions to another.
    idle_after_s
        See `Upkeep`; 0: idle partitions are left alone.
    max_poll_records
        Records of one batch at most.
    fetch_wait_ms, fetch_min_bytes
        How long the broker may keep a fetch waiting while it has less than so much.
    probe
        Called with the name of each place where a crash would be interesting: `polled`,
        `before_apply`, `after_apply`, `batch_done`. Tests and lessons die there.

    Raises
    ------
    ServersError
        when Kafka can not be reached or the topic does not exist.
    """

    def __init__(
        self,
        kafka: str,
        topic: str,
        group: str,
        writer: Writer,
        dead_letters: DeadLetters,
        *,
        kafka_client: str = "kafka-python",
        wire: Wire | None = None,
        session_timeout_s: float = 6.0,
        idle_after_s: float = 0.0,
        max_poll_records: int = 4000,
        fetch_wait_ms: int = FETCH_WAIT_MS,
        fetch_min_bytes: int = 1,
        client_id: str = "processor",
        probe: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.topic = topic
        self.paused = False
        self.totals = Batch()
        self._closed = False
        self._in_flight: InFlight | None = None
        self._committed_at = float("-inf")
        self._committed: dict[int, int] = {}
        self._writer = writer
        self._book = Book(writer.boards)
        self._dead_letters = dead_letters
        self._wire = wire or local_wire()
        self._probe = probe
        self._most = max_poll_records
        self._consumer = consumer(
            kafka_client, kafka, topic, group,
            session_timeout_s=session_timeout_s, client_id=client_id, fetch_wait_ms=fetch_wait_ms,
            fetch_min_bytes=fetch_min_bytes,
        )  # fmt: skip
        self.partitions = self._consumer.partitions
        self._mine = Assignment(self._consumer, topic, writer)
        self._upkeep = Upkeep(
            kafka, topic, self.partitions, self._mine, writer, idle_after_s=idle_after_s
        )
        bounds = self._consumer.bounds(self.partitions)
        self._ends = {p: end for p, (_, end) in bounds.items()}

    def step(self, timeout_s: float = 0.2) -> Batch:
        """Poll once (waiting at most `timeout_s`) and apply what came.

        Raises
        ------
        StoreError
            when Redis is away; call `recover` before the next step.
        ServersError
            when Kafka or the schema registry is away, or bad records could not be kept; as for
            `StoreError`.
        OffsetGapError
            when the log no longer holds what Redis asks for next.
        BoardsChangedError
            when Redis holds counts of other boards, or of the topic with fewer partitions.
        RefusedError
            when Redis will never take the changes.
        """
        batch = self._turn(timeout_s)
        batch.add(self._land())
        return batch

    def _turn(self, timeout_s: float) -> Batch:
        """Poll while the batch before is under way, take its outcome, then send what was polled.

        Returns what became of the batch before, and of a small one that was polled now.
        """
        batch = Batch()
        self._mine.follow()
        is_due = self._upkeep.is_due
        if is_due or not self._mine.settled:
            batch = self._land()  # what comes now compares with what Redis holds
        self._mine.synchronise()
        self._mine.pause(self.paused)
        if is_due:
            self._upkeep.run()
        polled = self._poll(0 if self._in_flight else timeout_s)
        batch.add(self._land())
        self._commit()
        if polled:
            self._send(polled)
            if not self._overlaps(polled):
                batch.add(self._land())
        return batch

    def recover(self) -> None:
        """After an error: forget what we believed and ask Redis again before the next poll."""
        self._abandon()
        self._mine.distrust(set(self._mine.next))

    def run(
        self,
        *,
        drain: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        on_batch: Callable[[Batch], None] = lambda _: None,
    ) -> None:
        """Step until `stopped`, or with `drain` until the log's end as of the start is applied.

        Redis, Kafka or the schema registry away is waited for; everything else is raised.
        """
        retry_s = 0.1
        while not stopped():
            try:
                batch = self._turn(POLL_S)
                is_over = drain and self._has_reached_the_end and self.drained()
            except (OffsetGapError, BoardsChangedError, RefusedError):
                raise
            except (StoreError, ServersError) as error:
                log.warning("%s; trying again in %.1f s", error, retry_s)
                time.sleep(retry_s)
                retry_s = min(2 * retry_s, LONGEST_RETRY_S)
                self.recover()
            else:
                retry_s = 0.1
                on_batch(batch)
                if is_over:
                    break
        try:
            on_batch(self._land())
        except StoreError as error:
            log.warning("%s; what became of the last batch is Redis' to say", error)

    @property
    def _has_reached_the_end(self) -> bool:
        """Of the partitions that are ours, as it was at the start; though more may come."""
        return all(next_ >= self._ends.get(p, 0) for p, next_ in self._mine.next.items())

    def drained(self) -> bool:
        """Whether Redis holds everything that was in the log when this processor started.

        Whoever applied it: with several processors each one waits for the whole topic.
        """
        if not self._mine.settled:
            return False
        stored = self._writer.offsets(self.partitions)
        return all((stored[p] or 0) >= end for p, end in self._ends.items())

    @property
    def positions(self) -> dict[int, int]:
        """Next offset to apply, per partition this member owns."""
        return dict(self._mine.next)

    @property
    def lag(self) -> dict[int, int]:
        """Records behind the newest one we know of, per partition this member owns."""
        return self._mine.lag

    @property
    def watermarks(self) -> dict[int, int]:
        """Latest event time counted, in microseconds since 1970, per partition this member owns.

        A partition in which none was counted is missing.
        """
        known = self._mine.watermarks
        return {p: at for p in self._mine.next if (at := known.get(p)) is not None}

    def close(self) -> None:
        """Leave the group after a last commit, once. What was not committed is not lost."""
        if self._closed:
            return
        self._closed = True
        self._abandon()
        self._consumer.commit(self._mine.next, wait=True)
        self._consumer.close()
        self._dead_letters.close()
        self._upkeep.close()

    def __enter__(self) -> "Processor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _poll(self, timeout_s: float) -> InFlight | None:
        """Poll, decode, fold and prepare, from where the batch under way leads to."""
        found = self._consumer.poll(timeout_s, self._most)
        polled_at = time.monotonic()
        self._mine.follow()
        polled = self._mine.accept(found)
        if not polled:
            return None
        decode = self._wire.decode
        records = {
            p: [
                Record(
                    r.offset,
                    decode(r.value, r.headers),
                    r.timestamp * 1000 if r.timestamp >= 0 else None,
                )
                for r in rs
            ]
            for p, rs in polled.items()
        }
        start = {p: self._mine.expected(p) for p in polled}
        changes = {p: self._fold(start[p], rs) for p, rs in records.items()}
        self._probe("polled")
        batch = InFlight(polled, records, start, changes, polled_at)
        batch.prepared = self._writer.prepare(batch.calls, self._wire.knows)
        return batch

    def _fold(
        self, start: Position, records: list[Record], seen: Container[bytes] = frozenset()
    ) -> list[Changes]:
        folded = fold(records, start.offset, seen, book=self._book, watermark=start.watermark)
        return list(folded)

    def _fold_unseen(self, partition: int, records: list[Record]) -> list[Changes]:
        """Fold from where we stand what was not counted before, by what Redis says."""
        records = [r for r in records if r.offset >= self._mine.next[partition]]
        seen = self._writer.seen({partition: _ids(records)})
        return self._fold(self._mine.position(partition), records, seen[partition])

    def _send(self, batch: InFlight) -> None:
        """Keep bad records and late events, then send the changes to Redis."""
        for partition in list(batch.start):
            if partition not in self._mine.next:
                batch.drop(partition)  # refused or taken away meanwhile
            elif (
                batch.has_late(partition)
                or self._mine.position(partition) != batch.start[partition]
            ):
                # a late event that was counted before is no late event
                records = batch.records[partition]
                batch.replace(partition, self._fold_unseen(partition, records))
        self._dead_letters.publish(list(batch.bad()), list(batch.late()))
        batch.polled.clear()  # tens of megabytes, and done with
        self._probe("before_apply")
        prepared = batch.prepared or self._writer.prepare(batch.calls, self._wire.knows)
        batch.applying = self._writer.send(prepared)
        batch.prepared = None  # as large
        self._mine.expect({p: Position(c.next, c.watermark) for p, c in batch.calls})
        self._in_flight = batch

    def _overlaps(self, batch: InFlight) -> bool:
        """Whether Redis works on a batch for longer than a poll takes."""
        return sum(map(len, batch.records.values())) >= self._most / 100

    def _land(self) -> Batch:
        """Take the outcomes of the batch under way, if there is one; returns what they were."""
        flown, self._in_flight = self._in_flight, None
        done = Batch()
        if flown is None or flown.applying is None:
            return done
        outcomes = flown.applying.outcomes()
        self._probe("after_apply")
        self._mine.expect({})
        for partition in self._settle(flown.calls, outcomes, done):
            again = [(partition, c) for c in self._fold_unseen(partition, flown.records[partition])]
            if self._settle(again, self._writer.apply(again, self._wire.knows), done):
                self._mine.distrust({partition})  # the ids changed under us
        self._probe("batch_done")
        done.records = sum(map(len, flown.records.values()))
        done.seconds = time.monotonic() - flown.polled_at
        self.totals.add(done)
        return done

    def _settle(
        self, calls: list[tuple[int, Changes]], outcomes: list[Outcome], done: Batch
    ) -> set[int]:
        """Take over what was applied; returns the partitions in which ids were met again."""
        repeated: set[int] = set()
        for (partition, changes), outcome in zip(calls, outcomes, strict=True):
            if outcome.applied:
                self._mine.reach(partition, Position(changes.next, changes.watermark))
                done.count(changes)
            elif outcome.repeated and partition in self._mine.next:
                repeated.add(partition)
            elif partition not in repeated:
                done.refused += 1
                self._mine.refuse(partition, changes.start, outcome.stored)
        return repeated

    def _commit(self) -> None:
        now = time.monotonic()
        if now - self._committed_at >= COMMIT_EVERY_S and self._mine.next != self._committed:
            self._consumer.commit(self._mine.next)
            self._committed_at, self._committed = now, dict(self._mine.next)

    def _abandon(self) -> None:
        flown, self._in_flight = self._in_flight, None
        if flown and flown.applying:
            flown.applying.abandon()


def _ids(records: Iterable[Record]) -> list[bytes]:
    return [id_bytes(r.event) for r in records if not isinstance(r.event, BadRecord)]
