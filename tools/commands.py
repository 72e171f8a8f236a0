"""Running other programs: a time-out, retries, and one clear line when they fail."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

PAUSE_S = 3


class SetupError(Exception):
    """Set-up can not go on. The text is one line: what happened and what to do."""


def say(text: str) -> None:
    """Print one progress line at once, also when the output is a file."""
    sys.stdout.write(f"set-up: {text}\n")
    sys.stdout.flush()


def run(
    command: Sequence[str],
    *,
    what: str,
    timeout_s: int,
    tries: int = 1,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run `command` until it succeeds, at most `tries` times, `timeout_s` seconds each.

    Raises
    ------
    SetupError
        when the last try failed too, naming `what`, the reason and the command.
    """
    reason = ""
    for attempt in range(1, tries + 1):
        reason = _failure(command, timeout_s, env)
        if not reason:
            return
        if attempt < tries:
            say(f"{what}: {reason}; try {attempt + 1} of {tries} in {PAUSE_S * attempt} s")
            time.sleep(PAUSE_S * attempt)
    times = "" if tries == 1 else f" {tries} times"
    raise SetupError(f"{what} failed{times}: {reason}; the command was: {' '.join(command)}")


def output(command: Sequence[str], *, timeout_s: int = 30) -> str | None:
    """What `command` prints, or None when it is missing, fails, or takes too long."""
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=timeout_s,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout if result.returncode == 0 else None


def _failure(command: Sequence[str], timeout_s: int, env: Mapping[str, str] | None) -> str:
    """Why one run failed; empty when it did not."""
    try:
        status = subprocess.run(
            command, stdin=subprocess.DEVNULL, timeout=timeout_s, env=env
        ).returncode
    except subprocess.TimeoutExpired:
        return f"not done after {timeout_s} s"
    except OSError as error:
        return f"{error.strerror or error}"
    return "" if status == 0 else f"exit status {status}"
