"""Notebook 03: waits until a group has settled, and measures how long partitions were orphaned."""

import time
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
import pandas as pd
from redis import Redis

from leaderboard.errors import StageError
from leaderboard.lab import frames
from leaderboard.lab.lessons.group_by_hand import named
from leaderboard.lab.ownership import IDLE, OWNED, gaps, lanes, spans
from leaderboard.lab.sample import Sample
from leaderboard.pipeline.declared import declared_boards
from leaderboard.pipeline.verify import verify
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys

PATIENCE_S: Final = 60.0
"""Longer than processors take to start, or Kafka to miss one, on a busy machine."""
LOOK_S: Final = 0.05

GAPS: Final = {
    "partition": "int64", "dead": "str", "from_s": "float64", "seconds": "float64", "heir": "str",
}  # fmt: skip
"""Columns of `orphaned`."""


class Watched(Protocol):
    """What is needed of a lab."""

    @property
    def sample(self) -> Sample: ...

    @property
    def samples(self) -> list[Sample]: ...


def settled(lab: Watched, processors: int) -> pd.DataFrame:
    """Block until so many processors are up and share all partitions; who has which.

    Columns `member` and `partitions` ("nothing": none), in the order of their names.

    Raises
    ------
    StageError
        when a stage fails, or it takes too long.
    """

    def ready(sample: Sample) -> bool:
        found = lanes(sample)
        up = [name for name in _processors(sample) if sample.stages[name] == "running"]
        owners = {member for member, state in found.values() if state == OWNED}
        fair = len(owners) == min(processors, len(sample.end)) and owners <= set(up)
        return len(up) == processors and fair and _all_owned(sample)

    return shares(_until(lab, ready, f"{processors} processors that share all partitions"))


def shares(sample: Sample) -> pd.DataFrame:
    """Each living processor and its partitions; columns as in `settled`."""
    rows = [
        (name, named(p for p, owner in sample.owners.items() if owner == name))
        for name in _processors(sample)
        if sample.stages[name] == "running"
    ]
    return frames.table(rows, {"member": "str", "partitions": "str"})


def orphaned(lab: Watched, victim: str) -> pd.DataFrame:
    """Block until everything that `victim` owned when it was killed has a living owner.

    One row per partition: `GAPS`, where `seconds` run from the death to the first sample with the
    new owner (five samples a second), and `heir` is its name.

    Raises
    ------
    StageError
        when a stage fails, or it takes too long.
    """

    def healed(sample: Sample) -> bool:
        return sample.stages.get(victim) == "killed" and _all_owned(sample)

    _until(lab, healed, f"somebody who takes over from {victim}")
    found = [gap for gap in gaps(spans(lab.samples)) if gap.member == victim]
    return frames.table([msgspec.structs.astuple(gap) for gap in found], GAPS)


def wrong_values(settings: Settings, redis: Redis) -> int:
    """How many values in Redis differ from what an independent model makes of the log.

    `settings` are a lab's, with the servers' addresses. Raises `VerifyError` when the two can not
    be compared.
    """
    keys, boards = Keys(settings.key_prefix), declared_boards(settings)
    return verify(settings.kafka, redis, keys, settings.topic, boards).drift


def _processors(sample: Sample) -> list[str]:
    return [name for name in sample.stages if name.startswith("processor-")]


def _all_owned(sample: Sample) -> bool:
    states = [state for _, state in lanes(sample).values() if state != IDLE]
    return bool(states) and set(states) == {OWNED}


def _until(lab: Watched, condition: Callable[[Sample], bool], what: str) -> Sample:
    deadline = time.monotonic() + PATIENCE_S
    while not condition(sample := lab.sample):
        failed = [name for name, state in sample.stages.items() if state == "failed"]
        if failed:
            raise StageError(f"{failed[0]} has failed while waiting for {what}; see lab.log")
        if time.monotonic() > deadline:
            raise StageError(
                f"waited {PATIENCE_S:g} s for {what}; owners {sample.owners}, "
                f"stages {sample.stages}; was lab.run() called?"
            )
        time.sleep(LOOK_S)
    return sample
