"""What runs, in one file of the data folder: process ids with start times, addresses, logs.

A process id alone proves nothing, the system reuses them; with the start time it does.
"""

import json
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

import psutil

from leaderboard.errors import ServersError


@dataclass(frozen=True)
class Identity:
    """One process for all time: its id and when it started."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """The identity of the process that has this id now; a dead one when none has."""
        return cls(pid, _started(pid))

    def alive(self) -> bool:
        """Whether this very process runs; one that has ended but was not waited for does not."""
        try:
            ended = psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        return not ended and _started(self.pid) == self.started

    def released(self) -> bool:
        """Whether nothing of it is left that holds a port or a file.

        Of a killed program with many threads the first can be gone while others still end.
        """
        if self.alive():
            return False
        try:
            process = psutil.Process(self.pid)
            return _started(self.pid) != self.started or process.num_threads() <= 1
        except psutil.Error:  # gone, or a system that does not count a dead one's threads
            return True


def _started(pid: int) -> float:
    """When a process started, as a number that stays the same; -1 when there is none.

    Not psutil's start time on Linux: that moves when the clock is set (a laptop wakes up).
    """
    try:
        if sys.platform != "linux":
            return psutil.Process(pid).create_time()
        # field 22 counted from 1, in clock ticks since boot; the name before it may hold spaces
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2]
        return float(fields.split()[19])
    except (psutil.NoSuchProcess, OSError):
        return -1.0


@dataclass(frozen=True)
class Server:
    """A server we started."""

    process: Identity
    host: str
    port: int
    wanted_port: int
    log: str

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class State:
    """All that runs on one data folder, by name; those that were found dead are still listed."""

    servers: dict[str, Server] = field(default_factory=dict)

    def alive(self, name: str) -> Server | None:
        """The server of that name if its process runs."""
        server = self.servers.get(name)
        return server if server and server.process.alive() else None

    def with_(self, name: str, server: Server) -> "State":
        return replace(self, servers={**self.servers, name: server})

    def of_the_living(self) -> "State":
        """The same without the servers whose process has ended."""
        return State({k: v for k, v in self.servers.items() if v.process.alive()})


def state_file(data_dir: Path) -> Path:
    return data_dir / "servers.json"


def read_state(data_dir: Path) -> State:
    """What was last written; an empty state when nothing was.

    Raises
    ------
    ServersError
        when the file is not what `write_state` writes.
    """
    path = state_file(data_dir)
    try:
        rows = json.loads(path.read_text("utf-8"))
        return State({name: _server(row) for name, row in rows.items()})
    except FileNotFoundError:
        return State()
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise ServersError(
            f"{path}: expected the list of running servers, got {error}; "
            "stop what runs, delete the file, run `leaderboard up`"
        ) from error


def _server(row: dict[str, object]) -> Server:
    process = row.pop("process")
    return Server(process=Identity(**process), **row)  # type: ignore[arg-type] # checked by use


def write_state(data_dir: Path, state: State) -> None:
    """Replace the file in one step; an empty state removes it."""
    path = state_file(data_dir)
    if not state.servers:
        path.unlink(missing_ok=True)
        return
    part = path.with_suffix(".part")
    part.write_text(json.dumps({k: asdict(v) for k, v in state.servers.items()}), "utf-8")
    part.replace(path)
