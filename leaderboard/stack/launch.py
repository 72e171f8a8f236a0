"""Starts server processes through the keeper, waits for them, and stops them.

Knows processes, logs and time-outs; never what kind of server it is.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from leaderboard.errors import ServersError
from leaderboard.stack import java
from leaderboard.stack.state import Identity

KEEPER = Path(__file__).with_name("keeper.py")
START_S = 90.0
STOP_S = 20.0
TOOL_S = 120.0
LOG_LIMIT = 5_000_000  # bytes
LINE = 300  # characters of a log line that an error shows


@dataclass(frozen=True)
class Job:
    """A server to start."""

    name: str
    command: list[str]
    log: Path
    folder: Path


class Launched:
    """Servers just started; as a context, they stop at its end.

    With `guard` they belong to a keeper process that stops them when this process ends, however
    it ends; without, they run until someone stops them.
    """

    def __init__(self, jobs: list[Job], *, guard: bool) -> None:
        self._logs = {job.name: job.log for job in jobs}
        for job in jobs:
            _roll(job.log)
        text = json.dumps({"guard": guard, "parent": os.getpid(), "servers": _rows(jobs)})
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=java.environment(),
        )
        self.processes = {k: Identity.of(pid) for k, pid in self._answer().items()}
        if not guard:
            self.release()

    def _answer(self) -> dict[str, int]:
        assert self._keeper.stdout is not None
        with self._keeper.stdout as stdout:
            answer = stdout.readline()
        pids = json.loads(answer or '{"error": "the keeper ended without an answer"}')
        if "error" in pids:
            self.release()
            raise ServersError(f"{' and '.join(self._logs)} not started: {pids['error']}")
        return dict(pids)

    def wait(self, name: str, answers: Callable[[], bool]) -> None:
        """Wait until the server answers.

        Raises
        ------
        ServersError
            when its process ends, or START_S seconds pass; with the end of its log.
        """
        wait_for(self.processes[name], answers, name, self._logs[name])

    def over(self) -> bool:
        """Whether the keeper has ended, and with it every server it had."""
        return self._keeper.poll() is not None

    def release(self) -> None:
        """Tell the keeper to end, and wait for that; with `guard` its servers stop first."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        try:
            self._keeper.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _rows(jobs: list[Job]) -> list[dict[str, object]]:
    return [
        {"name": j.name, "argv": j.command, "log": str(j.log), "folder": str(j.folder)}
        for j in jobs
    ]


def _roll(log: Path) -> None:
    """Keep one older log, so that a folder used for years does not fill up."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))


def wait_for(process: Identity, answers: Callable[[], bool], name: str, log: Path) -> None:
    """Wait until `answers`; ServersError when the process ends or START_S seconds pass."""
    deadline = time.monotonic() + START_S
    while not answers():
        if not process.alive():
            raise ServersError(f"{name} ended while it started; its log {log} ends:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise ServersError(
                f"{name} does not answer after {START_S:.0f} s; its log {log} ends:\n{tail(log)}"
            )
        time.sleep(0.03)


def stop_process(process: Identity, within_s: float = STOP_S) -> bool:
    """SIGTERM, and SIGKILL when it needs longer than that; whether it was running."""
    if not process.alive():
        return False
    try:
        running = psutil.Process(process.pid)
        running.terminate()
        if not wait_released(process, within_s):
            running.kill()
            wait_released(process)
    except psutil.NoSuchProcess:  # it ended by itself meanwhile
        return True
    return True


def wait_released(process: Identity, within_s: float = STOP_S) -> bool:
    """Wait until a process is gone with all it held; false when that takes longer."""
    deadline = time.monotonic() + within_s
    while not process.released():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def run_to_end(what: str, command: list[str], within_s: float = TOOL_S) -> None:
    """Run a short program; ServersError when it fails, with the end of its output, or hangs."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            env=java.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=within_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServersError(f"{what}: not done after {within_s:.0f} s, stopped") from error
    if done.returncode:
        raise ServersError(f"{what} failed (exit {done.returncode}):\n{done.stdout[-2000:]}")


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, indented; says so when there is none."""
    try:
        text = log.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return "    (no log)"
    return "\n".join(f"    {line[:LINE]}" for line in text.splitlines()[-lines:]) or "    (empty)"
