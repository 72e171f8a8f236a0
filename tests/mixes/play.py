"""Plays a schedule on real servers under load, and asks the oracle at the end."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from kafka.errors import KafkaError
from msgspec import Struct

from tests.mixes.inject import inject
from tests.mixes.schedule import Fault, Schedule
from tests.mixes.world import World
from tests.pipeline.flow import assert_whole
from tests.waiting import until

RECOVER_S = 120.0
SEVERAL = "several at once"


class Recovery(Struct, frozen=True):
    """What happened in a step, and how long after its end all that was in the log by then had
    been counted.
    """

    kinds: tuple[str, ...]
    seconds: float

    @property
    def name(self) -> str:
        return self.kinds[0] if len(self.kinds) == 1 else SEVERAL


class Played(Struct, frozen=True):
    """What came of a schedule in which nothing was lost and nothing counted twice."""

    recoveries: tuple[Recovery, ...]
    records: int
    applied: int
    duplicates: int
    dead_letters: int
    seconds: float


def play(
    plan: Schedule, folder: Path, on_step: Callable[[tuple[Fault, ...]], None] = lambda _: None
) -> Played:
    """Play `plan`; `folder` is made, and holds servers and logs.

    Raises
    ------
    AssertionError
        when a promise was broken; its text has the schedule and the members' last words.
    """
    began = time.monotonic()
    with World(plan, folder) as world:
        try:
            recoveries = _play(world, on_step)
            world.flow.stop()
            until(world.drained, RECOVER_S)
            world.crew.leave()
            report = assert_whole(world.pipe, world.flow)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{plan}\n{world.crew.logs()}") from error
    return Played(
        recoveries=recoveries,
        records=report.records,
        applied=report.applied,
        duplicates=report.duplicates,
        dead_letters=report.dead_letters,
        seconds=round(time.monotonic() - began, 1),
    )


def _play(world: World, on_step: Callable[[tuple[Fault, ...]], None]) -> tuple[Recovery, ...]:
    recoveries = []
    until(lambda: min(world.ends().values()) > 0 and world.counted(world.ends()))
    for step in world.plan.steps:
        on_step(step)
        world.copy_redis()
        _inject_all(world, step)
        recoveries.append(Recovery(tuple(fault.kind for fault in step), _recovered_s(world)))
    return tuple(recoveries)


def _inject_all(world: World, step: tuple[Fault, ...]) -> None:
    """Each in a thread; what one raises is raised once all have ended."""
    errors: list[BaseException] = []

    def target(fault: Fault) -> None:
        try:
            inject(world, fault)
        except BaseException as error:  # noqa: BLE001  # handed to the caller's thread
            errors.append(error)

    threads = [threading.Thread(target=target, args=(fault,)) for fault in step]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _recovered_s(world: World) -> float:
    """Seconds until what is in the log now has been counted, under load that goes on."""
    began = time.monotonic()
    ends: dict[int, int] = {}

    def asked() -> bool:
        try:
            ends.update(world.ends())
        except KafkaError:  # the broker has only just come back
            return False
        return True

    until(asked, RECOVER_S)
    until(lambda: world.counted(ends), RECOVER_S)
    return round(time.monotonic() - began, 2)
