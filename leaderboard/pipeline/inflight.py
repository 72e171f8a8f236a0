"""A batch on its way: records polled, decoded and folded, whose changes are in Redis' hands."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from leaderboard.model.events import BadRecord
from leaderboard.model.fold import Changes, Record
from leaderboard.pipeline.consumer import Raw
from leaderboard.store.applying import Applying, Prepared

Letter: TypeAlias = tuple[Raw, str]
"""A record to keep, and why."""


class Position(Struct, frozen=True):
    """Where a partition stands: the next offset, and the latest event time before it (µs)."""

    offset: int
    watermark: int | None


class InFlight(Struct):
    """By partition what was polled, what it says, and the changes it makes from `start` on.

    `polled_at` is monotonic, in seconds; `prepared` are all `calls`, or None where they have to be
    prepared anew; `applying` is None until they were sent.
    """

    polled: dict[int, Sequence[Raw]]
    records: dict[int, list[Record]]
    start: dict[int, Position]
    changes: dict[int, list[Changes]]
    polled_at: float
    prepared: Prepared | None = None
    applying: Applying | None = None

    def drop(self, partition: int) -> None:
        """Leave a partition out."""
        for part in (self.polled, self.records, self.start, self.changes):
            part.pop(partition)
        self.prepared = None

    def replace(self, partition: int, changes: list[Changes]) -> None:
        """The records of a partition make these changes instead."""
        self.changes[partition] = changes
        self.prepared = None

    @property
    def calls(self) -> list[tuple[int, Changes]]:
        """The changes in the order in which they are applied."""
        return [(p, changes) for p, some in self.changes.items() for changes in some]

    def has_late(self, partition: int) -> bool:
        """Whether an event of the partition comes too late for a board."""
        return any(missed.late for c in self.changes[partition] for missed in c.missed.values())

    def bad(self) -> Iterator[Letter]:
        """The bad records."""
        for partition, raws in self.polled.items():
            if any(changes.dead_letters for changes in self.changes[partition]):
                for raw, record in zip(raws, self.records[partition], strict=True):
                    if isinstance(record.event, BadRecord):
                        yield raw, record.event.reason

    def late(self) -> Iterator[Letter]:
        """The events too late for a board."""
        for partition, raws in self.polled.items():
            late = {
                offset: f"too late for {', '.join(missed.late)}"
                for changes in self.changes[partition]
                for offset, missed in changes.missed.items()
                if missed.late
            }
            yield from ((raw, late[raw.offset]) for raw in raws if late and raw.offset in late)
