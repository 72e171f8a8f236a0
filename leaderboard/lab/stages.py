"""A running stage: the command an operator would run, as a supervised child process.

The protocol is `pipeline.control`'s: JSON lines in, JSON lines out, logs on standard error. Nothing
here waits for the child: `pump` takes what has come, so that one thread can watch all stages.

Never here: which stages should run (that is `crew`).
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

STOP_TIMEOUT_S: Final = 15.0
"""A stage that was asked to stop and still runs after this long is killed, and has failed."""

ANSWER_TIMEOUT_S: Final = 15.0
"""A running stage that answers a command later than this has failed."""

LOG_LINES: Final = 40


def argv(*arguments: str) -> list[str]:
    """The command line of a stage under supervision, with this very Python."""
    return [sys.executable, "-m", "leaderboard", *arguments, "--control"]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's variables, with `settings` (all of ours) instead of its own."""
    # handed on whole, not read: what a setting means stays with `leaderboard.settings`
    return {**os.environ, **settings, "PYTHONUNBUFFERED": "1"}


class Stage:
    """One child process. Use from one thread; `pid` and `name` may be read from any.

    Its own session keeps the notebook's Interrupt button from reaching it; it ends by itself when
    its input ends or its parent is gone.

    Attributes
    ----------
    metrics
        The newest metrics message; empty before the first.
    ready
        What the child said when it was ready; None before.
    log
        The last lines of its standard error, oldest first.
    failure
        Why it failed, with its last words; empty while it has not.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        may_end: bool = False,
        stop_timeout_s: float = STOP_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self.name = name
        self.metrics: dict[str, Any] = {}
        self.ready: dict[str, Any] | None = None
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self.failure = ""
        self._may_end = may_end
        self._stop_timeout_s, self._answer_timeout_s = stop_timeout_s, answer_timeout_s
        self._killed = False
        self._stop_by: float | None = None
        self._ids = itertools.count(1)
        self._unanswered: dict[int, tuple[float, str]] = {}
        self._child = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=0, start_new_session=True,
        )  # fmt: skip
        self.pid = self._child.pid
        self._out, self._err = _Lines(self._child.stdout), _Lines(self._child.stderr)
        for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)

    @property
    def state(self) -> str:
        """starting, running, paused, stopped, killed or failed."""
        if self.failure:
            return "failed"
        if self._child.returncode is not None:
            return "killed" if self._killed else "stopped"
        if self.ready is None:
            return "starting"
        return "paused" if self.metrics.get("paused") else "running"

    @property
    def alive(self) -> bool:
        """Whether the process runs, as of the last `pump`."""
        return self._child.returncode is None

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop, or was killed."""
        return self._stop_by is not None or self._killed

    def tell(self, **command: Any) -> None:
        """Send a command; its answer is looked at by `pump`."""
        if not self.alive or self._child.stdin is None:
            return
        number = next(self._ids)
        line = json.dumps({**command, "id": number})
        self._unanswered[number] = (time.monotonic(), line)
        try:
            taken = self._child.stdin.write(f"{line}\n".encode())
        except BrokenPipeError:
            self._unanswered.pop(number)  # it has ended: `pump` says how
        else:
            if taken is None:
                self._fail("does not read its commands")

    def stop(self) -> None:
        """Ask it to end in order; `pump` kills it when it does not."""
        if self.alive and not self.stopping:
            self._stop_by = time.monotonic() + self._stop_timeout_s
            self.tell(stop=True)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash does; no failure, since it was asked for."""
        if self.alive:
            self._killed = True
            self._child.kill()

    def pump(self) -> None:
        """Take what the child has written, notice its end, and enforce the time-outs."""
        ended = self._child.poll() is not None
        for line in self._out.take():
            self._take(line)
        self.log.extend(self._err.take())
        if ended:
            self._ended(self._child.returncode)
        elif not self._killed:
            self._enforce(time.monotonic())

    def wait(self, timeout_s: float = 10.0) -> None:
        """Block until it has ended; kill it after `timeout_s`. For the very last clean-up."""
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._fail(f"did not stop within {timeout_s:g} s and was killed")
            self._child.kill()
            self._child.wait()
        self.pump()

    def _take(self, line: str) -> None:
        try:
            message = json.loads(line)
            kind = message["type"]
        except (ValueError, TypeError, KeyError):
            self.log.append(line)
            return
        if kind == "metrics":
            self.metrics = message
        elif kind == "ready":
            self.ready = message
        elif kind in ("ack", "error"):
            _, command = self._unanswered.pop(message.get("id"), (0.0, "?"))
            if kind == "error":
                self._fail(f"refused the command {command}: {message.get('message')}")

    def _enforce(self, now: float) -> None:
        if self._stop_by is not None and now > self._stop_by:
            self._fail(f"did not stop within {self._stop_timeout_s:g} s and was killed")
            self._child.kill()
        elif self.ready is not None and self._unanswered and not self.stopping:
            since, command = next(iter(self._unanswered.values()))
            if now - since > self._answer_timeout_s:
                self._fail(f"has not answered {command} within {self._answer_timeout_s:g} s")

    def _ended(self, code: int) -> None:
        for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()
        if self._killed:
            return
        if code:
            self._fail(f"ended with {_meaning(code)}")
        elif not (self._may_end or self.stopping):
            self._fail("ended though nobody had asked it to")

    def _fail(self, why: str) -> None:
        """Note the first failure; what follows from it says less."""
        if not self.failure:
            words = "\n".join(self.log) or "(nothing)"
            self.failure = f"{self.name} (process {self.pid}) {why}; its last words:\n{words}"


class _Lines:
    """Whole lines of a pipe, as far as they have come."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._pipe = pipe
        self._rest = b""

    def take(self) -> list[str]:
        if self._pipe is None or self._pipe.closed:
            return []
        while chunk := self._pipe.read(1 << 16):  # None: nothing yet; empty: the end
            self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        return [line.decode(errors="replace") for line in lines if line.strip()]


def _meaning(code: int) -> str:
    return f"exit status {code}" if code > 0 else f"signal {-code}"
