"""Which member owns which partition, and since when: from samples to stretches of time. Pure.

Kafka's word counts: a member that was killed keeps its partitions until Kafka misses it. Such a
stretch is *orphaned*: the partition has an owner and no reader.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from leaderboard.lab.sample import Sample

OWNED, ORPHANED, NOBODY, IDLE = "owned", "orphaned", "nobody", "idle"
"""A partition has a living owner, a dead one, or none; or members have no partition."""

_DEAD: Final = ("killed", "failed", "stopped")
_UP: Final = ("running", "paused")

Lane: TypeAlias = int | None
"""A partition; None is the lane of members that have none."""


class Span(Struct, frozen=True):
    """What did not change in one lane from `from_s` to `to_s`, in seconds of the lab's clock.

    `member` is the owner ("": none); in the lane None the idle ones, joined by a comma.
    """

    partition: Lane
    member: str
    state: str
    from_s: float
    to_s: float


def lanes(sample: Sample) -> dict[Lane, tuple[str, str]]:
    """(member, state) of each partition, and under None who idles, when somebody does."""
    found: dict[Lane, tuple[str, str]] = {}
    for partition in sorted(sample.end):
        owner = sample.owners.get(partition, "")
        dead = sample.stages.get(owner) in _DEAD
        found[partition] = (owner, NOBODY if not owner else ORPHANED if dead else OWNED)
    idle = [
        name
        for name, state in sample.stages.items()
        if name.startswith("processor-") and state in _UP and name not in sample.owners.values()
    ]
    if idle:
        found[None] = (", ".join(idle), IDLE)
    return found


def spans(samples: Iterable[Sample]) -> list[Span]:
    """The stretches of every lane, by their start; each lasts until the sample that ends it."""
    done: list[Span] = []
    going: dict[Lane, tuple[tuple[str, str], float]] = {}
    now = 0.0
    for sample in samples:
        now, here = sample.t_s, lanes(sample)
        for lane in going.keys() | here.keys():
            before = going.get(lane)
            if before is not None and before[0] == here.get(lane):
                continue
            if before is not None:
                done.append(Span(lane, *before[0], before[1], now))
                del going[lane]
            if lane in here:
                going[lane] = (here[lane], now)
    done += [Span(lane, *what, since, now) for lane, (what, since) in going.items()]
    return sorted(done, key=lambda s: (s.from_s, s.partition is None, s.partition or 0))


class Gap(Struct, frozen=True):
    """How long a partition had no reader, from its owner's death on.

    `member` is the dead one, `heir` who reads it now ("": nobody yet).
    """

    partition: int
    member: str
    from_s: float
    seconds: float
    heir: str


def gaps(found: Sequence[Span]) -> list[Gap]:
    """Every gap in `found`, oldest first; one that has no end yet lasts until the newest moment."""
    result = []
    end = max((s.to_s for s in found), default=0.0)
    for dead in found:
        if dead.state != ORPHANED or dead.partition is None:
            continue
        later = [s for s in found if s.partition == dead.partition and s.from_s >= dead.to_s]
        heir = next((s for s in later if s.state == OWNED), None)
        until, name = (heir.from_s, heir.member) if heir else (end, "")
        result.append(Gap(dead.partition, dead.member, dead.from_s, until - dead.from_s, name))
    return result
