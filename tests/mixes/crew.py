"""The processors of a mix, each a process; and the ways to hurt one."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import psutil

from leaderboard.settings import Settings
from leaderboard.stack.launch import tail
from tests.mixes import member as program
from tests.waiting import until, within

MEMBER = Path(program.__file__)
LEAVE_S = 60.0
SPRING_S = 5.0
"""So long a trap may wait for a batch; then the member, which may own no partition, is hit as it
stands."""


class Crew:
    """Members of one group. `settings` are theirs; logs go to `folder`; `random` picks one."""

    def __init__(self, settings: Settings, folder: Path, random: Random) -> None:
        self._environment = {**os.environ, **settings.environment()}
        self._folder = folder
        self._random = random
        self._members: list[subprocess.Popen[str]] = []
        self._logs: dict[int, Path] = {}

    def __len__(self) -> int:
        return len(self._members)

    def resize(self, n: int) -> None:
        """Have `n` members: those too many leave in order."""
        while len(self._members) < n:
            self._start()
        while len(self._members) > n:
            self.dismiss()

    def dismiss(self) -> None:
        """SIGTERM to one; it has to end in order, and in time."""
        member = self._pick()
        until(lambda: program.READY in self._logs[member.pid].read_text("utf-8"))
        member.terminate()
        status = member.wait(LEAVE_S)
        assert status == 0, f"a member ended with {status} after SIGTERM\n{self.logs()}"
        self._gone(member)

    def kill(self, place: str) -> None:
        """SIGKILL to one at a place in its batch, and a new one in its stead."""
        member = self._pick()
        if place == "anywhere" or not self._sprung(member, place, "kill"):
            member.kill()
        member.wait(LEAVE_S)
        self._gone(member)
        self._start()

    def freeze(self, place: str) -> int:
        """SIGSTOP to one at a place in its batch; its process id, to wake it up."""
        member = self._pick()
        if place == "anywhere" or not self._sprung(member, place, "stop"):
            member.send_signal(signal.SIGSTOP)
            until(lambda: _stopped(member.pid))
        return member.pid

    def check(self) -> None:
        """Fail when a member ended by itself; wake up one whose trap sprang after its fault."""
        for member in self._members:
            status = member.poll()
            assert status is None, f"a member ended with {status}\n{self.logs()}"
            if _stopped(member.pid):
                member.send_signal(signal.SIGCONT)

    def leave(self) -> None:
        """SIGTERM to all."""
        self.resize(0)

    def kill_all(self) -> None:
        for member in self._members:
            member.kill()
            member.wait()
            self._gone(member)

    def logs(self) -> str:
        """The ends of the members' logs, those of the dead too."""
        return "\n".join(f"{log.name}:\n{tail(log)}" for log in self._logs.values())

    def _sprung(self, member: "subprocess.Popen[str]", place: str, how: str) -> bool:
        assert member.stdin is not None
        member.stdin.write(f"{place} {how}\n")
        member.stdin.flush()
        return within(SPRING_S, lambda: member.poll() is not None or _stopped(member.pid))

    def _pick(self) -> "subprocess.Popen[str]":
        return self._random.choice(self._members)

    def _start(self) -> None:
        log = self._folder / f"member-{len(self._logs) + 1}.log"
        with log.open("w") as output:
            member = subprocess.Popen(
                [sys.executable, MEMBER],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                text=True,
            )
        self._members.append(member)
        self._logs[member.pid] = log

    def _gone(self, member: "subprocess.Popen[str]") -> None:
        if member.stdin is not None:
            member.stdin.close()
        self._members = [m for m in self._members if m is not member]


def _stopped(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED
