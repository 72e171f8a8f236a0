"""Waiting for what other threads and processes do, with a generous limit."""

import time
from collections.abc import Callable


def within(seconds: float, condition: Callable[[], object]) -> bool:
    """Whether `condition` becomes true in that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until `condition` is true; fail when it never is."""
    assert within(seconds, condition), f"not within {seconds} s"
