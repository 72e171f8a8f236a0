"""Which stages a lab has started, in a file, so that the next lab can find what was left behind.

Stages end by themselves when their kernel is gone; this is for those that could not, and for labs
of other kernels that still run (a closed browser tab ends nothing).
"""

import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import psutil
from msgspec import Struct

STOP_TIMEOUT_S: Final = 5.0
_numbers = itertools.count(1)


class Process(Struct, frozen=True):
    """A process that can not be mistaken for a later one of the same number."""

    pid: int
    created: float
    name: str = ""

    def find(self) -> psutil.Process | None:
        """The process, while it runs."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.created) < 1.0
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


class Roster(Struct, frozen=True):
    """One lab: its kernel, its topic and its stages."""

    kernel: Process
    topic: str
    stages: list[Process]


def process(pid: int, name: str = "") -> Process | None:
    """That process as it is now; None when it has ended."""
    try:
        return Process(pid, psutil.Process(pid).create_time(), name)
    except psutil.NoSuchProcess:
        return None


class RosterFile:
    """The file of one lab; `remove` it when nothing runs any more."""

    def __init__(self, folder: Path, topic: str) -> None:
        self._path = folder / f"{os.getpid()}-{next(_numbers)}.json"
        self._topic = topic
        self._pids: set[int] = set()

    def write(self, stages: Iterable[tuple[int, str]]) -> None:
        """Note these (pid, name); nothing happens when they are the same as before."""
        pairs = list(stages)
        if {pid for pid, _ in pairs} == self._pids:
            return
        self._pids = {pid for pid, _ in pairs}
        kernel = process(os.getpid())
        found = [process(pid, name) for pid, name in pairs]
        if kernel is None:
            return
        roster = Roster(kernel, self._topic, [p for p in found if p is not None])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(roster))
        fresh.replace(self._path)

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


def stop_orphans(folder: Path) -> list[str]:
    """Stop the stages whose kernel is gone and forget them; returns what was stopped, in words."""
    stopped = []
    for path, roster in _rosters(folder):
        if roster.kernel.find() is None:
            stopped += stop(roster)
            path.unlink(missing_ok=True)
    return stopped


def others(folder: Path, topic: str) -> list[Roster]:
    """Labs of other living kernels with running stages on `topic`."""
    found = [roster for _, roster in _rosters(folder)]
    return [
        roster
        for roster in found
        if roster.topic == topic
        and roster.kernel.pid != os.getpid()
        and roster.kernel.find() is not None
        and any(stage.find() for stage in roster.stages)
    ]


def stop(roster: Roster) -> list[str]:
    """Ask the running stages of `roster` to end, kill those that do not; returns their names."""
    running = [(stage, found) for stage in roster.stages if (found := stage.find()) is not None]
    for _, found in running:
        found.terminate()
    _, stubborn = psutil.wait_procs([found for _, found in running], timeout=STOP_TIMEOUT_S)
    for found in stubborn:
        found.kill()
    return [f"{stage.name} (process {stage.pid})" for stage, _ in running]


def _rosters(folder: Path) -> Iterable[tuple[Path, Roster]]:
    for path in sorted(folder.glob("*.json")):
        try:
            yield path, msgspec.json.decode(path.read_bytes(), type=Roster)
        except (FileNotFoundError, msgspec.DecodeError):
            continue  # just removed, or not ours
