"""Programs that are measured beside the servers: processes of their own, talked to by lines."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TypeVar

import msgspec
import psutil
from msgspec import Struct

from leaderboard.settings import Settings, project_root

END_S: Final = 30.0
SHOWN: Final = 1500
"""Characters of its errors that are shown of a program that failed."""

T = TypeVar("T")


class FailedError(Exception):
    """A program ended that should have gone on."""


class Used(Struct, frozen=True):
    """CPU seconds a program has used, how many messages it wrote, to how many now connected."""

    cpu_s: float
    done: int
    connected: int


class Program:
    """One that runs; `ask` puts a line to it and takes a line back."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._seen = psutil.Process(process.pid)

    def line(self) -> str:
        """Its next line. Raises `FailedError` when it ends without one."""
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        if not text:
            raise FailedError(f"{self.process.args!r} ended with status {self.process.wait()}")
        return text.rstrip("\n")

    def ask(self, kind: type[T], question: str = "") -> T:
        """Its answer to a line. Raises as `line`."""
        assert self.process.stdin is not None
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return msgspec.json.decode(self.line(), type=kind)

    def cpu_s(self) -> float:
        """CPU seconds used, to a hundredth."""
        times = self._seen.cpu_times()
        return float(times.user + times.system)

    def rss_mb(self) -> float:
        """Memory held, in millions of bytes."""
        return float(self._seen.memory_info().rss) / 1e6

    def end(self) -> int:
        """SIGTERM, and wait; returns its status."""
        self.process.terminate()
        return self.process.wait(END_S)


@contextmanager
def program(settings: Settings, *arguments: str) -> Iterator[Program]:
    """`python ARGUMENTS` under these settings; killed at the end of the block if it still runs.

    Raises
    ------
    FailedError
        when it ended before the block did, other than by `end`; with the end of its errors.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=project_root(),
            env={**os.environ, **settings.environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        with process:
            try:
                yield Program(process)
            except FailedError as error:
                errors.seek(0)
                told = errors.read().decode(errors="replace")[-SHOWN:]
                raise FailedError(f"{error}\n{told}") from None
            finally:
                process.kill()


def command(settings: Settings, *arguments: str) -> AbstractContextManager[Program]:
    """`leaderboard ARGUMENTS`, as `program`."""
    return program(settings, "-m", "leaderboard", *arguments)
