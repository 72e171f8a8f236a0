"""A consumer group to drive by hand: members that poll only when told to.

Each member is the service's own `Processor` in a thread of its own, so what changes hands here does
so there. All poll at the same time: kafka-python 3.0.12 throws away a join that is completed
between two polls of one consumer, and a leader that joins again makes everybody join again, for
ever.

Never here: the lab's own group.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from html import escape
from typing import Any, ClassVar, Final, Self

import pandas as pd
from kafka import KafkaAdminClient
from redis import Redis

from leaderboard.errors import StageError
from leaderboard.lab import runs
from leaderboard.pipeline.batch import Batch
from leaderboard.pipeline.client import client
from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.declared import writer_of
from leaderboard.pipeline.lag import owners
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.schemas import wire_of
from leaderboard.settings import Settings

PATIENCE_S: Final = 30.0
"""Longer than a rebalance takes on a busy machine."""
POLL_S: Final = 0.1


class Member:
    """One consumer of a group, made by `GroupByHand.join`; it does nothing but by `poll`."""

    def __init__(self, name: str, make: Callable[[], Processor]) -> None:
        self.name = name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._processor = self._thread.submit(make).result()

    def begin_poll(self) -> Future[Batch]:
        """Poll once in the member's thread."""
        return self._thread.submit(self._processor.step, timeout_s=POLL_S)

    def poll(self) -> "Member":
        """Poll once, and apply what came. Raises as `Processor.step`."""
        self.begin_poll().result()
        return self

    @property
    def partitions(self) -> list[int]:
        """The partitions it reads."""
        return sorted(self._processor.positions)

    def close(self) -> None:
        """Leave the group."""
        self._thread.submit(self._processor.close).result()
        self._thread.shutdown()

    def __repr__(self) -> str:
        return f"<{self.name} reads {named(self.partitions)}>"


def named(partitions: Iterable[int]) -> str:
    """`p0 p2`; "nothing" when there are none."""
    return " ".join(f"p{p}" for p in sorted(partitions)) or "nothing"


class GroupByHand:
    """A topic and a consumer group of their own. Use from one thread; `close` removes all, as does
    making another one.

    Parameters
    ----------
    settings
        The lab's, with the servers' addresses and the session timeout.
    redis
        A connected client.

    Attributes
    ----------
    members
        By name, in the order they came.
    """

    _current: ClassVar["GroupByHand | None"] = None

    def __init__(self, settings: Settings, redis: Redis) -> None:
        if GroupByHand._current is not None:
            GroupByHand._current.close()
        self.settings = runs.settings_of("group-by-hand", settings)
        self.members: dict[str, Member] = {}
        self.closed = False
        self._redis = redis
        runs.empty(self.settings, self.settings.kafka, redis)
        self._admin = KafkaAdminClient(**client(self.settings.kafka))
        GroupByHand._current = self

    def join(self, name: str) -> Member:
        """A new member, which takes the place of one of that name; Kafka hears of it when it polls.

        Raises `ServersError` when Kafka is away.
        """
        self.leave(name)
        s = self.settings

        def make() -> Processor:
            writer = writer_of(self._redis, s)
            letters = DeadLetters(s.kafka, s.dead_letter_topic, s.late_topic)
            return Processor(
                s.kafka, s.topic, s.group, writer, letters, wire=wire_of(s),
                session_timeout_s=s.session_timeout_s, client_id=name,
            )  # fmt: skip

        self.members[name] = Member(name, make)
        return self.members[name]

    def leave(self, name: str) -> None:
        """Let a member say goodbye to Kafka; one that is not there: nothing."""
        if name in self.members:
            self.members.pop(name).close()

    @property
    def owners(self) -> dict[int, str]:
        """Who owns each partition by Kafka's word; raises `KafkaError` when it is away."""
        return dict(sorted(owners(self._admin, self.settings.group, self.settings.topic).items()))

    def settle(self) -> pd.DataFrame:
        """Let all members poll, again and again, until they agree with Kafka on who owns what.

        One row for the start and for each poll that changed something: `kafka` (the group's state
        in Kafka's words), and a column per member with the partitions it reads.

        Raises
        ------
        StageError
            when they do not agree in time.
        """
        polls, rows = 0, {0: self._state()}
        deadline = time.monotonic() + PATIENCE_S
        while self.members and not self._agreed():
            if time.monotonic() > deadline:
                raise StageError(
                    f"the group does not agree after {PATIENCE_S:g} s: {self._state()}"
                )
            for poll in [member.begin_poll() for member in self.members.values()]:
                poll.result()
            polls += 1
            if (state := self._state()) != rows[max(rows)]:
                rows[polls] = state
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("polls")

    def _state(self) -> dict[str, str]:
        state = str(self._describe()["group_state"])
        return {"kafka": state} | {m.name: named(m.partitions) for m in self.members.values()}

    def _agreed(self) -> bool:
        group = self._describe()
        known = sorted(m["client_id"] for m in group["members"])
        ours = {p: member.name for member in self.members.values() for p in member.partitions}
        stable = group["group_state"] == "Stable" and known == sorted(self.members)
        return stable and len(ours) == self.settings.partitions and ours == self.owners

    def _describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self._admin.describe_groups([self.settings.group])
        return dict(found[self.settings.group])

    def close(self) -> None:
        """All leave; topic, group and keys are deleted. Again: nothing."""
        if self.closed:
            return
        self.closed = True
        try:
            for name in list(self.members):
                self.leave(name)
        finally:
            self._admin.close()
            runs.remove(self.settings, self.settings.kafka, self._redis)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        who = ", ".join(self.members) or "nobody"
        return f"<GroupByHand on {self.settings.topic}: {'closed' if self.closed else who}>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"
