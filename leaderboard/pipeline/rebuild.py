"""Count the log anew beside the live counts, verify that, and put it in place in one step.

A processor of a group of its own counts under a prefix of its own; readers and processors notice
nothing. What it counted is compared with the oracle, then it goes on until it knows at least what
the live counts know, and then the two change places in one atomic call. Whatever happens before
that call has changed nothing; whatever happens after it, the new counts are whole.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from msgspec import Struct
from redis import Redis

from leaderboard.errors import RefusedError, StageError, StoreError
from leaderboard.pipeline.client import client
from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.declared import declared_boards, writer_of
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.schemas import wire_of
from leaderboard.pipeline.verify import Report, bounds, verify
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys
from leaderboard.store.shadow import Shadow, Swap

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""So long without coming nearer to the live counts, and they are too fast for us."""

Progress = Callable[[str, int, int], None]
"""Called with the phase, and how many records of how many are done."""


class Rebuilt(Struct, frozen=True):
    """What the oracle said of the new counts; what was swapped (None: the oracle disagreed)."""

    report: Report
    swap: Swap | None


class Rebuild:
    """One rebuild. Use from one thread.

    Parameters
    ----------
    settings
        Topic, keys and boards; what is counted is what they declare now.
    kafka, redis
        Bootstrap address, and a client that returns bytes.
    patience_s
        See `PATIENCE_S`.
    probe
        Called with the name of each place where a crash would be interesting: `begun`,
        `counting` (at each batch), `counted`, `verified`, `swapping`, `swapped`.
    """

    def __init__(
        self,
        settings: Settings,
        kafka: str,
        redis: Redis,
        *,
        on_progress: Progress = lambda _phase, _done, _of: None,
        patience_s: float = PATIENCE_S,
        probe: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._kafka = kafka
        self._redis = redis
        self._on_progress = on_progress
        self._patience_s = patience_s
        self._probe = probe
        self._wire = wire_of(settings)
        self._shadow = Shadow(redis, Keys(settings.key_prefix), settings.topic)
        self._group = f"{settings.group}.rebuild-{self._shadow.name}"

    def run(self) -> Rebuilt:
        """Count, verify, catch up, swap.

        Raises
        ------
        VerifyError
            when the new counts can not be compared with the log.
        StageError
            when another rebuild was begun, the live processors stay ahead, or Redis has too
            little memory.
        OffsetGapError
            when the log lost records while it was counted.
        RefusedError
            when Redis will never do it: says why.
        ServersError, StoreError
            when Kafka or Redis is away at the start or the end; in between they are waited for.
        """
        try:
            done = self._run()
        except BaseException:
            with suppress(StoreError):  # what is left then, the next rebuild deletes
                self._clear()
            raise
        self._clear()
        return done

    def _run(self) -> Rebuilt:
        left = self._shadow.begin()
        if left:
            log.warning("an earlier rebuild did not end: its %d keys were deleted", left)
        stored = self._shadow.offsets()
        begins, ends = bounds(self._kafka, self._settings.topic)
        of_another_log = {
            p: o if (o := stored.get(p, 0)) > end else None for p, end in ends.items()
        }
        self._probe("begun")
        self._count(sum(end - begins[p] for p, end in ends.items()))
        self._probe("counted")
        report = verify(
            self._kafka, self._redis, self._shadow.keys, self._settings.topic,
            declared_boards(self._settings), wire=self._wire,
            on_progress=partial(self._on_progress, "verifying"),
        )  # fmt: skip
        self._probe("verified")
        if report.drift:
            return Rebuilt(report, None)
        swap = self._catch_up(of_another_log)
        self._probe("swapped")
        return Rebuilt(report, swap)

    def _count(self, total: int) -> None:
        with self._processor() as processor:

            def is_over() -> bool:
                self._probe("counting")
                self._on_progress("counting", processor.totals.records, total)
                with suppress(StoreError):  # the next step waits for Redis
                    self._shadow.check()
                return False

            processor.run(drain=True, stopped=is_over)
            self._on_progress("counting", processor.totals.records, total)

    def _catch_up(self, of_another_log: dict[int, int | None]) -> Swap:
        done: list[Swap] = []
        patience = _Patience(self._patience_s)

        def is_done() -> bool:
            self._probe("swapping")
            try:
                swap = self._shadow.swap(of_another_log)
                if swap.done:
                    done.append(swap)
                    return True
                self._shadow.check()
                self._shadow.follow_hidden()
            except RefusedError:
                raise
            except StoreError as error:
                log.warning("%s; trying again", error)
                return False
            patience.note(swap.behind)
            self._on_progress("catching up", patience.most - swap.behind, patience.most)
            return False

        with self._processor() as processor:
            processor.run(stopped=is_done)
        return done[0]

    def _processor(self) -> Processor:
        s = self._settings
        return Processor(
            self._kafka, s.topic, self._group,
            writer_of(self._redis, s.with_(key_prefix=self._shadow.keys.prefix)),
            DeadLetters(self._kafka, s.dead_letter_topic, s.late_topic),
            wire=self._wire, session_timeout_s=s.session_timeout_s, client_id="rebuild",
        )  # fmt: skip

    def _clear(self) -> None:
        self._shadow.delete()
        with suppress(KafkaError), KafkaAdminClient(**client(self._kafka)) as admin:
            admin.delete_groups([self._group])  # Kafka itself forgets it after some days


class _Patience:
    """How far behind the live counts we are, at most and at least, and for how long no nearer."""

    def __init__(self, seconds: float) -> None:
        self.most = 0
        self._least = float("inf")
        self._since = 0.0
        self._seconds = seconds

    def note(self, behind: int) -> None:
        now = time.monotonic()
        self.most = max(self.most, behind)
        if behind < self._least:
            self._least, self._since = behind, now
        elif now - self._since > self._seconds:
            raise StageError(
                f"the live processors stay at least {self._least} records ahead of the rebuild: "
                "nothing was changed. Lower the rate, or stop the processors (the boards stay "
                "readable), rebuild, and start them again"
            )
