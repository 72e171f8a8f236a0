"""Notebook 07: brings processes to life that are going to die (`mortal`), and sees them end.

Never here: what they were worth (`crashes`).
"""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from signal import SIGKILL
from typing import Final, Self

import msgspec

from leaderboard.errors import StageError
from leaderboard.lab import stages
from leaderboard.lab.lessons.mortal import Death, Life
from leaderboard.settings import Settings

EVERY_S: Final = 0.05


class Nurse:
    """Brings one design's processes to life, one after the other; `close` ends what still lives."""

    def __init__(self, settings: Settings) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "leaderboard.lab.lessons.mortal"],
            env=stages.environment(settings.environment()), start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._in, self._out = self._child.stdin, self._child.stdout
        self._busy = threading.Lock()

    @property
    def works(self) -> bool:
        """Whether she can take another life."""
        return self._child.poll() is None

    def live(self, life: Life) -> Death:
        """Block until that life is over.

        Raises
        ------
        StageError
            when it ended otherwise than by the end of the log or by its trap.
        """
        with self._busy:
            try:
                self._in.write(msgspec.json.encode(life) + b"\n")
                self._in.flush()
                line = self._out.readline()
            except OSError:
                line = b""  # the nurse is gone
            death = msgspec.json.decode(line, type=Death) if line else Death(0, 0, 1)
            if death.status or death.signal not in (0, SIGKILL):
                _, words = self._child.communicate()  # its input ends, so it does
                last = words.decode(errors="replace").strip()
                raise StageError(f"{life.design} ended with {death}; its last words:\n{last}")
        return death

    def close(self) -> None:
        """End the nurse and the process in her care, from any thread; again: nothing."""
        if self._child.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, SIGKILL)  # the session is its own
        with self._busy:
            self._child.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def until_done(work: list[Future[None]], news: "queue.SimpleQueue[None]") -> Iterator[None]:
    """A turn for each piece of news, until all work is done; raises what failed first."""
    while not all(future.done() for future in work):
        try:
            news.get(timeout=EVERY_S)
        except queue.Empty:
            continue
        finally:
            for future in work:
                if future.done():
                    future.result()
        yield
