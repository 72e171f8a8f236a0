"""The other side of `Program.ask`: a thread that answers each line with what was used."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import msgspec

from benchmarks.programs import Used


def answer_lines(done: Callable[[], int], connected: Callable[[], int]) -> None:
    """Answer each line of the standard input until it ends, in a thread; as in `Used`."""
    threading.Thread(target=_answer, args=(done, connected), daemon=True).start()


def say(line: str) -> None:
    """A line to whoever started this."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _answer(done: Callable[[], int], connected: Callable[[], int]) -> None:
    for _ in sys.stdin:
        say(msgspec.json.encode(Used(time.process_time(), done(), connected())).decode())
